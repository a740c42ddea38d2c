#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drop-ins that harden the handlers of Kata Containers."""

DOCUMENTATION = r"""
module: kata_hardening
short_description: Harden the handlers of a release of Kata Containers with drop-ins of their own
version_added: 0.1.0
description:
  - Gives each handler a folder C(runtimes/HANDLER) beside the configuration it is made from, with a copy of that configuration and a folder
    C(config.d) of drop-ins. A shim reads every file in the C(config.d) beside its configuration, so a folder is never shared.
  - A profile is written in the words of the shim in Go or of that in Rust, whichever the file is for. The operator's own settings come after it.
  - Shims pass over a key that they do not know. So each key and the type of its value are held against the file of the release,
    commented keys included, and one that it does not know is refused.
  - Whatever else lies in these folders is removed, and what was edited by hand is written anew.
  - Sandboxes that run keep what they were started with.
options:
  tree:
    description: The folder of the release, as made by M(firebreak.fleet.kata_release). In check mode it need not be there yet.
    type: path
    required: true
  handlers:
    description: The handlers to harden.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The handler's name.
        type: str
        required: true
      shim:
        description: The absolute path of its shim. It is returned as it is.
        type: str
        required: true
      config:
        description: The release's configuration that it is made from, by an absolute path below C(/opt/kata).
        type: str
        default: ""
      hardening:
        description: The profile of this handler, in the place of O(profile). With V(none) the handler uses the release's own file.
        type: str
        choices: [none, baseline, strict, confidential]
      overrides:
        description: Settings of this handler alone, over O(overrides).
        type: dict
        default: {}
      overhead:
        description: Is for Kubernetes, and nothing here.
        type: dict
  profile:
    description:
      - V(baseline) takes away what a workload could set for its own sandbox, and every way to debug.
      - V(strict) also confines the machine monitor and the guest's containers, and accounts the whole sandbox to its control group.
      - V(confidential) is for files of confidential guests, and refuses others.
    type: str
    choices: [none, baseline, strict, confidential]
    default: baseline
  overrides:
    description:
      - Settings of all hardened handlers, over the profile. Tables by their names, each with keys and values.
      - V(hypervisor) and V(agent) mean the one table of that kind which the release's file has, for example C(hypervisor.qemu).
    type: dict
    default: {}
  keep_others:
    description:
      - Keep the folders of handlers that are not named. An engine may still have those handlers registered; without their configuration they
        start nothing. So first harden with V(true), then register, then harden with V(false).
    type: bool
    default: false
extends_documentation_fragment:
  - firebreak.fleet._attributes
attributes:
  check_mode:
    details: While the tree is not there, nothing can be held against it.
  diff_mode:
    support: full
    details: The files before and after.
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Harden one handler
  firebreak.fleet.kata_hardening:
    tree: /opt/kata-3.32.0
    profile: strict
    handlers:
      - name: kata
        shim: /opt/kata/bin/containerd-shim-kata-v2
        config: /opt/kata/share/defaults/kata-containers/configuration-qemu.toml
    overrides:
      hypervisor:
        default_memory: 1024
"""

RETURN = r"""
handlers:
  description: The handlers with the configuration that an engine has to give their shim.
  type: list
  elements: dict
  returned: success
  sample:
    - name: kata
      shim: /opt/kata/bin/containerd-shim-kata-v2
      config: /opt/kata/share/defaults/kata-containers/runtimes/kata/configuration-qemu.toml
absent:
  description: What a profile asks for and the release's file does not know, by handler. It cannot be had from this release.
  type: dict
  returned: success
  sample: {kata: [hypervisor.qemu.disable_nested_virtualization]}
weakened:
  description: What the operator's own settings replace of a profile, by handler.
  type: dict
  returned: success
  sample: {kata: [agent.kata.debug_console_enabled = true]}
"""

import os
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._handlers.containerd_config import Handler, check_handlers
from ..module_utils._host.errors import Refused
from ..module_utils._kata.drop_ins import Plan, apply, differences, plan, present, registered_config

PROFILES = ["none", "baseline", "strict", "confidential"]


def _diff(tree: str, changes: List[Any]) -> List[Dict[str, str]]:
    return [{"before_header": os.path.join(tree, path), "after_header": os.path.join(tree, path), "before": before or "", "after": after or ""}
            for path, before, after in changes]


def _plans(params: Dict[str, Any]) -> Dict[str, Plan]:
    made = {handler["name"]: plan(params["tree"], handler, params["profile"], params["overrides"]) for handler in params["handlers"]}
    return {name: one for name, one in made.items() if one is not None}


def _harden(params: Dict[str, Any], check_mode: bool) -> Dict[str, Any]:
    check_handlers([Handler(given["name"], given["shim"], given["config"]) for given in params["handlers"]])
    handlers = [{"name": given["name"], "shim": given["shim"], "config": registered_config(given, params["profile"])} for given in params["handlers"]]
    if check_mode and not os.path.isdir(params["tree"]):
        hardened = any((given.get("hardening") or params["profile"]) != "none" for given in params["handlers"])
        return {"changed": hardened, "handlers": handlers, "absent": {}, "weakened": {}, "diff": []}
    plans = _plans(params)
    changes = differences(list(plans.values()), present(params["tree"]), params["keep_others"])
    if changes and not check_mode:
        apply(params["tree"], list(plans.values()), changes)
    return {"changed": bool(changes), "handlers": handlers, "diff": _diff(params["tree"], changes),
            "absent": {name: one.absent for name, one in plans.items() if one.absent},
            "weakened": {name: one.weakened for name, one in plans.items() if one.weakened}}


def main() -> None:
    """Harden the handlers."""
    module = AnsibleModule(
        argument_spec={
            "tree": {"type": "path", "required": True},
            "handlers": {"type": "list", "elements": "dict", "required": True, "options": {
                "name": {"type": "str", "required": True}, "shim": {"type": "str", "required": True}, "config": {"type": "str", "default": ""},
                "hardening": {"type": "str", "choices": PROFILES}, "overrides": {"type": "dict", "default": {}}, "overhead": {"type": "dict"}}},
            "profile": {"type": "str", "choices": PROFILES, "default": "baseline"},
            "overrides": {"type": "dict", "default": {}},
            "keep_others": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        result = _harden(module.params, module.check_mode)
    except Refused as refused:
        module.fail_json(msg=str(refused))
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename or module.params["tree"], error.strerror or error))
    for name, settings in sorted(result["weakened"].items()):
        module.warn("handler %s: the operator's own settings replace those of its profile: %s" % (name, "; ".join(settings)))
    for name, keys in sorted(result["absent"].items()):
        module.warn("handler %s: this release knows nothing of what its profile asks for: %s" % (name, ", ".join(keys)))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runtime handlers of ours, registered with k3s, rke2, k0s or CRI-O."""

DOCUMENTATION = r"""
module: drop_in_handlers
short_description: Register runtime handlers with k3s, rke2, k0s or CRI-O in a file of their own
version_added: 0.1.0
description:
  - Has exactly the given handlers of the role C(kata) in one file that the engine reads beside its own configuration, and touches no other file.
  - Refused where the engine would not read that file, or where it is not known in which schema of containerd it has to be written.
  - The engine is not restarted, since for k3s, rke2 and k0s that is a restart of the whole node. The module says whether one is due.
options:
  engine:
    description: The engine.
    type: str
    choices: [k3s, rke2, k0s, crio]
    required: true
extends_documentation_fragment:
  - firebreak.fleet._attributes
  - firebreak.fleet._handlers
attributes:
  diff_mode:
    support: full
    details: The file before and after.
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Register Kata with k3s
  firebreak.fleet.drop_in_handlers:
    engine: k3s
    handlers:
      - name: kata
        shim: /opt/kata/bin/containerd-shim-kata-v2
"""

RETURN = r"""
path:
  description: The file.
  type: str
  returned: success
  sample: /var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.d/50-firebreak-kata.toml
units:
  description: The units of which one runs the engine, and reads the file at its next start.
  type: list
  elements: str
  returned: success
  sample: [k3s.service, k3s-agent.service]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._handlers.arguments import ARGUMENTS, handlers_of
from ..module_utils._handlers.containerd import read_text, write_text
from ..module_utils._handlers.drop_in import ENGINES, placed
from ..module_utils._host.errors import Refused


def main() -> None:
    """Have the handlers registered."""
    module = AnsibleModule(
        argument_spec={
            "engine": {"type": "str", "choices": ["k3s", "rke2", "k0s", "crio"], "required": True},
            **ARGUMENTS,
        },
        supports_check_mode=True,
    )
    params, engine = module.params, ENGINES[module.params["engine"]]
    try:
        handlers = handlers_of(module.params, module.check_mode)
        path, wanted = placed(params["engine"], read_text(engine.config) if engine.config else None, handlers)
        before, after = read_text(path), wanted if handlers else None
        if before != after and not module.check_mode:
            write_text(path, after)
    except Refused as refused:
        module.fail_json(msg=str(refused))
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename or engine.config, error.strerror or error))
    shown = {"before_header": path, "after_header": path, "before": before or "", "after": after or ""}
    module.exit_json(changed=before != after, path=path, units=engine.units, diff=shown)


if __name__ == "__main__":
    main()

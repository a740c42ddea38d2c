#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runtime handlers of ours, registered with containerd."""

DOCUMENTATION = r"""
module: containerd_handlers
short_description: Register runtime handlers with containerd, and take it back when containerd does not come back with them
version_added: 0.1.0
description:
  - Has exactly the given handlers of the role C(kata) registered; handlers of others and all other settings stay as they are.
  - With containerd 2.0 and later in a drop-in of our own, C(conf.d/50-firebreak-kata.toml) in the schema that the daemon speaks, and one line
    in its configuration that makes it read drop-ins. With containerd 1.x in a marked block of its configuration, because
    there a drop-in would take away the operator's own settings of the same plugin.
  - Refused where CRI is among the C(disabled_plugins), as in the file that Docker's package of containerd brings, since no handler would serve
    anybody there; and for a configuration that k3s, rke2, k0s or microk8s writes anew at each start.
  - Before anything is changed C(containerd config dump) reads the new configuration, which must show the handlers and lose nothing.
  - containerd is restarted only when a byte changed. When it does not come back with the handlers and with all the containers it had,
    the former configuration is put back in force, and the task fails.
options:
  config:
    description: The daemon's configuration.
    type: str
    default: /etc/containerd/config.toml
  service:
    description: The unit to restart.
    type: str
    default: containerd.service
extends_documentation_fragment:
  - firebreak.fleet._attributes
  - firebreak.fleet._handlers
attributes:
  check_mode:
    details: The new configuration is not tried out, since that writes beside the real one.
  diff_mode:
    support: full
    details: The files before and after.
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Register Kata
  firebreak.fleet.containerd_handlers:
    handlers:
      - name: kata
        shim: /opt/kata/runtime-rs/bin/containerd-shim-kata-v2
        config: /opt/kata/share/defaults/kata-containers/runtime-rs/configuration-qemu-runtime-rs.toml
"""

RETURN = r"""
schema:
  description: The schema of its configuration that the daemon speaks.
  type: int
  returned: success
  sample: 3
"""

from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._containers.engines import program_reading
from ..module_utils._handlers.arguments import ARGUMENTS, handlers_of
from ..module_utils._handlers.containerd import Containerd
from ..module_utils._handlers.containerd_config import shown
from ..module_utils._host.errors import Refused, UnansweredError
from ..module_utils._host.host import LiveHost


def _diff(before: Dict[str, Any], after: Dict[str, Any]) -> List[Dict[str, str]]:
    return [{"before_header": path, "after_header": path, "before": shown(before[path] or ""), "after": shown(after[path] or "")}
            for path in sorted(before) if before[path] != after[path]]


def main() -> None:
    """Have the handlers registered."""
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "config": {"type": "str", "default": "/etc/containerd/config.toml"},
            "service": {"type": "str", "default": "containerd.service"},
        },
        supports_check_mode=True,
    )
    try:
        handlers = handlers_of(module.params, module.check_mode)
        host = LiveHost()
        program = program_reading(host, module.params["config"], []) or "containerd"
        result = Containerd(host, module.params["config"], module.params["service"], program).register(handlers, module.check_mode)
    except (Refused, UnansweredError) as refused:
        module.fail_json(msg=str(refused))
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename or module.params["config"], error.strerror or error))
    module.exit_json(changed=result["changed"], schema=result["schema"], diff=_diff(result["before"], result["after"]) if module._diff else [])


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runtimes of ours, registered with Docker."""

DOCUMENTATION = r"""
module: docker_handlers
short_description: Register handlers with Docker as runtimes, without a restart
version_added: 0.1.0
description:
  - Has exactly the given handlers of the role C(kata) among C(runtimes) of C(daemon.json). All other settings stay, in their order.
    Ours are told from the operator's own by a shim below C(/opt/kata).
  - C(dockerd --validate) reads the new configuration first, where the program is there and can.
  - A running daemon is told to read its configuration anew, which keeps every container. When it does not know the handlers afterwards,
    the former configuration is put back in force, and the task fails.
options:
  config:
    description: The daemon's configuration.
    type: str
    default: /etc/docker/daemon.json
  service:
    description: The unit to reload.
    type: str
    default: docker.service
  socket:
    description: The daemon's own socket. Where nobody answers, the configuration is for the daemon's next start.
    type: str
    default: /var/run/docker.sock
extends_documentation_fragment:
  - firebreak.fleet._attributes
  - firebreak.fleet._handlers
attributes:
  check_mode:
    details: The new configuration is not tried out.
  diff_mode:
    support: full
    details: The file before and after.
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Register Kata
  firebreak.fleet.docker_handlers:
    handlers:
      - name: kata
        shim: /opt/kata/bin/containerd-shim-kata-v2
        config: /opt/kata/share/defaults/kata-containers/runtimes/kata/configuration-qemu.toml
"""

RETURN = r""" # """

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._handlers.arguments import ARGUMENTS, handlers_of
from ..module_utils._handlers.docker import Docker
from ..module_utils._host.errors import Refused, UnansweredError
from ..module_utils._host.host import LiveHost


def main() -> None:
    """Have the handlers registered."""
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "config": {"type": "str", "default": "/etc/docker/daemon.json"},
            "service": {"type": "str", "default": "docker.service"},
            "socket": {"type": "str", "default": "/var/run/docker.sock"},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        handlers = handlers_of(module.params, module.check_mode)
        result = Docker(LiveHost(), params["config"], params["service"], params["socket"]).register(handlers, module.check_mode)
    except (Refused, UnansweredError) as refused:
        module.fail_json(msg=str(refused))
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename or params["config"], error.strerror or error))
    shown = {"before_header": params["config"], "after_header": params["config"], "before": result["before"], "after": result["after"]}
    module.exit_json(changed=result["changed"], diff=shown)


if __name__ == "__main__":
    main()

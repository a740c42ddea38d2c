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
  - Refused for k3s and rke2 with containerd 1.x, which lets such a file wipe all that the distribution configured of CRI. The message has the lines
    to write by hand.
  - Before anything is written, check mode included, the engine's own program reads the new configuration elsewhere. It must show the handlers and
    lose nothing. What cannot be tried out so is refused.
  - CRI-O may have been told by its words or its variables to read another folder than V(/etc/crio/crio.conf.d). The file goes into the one that the
    CRI-O that runs reads, and out of the usual one. Refused where that cannot be told, and where it reads no folder.
  - The engine is not restarted, since for k3s and rke2 that is a restart of the whole node. The module says whether one is due.
    k0s restarts its containerd by itself seconds after the file has changed.
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
follows:
  description: Whether the engine restarts its containerd by itself once the file has changed.
  type: bool
  returned: success
  sample: false
waits:
  description: Whether the engine has not been let to read the file since this module changed it, in this run or in one that was killed.
  type: bool
  returned: success
reloads:
  description: The unit that has to be told to reload for the file to be read. Empty where the engine does not run, and where it does not reload.
  type: str
  returned: success
  sample: crio.service
pending:
  description: The file that says so. Remove it once the engine has read its configuration.
  type: str
  returned: success
  sample: /run/firebreak-kata-crio-pending
"""


from ansible.module_utils.basic import AnsibleModule

from ..module_utils._containers import processes
from ..module_utils._containers.engines import crio_of, crios_places, program_reading, said_version
from ..module_utils._handlers.arguments import ARGUMENTS, handlers_of
from ..module_utils._handlers.drop_in import ENGINES
from ..module_utils._handlers.placing import Placing, until_read
from ..module_utils._host.errors import Refused, UnansweredError
from ..module_utils._host.host import LiveHost

# Gone with a reboot, which makes the engine read its files anyway.
PENDING = "/run/firebreak-kata-%s-pending"


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
        host = LiveHost()
        program = program_reading(host, engine.config, engine.programs)
        pending = PENDING % params["engine"]
        found, problem = processes.find(host) if params["engine"] == "crio" else (None, "")
        if problem:
            raise Refused("%s: whether a CRI-O runs, and what it reads, cannot be told: %s" % (processes.PROC, problem))
        crio = crio_of(found)
        placing = Placing(host, params["engine"], program, said_version, crios=crios_places(host, crio))
        made, waits = until_read(pending, lambda: placing.register(handlers, module.check_mode), module.check_mode)
    except (Refused, UnansweredError) as refused:
        module.fail_json(msg=str(refused))
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename or engine.config, error.strerror or error))
    shown = {"before_header": made["path"], "after_header": made["path"], "before": made["before"], "after": made["after"]}
    module.exit_json(changed=made["changed"], path=made["path"], units=engine.units, follows=engine.follows, waits=waits, pending=pending,
                     reloads=engine.units[0] if crio else "", diff=shown)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until the live patches of a kernel are in force."""

DOCUMENTATION = r"""
module: live_patch_transition
short_description: Wait until live patches are in force, or say what holds them up
version_added: 0.1.0
description:
  - Waits until no patch in C(/sys/kernel/livepatch) is in transition any more, and fails with the names of the threads
    in the way where it does not end.
  - Patches of Ksplice and KernelCare are not there and know no transition; nothing is waited for then.
options:
  seconds:
    description: How long a transition may take.
    type: int
    default: 120
  on_stall:
    description: V(report) leaves a stalled transition as it is; V(reverse) turns it back, and waits for that as long again.
    type: str
    choices: [report, reverse]
    default: report
extends_documentation_fragment:
  - firebreak.fleet._attributes
attributes:
  diff_mode:
    support: none
    details: There is nothing to show but the patch that was turned back.
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Wait until the patch is in force; take it out again where it cannot be
  firebreak.fleet.live_patch_transition:
    seconds: 60
    on_stall: reverse
"""

RETURN = r"""
patches:
  description: The loaded patches and the state of each.
  type: dict
  returned: success
  sample: {kpatch_5_14_0_284_11_1_1_4: active}
blocking:
  description: The threads that hold a stalled transition up.
  type: list
  elements: dict
  returned: on a stall
  sample: [{pid: 4711, tid: 4712, comm: qemu-system-x86}]
reversed:
  description: Whether the stalled transition was turned back.
  type: bool
  returned: on a stall
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._host.errors import UnansweredError
from ..module_utils._host.host import LiveHost
from ..module_utils._live_patch import transition


def main() -> None:
    """Wait; under check mode a stall is told but not turned back."""
    module = AnsibleModule(
        argument_spec={
            "seconds": {"type": "int", "default": 120},
            "on_stall": {"type": "str", "choices": ["report", "reverse"], "default": "report"},
        },
        supports_check_mode=True,
    )
    host = LiveHost()
    on_stall = "report" if module.check_mode else module.params["on_stall"]
    try:
        stall, text, turned = transition.handle(host, module.params["seconds"], on_stall)
    except UnansweredError as lost:
        module.fail_json(msg=str(lost))
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename or transition.__name__, error.strerror or error))
    if stall is not None:
        module.fail_json(msg=text, changed=turned, reversed=turned, blocking=[dict(blocker._asdict()) for blocker in stall.blockers])
    module.exit_json(changed=False, patches={patch.id: patch.state for patch in transition.read_loaded(host)})


if __name__ == "__main__":
    main()

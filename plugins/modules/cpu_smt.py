#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switch simultaneous multithreading on or off in the running kernel."""

DOCUMENTATION = r"""
module: cpu_smt
short_description: Switch simultaneous multithreading on or off in the running kernel
version_added: 0.1.0
description:
  - Writes into C(/sys/devices/system/cpu/smt/control) and reads it again. The next boot decides for itself, by its command line (C(nosmt)).
  - It fails where the kernel cannot switch, and says what the kernel says.
options:
  state:
    description: Whether two threads of one core may be online.
    type: str
    choices: ["on", "off"]
    required: true
extends_documentation_fragment:
  - firebreak.fleet._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Let no two threads share a core
  firebreak.fleet.cpu_smt:
    state: "off"
"""

RETURN = r"""
control:
  description: What the kernel says afterwards; under check mode, before.
  returned: success
  type: str
  sample: "off"
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._host.host import LiveHost

CONTROL = "/sys/devices/system/cpu/smt/control"


def read_control(module: Any) -> str:
    """The kernel's word."""
    answer = LiveHost().read(CONTROL, 64)
    if answer.problem:
        module.fail_json(msg="%s: %s; wanted: a kernel that can switch multithreading" % (CONTROL, answer.detail))
    return str(answer.value).strip()


def main() -> None:
    """Run as a module."""
    module = AnsibleModule(argument_spec={"state": {"type": "str", "choices": ["on", "off"], "required": True}}, supports_check_mode=True)
    wanted, before = module.params["state"], read_control(module)
    # What was forced off is off.
    if before == wanted or (wanted == "off" and before in ("forceoff", "notsupported", "notimplemented")):
        module.exit_json(changed=False, control=before)
    if before not in ("on", "off"):
        module.fail_json(msg="%s says %s; wanted: on or off, which can be switched" % (CONTROL, before))
    diff = {"before": "multithreading: %s\n" % before, "after": "multithreading: %s\n" % wanted}
    if module.check_mode:
        module.exit_json(changed=True, control=before, diff=diff)
    try:
        with open(CONTROL, "w") as stream:
            stream.write(wanted)
    except OSError as error:
        module.fail_json(msg="%s cannot be written: %s" % (CONTROL, error.strerror))
    after = read_control(module)
    if after != wanted:
        module.fail_json(msg="%s says %s after %s was written" % (CONTROL, after, wanted), changed=True)
    module.exit_json(changed=True, control=after, diff=diff)


if __name__ == "__main__":
    main()

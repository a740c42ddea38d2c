#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a guest of libvirt defined with another version of its machine type."""

DOCUMENTATION = r"""
module: libvirt_machine_type
short_description: Have a guest of libvirt defined with another version of its machine type
version_added: 0.1.0
description:
  - Writes the machine type of a guest's definition, and leaves everything else in it as it is, secrets included. It is in force at the guest's
    next start; a guest that runs is not touched.
  - Only versions within one family are changed. V(pc-q35-7.2) for C(pc-q35-6.2) is another version; for C(pc-i440fx-6.2) it would be other hardware
    with other buses, and is refused.
  - Refused too is a machine that the installed QEMU cannot make, and a guest with a managed save, whose memory belongs to the machine that it had.
options:
  name:
    description: The guest's name. It must be defined.
    type: str
    required: true
  machine_type:
    description: The machine type to have, with its version, such as V(pc-q35-7.2).
    type: str
    required: true
extends_documentation_fragment:
  - firebreak.fleet._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: The machine type of the definition, before and after.
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Have the guest web1 on the fleet's machine type from its next start on
  firebreak.fleet.libvirt_machine_type:
    name: web1
    machine_type: pc-q35-7.2
"""

RETURN = r"""
previous:
  description: The machine type that the definition had.
  returned: success
  type: str
  sample: pc-q35-6.2
"""

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._host.errors import Refused
from ..module_utils._hypervisor.libvirt_machine import Definitions


def change(definitions: Definitions, name: str, wanted: str, check_mode: bool) -> Dict[str, Any]:
    """Ask, define; the module's result."""
    edited = definitions.plan(name, wanted)
    changed = edited.before != wanted
    if changed and not check_mode:
        definitions.define(name, wanted, edited)
    return {"changed": changed, "previous": edited.before,
            "diff": {"before": "%s: %s\n" % (name, edited.before), "after": "%s: %s\n" % (name, wanted)}}


def main() -> None:
    """Run as a module."""
    module = AnsibleModule(argument_spec={"name": {"type": "str", "required": True}, "machine_type": {"type": "str", "required": True}},
                           supports_check_mode=True)
    module.get_bin_path("virsh", required=True)

    def run(argv: Any, data: Any = None) -> Any:
        return module.run_command(argv, data=data, binary_data=True)

    try:
        result = change(Definitions(run), module.params["name"], module.params["machine_type"], module.check_mode)
    except Refused as refusal:
        module.fail_json(msg=str(refusal))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

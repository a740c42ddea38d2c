#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: platform_scan
short_description: Scan a host in one round trip and judge it against its standard
version_added: 0.1.0
description:
  - Sends the code of M(firebreak.fleet.platform_info) to the host as one compressed payload on the standard input of its Python,
    compares the record that comes back with the host's standard, and writes what was found to the directory of the run.
  - Nothing is written on the host and no facts need to be gathered first. Python 3.6 on the host is enough, whatever ansible-core itself asks for.
  - A host that cannot be reached or scanned is a verdict, never an unreachable or failed task, so no host is lost to the report.
  - The interpreter is the one that C(ansible_python_interpreter) names. Where none is named, or V(auto), the first one that really runs is taken.
  - With become and without pipelining, or where the connection plugin has no standard input to offer, the module is run the usual way.
  - The standard is taken from the variables C(firebreak_standard), C(firebreak_standard_overrides*), C(firebreak_mitigations*) and
    C(firebreak_waivers*) of the host.
options:
  directory:
    description:
      - The directory of the run, on the controller. The document of the host is written to C(records/<host>.json) below it.
      - Without it the whole document is returned.
    type: path
extends_documentation_fragment:
  - firebreak.fleet._attributes
  - firebreak.fleet._attributes.scan
  - firebreak.fleet._attributes.standard
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.platform_info
    description: The scan alone; its return values describe the record.
"""

EXAMPLES = r"""
- name: Scan and judge each host, and keep what was found
  firebreak.fleet.platform_scan:
    directory: reports/today

- name: Judge by a standard of one line
  firebreak.fleet.platform_scan:
    standard:
      kernel:
        running: 6.1.0-41-amd64
  register: seen

- name: Stop where the host is on another platform
  ansible.builtin.assert:
    that: seen.firebreak.verdict == 'compliant'
    fail_msg: "{{ seen.firebreak.worst | join(', ') }}"
"""

RETURN = r"""
firebreak:
  description: The verdict, and where the whole of it was written.
  returned: always
  type: dict
  contains:
    verdict:
      description: V(compliant), V(drifted), V(unknown) or V(unreachable).
      type: str
      returned: always
      sample: drifted
    reasons:
      description: Why the verdict is V(unknown), such as V(scan_failed), V(no_standard) or V(python_too_old).
      type: list
      elements: str
      returned: always
      sample: []
    error:
      description: What went wrong with the scan, in one line, or null.
      type: str
      returned: always
      sample: null
    findings:
      description: How many findings there are of each severity.
      type: dict
      returned: always
      sample: {high: 1, medium: 2}
    worst:
      description: The ids of up to five findings, the most severe first.
      type: list
      elements: str
      returned: always
      sample: [kernel.running, kernel.reboot_pending]
    record:
      description: The path of the host's document, or the document itself where no O(directory) was given.
      type: raw
      returned: always
      sample: reports/today/records/db1.example.net.json
    standard:
      description:
        - The standard that this host is held to, merged with its overrides and resolved for its platform; null where none was declared.
        - Roles take from it what was not set by hand.
      type: dict
      returned: where no O(directory) was given
      sample: {kernel: {flavour: cloud-amd64, running: {rule: newest_installed}}}
"""

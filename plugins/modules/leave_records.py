#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: leave_records
short_description: Say where a scan left its records, and have them outlive a job of AWX
version_added: 0.1.0
description:
  - Ends a scan that writes no report, such as a slice of a sliced job. Shows how many hosts have which verdict and where the records lie.
  - In a job of AWX the records themselves become the artifact C(firebreak_records_<job id>), packed and of bounded size, which later nodes
    of the workflow see as a variable and M(firebreak.fleet.gathered_records) unpacks.
  - Works on the controller without a connection, and under check mode as well.
options:
  directory:
    description: The directory of the run.
    type: path
    required: true
  hosts:
    description: The hosts that were to be scanned, usually C(ansible_play_hosts_all); those without a record are named.
    type: list
    elements: str
    default: []
  limit:
    description:
      - How many bytes the artifact may have. Records that do not fit are left out, and named.
      - Each later node of a workflow carries the artifacts of all earlier ones; some tens of megabytes in all cost it seconds.
    type: int
    default: 4000000
extends_documentation_fragment:
  - firebreak.fleet._attributes
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.platform_scan
  - module: firebreak.fleet.fleet_report
"""

EXAMPLES = r"""
- name: Say what was scanned, and keep it
  firebreak.fleet.leave_records:
    directory: "{{ firebreak_run.path }}"
    hosts: "{{ ansible_play_hosts_all }}"
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
directory:
  description: The absolute path of the run's directory.
  returned: success
  type: str
summary:
  description: How many records there are of each verdict.
  returned: success
  type: dict
  sample: {unreachable: 0, unknown: 1, drifted: 3, compliant: 46}
missing:
  description: The hosts that left no record.
  returned: success
  type: list
  elements: str
lines:
  description: What is shown, each line with the name of its colour or null.
  returned: success
  type: list
  elements: list
"""

#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: compare_reports
short_description: Say what changed between two drift reports
version_added: 0.1.0
description:
  - Compares two reports of M(firebreak.fleet.fleet_report) and shows hosts that appeared or are gone, verdicts and facts that changed,
    new findings and resolved ones. Equal changes of many hosts are one line.
  - A host that fell silent has resolved nothing, so its findings are not counted as resolved.
options:
  before:
    description: The earlier report, a directory or a C(fleet.json). Without it the newest report before O(after).
    type: str
    default: ""
  after:
    description: The later report, a directory or a C(fleet.json). Without it the newest below O(reports).
    type: str
    default: ""
  reports:
    description: Where the directories of reports named by time are.
    type: str
    default: reports
  limit:
    description: How many items each list of RV(comparison) holds at most.
    type: int
    default: 200
extends_documentation_fragment:
  - firebreak.fleet._attributes
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.fleet_report
"""

EXAMPLES = r"""
- name: What changed since the last report
  firebreak.fleet.compare_reports:
  delegate_to: localhost
  run_once: true

- name: What changed since the first of the month
  firebreak.fleet.compare_reports:
    before: reports/20261101T060000Z
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
different:
  description: Whether anything changed.
  returned: success
  type: bool
  sample: true
before:
  description: The earlier C(fleet.json).
  returned: success
  type: str
  sample: /srv/fleet/reports/20261119T060000Z/fleet.json
after:
  description: The later C(fleet.json).
  returned: success
  type: str
  sample: /srv/fleet/reports/20261120T060000Z/fleet.json
comparison:
  description: The changes; C(counts) holds the true length of each list.
  returned: success
  type: dict
  sample: {appeared: [], gone: [db2.example.net], counts: {appeared: 0, gone: 1}}
"""

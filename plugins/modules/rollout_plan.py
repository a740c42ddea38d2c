#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: rollout_plan
short_description: Plan what brings every host to the standard, the least disruptive first
version_added: 0.1.0
description:
  - Takes the records of a report and says for each host which steps close its findings, in their order, the least disruptive first. Steps are
    merged, so that one reboot closes many findings, and closes by itself what a reboot replaces anyway.
  - What no role closes, and what costs more than O(max_disruption), is left over, with the reason.
  - Takes the answers of M(firebreak.fleet.answer_cve) into account where C(answers.json) lies beside the records.
  - Writes C(plan.json) and C(plan.html) beside the records. Changes nothing, and touches no host.
options:
  directory:
    description: The directory of a report, with its C(records).
    type: str
    default: reports/latest
  hosts:
    description: The hosts to plan for; all of the report where the list is empty. A host without a record is named as one without a plan.
    type: list
    elements: str
    default: []
  max_disruption:
    description: The most that a step may cost.
    type: str
    choices: [none, restart_service, restart_sandbox, migrate_guest, soft_reboot, kexec, reboot]
    default: reboot
  kev:
    description:
      - CISA's catalogue of known exploited vulnerabilities (C(known_exploited_vulnerabilities.json)), a file on the controller. Its due dates
        become the deadlines of the hosts that are not shown to be closed. The last days of waivers are deadlines without it.
    type: str
    default: ""
  hosts_per_day:
    description: How many hosts are done in a day; hosts that would miss their deadline then are named. Where it is 0, it is the rate of the newest
      rollout in O(rollout); without one nothing is foretold.
    type: float
    default: 0
  rollout:
    description: Where rollouts are kept.
    type: str
    default: reports/rollout
extends_documentation_fragment:
  - firebreak.fleet._attributes
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.fleet_report
  - module: firebreak.fleet.answer_cve
"""

EXAMPLES = r"""
- name: Plan without any reboot
  firebreak.fleet.rollout_plan:
    max_disruption: restart_service
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
path:
  description: The C(plan.json) with the steps of every host.
  returned: success
  type: str
  sample: /srv/fleet/reports/20261128T080000Z/plan.json
actions:
  description: How many hosts get each step.
  returned: success
  type: dict
  sample: {kernel: 12, reboot: 9}
fine:
  description: How many hosts are compliant and need nothing.
  returned: success
  type: int
unplanned:
  description: How many hosts have no plan, since nothing is known of them or they cannot be judged.
  returned: success
  type: int
late:
  description: How many hosts will miss their deadline.
  returned: success
  type: int
"""

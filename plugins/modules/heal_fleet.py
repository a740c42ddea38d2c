#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: heal_fleet
short_description: Decide what is healed by itself, and keep the journal of it
version_added: 0.1.0
description:
  - The steps of the playbook C(heal_fleet), which the rulebook of the same name starts. It touches no host; changes are made by the roles, in waves.
  - An event names a hole or says that something drifted. Which hosts, how far and what may be healed is the operator's to say. A host of which
    something is unknown is left alone and named.
  - One run at a time, so many a day. The journal (C(journal.jsonl)) says why each thing was done or not, before it is done.
options:
  do:
    description: V(begin) takes the lock, V(decide) chooses hosts and parts, V(end) says what came of it, V(untold) notes that the webhook
      did not take it.
    type: str
    choices: [begin, decide, end, untold]
    required: true
  directory:
    description: Where the journal, the lock and the reports of each run are.
    type: str
    default: reports/heal
  event:
    description: What was heard, a mapping with C(kind) (V(advisory) or V(drift)), C(id) and for an advisory C(cves), a text with commas.
    type: raw
    default: {}
  enabled:
    description: Whether anything may be done; without it the event is noted.
    type: bool
    default: false
  per_day:
    description: How many runs may be begun within a day.
    type: int
    default: 4
  wait_minutes:
    description: How long to wait for a run that is under way.
    type: float
    default: 720.0
  report:
    description: The directory of the report to decide by.
    type: str
    default: ""
  healable:
    description: Patterns of ids of findings that are brought back.
    type: list
    elements: str
    default: []
  max_disruption:
    description: The most that may be done.
    type: str
    choices: [none, restart_service, restart_sandbox, migrate_guest, soft_reboot, kexec, reboot]
    default: none
  healed:
    description: With V(end), the hosts that were to be healed, each with the parts that were to do it.
    type: dict
    default: {}
  tickets:
    description: With V(end), a folder for a file about the event.
    type: str
    default: ""
  mail:
    description: With V(end), who gets a letter about the event, a mapping with C(to), and any of C(from), C(server), C(port), C(user), C(password),
      C(starttls).
    type: dict
    default: {}
  why:
    description: With V(untold), what it answered.
    type: str
    default: ""
extends_documentation_fragment:
  - firebreak.fleet._attributes
  - firebreak.fleet._attributes.deeds
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.rollout_state
"""

EXAMPLES = r"""
- name: May this event be acted upon
  firebreak.fleet.heal_fleet:
    do: begin
    enabled: true
    event: {kind: advisory, id: dsa-6001, cves: CVE-2026-31431}
  register: healing
"""

RETURN = r"""
go:
  description: With O(do=begin), whether it is acted upon.
  returned: begin
  type: bool
history:
  description: With O(do=begin), where the history is that the reports of this run feed; false where there is none.
  returned: begin
  type: raw
hosts:
  description: With O(do=decide), the pattern of the hosts that are healed; one that matches nobody where there is none.
  returned: decide
  type: str
healed:
  description: With O(do=decide), the hosts that are to be healed, each with the parts that do it.
  returned: decide
  type: dict
leave_out:
  description: With O(do=decide), for each of these hosts the parts of C(enforce_platform) that have nothing to do with it.
  returned: decide
  type: dict
not_healed:
  description: With O(do=end), the hosts on which it is still open.
  returned: end
  type: list
  elements: str
lines:
  description: What is shown, each line with the name of its colour or null.
  returned: success
  type: list
  elements: list
"""

#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: rollout_state
short_description: Keep the state of a rollout on the controller
version_added: 0.1.0
description:
  - The memory of C(playbooks/enforce_platform.yml). It composes each wave anew from a journal to which each event is added for good before the
    next step, so that a run that was killed is continued, and no finished step repeated.
  - One run drives a rollout at a time. Its lock names owner, since and expiry; that of a process that died on this machine is taken over.
  - Under check mode it keeps a rollout of its own below the directory's C(check), begun anew each time.
options:
  do:
    description:
      - V(begin) takes the lock, and begins a rollout or goes on with the open one. V(next) ends the wave that was and composes the next,
        V(approve) is a person's yes to it.
        V(note) writes down a step of a host, V(result) how it ended for it, V(steps) asks which steps its fresh record needs.
        V(end) gives the lock back and says what came of it.
      - V(status), V(pause), V(continue), V(abort) and V(release) are for people, beside a run or after it.
    type: str
    required: true
    choices: [begin, next, approve, note, result, steps, end, status, pause, continue, abort, release]
  directory:
    description: Where the rollouts of this fleet are kept; one is open at a time.
    type: str
    default: reports/rollout
  hosts:
    description: For V(begin) the hosts of the rollout, for V(release) those to release (V(all) for all).
    type: list
    elements: str
    default: []
  settings:
    description:
      - For V(begin), any of C(waves), C(max_failed), C(max_down), C(quorum), C(canary), C(windows), C(step_minutes), C(max_disruption),
        C(soak_minutes), C(approval) and C(only_drifted), as C(docs/rollout.md) describes them. What is empty keeps its default.
    type: dict
    default: {}
  release:
    description: For V(begin), hosts to release at the same time.
    type: list
    elements: str
    default: []
  skip:
    description: For V(release), whether the hosts are skipped instead of tried again.
    type: bool
    default: false
  host:
    description: The host that a step or result is about.
    type: str
    default: ""
  step:
    description: The name of the step.
    type: str
    default: ""
  did:
    description: Whether the step was started or done.
    type: str
    choices: [started, done]
    default: done
  status:
    description: How it ended for the host.
    type: str
    choices: [failed, unknown, unreachable]
    default: failed
  why:
    description: The reason, for people.
    type: str
    default: ""
  owner:
    description: Who drives the rollout; the user and the machine where it is empty.
    type: str
    default: ""
  lock_hours:
    description: After how many hours without a sign a lock of a run on another machine may be taken over.
    type: float
    default: 12
extends_documentation_fragment:
  - firebreak.fleet._attributes
  - firebreak.fleet._attributes.deeds
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.rollout_plan
"""

EXAMPLES = r"""
- name: Show where the rollout stands
  firebreak.fleet.rollout_state:
    do: status
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
hosts:
  description: The hosts of the wave.
  returned: do is next
  type: list
  elements: str
over:
  description: Whether there is no further wave in this run.
  returned: do is next
  type: bool
why:
  description: Why there is none.
  returned: do is next
  type: str
failures:
  description: What to say of each host that failed or was not tried because of one that did.
  returned: do is end
  type: dict
said:
  description: What to say of hosts that wait, or that were dead.
  returned: do is end
  type: dict
path:
  description: The folder of the rollout's records.
  returned: do is begin
  type: str
page:
  description: The page with the timeline.
  returned: do is end, or one of those for people
  type: str
rollout:
  description: Whether the rollout is open, paused, stopped, aborted or ended.
  returned: do is end, or one of those for people
  type: str
counts:
  description: How many hosts have each status.
  returned: do is end, or one of those for people
  type: dict
spent:
  description: The hosts that take a place in the budget until somebody releases them.
  returned: do is end, or one of those for people
  type: list
  elements: str
budget:
  description: How many hosts may be spent before no other is begun.
  returned: do is end, or one of those for people
  type: int
"""

#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: keep_history
short_description: Feed, prune, export, back up and restore the history
version_added: 0.1.0
description:
  - Does one thing for the history that M(firebreak.fleet.show_history) asks.
  - Needs the extra C(history) in the Python that runs Ansible. No host is touched.
options:
  history:
    description: The history, a file or a URL C(postgresql+psycopg://user@host/database); empty is C(firebreak_history/) beside O(reports).
    type: raw
    default: ""
  reports:
    description: The directory of the reports.
    type: str
    default: reports
  do:
    description:
      - V(feed) brings in what is not in it yet, V(prune) forgets what ended O(keep_days) days ago, V(export) writes JSON lines, V(backup) the same
        compressed, V(restore) brings a backup into an empty history.
      - V(retire) ends what stands on O(hosts), which are gone for good.
      - V(forget_future) puts the history back as it was before a controller whose clock was ahead brought something in.
    type: str
    choices: [feed, prune, retire, forget_future, export, backup, restore]
    default: feed
  runs:
    description: With V(feed), the directories to bring in; all of O(reports) where the list is empty.
    type: list
    elements: path
    default: []
  slice:
    description: With V(feed), the slice that they are of.
    type: str
    default: ""
  file:
    description: The file to write or to restore from.
    type: str
    default: ""
  keep_days:
    description: With V(prune), for how many days what has ended is kept.
    type: int
    default: 0
  hosts:
    description: With V(retire), the names of the hosts, each of which the history knows.
    type: list
    elements: str
    default: []
  why:
    description: With V(retire), what the history tells as the reason.
    type: str
    default: ""
attributes:
  check_mode:
    description: Does nothing in check mode, and says so.
    support: none
extends_documentation_fragment:
  - firebreak.fleet._attributes
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.show_history
"""

EXAMPLES = r"""
- name: A backup each night
  firebreak.fleet.keep_history:
    do: backup
    file: /srv/backups/firebreak_history.jsonl.gz

- name: From the file to a database for all controllers
  firebreak.fleet.keep_history:
    do: restore
    file: /srv/backups/firebreak_history.jsonl.gz
    history: postgresql+psycopg://firebreak@db.example.net/firebreak
"""

RETURN = r"""
told:
  description: What was done, in lines for a person.
  returned: success
  type: list
  elements: str
  sample: ["backed up to /srv/backups/history.jsonl.gz: 40 rows of host, 812 rows of span"]
lines:
  description: What is shown, each line with the name of its colour or null.
  returned: success
  type: list
  elements: list
"""

#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: show_history
short_description: Show how long the fleet was exposed, and how it drifted
version_added: 0.1.0
description:
  - Asks the history that M(firebreak.fleet.fleet_report), M(firebreak.fleet.answer_cve) and M(firebreak.fleet.platform_proof) feed, for each hole the
    time until it was fixed everywhere, for each host and group the days of exposure (mean and worst), for each finding since when it stands; how the
    fleet drifted, what comes and goes, and who waived what.
  - Writes C(history.html), C(history.json), C(history.prom) and a CSV file for each table into O(directory).
  - Needs the extra C(history) (SQLAlchemy and Alembic; psycopg for PostgreSQL) in the Python that runs Ansible. No host is touched.
options:
  history:
    description: The history, a file or a URL C(postgresql+psycopg://user@host/database); empty is C(firebreak_history/) beside O(reports).
    type: raw
    default: ""
  reports:
    description: The directory of the reports.
    type: str
    default: reports
  directory:
    description: Where to write; empty is C(history) in O(reports).
    type: str
    default: ""
  days:
    description: Of so many days; V(0) is all that is known.
    type: int
    default: 0
  slices:
    description: Slices of the fleet that must have brought in something in this time.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - firebreak.fleet._attributes
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.keep_history
"""

EXAMPLES = r"""
- name: The last quarter, for the auditor
  firebreak.fleet.show_history:
    days: 92
    directory: /srv/audits/2026q4
"""

RETURN = r"""
directory:
  description: Where the files are.
  returned: success
  type: str
  sample: /srv/fleet/reports/history
report:
  description: The page for people.
  returned: success
  type: str
  sample: /srv/fleet/reports/history/history.html
headline:
  description: The history in one sentence.
  returned: success
  type: str
  sample: 2 of 40 holes are not fixed everywhere; fixed everywhere after 6.2 days in the mean, 31.0 at worst
holes:
  description: For each hole when it was first seen and fixed everywhere, and on how many hosts it is what now.
  returned: success
  type: list
  elements: dict
groups:
  description: For each label and group of the inventory the days of exposure.
  returned: success
  type: list
  elements: dict
missing_slices:
  description: Which of O(slices) brought in nothing.
  returned: success
  type: list
  elements: str
lines:
  description: What is shown, each line with the name of its colour or null.
  returned: success
  type: list
  elements: list
"""

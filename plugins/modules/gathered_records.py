#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: gathered_records
short_description: Bring the records of several runs together
version_added: 0.1.0
description:
  - Finds the records of runs, such as the slices of a sliced job, and has them in one directory, for M(firebreak.fleet.fleet_report) and
    whoever reads on. Of two records of one host the later counts.
  - In a workflow of AWX it finds by itself what the earlier jobs of that workflow left, in the folder that they share and in the artifacts
    C(firebreak_records_<job id>). A sliced job is for AWX a workflow of its own in that workflow; the artifacts of its slices name it.
  - Fails where a directory that was named holds no record, and where there is none at all.
  - Works on the controller without a connection, and under check mode as well.
options:
  directory:
    description: Where the records are gathered.
    type: path
    required: true
  runs:
    description:
      - Directories of runs, folders that hold such, or patterns such as V(/srv/slices/*).
      - What a workflow left is looked for where it is empty.
    type: list
    elements: str
    default: []
  shared:
    description: The folder that the jobs of a workflow were given as C(firebreak_report_dir).
    type: str
    default: ""
extends_documentation_fragment:
  - firebreak.fleet._attributes
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.leave_records
  - module: firebreak.fleet.fleet_report
"""

EXAMPLES = r"""
- name: Gather the slices
  firebreak.fleet.gathered_records:
    directory: /srv/fleet/today
    runs: [/srv/fleet/slices]
"""

RETURN = r"""
runs:
  description: The directories whose records were gathered.
  returned: success
  type: list
  elements: str
left_out:
  description: The hosts whose records did not fit into an artifact.
  returned: success
  type: list
  elements: str
"""

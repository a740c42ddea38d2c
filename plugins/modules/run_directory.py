#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: run_directory
short_description: Make the directory of a run, once, on the controller
version_added: 0.1.0
description:
  - Makes the directory into which M(firebreak.fleet.platform_scan) writes records and M(firebreak.fleet.fleet_report) its reports.
  - Run it once per play, with C(run_once) and C(delegate_to=localhost), and hand its path to the other tasks. A path made from the time in
    a variable would differ from host to host.
  - Works on the controller without a connection, and under check mode as well, since a report changes no host.
  - Directories are made with the mode 0700. Records of an earlier run in the same directory are removed, so that none passes for a new one.
options:
  path:
    description:
      - The directory. A relative one begins where the command was started.
      - Without it a new directory below O(reports) is made, named by the time in UTC.
    type: str
    default: ""
  reports:
    description: Where directories named by time are made.
    type: str
    default: reports
extends_documentation_fragment:
  - firebreak.fleet._attributes
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.platform_scan
  - module: firebreak.fleet.fleet_report
"""

EXAMPLES = r"""
- name: Make the directory of this run
  firebreak.fleet.run_directory:
  register: firebreak_run
  run_once: true
  delegate_to: localhost

- name: Scan into it
  firebreak.fleet.platform_scan:
    directory: "{{ firebreak_run.path }}"
"""

RETURN = r"""
path:
  description: The absolute path of the directory.
  returned: success
  type: str
  sample: /srv/fleet/reports/20261120T060000Z
latest:
  description: The link that M(firebreak.fleet.fleet_report) points to the directory once the report is whole; empty where O(path) was given.
  returned: success
  type: str
  sample: /srv/fleet/reports/latest
"""

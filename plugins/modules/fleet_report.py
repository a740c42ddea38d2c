#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: fleet_report
short_description: Merge the records of a fleet and write its drift report
version_added: 0.1.0
description:
  - Merges the host documents that M(firebreak.fleet.platform_scan) has written and writes C(fleet.json), C(fleet.html), C(fleet.prom),
    C(junit.xml), C(fleet.sarif), C(findings.csv), C(findings.jsonl) and files for C(--limit). The result holds a short table, which the
    playbooks of this collection print; where there is one host only, a full view of it.
  - Needs no host. It can as well merge the records of other runs, such as the slices of a sliced job.
  - Hosts without a record are in the report as V(unknown), and so are those whose record cannot be read.
  - In a job of AWX, summary and worst findings are also set as the artifact C(firebreak_report_<job id>), of at most 64 KB, because
    the job's directory does not outlive it.
  - Works on the controller without a connection, and under check mode as well, since a report changes no host.
options:
  directory:
    description: The directory to write the report to. It is made where it is missing.
    type: path
    required: true
  runs:
    description:
      - The directories of the runs whose records are merged; O(directory) alone where the list is empty.
      - Of two records of one host the later one counts.
    type: list
    elements: path
    default: []
  hosts:
    description:
      - The hosts that must be in the report, and the only ones that are, usually C(ansible_play_hosts_all).
      - All hosts that have a record where the list is empty.
    type: list
    elements: str
    default: []
  expected:
    description: Hosts that must be in the report as well. RV(failure) names those of them that nobody scanned, whatever O(fail_on) says.
    type: list
    elements: str
    default: []
  failed:
    description: By host why its scan could not begin, for hosts that left no record; empty texts are none.
    type: dict
    default: {}
  details:
    description: Whether the view of one machine tells each fact that could not be had.
    type: bool
    default: false
  partial:
    description: Whether hosts of the fleet were left out on purpose, where that cannot be seen from here.
    type: bool
    default: false
  metrics:
    description: A file to write the metrics to as well, where node_exporter's textfile collector reads it.
    type: str
    default: ""
  metrics_mode:
    description: The mode of O(metrics), in octal digits.
    type: str
    default: "0644"
  latest:
    description: Whether to point the link C(latest) beside O(directory) at it.
    type: bool
    default: false
  keep:
    description: With O(latest), how many directories named by time are kept beside it; V(0) keeps all.
    type: int
    default: 0
  fail_on:
    description:
      - When RV(failure) is not empty.
      - V(drift) where a host breaks a promise of its standard. V(unknown) in that case and where a host could not be reached or judged.
    type: str
    choices: [never, drift, unknown]
    default: never
extends_documentation_fragment:
  - firebreak.fleet._attributes
  - firebreak.fleet._attributes.history
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.platform_scan
  - module: firebreak.fleet.compare_reports
"""

EXAMPLES = r"""
- name: Write the report in the play of the scan
  firebreak.fleet.fleet_report:
    directory: "{{ firebreak_run.path }}"
    hosts: "{{ ansible_play_hosts_all }}"
  run_once: true
  delegate_to: localhost

- name: Merge the slices of a sliced job
  firebreak.fleet.fleet_report:
    directory: /srv/fleet/reports/today
    runs: [/srv/fleet/slice1, /srv/fleet/slice2]
"""

RETURN = r"""
directory:
  description: The absolute path of the directory of the report.
  returned: success
  type: str
  sample: /srv/fleet/reports/20261120T060000Z
report:
  description: The path of the page for people.
  returned: success
  type: str
  sample: /srv/fleet/reports/20261120T060000Z/fleet.html
summary:
  description: How many hosts there are of each verdict.
  returned: success
  type: dict
  sample: {hosts: 200, compliant: 187, drifted: 9, unknown: 1, unreachable: 3}
partial:
  description: Whether C(--limit) left hosts of the inventory out.
  returned: success
  type: bool
  sample: false
lines:
  description: What is shown, each line with the name of its colour or null.
  returned: success
  type: list
  elements: list
failures:
  description: By host why it must fail under O(fail_on), so that each can fail by itself; empty where none must.
  returned: success
  type: dict
  sample: {}
missing:
  description: The hosts of O(expected) that left no record.
  returned: success
  type: list
  elements: str
failure:
  description: Why the run must fail under O(fail_on), naming the worst findings; empty where it need not.
  returned: success
  type: str
  sample: ""
"""

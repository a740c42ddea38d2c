#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: answer_cve
short_description: Answer what CVEs mean for every host, judged by what runs
version_added: 0.1.0
description:
  - Holds the records of a report against advisories that the operator brings, and says for each host and CVE one of C(exposed), C(unknown),
    C(pending) (closed after the next restart or reboot), C(fixed_by_live_patch), C(fixed_in_force), C(not_reachable) and C(not_affected), with
    the reason.
  - Judged by what runs. A fixed kernel that is installed and does not run is C(pending) where the next boot gives it, else C(exposed).
  - Versions of two streams (backports, Ubuntu Pro's FIPS, UEK, long-lived minor releases) are never held against each other. Where the feeds say
    nothing of a host's stream, the answer is C(unknown).
  - No host is touched. Feeds are compiled once into a file beside the reports, and again when they change; those of mirrors are fetched by the
    controller where the mirror has another copy.
  - Writes C(answers.json), C(answers.html), C(answers.sarif) and C(answers.prom) into O(directory), with what hangs on the parts that are open
    (containers, guests, sandboxes), due dates, and the ages of records and feeds.
options:
  cve:
    description: CVE ids, or ids of advisories, which stand for all their CVEs.
    type: list
    elements: str
    default: []
  days:
    description: Ask for all CVEs of advisories that were published in so many days.
    type: int
    default: 0
  kernel_only:
    description: With O(days), ask for the CVEs of kernels only.
    type: bool
    default: false
  feeds:
    description:
      - Paths of feeds and addresses of mirrors (C(http://), C(https://)), or mappings with C(path) or C(url), and C(stream), C(keyring),
        C(signature) and C(max_age_hours). A folder stands for all files in it.
      - With C(keyring) a feed counts only where a signature holds that lies beside it or that C(signature) names. It is OpenPGP's, by C(gpgv), or
        one of C(ssh-keygen), by a file of allowed signers.
      - OSV documents (C(.json), C(.zip), C(.tar.xz), C(.tar.gz), C(.tar.bz2)) of Debian, Ubuntu (with its notices of live patches), Red Hat, Rocky,
        AlmaLinux, SUSE; the JSON of Debian's security tracker; C(updateinfo.xml) of a dnf repository, which needs C(stream), such as C(oracle:9).
      - CSAF and VEX of version 2.0 and 2.1 (Red Hat, SUSE; also C(.tar.zst)), OpenVEX of Ubuntu, records of the kernel's CNA, and for urgency CISA's
        KEV catalogue (JSON) and FIRST's EPSS scores (C(.csv)).
      - A feed that breaks off or of which a document cannot be read closes nothing, like one that is too old.
    type: raw
    required: true
  max_age_hours:
    description: A feed older than this, or than its own C(max_age_hours), closes nothing; what would be fixed by it is C(unknown).
    type: int
    default: 24
  directory:
    description: The directory of a report, with its C(records).
    type: str
    default: reports/latest
  hosts:
    description: Hosts that must have an answer. One without a record is C(unknown).
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - firebreak.fleet._attributes
  - firebreak.fleet._attributes.history
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.fleet_report
"""

EXAMPLES = r"""
- name: Who is exposed to it
  firebreak.fleet.answer_cve:
    cve: [CVE-2026-31431]
    feeds: [/srv/feeds/debian.json, {path: /srv/feeds/ol9/updateinfo.xml.gz, stream: "oracle:9"}]
  delegate_to: localhost
  run_once: true
  register: asked

- name: Stop where anybody is
  ansible.builtin.assert:
    that: "'exposed' not in asked.answers['CVE-2026-31431']"
"""

RETURN = r"""
answers:
  description: For each CVE how many hosts have which answer.
  returned: success
  type: dict
  sample: {CVE-2026-31431: {exposed: 2, fixed_in_force: 40}}
summary:
  description: How many hosts have which answer, over all CVEs.
  returned: success
  type: dict
  sample: {exposed: 2, fixed_in_force: 40}
path:
  description: The C(answers.json) with every host's answer, reason, facts and remedy.
  returned: success
  type: str
  sample: /srv/fleet/reports/20261128T080000Z/answers.json
"""

#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: platform_proof
short_description: Prove by an independent test suite that hosts are on the standard
version_added: 0.1.0
description:
  - Runs the collection's own pytest-testinfra suite (C(tests/platform)) against hosts of the inventory, with the standard that each of them has.
  - The suite shares no code with the scan. It asks each host with the host's own commands and files, in one or two round trips, many hosts at once.
  - Every host's connection variables are resolved by Ansible first, so templates, C(--limit), C(--become) and C(-u) mean what they mean elsewhere.
    Only logins by key or agent work, and becoming root by C(sudo) without a password.
  - Writes C(proof.json), C(proof.html) (a row for each host, a column for each promise) and C(junit.xml). Progress goes to standard output.
  - In a job of AWX, the broken promises are also set as the artifact C(firebreak_proof_<job id>).
  - Works on the controller without a connection of its own, and under check mode as well, since a proof changes no host.
requirements:
  - Python 3.11 on the controller
  - pytest and pytest-testinfra in the Python that runs Ansible
options:
  hosts:
    description: The hosts to prove, usually C(ansible_play_hosts_all).
    type: list
    elements: str
    required: true
  path:
    description:
      - The directory of a run. The proof is written to the folder C(proof) in it; what else is there stays.
      - Without it a new directory below O(reports) is made, named by the time in UTC.
    type: str
    default: ""
  reports:
    description: Where directories named by time are made.
    type: str
    default: reports
  host_timeout:
    description: The seconds that one round trip to a host may take. A host that takes longer is not proven.
    type: int
    default: 300
  evidence:
    description:
      - A file to write the evidence to, as one C(.tar.gz) - what each host was asked and answered, when, and by what hash to check it.
      - A directory that exists, or a path with a slash at its end, gets a file named by the time in UTC.
    type: str
    default: ""
  evidence_key:
    description: An OpenSSH key that signs the evidence, a private one, or a public one whose private one the agent has.
    type: str
    default: ""
extends_documentation_fragment:
  - firebreak.fleet._attributes
  - firebreak.fleet._attributes.history
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.platform_scan
  - module: firebreak.fleet.fleet_report
"""

EXAMPLES = r"""
- name: Prove that the hosts are on the standard
  firebreak.fleet.platform_proof:
    hosts: "{{ ansible_play_hosts_all }}"
  register: firebreak_proof
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
directory:
  description: The absolute path of the folder of the proof.
  returned: success
  type: str
  sample: /srv/fleet/reports/20261120T060000Z/proof
report:
  description: The path of the page for people.
  returned: success
  type: str
  sample: /srv/fleet/reports/20261120T060000Z/proof/proof.html
broken:
  description: By host the promises that are broken, each with the sentence that says how.
  returned: success
  type: dict
  sample: {web1: {kernel.running: "web1 runs kernel 6.1.0-40-amd64; the standard promises 6.1.0-41-amd64"}}
failures:
  description: By host which promises are not proven, so that each can fail by itself; empty where all are.
  returned: success
  type: dict
  sample: {}
failure:
  description: Why the run must fail, naming hosts and promises; empty where every promise holds.
  returned: success
  type: str
  sample: ""
"""

#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: fleet_scan
short_description: Scan the hosts of a play from one process
version_added: 0.1.0
description:
  - Does what M(firebreak.fleet.platform_scan) does, for all hosts of the play at once and from one process on the controller, at a fraction of
    the price of a task for each host. The documents are the same.
  - Is written with C(run_once) and C(delegate_to=localhost). Keywords about the connection (C(become), C(remote_user), C(port) and so on) stand on
    the play, or on this task, and mean the hosts, never the controller. Arguments are templated for each host.
  - The connection of each host is worked out by ansible-core itself, with the plugins C(ssh), C(sudo), C(su) and all that may be set for them.
    As many ssh clients run at once as there are O(forks). New connections to one sshd or through one jump host are kept below its C(MaxStartups),
    failed logins are spaced, and a connection that was closed without a word is tried once more after 20 seconds.
  - What cannot be done so is left to a task of M(firebreak.fleet.platform_scan) and named with the reason in RV(left) - other connection plugins,
    passwords that ssh itself asks for, keys given as text, terminals, passwords for other ways to become root than sudo and su,
    and becoming root with a password where pipelining is off.
  - Under another strategy than C(linear), and where ansible-core is not built as it was known to be, all hosts are left.
options:
  transport:
    description:
      - V(auto) scans all hosts that can be scanned from here.
      - V(ansible) leaves all of them to tasks of their own.
    type: str
    choices: [auto, ansible]
    default: auto
  hosts:
    description: The hosts to scan; the present batch of the play where the list is empty.
    type: list
    elements: str
    default: []
  forks:
    description: How many ssh clients run at once; the forks of Ansible where it is 0.
    type: int
    default: 0
  patience:
    description: Seconds beyond O(deadline) after which a host's client is ended - for connecting, sending and starting.
    type: int
    default: 60
  directory:
    description:
      - The directory of the run, on the controller. The document of each host is written to C(records/<host>.json) below it, and how each host
        was asked to C(asked.json).
      - Without it the documents are returned.
    type: path
  last:
    description:
      - The directory of an earlier run, on the controller. A host whose record is still the one that is kept there answers with its digest and with
        what passes by itself (the time since its boot, the age of the package manager's cache, how many processes there are); the rest is taken from
        there. The host makes its record all the same. Where the record that is kept there is not the one that the host means, it is asked again.
      - What is not there or cannot be read does no harm.
    type: path
extends_documentation_fragment:
  - firebreak.fleet._attributes
  - firebreak.fleet._attributes.scan
  - firebreak.fleet._attributes.standard
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.platform_scan
    description: The scan of one host, as a task.
"""

EXAMPLES = r"""
- name: Scan and judge all hosts
  firebreak.fleet.fleet_scan:
    directory: reports/today
  register: asked
  run_once: true
  delegate_to: localhost

- name: Go on where no host is left
  ansible.builtin.meta: end_play
  when: not asked.left

- name: Scan and judge the hosts that are left
  firebreak.fleet.platform_scan:
    directory: reports/today
  when: inventory_hostname in asked.left
"""

RETURN = r"""
scanned:
  description: How many hosts were scanned.
  returned: always
  type: int
  sample: 98
left:
  description: The hosts that were not, each with the reason.
  returned: always
  type: dict
  sample: {db7: ssh itself asks for a password}
hosts:
  description: What M(firebreak.fleet.platform_scan) returns as RV(firebreak.fleet.platform_scan#module:firebreak), for each host that was scanned.
  returned: where no O(directory) was given
  type: dict
  sample: {}
"""

#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: show_standard
short_description: Show the standard that hosts are judged by, and who set each key
version_added: 0.1.0
description:
  - Merges C(firebreak_standard), C(firebreak_standard_overrides*), C(firebreak_mitigations*) and C(firebreak_waivers*) of the
    host and checks them, without connecting to it.
  - A mistake fails the task with one message that names the variable and the key, the value seen and the values allowed. Of several hosts
    with one mistake the message tells it once.
options:
  hosts:
    description:
      - The hosts to look at, usually C(ansible_play_hosts_all); each distinct standard is shown once with its hosts. The task's own host
        where the list is empty.
    type: list
    elements: str
    default: []
  sections:
    description: The sections of the record that a scan will be asked for, to be checked as well.
    type: list
    elements: str
    default: []
  quiet:
    description: Whether to show nothing where nothing is wrong.
    type: bool
    default: false
  platform:
    description: Facts of the record's section C(os), such as V(id), V(family), V(version_id), V(architecture); platform blocks are resolved for them.
    type: dict
author: The Firebreak authors (@firebreak)
attributes:
  check_mode:
    description: Runs the same in check mode.
    support: full
"""

EXAMPLES = r"""
- name: Show the standards of all hosts of the play
  firebreak.fleet.show_standard:
    hosts: "{{ ansible_play_hosts_all }}"
  run_once: true
  delegate_to: localhost

- name: Show what an Ubuntu 24.04 host is judged by
  firebreak.fleet.show_standard:
    platform:
      family: debian
      id: ubuntu
      version_id: "24.04"
"""

RETURN = r"""
hosts:
  description: How many hosts were looked at.
  returned: always
  type: int
standard:
  description: The merged standard of the first host; null where none is declared.
  returned: always
  type: dict
sha256:
  description: The name of the standard in reports.
  returned: always
  type: str
provenance:
  description: For each key the variable that set it, and the reason of an override.
  returned: always
  type: dict
waivers:
  description: The waivers of the host, the expired ones too.
  returned: always
  type: list
  elements: dict
"""

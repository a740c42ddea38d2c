#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scan of a host as a module. Firebreak's own playbooks use the action platform_scan, which sends the same code in one round trip."""

DOCUMENTATION = r"""
module: platform_info
short_description: Tell which platform a Linux host is on, and what of it is in force
version_added: 0.1.0
description:
  - Reads what the host runs, what it has installed, what its next boot will give and what its repositories offer, and returns it as one record.
  - It only reads. It loads no module, refreshes no cache, opens no connection and writes nothing.
  - It works without root; a fact that root alone can read is then null with the reason C(needs_root).
  - Each fact has its source in RV(record.evidence), each null its reason in RV(record.nulls).
  - To judge a whole fleet use the playbook C(firebreak.fleet.report_drift), which scans with M(firebreak.fleet.platform_scan).
extends_documentation_fragment:
  - firebreak.fleet._attributes
  - firebreak.fleet._attributes.scan
author: The Firebreak authors (@firebreak)
seealso:
  - module: firebreak.fleet.platform_scan
    description: The same scan in one round trip, judged against the standard, also of hosts whose Python is too old for Ansible.
"""

EXAMPLES = r"""
- name: See everything
  firebreak.fleet.platform_info:
  register: seen

- name: Say which kernel runs and which one the next boot gives
  ansible.builtin.debug:
    msg: "{{ seen.record.kernel.running.release }} runs, {{ seen.record.kernel.default_boot.release }} is next"

- name: See only what runs, without asking the package manager
  firebreak.fleet.platform_info:
    sections: [os, kernel]
    available: false

- name: See all that root can see, and no longer than ten seconds
  firebreak.fleet.platform_info:
    deadline: 10
  become: true

- name: List what could not be said, and why
  ansible.builtin.debug:
    msg: "{{ seen.record.nulls }}"
"""

RETURN = r"""
record:
  description: What was seen. A fact that cannot be said is null; RV(record.nulls) says why.
  returned: success
  type: dict
  contains:
    schema:
      description: The version of the record's layout.
      type: str
      returned: always
      sample: firebreak.record/1
    scanned_at:
      description: When the scan began, by the host's clock in UTC.
      type: str
      returned: always
      sample: "2026-11-20T06:00:00Z"
    scanner:
      description: The Python that ran the scan, the user it ran as and the deadline it had.
      type: dict
      returned: always
      sample: {deadline_seconds: 60.0, python: 3.11.2, uid: 0, version: null}
    seconds:
      description: How long each section took.
      type: dict
      returned: always
      sample: {kernel: 0.03, os: 0.002}
    os:
      description: The operating system by its os-release, its family, the machine's id and name, and whether it is a container or an image.
      type: dict
      returned: when asked for
      sample: {architecture: x86_64, container: none, family: debian, id: debian, image_based: false, version_id: "12"}
    boot:
      description: The id and time of the present boot, the kernel's command line, and every signal that a reboot is due, with its source.
      type: dict
      returned: when asked for
      sample: {booted_at: "2026-11-01T04:11:09Z", reboot_required: false, secure_boot: true}
    kernel:
      description: The kernel that runs, all that are installed, the one that the next boot gives, and the one that the repositories offer.
      type: dict
      returned: when asked for
      sample: {running: {package: linux-image-6.1.0-41-amd64, package_version: 6.1.158-1, release: 6.1.0-41-amd64}}
    cpu:
      description: The processor, the state of each vulnerability the kernel knows of, simultaneous multithreading and microcode.
      type: dict
      returned: when asked for
      sample: {logical_cpus: 64, model: AMD EPYC 9354 32-Core Processor, vendor: AuthenticAMD}
    hypervisor:
      description: Whether this host runs virtual machines or is one, how far it can, with what software, and what of it runs replaced binaries.
      type: dict
      returned: when asked for
      sample: {is_guest: false, is_host: true, under: none}
    containers:
      description: The container engines, each running container with its isolation, and how many share the host's kernel.
      type: dict
      returned: when asked for
      sample: {counts: {host_kernel: 3, privileged: 0, sandboxed: 12, unknown: 0}, nested_shims: 0}
    kata:
      description: What of Kata Containers is installed, what the engines are told of it, and whether each live sandbox runs what a new one would get.
      type: dict
      returned: when asked for
      sample: {installed: true, origin: release, tree: /opt/kata-4.1.0, version: 4.1.0}
    evidence:
      description: Where each fact was read, as a path or a command.
      type: dict
      returned: always
      sample: {os.id: /etc/os-release}
    nulls:
      description: The facts that could not be said, each with its reason and a detail.
      type: list
      elements: dict
      returned: always
      sample: [{detail: "/sys/kernel/debug: Permission denied", fact: boot.secure_boot, reason: needs_root}]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._host.host import LiveHost
from ..module_utils._scan.scan import scan


def main() -> None:
    """Scan this machine and return the record."""
    module = AnsibleModule(
        argument_spec={
            "sections": {"type": "list", "elements": "str", "default": []},
            "available": {"type": "bool", "default": True},
            "hypervisor_probe": {"type": "str", "choices": ["device", "vm", "vcpu", "guest"], "default": "device"},
            "hypervisor_release": {"type": "str", "default": "/opt/kata"},
            "kata_files": {"type": "list", "elements": "str", "default": []},
            "watched_modules": {"type": "list", "elements": "str", "default": []},
            "watched_sysctls": {"type": "list", "elements": "str", "default": []},
            "deadline": {"type": "int", "default": 60},
            "section_deadline": {"type": "int", "default": 20},
        },
        supports_check_mode=True,
    )
    try:
        record = scan(LiveHost(), module.params["sections"], dict(module.params))
    except ValueError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, record=record)


if __name__ == "__main__":
    main()

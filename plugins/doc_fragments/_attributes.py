# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation of several modules has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Parts that modules name with extends_documentation_fragment."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and tells the same as without.
    support: full
  diff_mode:
    description: Will return details on what has changed, or what would change in check mode.
    support: N/A
    details: Nothing is changed.
  platform:
    description: Target operating systems.
    platforms: linux
    support: full
"""

    SCAN = r"""
options:
  sections:
    description:
      - The sections of the record to collect; all of them where the list is empty.
      - V(os) is the operating system, V(boot) the present boot and whether another one is due, V(kernel) the kernel that runs,
        those that are installed, the one that the next boot gives and the one that the repositories offer, V(live_patch) what
        patches the running kernel in memory and what of that is in force, V(cpu) the processor's vulnerabilities and their mitigations,
        V(hypervisor) what virtual machines run on and what this machine itself runs on,
        V(containers) the engines, each running container and whose kernel it runs on, V(kata) Kata Containers on disk, in the engines'
        configuration and in each live sandbox.
    type: list
    elements: str
    default: []
  available:
    description:
      - Whether to ask the package manager which kernel its cached lists offer.
      - This is the slowest question of a scan. The lists are never refreshed, whatever their age.
    type: bool
    default: true
  hypervisor_probe:
    description:
      - How far to climb in finding out whether this host can run virtual machines.
      - V(device) looks at the processor and at C(/dev/kvm) without loading a module.
      - V(vm) also creates an empty virtual machine and gives it up at once.
      - V(vcpu) also runs one instruction in it, on x86_64 only. There are hosts that can make a virtual machine and not run it.
      - V(guest) also boots the guest kernel of a release of Kata Containers with the release's own QEMU, without a disk and without a network,
        on x86_64 only. It takes a second or a few and at most O(section_deadline), reads the version from the guest's serial console, and
        ends the guest in any case. The record has the version as C(hypervisor.ladder.guest_kernel).
    type: str
    choices: [device, vm, vcpu, guest]
    default: device
  hypervisor_release:
    description:
      - For V(guest), the release of Kata Containers whose guest kernel is booted. Its QEMU and its kernel must be files that only root may write.
    type: str
    default: /opt/kata
  kata_files:
    description:
      - Paths below C(/opt/kata) of files to hash. M(firebreak.fleet.platform_scan) adds those that the host's standard names in C(kata.files).
      - Nothing else of a release is hashed, since its images are large.
    type: list
    elements: str
    default: []
  watched_modules:
    description:
      - Names of kernel modules to tell the state of. M(firebreak.fleet.platform_scan) adds those that the host's standard names in
        C(kernel.modules_blocked) and C(mitigations). At most 100 are looked at.
    type: list
    elements: str
    default: []
  watched_sysctls:
    description:
      - Names of parameters of the kernel, such as V(kernel.unprivileged_bpf_disabled), to tell the value in force of, and the one of the next boot.
        M(firebreak.fleet.platform_scan) adds those that the host's standard names in C(mitigations). At most 100 are looked at.
    type: list
    elements: str
    default: []
  deadline:
    description:
      - Seconds that the scan of a host may take. What was not collected by then is null with the reason C(deadline).
        The host's variable C(firebreak_scan_seconds), for one that is slow, says otherwise for it and O(section_deadline).
    type: int
    default: 60
  section_deadline:
    description:
      - Seconds that one section may take. A hung file system or a locked package database costs its section, not the record.
    type: int
    default: 20
"""

    HISTORY = r"""
options:
  history:
    description:
      - Where the history is kept, which this feeds (M(firebreak.fleet.show_history)); a file, or a URL C(postgresql+psycopg://user@host/database).
      - V(false) keeps none. Empty keeps it in C(firebreak_history/) beside C(reports/), where the libraries of the extra C(history) are installed.
      - A history that cannot be written is a warning; the next run brings in what is missing.
    type: raw
    default: ""
  slice:
    description: The name of the slice of the fleet that this is of, for the history.
    type: str
    default: ""
"""

    DEEDS = r"""
options:
  history:
    description: Where the history is kept that remembers what was done, as of M(firebreak.fleet.fleet_report).
    type: raw
    default: ""
"""

    STANDARD = r"""
options:
  standard:
    description: The standard to judge by, in place of the variable C(firebreak_standard).
    type: dict
  standard_overrides:
    description: The overrides of the standard, in place of the variable C(firebreak_standard_overrides).
    type: list
    elements: dict
  waivers:
    description: The waivers, in place of the variable C(firebreak_waivers).
    type: list
    elements: dict
"""

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standards as people write them by hand: each mistake is one message that says what would be right, and what is right is taken."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._os import virtualization
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard import names
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import StandardError, effective
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.variables import known, strangers

CHECKED = {"kernel": {"running": "6.1.0-41-amd64"}}


def block(**match: Any) -> dict[str, Any]:
    """A standard with one platform block."""
    return {"platforms": [{"match": match, "os": {"version_id": "99"}}]}


MISTAKES: tuple[tuple[dict[str, Any], str], ...] = (
    # A match that no host can have is never a silent no.
    (block(family="RedHat"), "platforms[0].match.family: seen 'RedHat', which no host has; wanted: one of debian, redhat, suse, other"),
    (block(family="RedHat"), 'did you mean "redhat"?'),
    (block(family="Debian"), 'did you mean "debian"?'),
    (block(family="Suse"), 'did you mean "suse"?'),
    (block(family="rhel"), "wanted: one of debian, redhat, suse, other"),
    (block(family="ubuntu"), "wanted: one of debian, redhat, suse, other"),
    (block(family=["debian", "Archlinux"]), "seen 'Archlinux', which no host has"),
    (block(family="x*"), "wanted: one of debian, redhat, suse, other"),
    (block(id="Debian"), 'as os-release has it, such as "debian"'),
    (block(id="RedHat"), 'such as "rhel"'),
    (block(id="Deb*"), 'such as "debian"'),
    # openEuler's own file has a capital: ID="openEuler".
    (block(id="openeuler"), 'such as "openEuler"'),
    (block(id="openeuler*"), 'such as "openEuler"'),
    (block(id="OpenEuler"), 'such as "openEuler"'),
    (block(architecture="X86*"), 'without capitals: "x86*"'),
    (block(architecture="amd64"), 'such as "x86_64"'),
    (block(architecture="arm64"), 'such as "aarch64"'),
    (block(version_id=">=12"), "there are no operators in a match"),
    (block(version_id=12), "write versions in quotes"),
    (block(id="rhel9"), 'such as "rhel"'),
    (block(id="el"), 'such as "rhel"'),
    (block(id="centos stream"), "a word without blanks"),
    (block(id="debian|ubuntu"), 'a list: ["debian", "ubuntu"]'),
    (block(version_id="12, 13"), 'a list: ["12", "13"]'),
    (block(version_id="9.x"), 'a shell pattern such as "9.*"'),
    (block(version_id="12 "), '"12"'),
    (block(version_id="trixie"), "code names are not matched"),
    (block(version_id="Trixie"), "code names are not matched"),
    (block(version_id="v9"), 'such as "9"'),
    (block(architecture="intel"), 'such as "x86_64"'),
    (block(os="debian"), "unknown fact; wanted: a mapping with any of family, id, version_id, architecture"),
    ({"platforms": [{"kernel": {"running": "6.1"}}]}, "wanted: a mapping with match and keys of the standard"),
    ({"platforms": {"match": {}}}, "wanted: a list of mappings"),
    # Rules and operators.
    ({"kernel": {"running": "newest_installed"}}, "kernel.running: seen 'newest_installed'; wanted: {rule: newest_installed}"),
    ({"kernel": {"running": "newest_available"}}, "wanted: {rule: newest_available}"),
    ({"kernel": {"running": "latest"}}, "wanted: {rule: newest_available}"),
    ({"kernel": {"running": "newest"}}, "wanted: {rule: newest_installed}"),
    ({"kernel": {"running": "newest-installed"}}, "wanted: {rule: newest_installed}"),
    ({"kernel": {"running": "Newest available"}}, "wanted: {rule: newest_available}"),
    ({"kernel": {"running": "rule: newest_installed"}}, "wanted: {rule: newest_installed}"),
    ({"kernel": {"running": "lts"}}, 'wanted: a release as uname -r prints it, such as "6.1.0-41-amd64"'),
    ({"kernel": {"running": "linux-image-amd64"}}, "wanted: a release as uname -r prints it"),
    ({"kernel": {"default_boot": "any"}}, "wanted: a release as uname -r prints it"),
    ({"kernel": {"default_boot": "running"}}, "wanted: {rule: running}"),
    ({"hypervisor": {"qemu": {"running": "installed"}}}, "hypervisor.qemu.running: seen 'installed'; wanted: {rule: installed}"),
    ({"kernel": {"running": ">= 6.1"}}, 'wanted: {minimum: "6.1"}'),
    ({"kernel": {"running": ">6.1"}}, 'wanted: {minimum: "6.1"}'),
    ({"kernel": {"running": "==6.1.0-41-amd64"}}, "there are no operators in texts"),
    ({"kernel": {"running": "~6.1"}}, "there are no operators in texts"),
    ({"kernel": {"running": "=> 6.1"}}, 'wanted: {minimum: "6.1"}'),
    ({"kernel": {"running": "(>= 6.1)"}}, 'wanted: {minimum: "6.1"}'),
    ({"kernel": {"running": "at least 6.1"}}, 'wanted: {minimum: "6.1"}'),
    ({"kernel": {"running": "min: 6.1"}}, 'wanted: {minimum: "6.1"}'),
    ({"kernel": {"flavour": "ge 6.1"}}, "there are no operators in texts"),
    (block(version_id="since 12"), "there are no operators in a match"),
    ({"kernel": {"running": "6.1 or newer"}}, 'wanted: {minimum: "6.1"}'),
    ({"kernel": {"running": "6.1+"}}, 'wanted: {minimum: "6.1"}'),
    ({"kernel": {"running": "6.1.0-41-amd64,6.1.0-42-amd64"}}, 'wanted: {any_of: ["6.1.0-41-amd64", "6.1.0-42-amd64"]}'),
    ({"kernel": {"running": "6.1.x"}}, "there are no patterns in it"),
    ({"kernel": {"running": "6.1.*"}}, "there are no patterns in it"),
    ({"kernel": {"running": {"any_of": ["6.1.0-41-amd64", "6.1.?"]}}}, "there are no patterns in it"),
    ({"kernel": {"running": {"minimum": ">=6.1"}}}, "there are no operators in texts"),
    ({"kernel": {"running": "linux-image-6.1.0-41-amd64"}}, 'the release as uname -r prints it: "6.1.0-41-amd64"'),
    ({"kernel": {"running": "vmlinuz-6.1.0-41-amd64"}}, '"6.1.0-41-amd64"'),
    ({"kernel": {"running": "kernel-5.14.0-570.el9.x86_64"}}, '"5.14.0-570.el9.x86_64"'),
    ({"kernel": {"running": "Linux 6.1.0-41-amd64"}}, '"6.1.0-41-amd64"'),
    ({"kernel": {"running": "kernel-5.14.0-570.el9.x86_64.rpm"}}, '"5.14.0-570.el9.x86_64"'),
    ({"kernel": {"running": "v6.1.158"}}, '"6.1.158"'),
    ({"kernel": {"running": "6.1.0-41-amd64 "}}, '"6.1.0-41-amd64"'),
    ({"kernel": {"running": ["6.1", "6.2"]}}, "wanted: text, or {any_of: [...]} where several are right"),
    ({"kernel": {"running": {"rule": "latest"}}}, "one of newest_installed, newest_available"),
    ({"kernel": {"running": {"min": "6.1"}}}, "form 'min'"),
    ({"kernel": {"running": 6.1}}, 'write it in quotes as you meant it, as in "22.10"'),
    ({"kernel": {"running_version": "6.1.*"}}, "there are no patterns in it"),
    ({"kernel": {"runing": "6.1"}}, "did you mean 'running'?"),
    ({"kernel": {"held": False}}, "one of forbidden, allowed"),
    ({"kernel": {"held": "forbiden"}}, "one of forbidden, allowed"),
    ({"kernel": {"cache_age_hours": 48}}, "wanted: {maximum: 48}"),
    ({"kernel": {"cache_age_hours": {"maximum": "48"}}}, "a whole number"),
    ({"kernel": {"flavour": "cloud amd64"}}, "text without blanks"),
    ({"kernel.running": "6.1"}, "dots are for overrides: wanted here: kernel: {running: ...}"),
    ({"kernel": "6.1"}, "wanted: a mapping with"),
    ({"kernal": {"running": "6.1"}}, "did you mean 'kernel'?"),
    # A record holds no secret, so that a promise of one could be neither kept nor broken; nor does the message.
    ({"boot": {"cmdline_required": ["rd.iscsi.password=hunter2"]}}, "seen 'rd.iscsi.password=(removed)'; wanted: a text without a secret"),
    ({"boot": {"cmdline_forbidden": ["systemd.setenv=A=b"]}}, "seen 'systemd.setenv=A=(removed)'; wanted: a text without a secret"),
    # The operating system.
    ({"os": {"id": "Debian"}}, 'wanted: the distribution as os-release has it, such as "debian"'),
    ({"os": {"id": "openeuler"}}, 'such as "openEuler"'),
    ({"os": {"id": "open-euler"}}, 'such as "openEuler"'),
    ({"os": {"id": "openEuler22.03"}}, 'such as "openEuler"'),
    ({"os": {"id": "Oracle Linux"}}, 'such as "ol"'),
    ({"os": {"id": "Rocky Linux 9"}}, 'such as "rocky"'),
    ({"os": {"id": "opensuse_leap"}}, 'such as "opensuse-leap"'),
    ({"os": {"id": "a b"}}, "text without blanks"),
    ({"os": {"id": "Red Hat"}}, 'such as "rhel"'),
    ({"os": {"id": "redhat"}}, 'such as "rhel"'),
    ({"os": {"id": "centos-stream"}}, 'such as "centos"'),
    ({"os": {"id": "oracle"}}, 'such as "ol"'),
    ({"os": {"id": "amazon"}}, 'such as "amzn"'),
    ({"os": {"id": "alma"}}, 'such as "almalinux"'),
    ({"os": {"id": "suse"}}, 'such as "sles"'),
    ({"os": {"id": "debian12"}}, 'such as "debian"'),
    ({"os": {"id": "debain"}}, 'such as "debian"'),
    ({"os": {"id": "debian, ubuntu"}}, 'wanted: {any_of: ["debian", "ubuntu"]}'),
    ({"os": {"id": ["debian", "ubuntu"]}}, "{any_of: [...]}"),
    ({"os": {"id": {"any_of": ["debian", "Ubuntu"]}}}, 'such as "ubuntu"'),
    ({"os": {"version_id": 12}}, 'write it in quotes, as in "12"'),
    ({"os": {"version_id": 22.10}}, "YAML has dropped the zeros at its end"),
    ({"os": {"version_id": "12.*"}}, "there are no patterns in it"),
    ({"os": {"version_id": ">=12"}}, 'wanted: {minimum: "12"}'),
    ({"os": {"version_id": "bookworm"}}, "wanted: a version, which has digits"),
    ({"os": {"version_id": "12.x"}}, "there are no patterns in it"),
    ({"os": {"version_id": "v12"}}, 'such as "12"'),
    ({"os": {"version_id": "v22.04"}}, 'such as "22.04"'),
    ({"os": {"version_id": "Rolling"}}, 'such as "rolling"'),
    ({"os": {"version_id": "22.04 LTS"}}, "text without blanks"),
    ({"os": {"version_id": "Bookworm"}}, "wanted: a version, which has digits"),
    ({"os": {"version_id": "latest"}}, "wanted: a version, which has digits"),
    ({"os": {"version_id": "9+"}}, 'wanted: {minimum: "9"}'),
    ({"os": {"version_id": {"minimum": "jammy"}}}, "wanted: a version, which has digits"),
    ({"os": {"version_codename": "12"}}, "the release's number is version_id"),
    ({"os": {"version_codename": "Bookworm"}}, 'such as "bookworm"'),
    ({"os": {"architecture": "amd64"}}, 'the name that uname -m prints, such as "x86_64"'),
    ({"os": {"architecture": "arm64"}}, 'such as "aarch64"'),
    ({"os": {"architecture": "X86_64"}}, 'such as "x86_64"'),
    ({"os": {"architecture": "intel"}}, 'such as "x86_64"'),
    ({"os": {"architecture": "x86_64_v2"}}, 'such as "x86_64"'),
    ({"os": {"architecture": "x86-64-v3"}}, 'such as "x86_64"'),
    ({"os": {"architecture": "mips64el"}}, 'such as "mips64"'),
    ({"os": {"architecture": "hppa"}}, 'such as "parisc"'),
    ({"os": {"architecture": "Foo"}}, 'such as "foo"'),
    ({"os": {"architecture": "x86_46"}}, 'such as "x86_64"'),
    ({"os": {"support": "lts"}}, "one of vendor, extended"),
    ({"os": {"support_days_left": 180}}, "wanted: {minimum: 180}"),
    # Boot.
    ({"boot": {"uptime_days": 90}}, "boot.uptime_days: seen 90; wanted: {maximum: 90}"),
    ({"boot": {"uptime_days": {"minimum": 90}}}, "wanted: {maximum: 90}"),
    ({"boot": {"secure_boot": True}}, "one of enabled, disabled"),
    ({"boot": {"secure_boot": "on"}}, "one of enabled, disabled"),
    ({"boot": {"cmdline_required": "lockdown=integrity"}}, "a list of at most"),
    ({"boot": {"cmdline_required": ["quiet splash"]}}, "one word of the command line in each item"),
    ({"boot": {"cmdline_required": ["nosmt*"]}}, "there are no patterns in it"),
    ({"boot": {"cmdline_required": ["nosm?=force"]}}, "there are no patterns in it"),
    ({"boot": {"cmdline_required": ["*=off"]}}, "there are no patterns in it"),
    ({"boot": {"cmdline_required": ["slub_debug=P kmalloc-*"]}}, "one word of the command line in each item"),
    ({"boot": {"cmdline_required": ["!nosmt"]}}, "a whole word"),
    ({"boot": {"cmdline_forbidden": ["mitigations=off nosmt"]}}, "one word of the command line in each item"),
    # The processor.
    ({"cpu": {"vulnerabilities": {"meltdwon": "mitigated"}}}, 'wanted: the kernel\'s own name of a weakness, such as "meltdown"'),
    ({"cpu": {"vulnerabilities": {"Meltdown": "mitigated"}}}, 'such as "meltdown"'),
    ({"cpu": {"vulnerabilities": {"spectre_v3": "mitigated"}}}, 'such as "meltdown"'),
    # Names and CVEs by the kernel's Documentation/admin-guide/hw-vuln.
    ({"cpu": {"vulnerabilities": {"CVE-2017-5754": "mitigated"}}}, 'such as "meltdown"'),
    ({"cpu": {"vulnerabilities": {"cve_2025_40300": "mitigated"}}}, 'such as "vmscape"'),
    ({"cpu": {"vulnerabilities": {"ridl": "mitigated"}}}, 'such as "mds"'),
    ({"cpu": {"vulnerabilities": {"bhi": "mitigated"}}}, 'such as "spectre_v2"'),
    ({"cpu": {"vulnerabilities": {"spectre_v4": "mitigated"}}}, 'such as "spec_store_bypass"'),
    ({"cpu": {"vulnerabilities": {"spec_store": "mitigated"}}}, 'such as "spec_store_bypass"'),
    ({"cpu": {"vulnerabilities": {"mmio": "mitigated"}}}, 'such as "mmio_stale_data"'),
    ({"cpu": {"vulnerabilities": {"any": "mitigated"}}}, 'such as "all"'),
    ({"cpu": {"vulnerabilities": {"spectre-v2": "mitigated"}}}, 'such as "spectre_v2"'),
    ({"cpu": {"vulnerabilities": {"downfall": "mitigated"}}}, 'such as "gather_data_sampling"'),
    ({"cpu": {"vulnerabilities": {"srso": "mitigated"}}}, 'such as "spec_rstack_overflow"'),
    ({"cpu": {"vulnerabilities": {"all": "forbidden"}}}, "one of not_affected, mitigated, any"),
    ({"cpu": {"vulnerabilities": "mitigated"}}, "wanted: a mapping with"),
    ({"cpu": {"smt": False}}, "one of active, inactive"),
    ({"cpu": {"smt": "off"}}, "one of active, inactive"),
    ({"cpu": {"microcode": "0X2B"}}, "as the kernel prints it"),
    ({"cpu": {"microcode": 721422915}}, "write it in quotes"),
    # Live patches, hypervisors, containers, services.
    ({"live_patch": {"protection": "protect"}}, 'did you mean "protected"?'),
    ({"live_patch": {"protection": {"any_of": ["protected", "not-applicable"]}}}, 'did you mean "not_applicable"?'),
    ({"live_patch": {"provider": "livepatch"}}, "one of kpatch, amazon, canonical"),
    ({"live_patch": {"provider": "kpach"}}, 'did you mean "kpatch"?'),
    ({"hypervisor": {"under": "Hyper-V"}}, 'what a scan calls it, such as "microsoft"'),
    ({"hypervisor": {"under": "bare-metal"}}, 'such as "none"'),
    ({"hypervisor": {"under": "KVM"}}, 'such as "kvm"'),
    ({"hypervisor": {"under": "vmwrae"}}, 'such as "vmware"'),
    ({"hypervisor": {"under": "proxmox"}}, 'such as "kvm"'),
    ({"hypervisor": {"under": "vbox"}}, 'such as "virtualbox"'),
    ({"hypervisor": {"under": "vSphere"}}, 'such as "vmware"'),
    ({"hypervisor": {"under": "no"}}, 'such as "none"'),
    # Names of hypervisors and of clouds, by what systemd's src/basic/virt.c and cloud-init take their firmware for.
    *(({"hypervisor": {"under": text}}, f'what a scan calls it, such as "{meant}"') for text, meant in (
        ("hv", "microsoft"), ("hyper v", "microsoft"), ("hyper_v", "microsoft"), ("Microsoft Hyper-V", "microsoft"), ("azure vm", "microsoft"),
        ("bare", "none"), ("physical machine", "none"), ("metal server", "none"), ("aws bare metal", "none"), ("xen dom0", "none"),
        ("qemu-kvm", "kvm"), ("KVM/QEMU", "kvm"), ("kvm-qemu", "kvm"), ("libvirt/kvm", "kvm"), ("KVM guest", "kvm"), ("nutanix ahv", "kvm"),
        ("digitalocean", "kvm"), ("hetzner", "kvm"), ("oracle cloud", "kvm"), ("aliyun", "kvm"), ("zKVM", "kvm"), ("PowerKVM", "kvm"),
        ("esxi 8", "vmware"), ("esxi8", "vmware"), ("vmware workstation", "vmware"), ("google cloud", "google"), ("amazon ec2", "amazon"),
        ("aws nitro", "amazon"), ("xen-hvm", "xen"), ("xen pv", "xen"), ("domU", "xen"), ("tcg", "qemu"), ("apple vz", "apple"),
        ("cloud hypervisor", "cloud-hypervisor"))),
    *(({"hypervisor": {"under": text}}, "one of none, kvm, qemu") for text in (
        "vm", "virtual", "virtual machine", "guest", "host", "hypervisor", "cloud", "container", "docker", "lxc", "any", "all", "yes", "a_new_one")),
    # What stands for nothing: a key that is left out is not judged.
    *(({"os": {key: word}}, "so leave it out") for key in ("id", "version_codename", "architecture", "firmware_version") for word in ("any", "all")),
    ({"os": {"id": {"any_of": ["debian", "any"]}}}, "so leave it out"),
    ({"os": {"firmware_version": "*"}}, "so leave it out"),
    ({"os": {"bmc_version": "n/a"}}, "so leave it out"),
    ({"os": {"firmware_version": "latest"}}, "the value itself"),
    ({"os": {"architecture": "tbd"}}, "the value itself"),
    ({"os": {"image": {"booted": "TODO"}}}, "the value itself"),
    ({"kernel": {"flavour": "any"}}, "so leave it out"),
    ({"live_patch": {"level": "any"}}, "so leave it out"),
    ({"kata": {"handlers": ["any"]}}, "so leave it out"),
    ({"kata": {"handlers": ["kata*"]}}, "there are no patterns in it"),
    ({"kernel": {"managers": ["unattended-upgrades, dnf-automatic"]}}, "one name in each item"),
    (block(id="any"), "a match without id"),
    (block(version_id="all"), "a match without version_id"),
    # Days have the order of their texts in one form only.
    *(({"os": {"firmware_date": {"minimum": text}}}, "a day as YYYY-MM-DD") for text in (
        "01/31/2026", "31.01.2026", "2026-1-31", "20260131", "2026-02-30", "Jan 31 2026", "2026", "2026-W05-6")),
    # Modules and certificates by the names that hosts have.
    ({"kernel": {"modules_blocked": ["algif_aead.ko"]}}, 'such as "algif_aead"'),
    ({"kernel": {"modules_blocked": ["/lib/modules/6.1.0/kernel/crypto/algif_aead.ko.xz"]}}, 'such as "algif_aead"'),
    ({"kernel": {"modules_blocked": ["blacklist rxrpc"]}}, 'such as "rxrpc"'),
    ({"kernel": {"modules_blocked": ["install rxrpc /bin/false"]}}, 'such as "rxrpc"'),
    ({"kernel": {"modules_blocked": ["algif_*"]}}, "without patterns"),
    ({"boot": {"trust": {"certificates": ["Microsoft UEFI CA 2023"]}}}, 'did you mean "microsoft_uefi_ca_2023"?'),
    ({"boot": {"trust": {"certificates": ["microsoft-uefi-ca-2023"]}}}, 'did you mean "microsoft_uefi_ca_2023"?'),
    ({"boot": {"trust": {"certificates": [":".join(["AB"] * 32)]}}}, f'its SHA-256 without colons and capitals: "{"ab" * 32}"'),
    ({"boot": {"trust": {"certificates": ["any"]}}}, "64 hexadecimal digits, or one of"),
    # Names of distributions that people cut short, and other words in their place.
    *(({"os": {"id": text}}, f'the distribution as os-release has it, such as "{meant}"') for text, meant in (
        ("deb", "debian"), ("deb12", "debian"), ("bookworm", "debian"), ("jammy", "ubuntu"), ("Ubuntu Server", "ubuntu"), ("ubuntu-server", "ubuntu"),
        ("ubunto", "ubuntu"), ("ubunut", "ubuntu"), ("kubuntu", "ubuntu"), ("Debian GNU/Linux 12", "debian"), ("fedore", "fedora"),
        ("fedora-coreos", "fedora"), ("cent", "centos"), ("c9s", "centos"), ("centso", "centos"), ("rh", "rhel"), ("sles15sp6", "sles"),
        ("SLES 15 SP6", "sles"), ("suse-linux", "sles"), ("slem", "sl-micro"), ("kali-linux", "kali"), ("alpinelinux", "alpine"),
        ("mint", "linuxmint"), ("pop-os", "pop"), ("raspios", "raspbian"), ("photonos", "photon"))),
    *(({"os": {"id": text}}, "a distribution of Linux") for text in ("windows", "win2022", "FreeBSD", "macOS", "esxi", "none", "other", "stable")),
    ({"os": {"id": "gnu/hurd"}}, "letters, digits, dots and dashes"),
    ({"os": {"version_codename": "oldstable"}}, "a suite is none"),
    ({"hypervisor": {"is_host": "yes"}}, "true or false"),
    ({"hypervisor": {"ladder": "guests"}}, "one of flags, device, vm, vcpu"),
    ({"hypervisor": {"qemu": {"presence": True}}}, "one of required, forbidden"),
    ({"hypervisor": {"qemu": {"installed": ">= 7.2"}}}, 'wanted: {minimum: "7.2"}'),
    ({"hypervisor": {"kvm": {"kvm-intel": {"nested": False}}}}, 'such as "kvm_intel"'),
    ({"containers": {"engines": ["cri-o"]}}, 'did you mean "crio"?'),
    ({"containers": {"engines": "docker"}}, "a list of at most"),
    ({"containers": {"shared_kernel": 0}}, "wanted: {maximum: 0}"),
    ({"containers": {"shared_kernel_allowed": ["kube-system"]}}, 'such as "image:kube-system"'),
    ({"containers": {"shared_kernel_allowed": ["ns:kube-system"]}}, "one of image:, name:, namespace:, engine:, runtime:"),
    ({"kata": {"version": ">=3.31.0"}}, 'wanted: {minimum: "3.31.0"}'),
    ({"kata": {"version": "v3.31.0"}}, 'such as "3.31.0"'),
    ({"kata": {"version": "latest"}}, "wanted: a version, which has digits"),
    ({"live_patch": {"level": "latest"}}, "the level's own name"),
    ({"hypervisor": {"qemu": {"installed": "latest"}}}, "wanted: a version, which has digits"),
    ({"kata": {"hardening": "Strict"}}, "one of baseline, strict, confidential"),
    ({"services": {"required": ["ssh"]}}, 'seen \'ssh\'; wanted: the whole name of a service, socket or timer, such as "ssh.service"'),
    ({"services": {"required": ["multi-user.target"]}}, "other units are not judged"),
    ({"services": {"required": ["ssh.Service"]}}, 'such as "ssh.service"'),
    ({"services": {"required": ["/etc/systemd/system/ssh.service"]}}, 'such as "ssh.service"'),
    ({"services": {"required": ["getty@.service"]}}, 'with its instance: "getty@NAME.service"'),
    ({"services": {"required": ["*.service"]}}, "without patterns"),
    ({"services": {"required": ["ssh.service,chrony.service"]}}, "in each item"),
    ({"services": {"required": [".service"]}}, "in each item"),
    ({"services": {"required": ["nginx", "/dev/sda.swap"]}}, 'seen \'nginx\'; wanted: the whole name'),
    ({"services": {"required": "ssh.service"}}, "a list of at most"),
    ({"services": {"stale": "none"}}, "one of forbidden, allowed"),
    # What a first standard held that nobody had thought of: an opposite is no minimum, and a hint is of the form that its key takes.
    ({"os": {"id": "!ubuntu"}}, "wanted: a whole value or {any_of: [...]}: there are no operators"),
    ({"os": {"version_id": "<13"}}, "wanted: a whole value, {minimum: ...} or {any_of: [...]}: there are no operators"),
    ({"kernel": {"running": "not 6.1"}}, "wanted: a whole value, {minimum: ...} or {any_of: [...]}: there are no operators"),
    ({"hypervisor": {"under": False}}, "seen False (YAML reads a bare on, off, yes or no as a truth value); wanted: text, in quotes"),
    ({"os": {"version_id": "12/13"}}, 'wanted: {any_of: ["12", "13"]}'),
    # VERSION_ID of SLES 15 SP6 is "15.6".
    *(({"os": {"version_id": text}}, 'such as "15.6"') for text in ("15 SP6", "15-SP6", "15SP6", "15_sp6")),
    (block(version_id="12-SP5"), 'such as "12.5"'),
    *(({"os": {"version_codename": text}}, f'such as "{meant}"') for text, meant in (
        ("bookwrom", "bookworm"), ("boookworm", "bookworm"), ("bulseye", "bullseye"), ("trixi", "trixie"))),
    ({"os": {"architecture": "aarch"}}, 'such as "aarch64"'),
    ({"os": {"architecture": "linux/amd64"}}, 'such as "x86_64"'),
    ({"os": {"architecture": "i686-pae"}}, "letters, digits and underscores"),
    # VERSION.PATCHLEVEL.SUBLEVEL of the kernel's own Makefile: no release has fewer numbers.
    ({"kernel": {"running": "6.1"}}, 'such as "6.1.0-41-amd64", or {minimum: "6.1"}'),
    ({"kernel": {"running": {"any_of": ["6.12.63-amd64", "6.12"]}}}, 'seen \'6.12\'; wanted: a release as uname -r prints it'),
    ({"kernel": {"default_boot": "0"}}, "a release as uname -r prints it"),
    ({"kernel": {"default_boot": "1>2"}}, "a release as uname -r prints it"),
    ({"kernel": {"running": "{rule: newest_installed}"}}, "wanted: {rule: newest_installed}"),
    ({"kernel": {"running": "rule=newest_available"}}, "wanted: {rule: newest_available}"),
    ({"kernel": {"running": "/boot/vmlinuz-6.1.0-41-amd64"}}, 'the release as uname -r prints it: "6.1.0-41-amd64"'),
    ({"kernel": {"running": "BOOT_IMAGE=/vmlinuz-6.1.0-41-amd64"}}, '"6.1.0-41-amd64"'),
    ({"kernel": {"running": "initrd.img-6.1.0-41-amd64"}}, '"6.1.0-41-amd64"'),
    ({"kernel": {"running": "initramfs-5.14.0-570.el9.x86_64.img"}}, '"5.14.0-570.el9.x86_64"'),
    ({"kernel": {"running": "linux-image-6.1.0-41-amd64-unsigned"}}, '"6.1.0-41-amd64"'),
    ({"kernel": {"running": "6.1.0-%-amd64"}}, "there are no patterns in it"),
    *(({"kernel": {"flavour": text}}, f'the line of kernels, such as "{meant}"') for text, meant in (
        ("linux-image-amd64", "amd64"), ("linux-generic", "generic"), ("-amd64", "amd64"), ("kernel-uek", "uek"), ("UEK", "uek"),
        ("Generic", "generic"), ("6.1.0-41-amd64", "amd64"), ("latest", "amd64"))),
    ({"kernel": {"managers": ["none"]}}, "a list without items where there must be none: []"),
    ({"kata": {"handlers": ["none"]}}, "a list without items where there must be none: []"),
    ({"kernel": {"managers": ["unattended_upgrades"]}}, 'such as "unattended-upgrades"'),
    ({"kernel": {"managers": ["dnf-automatic.timer"]}}, 'such as "dnf-automatic"'),
    ({"kernel": {"managers": ["apt"]}}, "a service that updates by itself"),
    ({"boot": {"cmdline_required": ["--nosmt"]}}, 'such as "nosmt"'),
    ({"boot": {"cmdline_required": ["nosmt,quiet"]}}, 'such as "nosmt", "quiet"'),
    ({"boot": {"cmdline_required": ["nosmt;"]}}, 'such as "nosmt"'),
    ({"boot": {"cmdline_required": ["GRUB_CMDLINE_LINUX=nosmt"]}}, "not the line of a boot loader's file"),
    ({"boot": {"cmdline_forbidden": ["*"]}}, "each host has some word"),
    ({"boot": {"cmdline_forbidden": ["/mitigations=.*/"]}}, "there are no other patterns"),
    ({"cpu": {"vulnerabilities": {"*": "mitigated"}}}, 'seen \'*\'; wanted: the kernel\'s own name of a weakness, such as "all"'),
    ({"cpu": {"vulnerabilities": {"spectre v2": "mitigated"}}}, 'such as "spectre_v2"'),
    ({"cpu": {"vulnerabilities": {"zenbleed": "mitigated"}}}, 'such as "old_microcode"'),
    ({"cpu": {"vulnerabilities": ["meltdown"]}}, "wanted: a mapping with names, of letters, digits, _ and -"),
    ({"hypervisor": {"kvm": {"nested": True}}}, "wanted: a mapping with names of parameters, of letters, digits, _ and -"),
    ({"hypervisor": {"kvm": {"kvm_intel": {"nestd": True}}}}, 'seen \'nestd\'; wanted: the name of a parameter of KVM, such as "nested"'),
    ({"hypervisor": {"qemu": {"installed": "qemu-kvm-8.2"}}}, 'wanted: a version, such as "8.2"'),
    ({"kata": {"version": "kata-containers-3.2.0"}}, 'wanted: a version, such as "3.2.0"'),
    ({"kata": {"handlers": ["io.containerd.kata-qemu.v2"]}}, 'the handler\'s own name, such as "kata-qemu"'),
    ({"containers": {"shared_kernel_allowed": ["namespace: kube-system"]}}, 'without blanks around it: "namespace:kube-system"'),
    ({"platforms": [{"match": {"id": "debian"}}]}, "seen a match alone, which promises nothing"),
)


@pytest.mark.parametrize(("standard", "message"), MISTAKES, ids=[json.dumps(standard)[:70] for standard, _message in MISTAKES])
def test_a_mistake_is_one_message_that_says_what_is_right(standard: dict[str, Any], message: str) -> None:
    with pytest.raises(StandardError) as caught:
        effective({"firebreak_standard": standard})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


RIGHT: tuple[dict[str, Any], ...] = (
    {"boot": {"cmdline_forbidden": ["rd.iscsi.password=*", "systemd.setenv=*"]}},
    block(family="redhat"), block(family=["debian", "suse"]), block(family="*"), block(id="rocky", version_id=["9.*", "10.?"]),
    block(architecture="aarch64"), block(architecture="x86*"),
    {"kernel": {"running": {"rule": "newest_installed"}}}, {"kernel": {"running": {"minimum": "6.1"}}}, {"kernel": {"running": "5.15.0-160-generic"}},
    {"kernel": {"running": "6.4.0-150600.23.73-default"}}, {"kernel": {"running_version": "6.1.158-1~bpo11+1"}},
    {"os": {"id": "opensuse-leap", "version_id": "15.6", "version_codename": "bookworm", "architecture": "riscv64"}},
    {"os": {"id": {"any_of": ["debian", "ubuntu"]}, "version_id": "20251117"}},
    {"cpu": {"vulnerabilities": {"all": "mitigated", "meltdown": "any", "spectre_v2": "mitigated", "a_hole_of_2028": "mitigated"}}},
    {"hypervisor": {"under": "none"}}, {"hypervisor": {"under": {"any_of": ["kvm", "bochs", "unknown"]}}},
    {"os": {"firmware_date": {"minimum": "2026-01-31"}, "firmware_version": "U32 v3.40 (03/05/2026)", "bmc_version": "1.73"}},
    {"os": {"image": {"reference": {"any_of": ["registry.example.org/base:latest", "stable"]}}}},
    {"kernel": {"modules_blocked": ["algif_aead", "snd-hda-intel"], "managers": ["yum-cron"]}},
    {"boot": {"trust": {"certificates": ["microsoft_uefi_ca_2023", "ab" * 32]}}},
    {"hypervisor": {"kvm": {"kvm_amd": {"nested": False}}}},
    {"containers": {"engines": [], "shared_kernel_allowed": ["namespace:kube-system", "image:registry.example.org/infra/*"]}},
    # What looks like a mistake and is somebody's: kernels of one's own, and distributions beside the well-known ones.
    {"kernel": {"running": "6.12.0+", "flavour": "none"}}, {"kernel": {"running": "6.1.158-rt12-x"}},
    # Parameters and lines of kernels that are newer than any list; an interval's end; arguments for the first process.
    {"hypervisor": {"kvm": {"kvm_intel": {"a_parameter_of_2028": True}}}}, {"hypervisor": {"kvm": {"kvm": {"nx_huge_pages": "auto"}}}},
    {"kernel": {"running": {"minimum": "6"}}}, {"kernel": {"running": {"minimum": "6.1"}}}, {"kernel": {"flavour": "686-pae"}},
    {"kernel": {"running": "6.12.0-rc3"}}, {"kernel": {"managers": ["automatic-online-update", "suse-manager", "landscape"]}},
    {"boot": {"cmdline_required": ["--"]}}, {"os": {"version_codename": "questing"}}, {"os": {"version_codename": "a_new_one"}},
    # Values that are patterns of the kernel's own, by its Documentation/admin-guide/kernel-parameters.txt and mm/slab.
    {"boot": {"cmdline_required": ["slub_debug=P,kmalloc-*", "acpi_osi=!*", "trace_event=sched:*", "dyndbg=+p", " quiet "]}},
    # ELRepo's kernel-lt, and lines of one's own that begin as an operator does.
    *({"kernel": {"flavour": flavour}} for flavour in ("lt", "lt-rt", "max-perf", "min", "from-git", "this-or-that", "64k", "uek")),
    {"kernel": {"running": "4.18.0-553.el8_10.x86_64"}},
    {"os": {"id": "altlinux", "version_id": "p10"}}, {"os": {"id": "clear-linux-os"}}, {"os": {"id": "my-own-os"}}, {"os": {"id": "cumulus-linux"}},
    # ID="openEuler" and ID=Deepin stand in their own files; tlinux is Tencent's, arch32 Arch Linux 32's, opensuse that of openSUSE 13 and 42,
    # and linux what os-release(5) says of a file without an ID.
    *({"os": {"id": name}} for name in ("openEuler", "Deepin", "deepin", "tlinux", "linux", "arch32", "opensuse", "Loongnix", "rocks", "my-linux")),
    *(block(id=name) for name in ("openEuler", "openE*", "open*", "tlinux", "arch32", "[Dd]eepin", "New*")),
    # VERSION_ID="V10" is that of Kylin's servers, "v10" of its desktops, "edge" and "v24.06" postmarketOS's, v1.7.0 Talos's, "stream" Alpaquita's.
    *({"os": {"version_id": release}} for release in ("V10", "v10", "V11", "edge", "v24.06", "v1.7.0", "stream", "rolling", "Sisyphus", "10_SP1")),
    *(block(version_id=release) for release in ("V10", "v10", "V1?", "V*", "edge", "rolling")),
    # What the kernel's UTS_MACHINE and arch/arm/mm/proc-*.S make uname print.
    *({"os": {"architecture": name}} for name in ("armv5tejl", "armv6tejl", "parisc", "sparc", "m68k", "sh4a", "riscv128", "armv7ml", "i386")),
    {"os": {"id": "sled", "version_id": "15.7"}}, {"os": {"architecture": "loongarch64"}}, block(id="sles*", version_id=["15.[67]", "16.?"]),
    {"boot": {"cmdline_required": ["crashkernel=1G-2G:192M,2G-64G:256M", "console=ttyS0,115200n8"]}}, {"live_patch": {"level": "K20251117_05"}},
    {"services": {"required": ["systemd-fsck@dev-disk-by\\x2duuid-1.service", "dbus-org.freedesktop.timesync1.service"]}},
    {"services": {"required": ["ssh.service", "chrony.service", "fstrim.timer", "dbus.socket", "getty@tty1.service"]}},
    {"live_patch": {"protection": {"any_of": ["protected", "not_applicable"]}, "provider": "none"}},
    {"hypervisor": {"qemu": {"installed": {"minimum": "1:7.2+dfsg-7+deb12u13"}, "running": {"rule": "installed"}}}},
    {"boot": {"cmdline_forbidden": ["mitigations=off", "nospectre_*"], "cmdline_required": []}},
)


@pytest.mark.parametrize("standard", RIGHT, ids=[json.dumps(standard)[:70] for standard in RIGHT])
def test_what_is_right_is_taken(standard: dict[str, Any]) -> None:
    assert effective({"firebreak_standard": standard}).standard


def test_hypervisors_are_known_by_all_names_that_a_scan_gives_them() -> None:
    tables = (virtualization._BY_DMI, virtualization._BY_CLOCK)
    said = {row[-1] for table in tables for row in table} | {*virtualization._BY_ACPI.values(), virtualization.NONE, virtualization.UNKNOWN}
    assert said | {"zvm", "powervm"} == set(names.HYPERVISORS)
    assert set(names.HYPERVISORS_BY_OTHER_NAMES.values()) <= set(names.HYPERVISORS)


def test_an_override_is_held_to_the_same_words() -> None:
    with pytest.raises(StandardError, match=r"firebreak_standard_overrides\[0\]\.match\.family: seen 'RedHat'"):
        effective({"firebreak_standard": CHECKED, "firebreak_standard_overrides": [
            {"match": {"family": "RedHat"}, "set": {"kernel.held": "allowed"}, "reason": "x"}]})
    with pytest.raises(StandardError, match=r"wanted: \{rule: newest_installed\}"):
        effective({"firebreak_standard": CHECKED, "firebreak_standard_overrides": [{"set": {"kernel.running": "newest_installed"}, "reason": "x"}]})


@pytest.mark.parametrize(("given", "message"), [
    ({"expires": "31.01.2027"}, "expires: seen '31.01.2027'; wanted: a day such as 2027-03-31"),
    ({"expires": 20270131}, "expires: seen 20270131; wanted: a day such as 2027-03-31, as text"),
    ({"expires": None}, "expires: seen None; wanted: a day such as 2027-03-31, as text"),
    ({"owner": ""}, "owner: seen ''; wanted: who answers for it, as text"),
    ({"reason": "  "}, "reason: seen '  '; wanted: why it is waived, as text"),
    ({"finding": ["cpu.*"]}, "finding: seen ['cpu.*']; wanted: an id of docs/findings.md, or a pattern such as cpu.*, as text"),
    ({"finding": "cpu"}, "finding: seen 'cpu', which no finding has"),
    ({"finding": "kernel.runing"}, "finding: seen 'kernel.runing', which no finding has; did you mean 'kernel.running'?"),
    ({"finding": "waiver.expired"}, "finding: seen 'waiver.expired', which is never waived; wanted: another day in the waiver that has expired"),
    ({"expire": "2027-01-31"}, "expire: unknown key; did you mean 'expires'? wanted: finding, owner, reason, expires"),
])
def test_a_mistake_in_a_waiver_says_what_that_field_wants(given: dict[str, Any], message: str) -> None:
    waiver = {"finding": "cpu.*", "owner": "web team", "reason": "x", "expires": "2027-01-31", **given}
    with pytest.raises(StandardError) as caught:
        effective({"firebreak_standard": CHECKED, "firebreak_waivers": [waiver]})
    assert f"firebreak_waivers[0].{message}" in str(caught.value)


def test_all_variables_are_looked_at_and_their_mistakes_told_together() -> None:
    with pytest.raises(StandardError) as caught:
        effective({"firebreak_standard": {"os": {"id": "Debian"}}, "firebreak_standard_overrides_a": [{"set": {}}], "firebreak_waivers": ["x"]})
    assert all(word in str(caught.value) for word in ("firebreak_standard.os.id", "firebreak_standard_overrides_a[0]", "firebreak_waivers[0]"))


@pytest.mark.parametrize(("name", "meant"), [
    ("firebreak_overrides_gpu", "firebreak_standard_overrides_gpu"), ("firebreak_standard_override", "firebreak_standard_overrides"),
    ("firebreak_waiver", "firebreak_waivers"), ("firebreak_waiver_rack7", "firebreak_waivers_rack7"), ("firebreak_standrad", "firebreak_standard"),
    ("firebreak_lables", "firebreak_labels"), ("firebreak_fail", ""), ("firebreak_report_directory", "firebreak_report_dir")])
def test_a_variable_that_only_looks_like_one_of_ours_is_named(name: str, meant: str) -> None:
    assert strangers([name], known()) == {name: meant} or (not meant and strangers([name], known()))


@pytest.mark.parametrize("name", ["firebreak_standard", "firebreak_standard_overrides_gpu", "firebreak_waivers_x", "firebreak_fail_on",
                                  "ansible_host", "firebreak_run", "firebreak_report_dir", "firebreak_labels",
                                  "firebreak_scan_seconds", "firebreak_require_kvm", "firebreak_snapshotter", "firebreak_domain"])
def test_our_own_variables_and_those_of_others_are_not(name: str) -> None:
    assert strangers([name], known()) == {}

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof says of a host, given what the host said."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.rules.services import what_it_cuts_off
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.tables import table
from firebreak_proof.asking import Answer
from firebreak_proof.promises import BrokenPromiseError, Wanted, finding_of, promise
from firebreak_proof.proof import Proof
from firebreak_proof.questions.services import KINDS_OF
from firebreak_proof.standards import Standard, Waiver
from firebreak_proof.views import blocked, comparisons, kernels, monitors, ordering, patches, processor, services

BANNER = "Linux version 6.1.0-41-cloud-amd64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP PREEMPT_DYNAMIC Debian 6.1.158-1 (2026-10-01)"
RUNNING = f"uname 6.1.0-41-cloud-amd64\nproc 6.1.0-41-cloud-amd64\nbanner {BANNER}\nowner linux-image-6.1.0-41-cloud-amd64\n"
INSTALLED = """\
linux-image-6.1.0-41-cloud-amd64	6.1.158-1	6.1.0-41-cloud-amd64	/boot/vmlinuz-6.1.0-41-cloud-amd64	packaged
linux-image-6.1.0-42-cloud-amd64	6.1.159-1	6.1.0-42-cloud-amd64	/boot/vmlinuz-6.1.0-42-cloud-amd64	packaged
linux-image-6.12.1-amd64	6.12.1-1	6.12.1-amd64	/boot/vmlinuz-6.12.1-amd64	missing
"""
ORDER = "6.1.158-1\t6.1.159-1\tlt\n"


def host(promised: dict[str, Any] | None = None, **said: str) -> Proof:
    """A host that answered these questions."""
    answers = {"running": RUNNING, "installed": INSTALLED, "order": ORDER, "os_release": "ID=debian\nVERSION_ID=\"12\"\n", **said}
    return Proof("web1", Standard(promised or {}, (), ()), {name: Answer(out, "", 0, 1) for name, out in answers.items()})


def test_three_witnesses_of_the_running_kernel_must_agree() -> None:
    assert kernels.running_release(host()) == "6.1.0-41-cloud-amd64"
    with pytest.raises(BrokenPromiseError, match=r"web1 contradicts itself: uname says kernel 9\.9"):
        kernels.running_release(host(running=RUNNING.replace("uname 6.1.0-41-cloud-amd64", "uname 9.9")))


def test_the_running_version_is_the_banners_even_where_the_package_was_replaced() -> None:
    assert kernels.running_version(host(installed=INSTALLED.replace("6.1.158-1", "6.1.160-1"))) == "6.1.158-1"


def test_ubuntus_version_is_in_its_signature() -> None:
    said = "uname 6.8.0-45-generic\nproc 6.8.0-45-generic\nbanner Linux version 6.8.0-45-generic (x)\nsignature Ubuntu 6.8.0-45.45-generic 6.8.12\n"
    assert kernels.running_version(host(running=said)) == "6.8.0-45.45"


def test_without_a_banner_the_packages_version_counts() -> None:
    said = "uname 5.14.0-570.el9.x86_64\nproc 5.14.0-570.el9.x86_64\nbanner Linux version 5.14.0-570.el9.x86_64 (x)\nowner kernel-core\n"
    rows = "kernel-core\t5.14.0-570.el9\t5.14.0-570.el9.x86_64\t/lib/modules/5.14.0-570.el9.x86_64/vmlinuz\tpackaged\n"
    assert kernels.running_version(host(running=said, installed=rows)) == "5.14.0-570.el9"
    assert kernels.running_flavour(host(running=said)) == "default"
    with pytest.raises(BrokenPromiseError, match="nobody can tell"):
        kernels.running_version(host(running=said, installed=""))


@pytest.mark.parametrize(("release", "package", "flavour", "stem"), [
    ("6.1.0-41-cloud-amd64", "", "cloud-amd64", "6.1.0-41"), ("6.12.118+deb13-cloud-amd64", "", "cloud-amd64", "6.12.118+deb13"),
    ("6.8.0-45-generic", "", "generic", "6.8.0-45"), ("5.14.0-570.el9.x86_64", "kernel-core", "default", "5.14.0-570.el9.x86_64"),
    ("5.15.0-200.el8uek.x86_64", "kernel-uek-core", "uek", "5.15.0-200.el8uek.x86_64"),
    ("6.4.0-150600.21-default", "kernel-default", "default", "6.4.0"),
    # What counts in a release is no name: Raspberry Pi OS, Kali, Parrot, backports, Proxmox, Liquorix; processors and architectures are names.
    ("6.1.0-rpi7-rpi-v8", "", "rpi-v8", "6.1.0"), ("6.6.31+rpt-rpi-v8", "", "rpi-v8", "6.6.31"), ("6.5.0-kali3-amd64", "", "amd64", "6.5.0"),
    ("6.5.0-13parrot1-amd64", "", "amd64", "6.5.0"), ("6.1.0-0.deb11.21-amd64", "", "amd64", "6.1.0"), ("6.8.12-13-pve", "", "pve", "6.8.12"),
    ("5.10.0-0.deb10.16-cloud-amd64", "", "cloud-amd64", "5.10.0"), ("6.14.8-2-bpo12-pve", "", "pve", "6.14.8"),
    ("4.15.0-15.1-liquorix-amd64", "", "liquorix-amd64", "4.15.0"), ("6.1.0-28-686", "", "686", "6.1.0"),
    ("6.1.0-28-686-pae", "", "686-pae", "6.1.0"),
    ("6.12.41+deb13-arm64-16k", "", "arm64-16k", "6.12.41"), ("5.15.0-1063-azure-fips", "", "azure-fips", "5.15.0"),
    ("6.1.55", "", "default", "6.1.55"), ("6.1.0-29-2-amd64", "", "amd64", "6.1.0-29"), ("4.19.0-6-2-686-pae", "", "686-pae", "4.19.0"),
    ("6.8.0-1004-nvidia-64k", "", "nvidia-64k", "6.8.0-1004"), ("5.10.224-antix.1-amd64-smp", "", "amd64-smp", "5.10.224"),
    ("6.6.39-current-rockchip64", "", "current-rockchip64", "6.6.39"), ("6.9.0-060900rc7-generic", "", "generic", "6.9.0"),
    ("6.6.30-rt30", "", "rt", "6.6.30"), ("6.6.30-rt30-x64v3-xanmod1", "", "rt-x64v3-xanmod1", "6.6.30"),
    ("6.1.0-28-rt-amd64", "", "rt-amd64", "6.1.0-28"),
    # rhboot/grub2#213: in the place of kernel-core, under the same names.
    ("6.19.8-300.fc44.aarch64", "kernel-uki-dtbloader", "default", "6.19.8-300.fc44.aarch64"),
    # rpi-update's for the Raspberry Pi 5, Ubuntu's for confidential machines.
    ("6.12.60-v8-16k+", "", "v8-16k+", "6.12.60"), ("6.8.0-1044-azure-fde", "", "azure-fde", "6.8.0-1044"),
    # awslabs/amazon-eks-ami#2689: Amazon's 6.18 was called kernel, as 6.1 is still.
    ("6.18.8-9.213.amzn2023.x86_64", "kernel", "6.18", "6.18.8-9.213.amzn2023.x86_64"),
    ("6.18.51-120.163.amzn2023.x86_64", "kernel6.18", "6.18", "6.18.51-120.163.amzn2023.x86_64"),
    ("6.1.188-233.386.amzn2023.x86_64", "kernel", "default", "6.1.188-233.386.amzn2023.x86_64"),
])
def test_flavours(release: str, package: str, flavour: str, stem: str) -> None:
    assert kernels.flavour(release, package) == flavour
    assert kernels.stem(release).startswith(stem)


def test_a_kernel_beyond_its_meta_is_held_against_what_its_own_archive_offers() -> None:
    release = "6.12.12+bpo-amd64"
    banner = f"Linux version {release} (x) (gcc 12.2) #1 SMP PREEMPT_DYNAMIC Debian 6.12.12-1~bpo12+1 (2025-02-20)"
    said = f"uname {release}\nproc {release}\nbanner {banner}\n"
    rows = f"linux-image-{release}\t6.12.12-1~bpo12+1\t{release}\t/boot/vmlinuz-{release}\tpackaged\n"
    offer = ("linux-image-6.1.0-56-amd64\t6.1.192-2\nlinux-image-6.12.22+bpo-amd64\t6.12.22-1~bpo12+1\n"
             "linux-image-6.12.30+bpo-rt-amd64\t6.12.30-1~bpo12+1\n")
    order = "6.12.12-1~bpo12+1\t6.1.192-2\tgt\n6.12.22-1~bpo12+1\t6.1.192-2\tgt\n"
    assert kernels.offered_version(host(running=said, installed=rows, offered=offer, order=order)) == "6.12.22-1~bpo12+1"
    stable = "6.1.158-1\t6.1.192-2\tlt\n6.1.159-1\t6.1.192-2\tlt\n"
    cloud = offer.replace("amd64", "cloud-amd64")
    assert kernels.offered_version(host(offered=cloud, order=stable)) == "6.1.192-2"


def test_foreign_modules_are_told_by_their_builds_and_kernels() -> None:
    proof = host(modules="has\tzfs\t6.1.0-41-cloud-amd64\nbuild\tzfs\tABC\tABC\nbuild\tnvidia\tABC\tDEF\n")
    assert kernels.foreign_modules(proof) == {"zfs": ("ABC", "ABC"), "nvidia": ("ABC", "DEF")}
    assert kernels.kernels_with(proof, "zfs") == {"6.1.0-41-cloud-amd64"}
    assert kernels.kernels_with(proof, "nvidia") == set()


def test_proxmoxs_own_pins_say_what_boots() -> None:
    proof = host(boot_tools="proxmox 6.8.12-11-pve\none_shot 6.14.8-2-bpo12-pve\n")
    assert (kernels.default_release(proof), kernels.one_shot(proof)) == ("6.8.12-11-pve", "6.14.8-2-bpo12-pve")


def test_a_live_patch_of_what_proc_version_says_hides_no_version() -> None:
    said = ("uname 6.1.0-41-cloud-amd64\nproc 6.1.0-41-cloud-amd64\nbanner Linux version 6.1.0-41-cloud-amd64 patched in memory, level 2\n"
            "build #1 SMP PREEMPT_DYNAMIC Debian 6.1.158-1 (2025-11-09)\n")
    assert kernels.running_version(host(running=said)) == "6.1.158-1"


@pytest.mark.parametrize(("release", "banner", "signature", "installed", "version"), [
    ("6.12.13-amd64", "#1 SMP PREEMPT_DYNAMIC Kali 6.12.13-1kali1 (2025-02-11)", "", "6.12.20-1kali1", "6.12.13-1kali1"),
    ("6.1.0-rpi7-rpi-v7l", "#1 SMP Raspbian 1:6.1.63-1+rpt1 (2023-11-24)", "", "", "1:6.1.63-1+rpt1"),
    ("5.15.131-2-pve", "#1 SMP PVE 5.15.131-2 (2023-11-14T11:32Z)", "", "", "5.15.131-2"),
    ("6.8.12-4-pve", "#1 SMP PREEMPT_DYNAMIC PMX 6.8.12-4 (2024-11-06T15:04Z)", "", "", "6.8.12-4"),
    ("5.15.0-1063-azure-fips", "#72-Ubuntu SMP", "Ubuntu 5.15.0-1063.72+fips1-azure-fips 5.15.150", "", "5.15.0-1063.72+fips1"),
    ("5.15.0-107-generic", "#117-Ubuntu SMP Fri Apr 26 12:26:49 UTC 2024", "", "", "5.15.0-107.117"),
    ("6.1.55", "#1 SMP PREEMPT_DYNAMIC Sat Oct 7 10:00:00 UTC 2023", "", "6.1.55-1", "6.1.55-1"),
])
def test_the_running_version_is_any_vendors_word(release: str, banner: str, signature: str, installed: str, version: str) -> None:
    said = f"uname {release}\nproc {release}\nbanner Linux version {release} (x@example.org) (gcc 12.2) {banner}\nsignature {signature}\n"
    rows = f"linux-image-{release}\t{installed}\t{release}\t/boot/vmlinuz-{release}\tpackaged\n" if installed else ""
    assert kernels.running_version(host(running=said, installed=rows)) == version


def test_a_package_that_is_replaced_in_place_does_not_say_what_runs() -> None:
    release = "6.6.39-current-rockchip64"
    said = f"uname {release}\nproc {release}\nbanner Linux version {release} (x) (gcc 12.2) #1 SMP PREEMPT Thu Jul 11\nowner linux-image-x\n"
    with pytest.raises(BrokenPromiseError, match="nobody can tell"):
        kernels.running_version(host(running=said, installed=f"linux-image-x\t24.5.3\t{release}\t/boot/vmlinuz-{release}\tpackaged\n"))


@pytest.mark.parametrize(("said", "hours"), [
    ("made Sat, 11 Jul 2026 12:00:00 UTC\nmade Fri, 27 Nov 2026 12:00:00 UTC\nnow 1795867200\nstamp 1795867000\n", 24),
    ("made Thu, 28 Nov 2024 12:00:00 UTC\nnow 1795867200\nstamp 1795867100\n", 730 * 24),
    ("made Fri, 27 Nov 2026 12:00:00 UTC\nmade Wed, 28 Oct 2026 12:00:00 UTC\nuntil Wed, 04 Nov 2026 12:00:00 UTC\nnow 1795867200\n", 31 * 24),
    ("made Fri, 27 Nov 2027 12:00:00 UTC\nnow 1795867200\nstamp 1795867100\n", None),
    ("now 1795867200\nstamp 1795860000\n", 2), ("now 1795867200\nstamp 1895860000\n", None), ("now 1795867200\n", None), ("", None),
])
def test_a_cache_is_as_old_as_its_archives_say(said: str, hours: int | None) -> None:
    assert kernels.cache_hours(host(cache_age=said)) == hours


def test_the_newest_installed_is_of_the_running_flavour() -> None:
    assert kernels.newest_installed(host()).release == "6.1.0-42-cloud-amd64"


@pytest.mark.parametrize(("older", "newer", "alike"), [
    # The numbers of XanMod's builds, of linux-surface's, of BeagleBoard's revisions; boards and processors are apart.
    ("6.8.7-x64v4-xanmod1", "6.8.7-x64v4-xanmod2", True), ("6.17.1-surface-1", "6.18.2-surface-2", True), ("6.1.83-ti-r36", "6.1.83-ti-r37", True),
    ("6.12.34-bone29", "6.12.40-bone30", True), ("6.1.21-v7+", "6.1.21-v8+", False), ("6.1.0-28-armmp", "6.1.0-31-armmp-lpae", False),
    ("6.6.30-x64v3-xanmod1", "6.6.31-rt31-x64v3-xanmod1", False)])
def test_numbers_that_count_part_no_line(older: str, newer: str, alike: bool) -> None:
    said = f"uname {older}\nproc {older}\nbanner Linux version {older} (x)\n"
    rows = "".join(f"linux-image-{release}\t{version}\t{release}\t/boot/vmlinuz-{release}\tpackaged\n"
                   for release, version in ((older, "1"), (newer, "2")))
    found = kernels.newest_installed(host(running=said, installed=rows, order="1\t2\tlt\n"))
    assert found.release == (newer if alike else older)


@pytest.mark.parametrize(("version", "tools", "has"), [
    ("6.4.0-150600.23.25.1", "other_root @/.snapshots/9/snapshot\n", True), ("6.4.0-150600.23.2.1", "other_root @/.snapshots/9/snapshot\n", False),
    ("6.4.0-150600.23.25.1", "", False)])
def test_an_update_may_come_with_the_next_root(version: str, tools: str, has: bool) -> None:
    proof = host(boot_tools=tools + "grubby /boot/vmlinuz-6.4.0-150600.23.25-default\n")
    assert kernels.comes_with_the_next_root(proof, version) is has


def test_what_the_host_does_not_compare_is_not_proven() -> None:
    with pytest.raises(BrokenPromiseError, match="cannot compare: its package manager gives no order"):
        kernels.newest_installed(host(order=""))


@pytest.mark.parametrize(("value", "release", "holds"), [
    ("6.1.0-41-cloud-amd64", "6.1.0-41-cloud-amd64", True), ("6.1.0-40-cloud-amd64", "6.1.0-41-cloud-amd64", False),
    ({"any_of": ["a", "b"]}, "b", True), ({"rule": "newest_installed"}, "6.1.0-42-cloud-amd64", True),
    ({"rule": "newest_installed"}, "6.1.0-41-cloud-amd64", False), ({"rule": "running"}, "6.1.0-41-cloud-amd64", True),
    ({"rule": "running"}, "6.1.0-42-cloud-amd64", False), ({"rule": "newest_available"}, "6.1.0-42-cloud-amd64", True),
    ({"rule": "newest_available"}, "6.1.0-41-cloud-amd64", False),
])
def test_promises_of_a_release(value: Any, release: str, holds: bool) -> None:
    proof = host(offered="linux-image-6.1.0-42-cloud-amd64\t6.1.159-1\n")
    wanted = Wanted("kernel.default_boot", value)
    if holds:
        kernels.hold_release(proof, wanted, release, None, "boots by default kernel")
    else:
        with pytest.raises(BrokenPromiseError, match=f"web1 boots by default kernel {release}.*the standard promises"):
            kernels.hold_release(proof, wanted, release, None, "boots by default kernel")


def test_versions_to_be_compared_are_those_of_the_promises() -> None:
    proof = host({"kernel.running_version": {"minimum": "6.1.150-1"}, "kernel.running": {"minimum": "6.1.0-40-cloud-amd64"}})
    groups = list(comparisons.groups(proof))
    assert {"6.1.150-1", "6.1.158-1"} <= groups[0]
    assert {"6.1.0-40", "6.1.0-41"} == groups[1]
    assert list(comparisons.groups(host({"os.id": "debian"}))) == []
    assert ordering.question([{"1", ""}]) is None


def test_an_unanswered_question_is_a_broken_promise() -> None:
    proof = host()
    with pytest.raises(BrokenPromiseError, match="web1 was not asked, or did not answer"):
        proof.says("offered")
    late = Proof("web1", Standard({}, (), ()), {"offered": Answer("", "", 124, 1)})
    with pytest.raises(BrokenPromiseError, match="it took too long"):
        late.says("offered")


SYSFS = "sysfs livepatch\npatch klp_x 1 0 OEK\ntainted 36864\nthreads -1 120\n"


def test_live_patches_and_their_witnesses() -> None:
    proof = host(patches=SYSFS)
    assert patches.loaded(proof) == [patches.Patch("klp_x", True, False, "OEK")]
    assert patches.kernel_is_tainted(proof)
    assert patches.threads_in_transition(proof) == 0
    assert patches.threads_in_transition(host(patches=SYSFS + "threads 0 3\n")) == 3
    assert not patches.kernel_is_tainted(host(patches=SYSFS.replace("36864", "4096")))


@pytest.mark.parametrize(("name", "level", "named"), [
    ("kpatch_5_14_0_1_14_el9", "1-14.el9", True), ("proc_version_2", "proc_version_2", True), ("proc_version_21", "proc_version_2", False),
    ("lkp_104_1", "4.1", False)])
def test_a_patch_is_named_for_a_whole_level(name: str, level: str, named: bool) -> None:
    assert patches.is_named_for(name, level) is named


@pytest.mark.parametrize(("said", "clients"), [
    ("kpatch enabled\n", {"kpatch": "enabled"}), ("kpatch enabled\nself_built \n", {"self_built": "enabled"}),
    ("kpatch disabled\nself_built enabled\n", {"self_built": "enabled"}), ("self_built masked\n", {"self_built": "masked"}), ("", {})])
def test_kpatch_is_no_provider_beside_self_built_patches(said: str, clients: dict[str, str]) -> None:
    assert patches.clients(host(patch_clients=said)) == clients


CPU_TEXTS = json.loads((Path(__file__).parents[1] / "module_utils/_cpu/fixtures/trap_strings.json").read_text())["cases"]
CLOSED = ("nv", "m", "-")


@pytest.mark.parametrize("case", CPU_TEXTS, ids=[f"{case[0]}:{case[1].strip()}:{case[3:]}" for case in CPU_TEXTS])
@pytest.mark.parametrize("view", ["host", "guest_to_host", "smt"])
def test_vulnerabilities_in_the_kernels_words(case: Any, view: str) -> None:
    """The vectors are the scan's too; each judges them by a table of its own."""
    name, raw, verdicts, *family = case
    right = verdicts.split()[1 + ["host", "guest_to_host", "smt"].index(view)]
    assert processor.is_closed(name, raw.strip(), [view], "mitigated", *family) is (right in CLOSED)


@pytest.mark.parametrize(("text", "closed"), [("Not affected", True), ("Mitigation: PTI", False)])
def test_not_affected_is_more_than_mitigated(text: str, closed: bool) -> None:
    assert processor.is_closed("meltdown", text, ["host"], "not_affected") is closed


def test_microcode_of_both_sources() -> None:
    assert processor.revisions(host(microcode="cpuinfo 0xb000040\nsysfs 0xb000040\n")) == [0xB000040]
    assert len(processor.revisions(host(microcode="cpuinfo 0xb000040\nsysfs 0xb000041\n"))) == 2


@pytest.mark.parametrize(("said", "seen"), [
    ("kvm\n", "kvm"), ("none\n", "none"), ("oracle\nmaker VBOX\n", "virtualbox"), ("kvm\nmaker BOCHS\n", "kvm"),
    # Firecracker and Cloud Hypervisor fill in their own names into their ACPI tables; systemd knows neither.
    ("kvm\nmaker FIRECK\n", "firecracker"), ("kvm\nmaker CLOUDH\n", "cloud-hypervisor"), ("kvm\nmaker AMAZON\n", "amazon"),
    ("amazon\nmaker AMAZON\n", "amazon"), ("microsoft\nmaker hidden\n", "microsoft"),
])
def test_what_a_host_runs_under(said: str, seen: str) -> None:
    assert monitors.under(host(under=said)) == seen


def test_without_root_plain_kvm_is_told_from_nothing() -> None:
    with pytest.raises(BrokenPromiseError, match="without root nobody can tell which monitor"):
        monitors.under(host(under="kvm\nmaker hidden\n"))


def test_monitors() -> None:
    proof = host(programs="qemu\t/usr/bin/qemu-system-x86_64\tqemu-system-x86\t1:7.2\n",
                 monitors="qemu\t41\t/usr/bin/qemu-system-x86_64\treplaced\tpc-q35-7.2\n")
    assert monitors.programs(proof)[0].version == "1:7.2"
    assert monitors.processes(proof)[0].state == "replaced"


TODAY = date(2026, 11, 28)
SHIM = "60\t/usr/bin/containerd-shim-runc-v2\t/system.slice/containerd.service\t/usr/bin/containerd-shim-runc-v2\tdeleted\thost\n"


OF_KINDS = [
    ("50\t/usr/sbin/sshd\t/system.slice/ssh.service\t/usr/lib/libssl.so.3\treplaced\thost\n", "service", "ssh.service"),
    ("50\t/usr/sbin/x\t/system.slice/a.service\t/usr/lib/libssl.so.3\tdeleted\tapart\n", "service", "a.service"),
    ("50\t/usr/bin/udevadm\t/system.slice/systemd-udevd.service/udev\t/l.so\tdeleted\thost\n", "service", "systemd-udevd.service"),
    ("50\t/usr/bin/x\t/\t/l.so\tdeleted\thost\n", "service", ""),
    ("1\t/usr/lib/systemd/systemd\t/init.scope\t/l.so\tdeleted\thost\n", "manager", "init.scope"),
    ("1\t/sbin/init\t/\t/l.so\tdeleted\thost\n", "until_reboot", ""),
    ("50\t/usr/bin/dbus-daemon\t/system.slice/dbus.service\t/l.so\tdeleted\thost\n", "until_reboot", "dbus.service"),
    ("50\t/bin/bash\t/user.slice/user-1000.slice/session-4.scope\t/l.so\tdeleted\thost\n", "session", "session-4.scope"),
    ("50\t/bin/x\t/user.slice/user-0.slice/user@0.service/app.slice/x.service\t/l.so\tdeleted\thost\n", "session", "x.service"),
    (SHIM, "carrier", "containerd.service"),
    ("50\t/usr/bin/x\t/system.slice/fb-scope.scope\t/l.so\tdeleted\thost\tx\n", "scope", "fb-scope.scope"),
    ("50\t/usr/lib/systemd/systemd\t/user.slice/user-1000.slice/user@1000.service/init.scope\t/l.so\tdeleted\thost\t(sd-pam)\n", "session",
     "user@1000.service"),
    ("50\t/usr/lib/systemd/systemd-logind\t/system.slice/systemd-logind.service\t/l.so\tdeleted\thost\tx\n", "service", "systemd-logind.service"),
    ("50\t/usr/bin/swtpm\t/machine.slice/machine-qemu\\x2d1.scope/libvirt/emulator\t/l.so\tdeleted\thost\tswtpm\n", "carrier",
     "machine-qemu\\x2d1.scope"),
    ("50\t/usr/bin/helper\t/qemu.slice/100.scope\t/l.so\tdeleted\thost\thelper\n", "carrier", "100.scope"),
    ("50\t/usr/bin/sshfs\t/system.slice/srv-data.mount\t/l.so\tdeleted\thost\tsshfs\n", "service", "srv-data.mount"),
    ("50\t/usr/lib/podman/aardvark-dns\t/system.slice/run-p7-i8.scope\t/l.so\tdeleted\thost\tx\n", "carrier", "run-p7-i8.scope"),
    ("50\t/usr/libexec/vhost-user-gpu\t/system.slice/a.service\t/l.so\tdeleted\thost\tx\n", "carrier", "a.service"),
    ("50\t/usr/bin/openvmm\t/system.slice/a.service\t/l.so\tdeleted\thost\topenvmm\n", "carrier", "a.service"),
    ("50\t/usr/bin/helper\t/machine/qemu-1-a.libvirt-qemu/emulator\t/l.so\tdeleted\thost\thelper\n", "carrier", ""),
    ("50\t/usr/bin/lxc-start\t/lxc.monitor.101\t/l.so\tdeleted\thost\tlxc-start\n", "carrier", ""),
    ("50\t/usr/bin/pasta.avx2\t/user.slice/user-1000.slice/session-1.scope\t/l.so\tdeleted\thost\tpasta.avx2\n", "carrier", "session-1.scope"),
]


@pytest.mark.parametrize(("row", "kind", "unit"), OF_KINDS)
def test_stale_processes_by_how_they_are_replaced(row: str, kind: str, unit: str) -> None:
    kinds = {name: services.stale(host(stale=row), name, TODAY) for name in ("service", "scope", "manager", "until_reboot", "session", "carrier")}
    assert {name for name, found in kinds.items() if found} == {kind}
    assert kinds[kind][0].unit == unit


def test_a_user_who_names_his_program_makes_no_service_stale() -> None:
    row = "50\t/home/u/a\u2028b\t/user.slice/user-1000.slice/session-4.scope\t/home/u/x.so\tdeleted\thost\tb\n"
    assert services.stale(host(stale=row), "service", TODAY) == []
    assert [one.pid for one in services.stale(host(stale=row), "session", TODAY)] == ["50"]


@pytest.mark.parametrize(("row", "kind", "_unit"), OF_KINDS)
@pytest.mark.parametrize("group", ["0::{}", "0::/\n1:name=systemd:{}", "12:pids:/x\n1:name=systemd:{}\n0::{}"])
def test_the_host_itself_tells_the_same_kinds(row: str, kind: str, _unit: str, group: str) -> None:
    """By them it shares out its time."""
    pid, program, control_group, *_rest = row.split("\t")
    groups = "".join(f"/proc/{pid}/cgroup:{line}\n" for line in group.format(control_group, control_group).split("\n"))
    said = subprocess.run(["sh", "-c", f"{KINDS_OF}\nkinds_of"], input=f"pid\t{pid}\nexe\t{pid}\t{program} (deleted)\n{groups}", text=True,
                          stdout=subprocess.PIPE, check=True).stdout
    assert said == f"{kind}\t{pid}\n"


@pytest.mark.parametrize("unit", ["nginx.service", "ssh.service", "docker.service", "gdm3.service", "getty@tty1.service", "libvirtd.service",
                                  "NetworkManager.service", "postgresql@15-main.service", "", "user@1000.service", "my-docker.service"])
def test_a_waiver_means_the_same_unit_to_the_report_and_to_the_proof(unit: str) -> None:
    assert services.cuts_off(unit) == bool(what_it_cuts_off(unit)[0])


def test_every_unit_of_the_table_is_known_to_the_proof() -> None:
    rows = [unit.replace("*", "x") for row in table("disruptive_units")["rows"] for unit in row["units"]]
    assert rows and all(map(services.cuts_off, rows))


def test_a_stale_process_in_words() -> None:
    assert str(services.stale(host(stale=SHIM), "carrier", TODAY)[0]) == (
        "containerd.service (process 60, /usr/bin/containerd-shim-runc-v2) on /usr/bin/containerd-shim-runc-v2, which was deleted since it began")


@pytest.mark.parametrize("tail", [
    "/system.slice/x.service\t/l.so\tdeleted\tcontainer\n", "/docker/abababababab\t/l.so\tdeleted\tapart\n",
    "/machine.slice/libpod-abababababab.scope\t/l.so\tdeleted\tapart\n"])
def test_files_of_a_container_are_its_images_business(tail: str) -> None:
    assert services.stale(host(stale=f"50\t/usr/bin/x\t{tail}"), "service", TODAY) == []


def test_a_process_that_root_may_not_look_into_is_not_proven() -> None:
    assert services.stale(host(stale="unread\t1\tany\nunread\t-\tsession\n"), "service", TODAY) == []
    with pytest.raises(BrokenPromiseError, match="memory of process 60,"):
        services.stale(host(stale="unread\t60\tany\n"), "carrier", TODAY)
    with pytest.raises(BrokenPromiseError, match="memory of process 1,"):
        services.stale(host(stale="unread\t1\tany\n"), "manager", TODAY)
    with pytest.raises(BrokenPromiseError, match="more to its processes"):
        services.stale(host(stale="unread\t-\tsession\n"), "session", TODAY)


def test_programs_that_are_many_in_one_binary_are_told_by_their_names() -> None:
    row = "50\t/usr/bin/coreutils\t/system.slice/a.service\t/usr/bin/coreutils\treplaced\thost\tsleep\n"
    assert str(services.stale(host(stale=row), "service", TODAY)[0]).startswith("a.service (process 50, /usr/bin/coreutils as sleep) on")


@pytest.mark.parametrize(("excepted", "left"), [
    ({"unit": "wazuh-*", "path": "/var/lib/*", "expires": "2026-11-28"}, 0), ({"unit": "wazuh-*", "path": "/var/lib/*", "expires": "2026-11-27"}, 1),
    ({"unit": "other.service", "expires": "2027-01-01"}, 1), ({"path": "/var/lib/x.so", "expires": "2027-01-01"}, 0)])
def test_what_the_standard_excepts_is_not_stale(excepted: dict[str, str], left: int) -> None:
    proof = host(stale="50\t/usr/bin/java\t/system.slice/wazuh-indexer.service\t/var/lib/x.so\tdeleted\thost\tjava\n")
    proof.standard = Standard({"services.stale_exceptions": [excepted]}, (), ())
    assert len(services.stale(proof, "service", TODAY)) == left


def test_a_unit_by_its_own_name() -> None:
    proof = host(unit_names="sshd.service\tssh.service\nodd.service\t\n")
    assert [services.own_name(proof, unit) for unit in ("sshd.service", "odd.service", "x.service")] == ["ssh.service", "odd.service", "x.service"]


def test_units_by_their_state() -> None:
    proof = host(units="active\tssh.service\nmasked\tcron.service\nfailed\tx.timer\n")
    assert [services.units(proof, state) for state in ("active", "failed", "masked")] == [{"ssh.service"}, {"x.timer"}, {"cron.service"}]


def test_waivers_cover_findings_until_their_last_day() -> None:
    proof = Proof("web1", Standard({}, (), (Waiver("cpu.vulnerability.*", "me", "ordered", date(2026, 11, 30)),)), {})
    assert proof.waiver("cpu.vulnerability.mds", date(2026, 11, 30)) is not None
    assert proof.waiver("cpu.vulnerability.mds", date(2026, 12, 1)) is None
    assert proof.waiver("cpu.smt", date(2026, 11, 30)) is None


def test_a_free_name_reaches_the_finding() -> None:
    @promise("hypervisor.*.presence", finding="hypervisor.*.installed")
    def test(proof: Proof, wanted: Wanted) -> None:
        pass

    assert finding_of(test, "hypervisor.qemu.presence") == "hypervisor.qemu.installed"


@pytest.mark.parametrize(("value", "words"), [
    ({"minimum": "1"}, "at least 1"), ({"maximum": 9}, "at most 9"), ({"any_of": ["a", "b"]}, "a or b"),
    ({"rule": "newest_installed"}, "the newest installed"), (["x"], "x"), ([], "nothing at all"), ("y_z", "y_z")])
def test_promises_in_words(value: Any, words: str) -> None:
    assert str(Wanted("k", value)) == words


@pytest.mark.parametrize(("said", "wanted"), [
    ("asked\tesp4\nruns\tesp4\ndoes\tesp4\tinstall /bin/false\n", {"esp4": "is loaded"}),
    ("asked\taf_key\ndoes\taf_key\tbuiltin af_key\npart\taf_key\n", {"af_key": "is part of the kernel"}),
    ("asked\taf_key\ndoes\taf_key\tinstall /bin/false\npart\taf_key\n", {"af_key": "is part of the kernel"}),
    ("asked\taf_key\npart\taf_key\nstarts\taf_key\tx\nline\tinitcall_blacklist=x\n", {}),
    ("asked\trxrpc\ndoes\trxrpc\tinsmod /lib/modules/6.1/rxrpc.ko\n", {"rxrpc": "can be loaded (insmod /lib/modules/6.1/rxrpc.ko)"}),
    ("asked\trxrpc\ndoes\trxrpc\tinsmod /lib/a.ko\ndoes\trxrpc\tinstall /bin/false\n", {}),
    ("asked\trxrpc\ndoes\trxrpc\tinsmod /lib/rxrpc.ko\nline\tquiet module_blacklist=rxrpc\n", {}),
    ("asked\trxrpc\ndoes\trxrpc\tinsmod /lib/rxrpc.ko\nline\tmodule_blacklist=rxrpc module_blacklist=x\n",
     {"rxrpc": "can be loaded (insmod /lib/rxrpc.ko)"}),
    # The kernel loads none any more; what runs, or is part of it, does so all the same.
    ("asked\trxrpc\nlocked\trxrpc\ndoes\trxrpc\tinsmod /lib/rxrpc.ko\n", {}),
    ("asked\tesp4\nruns\tesp4\nlocked\tesp4\n", {"esp4": "is loaded"}),
    ("asked\taf_key\nlocked\taf_key\npart\taf_key\n", {"af_key": "is part of the kernel"}),
    # kmod loads it past its install line, and what softdep names behind it.
    ("asked\tnf_a\ndoes\tnf_a\tinsmod /lib/nf-a.ko.xz \ndoes\tnf_a\tinstall /bin/false \n", {"nf_a": "can be loaded (insmod /lib/nf-a.ko.xz)"}),
    ("asked\trxrpc\ndoes\trxrpc\tinstall /usr/bin/logger no rxrpc; /bin/false # why; really\n", {}),
    ("asked\trxrpc\ndoes\trxrpc\tinstall /bin/echo no >&2; /bin/true >/dev/null 2>&1; exit 1\n", {}),
    ("asked\trxrpc\ndoes\trxrpc\tinstall echo x >/sys/y; /bin/false\n", {"rxrpc": "can be loaded (install echo x >/sys/y; /bin/false)"}),
    ("asked\trxrpc\ndoes\trxrpc\tinstall /bin/echo $(insmod x)\n", {"rxrpc": "can be loaded (install /bin/echo $(insmod x))"}),
    ("asked\trxrpc\ndoes\trxrpc\tinstall /bin/false; modprobe -i rxrpc\n",
     {"rxrpc": "can be loaded (install /bin/false; modprobe -i rxrpc)"}),
    ("asked\tno_such\n", {}),
])
def test_blocked_modules_are_asked_of_kmod_itself(said: str, wanted: dict[str, str]) -> None:
    assert blocked.running_or_loadable(host(watched_modules=said)) == wanted

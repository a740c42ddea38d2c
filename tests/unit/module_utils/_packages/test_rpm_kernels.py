# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose kernel it is with rpm: by the image's file; and which locks hold kernels, by each tool's own way to match."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel import section as kernel_section
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import available, dnf_files, rpm, rpm_held, rpm_locks
from ansible_collections.firebreak.fleet.plugins.module_utils._packages.dnf_query import DNF_QUERY
from recorded_host import RecordedHost

QUERY = " ".join(rpm.QUERY)
BOOTED = 1700000000


def row(name: str, version: str, release: str, arch: str, provides: str = "", modules: str = "", installed: int = BOOTED - 99) -> str:
    """A package as rpm prints it in the format of the queries."""
    folders = f"/boot/ /lib/modules/{modules}/ /lib/modules/{modules}/kernel/ " if modules else "/usr/bin/ "
    return f"kernel\t{name}\t0\t{version}\t{release}\t{arch}\t{name}={version}-{release} {provides}\t{installed}\t{folders}\n"


def facts(os_release: str, running: str, provided: str, owned: dict[str, str], boot: list[str], **more: Any) -> Section:
    """The section of a host with rpm; ``owned``: the releases that rpm is asked for by file, in order, to what it prints."""
    releases = " ".join(owned)
    run = {QUERY: [2, provided or "no package provides kernel-uname-r\n", ""]}
    if owned:
        run[" ".join(rpm.owner_query(releases.split()))] = [3, "".join(owned.values()), ""]
    recording = {"uname": ["Linux", "h", running, "#1 SMP", running.rsplit(".", 1)[-1].split("+")[0]], "run": run,
                 "read": {"/etc/os-release": os_release, "/proc/1/cgroup": "0::/init.scope\n", "/proc/stat": f"btime {BOOTED}\n",
                          **more.get("read", {})},
                 "listdir": {"/boot": boot}, "stat": {f"/boot/{name}": ["file", 0o644, 0, 0, 0, 0, 0, 1, 1] for name in boot}}
    section = Section("kernel")
    kernel_section.collect(RecordedHost(recording), section, {"available": False})
    return section


EL9 = 'ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\n'
STOCK = row("kernel-core", "5.14.0", "570.12.1.el9_6", "x86_64", "kernel-uname-r=5.14.0-570.12.1.el9_6.x86_64", "5.14.0-570.12.1.el9_6.x86_64")
ML5, ML6 = (row("kernel-ml-core", version, "1.el9.elrepo", "x86_64", f"kernel-ml-uname-r={version}-1.el9.elrepo.x86_64",
                f"{version}-1.el9.elrepo.x86_64") for version in ("6.16.5", "6.16.6"))


def test_elrepos_kernels_are_known_by_their_files() -> None:
    """ELRepo's kernel-ml.spec provides kernel-ml-uname-r, never kernel-uname-r."""
    old, new = "6.16.5-1.el9.elrepo.x86_64", "6.16.6-1.el9.elrepo.x86_64"
    boot = [f"vmlinuz-{old}", f"vmlinuz-{new}", "vmlinuz-5.14.0-570.12.1.el9_6.x86_64", "vmlinuz-0-rescue-aa"]
    found = facts(EL9, old, STOCK, {old: ML5, new: ML6}, boot).facts
    assert {key: found["running"][key] for key in ("flavour", "package", "package_version")} == {
        "flavour": "ml", "package": "kernel-ml-core", "package_version": "6.16.5-1.el9.elrepo"}
    assert found["newest_installed"]["release"] == new
    assert found["stray_images"] == []
    assert found["newest_installed"]["package_version"] == "6.16.6-1.el9.elrepo"


def test_elrepo_alone() -> None:
    running = "6.16.6-1.el9.elrepo.x86_64"
    found = facts(EL9, running, "", {running: ML6}, [f"vmlinuz-{running}"]).facts
    assert [one["package"] for one in found["installed"]] == ["kernel-ml-core"]
    assert found["running"]["package"] == "kernel-ml-core"


LOCKS5, VERSION5 = "/etc/dnf/versionlock.toml", 'version = "1.0"\n'


def lock5(name: str, key: str, comparator: str, value: str) -> str:
    """A versionlock.toml of dnf5 with one lock."""
    return f'{VERSION5}[[packages]]\nname = "{name}"\n[[packages.conditions]]\nkey = "{key}"\ncomparator = "{comparator}"\nvalue = "{value}"\n'


@pytest.mark.parametrize(("name", "arch", "running", "provides"), [
    # uname_suffix of Red Hat's kernel.spec: every - of the flavour becomes _ in the provide (leapp-repository#1550).
    ("kernel-rt-64k-core", "aarch64", "5.14.0-687.10.1.el9.aarch64+rt-64k", "kernel-uname-r=5.14.0-687.10.1.el9.aarch64+rt_64k"),
    ("kernel-64k-debug-core", "aarch64", "5.14.0-687.10.1.el9.aarch64+64k-debug", "kernel-uname-r=5.14.0-687.10.1.el9.aarch64+64k_debug"),
    ("kernel-rt-debug-core", "x86_64", "5.14.0-687.10.1.el9.x86_64+rt-debug", "kernel-uname-r=5.14.0-687.10.1.el9.x86_64+rt_debug"),
    ("kernel-64k-core", "aarch64", "5.14.0-687.10.1.el9.aarch64+64k", "kernel-uname-r=5.14.0-687.10.1.el9.aarch64+64k"),
])
@pytest.mark.parametrize("with_modules", [True, False])
def test_a_flavour_with_a_dash_is_what_uname_says(name: str, arch: str, running: str, provides: str, with_modules: bool) -> None:
    text = row(name, "5.14.0", "687.10.1.el9", arch, provides, running if with_modules else "")
    section = facts(EL9, running, text, {}, [f"vmlinuz-{running}"])
    found = section.facts
    assert (found["running"]["package"], found["newest_installed"]["release"], found["stray_images"]) == (name, running, [])
    assert found["installed"][0]["image_present"] is True


@pytest.mark.parametrize(("name", "version", "release", "running", "flavour"), [
    # make binrpm-pkg provides kernel-VERSION alone; Oracle's debug kernels provide nothing of the kind on x86_64.
    ("kernel", "6.18.0", "1", "6.18.0", "standard"), ("kernel", "6.18.0_dirty", "1", "6.18.0-dirty", "standard"),
    ("kernel-uek-debug-core", "5.15.0", "306.177.4.el9uek", "5.15.0-306.177.4.el9uek.x86_64.debug", "uek-debug"),
    ("kernel-lt-core", "6.1.155", "1.el9.elrepo", "6.1.155-1.el9.elrepo.x86_64", "lt"),
    ("linux-xanmod", "6.17.1", "xm1.0", "6.17.1-xanmod1", "linux-xanmod"),
])
def test_whoever_owns_the_image_is_the_package(name: str, version: str, release: str, running: str, flavour: str) -> None:
    text = row(name, version, release, "x86_64", "", running)
    found = facts(EL9, running, STOCK, {running: text}, [f"vmlinuz-{running}"]).facts
    assert (found["running"]["package"], found["running"]["flavour"], found["stray_images"]) == (name, flavour, [])


@pytest.mark.parametrize(("others", "running", "flavour"), [
    # The package of what runs is gone: its release looks like ELRepo's, like both of ELRepo's lines, like no installed one, like Red Hat's.
    (STOCK + ML6, "6.16.5-1.el9.elrepo.x86_64", "ml"), (STOCK, "6.16.5-1.el9.elrepo.x86_64", None),
    (STOCK + ML6 + row("kernel-lt-core", "6.1.155", "1.el9.elrepo", "x86_64", "", "6.1.155-1.el9.elrepo.x86_64"), "6.16.5-1.el9.elrepo.x86_64", None),
    (STOCK, "5.14.0-503.el9.x86_64", "standard"), (STOCK, "5.14.0-503.11.1.el9_5.x86_64+debug", "debug"),
    (STOCK, "5.15.0-306.177.4.el9uek.x86_64", "uek"),
])
def test_the_line_of_a_kernel_whose_package_is_gone(others: str, running: str, flavour: str | None) -> None:
    asked = {running: f"file /boot/vmlinuz-{running} is not owned by any package\n"}
    assert facts(EL9, running, others, asked, []).facts["running"]["flavour"] == flavour


def test_an_image_that_nobody_owns_is_a_stray() -> None:
    section = facts(EL9, "5.14.0-570.12.1.el9_6.x86_64", STOCK, {"9.9.9-hand": "file /boot/vmlinuz-9.9.9-hand is not owned by any package\n"},
                    ["vmlinuz-9.9.9-hand"])
    assert section.facts["stray_images"] == ["/boot/vmlinuz-9.9.9-hand"]


def test_a_guests_unified_image_is_where_its_package_puts_it() -> None:
    running = "5.14.0-570.12.1.el9_6.x86_64"
    text = row("kernel-uki-virt", "5.14.0", "570.12.1.el9_6", "x86_64", f"kernel-uname-r={running}", running)
    read = {f"/lib/modules/{running}/vmlinuz-virt.efi": ""}
    installed = facts(EL9, running, text, {}, [], read=read).facts["installed"]
    assert [(one["image"], one["image_present"]) for one in installed] == [(f"/lib/modules/{running}/vmlinuz-virt.efi", True)]


@pytest.mark.parametrize(("installed", "version"), [(BOOTED - 10, "6.4.0-150600.23.14.3"), (BOOTED + 10, None)])
def test_a_rebuild_in_place_is_not_what_runs(installed: int, version: str | None) -> None:
    """SUSE's rebuild counter is not in uname -r (openSUSE/zypper#418: 5.13.0-1.1 replaced by 5.13.0-1.2)."""
    running = "6.4.0-150600.23.14-default"
    text = row("kernel-default", "6.4.0", "150600.23.14.3", "x86_64", f"kernel-uname-r={running}", running, installed)
    section = facts('ID="sles"\nID_LIKE="suse"\n', running, text, {}, [f"vmlinuz-{running}"])
    assert section.facts["running"]["package_version"] == version
    assert section.facts["newest_installed"]["package_version"] == "6.4.0-150600.23.14.3"
    if version is None:
        assert any("an earlier build" in null["detail"] for null in section.nulls)


def test_a_reinstalled_package_whose_release_is_in_its_name_is_what_runs() -> None:
    running = "5.14.0-570.12.1.el9_6.x86_64"
    text = row("kernel-core", "5.14.0", "570.12.1.el9_6", "x86_64", f"kernel-uname-r={running}", running, BOOTED + 10)
    assert facts(EL9, running, text, {}, []).facts["running"]["package_version"] == "5.14.0-570.12.1.el9_6"


@pytest.mark.parametrize(("os_id", "package", "version", "release", "running"), [
    ("altlinux", "kernel-image-un-def", "6.6.30", "alt1", "6.6.30-un-def-alt1"), ("photon", "linux-esx", "6.1.83", "2.ph5", "6.1.83-2.ph5-esx"),
    ("mageia", "kernel-desktop", "6.12.30", "1.mga10", "6.12.30-desktop-1.mga10"), ("openEuler", "kernel", "6.6.0", "72.0.0.76.oe2403sp1",
                                                                                    "6.6.0-72.0.0.76.oe2403sp1.x86_64"),
])
def test_a_flavour_between_version_and_release_is_no_rebuild(os_id: str, package: str, version: str, release: str, running: str) -> None:
    text = row(package, version, release, "x86_64", "", running, BOOTED + 10)
    assert facts(f"ID={os_id}\n", running, text, {}, []).facts["running"]["package_version"] == f"{version}-{release}"


def test_packages_that_are_named_for_their_release_are_ordered_by_it() -> None:
    """Mageia's up to 8: kernel-desktop-5.15.126-1.mga8 is of version 1-1.mga8 like all others."""
    releases = ("5.15.98-desktop-1.mga8", "5.15.126-desktop-1.mga8")
    names = [f"kernel-desktop-{release.replace('-desktop', '')}" for release in releases]
    text = "".join(row(name, "1", "1.mga8", "x86_64", "", release, BOOTED + 10) for name, release in zip(names, releases, strict=True))
    seen = facts("ID=mageia\nID_LIKE=mandriva\n", releases[0], text, {}, []).facts
    assert (seen["running"]["package_version"], seen["newest_installed"]) == (
        "5.15.98-1.mga8", {"release": releases[1], "package_version": "5.15.126-1.mga8"})


@pytest.mark.parametrize(("package", "flavour"), [
    ("kernel-core", "standard"), ("kernel", "standard"), ("kernel-ml-core", "ml"), ("kernel-lt", "lt"), ("kernel-longterm-core", "longterm"),
    ("kernel-64k-debug-core", "64k-debug"), ("kernel-rt-core", "rt"), ("kernel-uek-core", "uek"), ("kernel-ueknext-core", "ueknext"),
    ("kernel6.18", "6.18"), ("kernel-default", "default"), ("kernel-default-base", "default"), ("kernel-azure", "azure"), ("kernel-64kb", "64kb"),
    # rhboot/grub2#213: on ARM Fedora's live media have the latter in the place of kernel-core, under the same names.
    ("kernel-uki-virt", "standard"), ("kernel-uki-dtbloader", "standard"), ("kernel-rt-uki-virt", "rt"),
    ("kernel-automotive-core", "automotive"), ("kernel-hwe", "hwe"), ("linux-esx", "linux-esx"),
    ("vzkernel", "vzkernel"),
    # Mageia names the release in the package, which must not make each update a line of its own.
    ("kernel-desktop-6.6.105-1.mga9", "desktop"), ("kernel-server-5.15.126-1.mga8", "server"),
])
def test_a_line_of_kernels_is_called_by_its_packages(package: str, flavour: str) -> None:
    assert rpm.flavour_of(package) == flavour


AMAZON = 'ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n'
AL61, AL618, AL618_NEW = ("6.1.188-233.386.amzn2023.x86_64", "6.18.8-9.213.amzn2023.x86_64", "6.18.51-120.163.amzn2023.x86_64")


def amazons(name: str, uname: str) -> str:
    version, release = uname.removesuffix(".x86_64").split("-")
    return row(name, version, release, "x86_64", f"kernel-uname-r={uname}", uname)


def test_a_kernel_that_was_renamed_is_of_its_successors_line() -> None:
    """awslabs/amazon-eks-ami#2689: from 2023.11.20260413 on Amazon's 6.18 is called kernel6.18; before it was kernel, as 6.1 is to this day."""
    said = amazons("kernel", AL61) + amazons("kernel", AL618) + amazons("kernel6.18", AL618_NEW)
    boot = [f"vmlinuz-{release}" for release in (AL61, AL618, AL618_NEW)]
    found = facts(AMAZON, AL618, said, {}, boot).facts
    assert (found["running"]["flavour"], found["running"]["package"], found["newest_installed"]["release"]) == ("6.18", "kernel", AL618_NEW)
    assert facts(AMAZON, AL61, said, {}, boot).facts["newest_installed"]["release"] == AL61


def test_a_renamed_kernel_on_offer_is_an_update() -> None:
    rows = (("kernel", AL61), ("kernel", AL618), ("kernel6.18", AL618_NEW))
    split = [(name, *uname.removesuffix(".x86_64").split("-"), uname) for name, uname in rows]
    printed = "repository\tamazonlinux\t60\n" + "".join(
        f"kernel\tvisible\t{name}\t0\t{version}\t{release}\tx86_64\tamazonlinux\t{uname}\n" for name, version, release, uname in split)
    assert available.parse_dnf_query(printed, "6.18")[0].release == AL618_NEW
    assert available.parse_dnf_query(printed, "standard")[0].release == AL61


FAMILIES = [
    # os-release, the package, version, release, what runs, the line. Releases as mondoohq/mql#6380 (Oracle), microsoft/azurelinux#17940,
    # vmware/photon#713, ccfos/huatuo#863 and TimeBye/kubeadm-ha#123 show them; the rest composed in their makers' form (64k: rke2-packaging#70).
    ('ID="ol"\nID_LIKE="fedora"\nVERSION_ID="9.6"\n', "kernel-uek-core", "6.12.0", "105.51.5.el9uek", "6.12.0-105.51.5.el9uek.x86_64", "uek"),
    ('ID="ol"\nID_LIKE="fedora"\nVERSION_ID="10.1"\n', "kernel-uek64k-core", "6.12.0", "105.51.5.el10uek64k",
     "6.12.0-105.51.5.el10uek64k.aarch64", "uek64k"),
    ('ID=azurelinux\nVERSION_ID="3.0"\n', "kernel-hwe", "6.18.38.1", "1.azl3", "6.18.38.1-1.azl3", "hwe"),
    ("ID=photon\nVERSION_ID=2.0\n", "linux-esx", "4.9.60", "1.ph2", "4.9.60-1.ph2-esx", "linux-esx"),
    ('ID="opencloudos"\nID_LIKE="opencloudos"\nVERSION_ID="9.6"\n', "kernel-core", "6.6.119", "51.5.oc9", "6.6.119-51.5.oc9.x86_64", "standard"),
    ('ID="anolis"\nID_LIKE="rhel fedora centos"\nVERSION_ID="8.10"\n', "kernel-core", "5.10.134", "18.an8", "5.10.134-18.an8.x86_64", "standard"),
    ('ID="tencentos"\nID_LIKE="rhel fedora centos"\nVERSION_ID="3.1"\n', "kernel-tlinux4", "5.4.119", "19.0009.6", "5.4.119-19-0009.6", "tlinux4"),
    ('ID="cloudlinux"\nID_LIKE="rhel fedora centos"\nVERSION_ID="8.10"\n', "kernel-core", "4.18.0", "553.16.1.lve.el8",
     "4.18.0-553.16.1.lve.el8.x86_64", "standard"),
    ('ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="10"\n', "kernel-core", "6.12.0", "124.8.1.el10_1",
     "6.12.0-124.8.1.el10_1.x86_64_v2", "standard"),
    ('ID="opensuse-slowroll"\nID_LIKE="opensuse suse opensuse-tumbleweed"\n', "kernel-default", "6.17.6", "1.1", "6.17.6-1-default", "default"),
    ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="16.0"\n', "kernel-default", "6.12.0", "160000.5.1", "6.12.0-160000.5-default",
     "default"),
]


@pytest.mark.parametrize(("os_release", "package", "version", "release", "running", "flavour"), FAMILIES)
@pytest.mark.parametrize("provides", [True, False])
def test_each_familys_kernel_is_known(os_release: str, package: str, version: str, release: str, running: str, flavour: str, provides: bool) -> None:
    text = row(package, version, release, "x86_64", f"kernel-uname-r={running}" if provides else "", running)
    asked = {} if provides else {running: text}
    found = facts(os_release, running, text if provides else "", asked, [f"vmlinuz-{running}"]).facts
    assert found["running"] == {"release": running, "version": "#1 SMP", "flavour": flavour, "package": package,
                                "package_version": f"{version}-{release}"}
    assert (found["newest_installed"]["release"], found["stray_images"]) == (running, [])


def test_the_line_of_a_kernel_whose_package_was_replaced() -> None:
    """vmware/photon's guide on kernel problems: 4.9.107-1.ph2-esx runs, its package was exchanged for that of 4.9.111, and linux lies beside."""
    new = {release: row(name, "4.9.111", "1.ph2", "x86_64", "", release)
           for name, release in (("linux", "4.9.111-1.ph2"), ("linux-esx", "4.9.111-1.ph2-esx"))}
    found = facts("ID=photon\n", "4.9.107-1.ph2-esx", "", {"4.9.107-1.ph2-esx": "", **new}, [f"vmlinuz-{release}" for release in new]).facts
    assert (found["running"]["package"], found["running"]["flavour"]) == (None, "linux-esx")
    assert found["newest_installed"]["release"] == "4.9.111-1.ph2-esx"


def test_uek_on_offer_needs_no_provide() -> None:
    """oracle/linux-uek uek-rpm/ol9: kernel-uname-r is provided on aarch64 only."""
    printed = ("repository\tol9_UEKR7\t60\nkernel\tvisible\tkernel-uek-core\t0\t5.15.0\t306.177.4.el9uek\tx86_64\tol9_UEKR7\t\n"
               "kernel\thidden\tkernel-uek-core\t0\t5.15.0\t307.1.1.el9uek\tx86_64\tol9_UEKR7\t\n")
    offer, age = available.parse_dnf_query(printed, "uek")
    assert (offer.release, offer.package_version, offer.hidden, age) == (
        "5.15.0-306.177.4.el9uek.x86_64", "5.15.0-306.177.4.el9uek", ["kernel-uek-core-5.15.0-307.1.1.el9uek"], 60)
    asked = RecordedHost({"read": {"/usr/bin/dnf-3": "#!/usr/bin/python3 \n"},
                          "run": {f"/usr/bin/python3 -s -B -c {DNF_QUERY} kernel-uname-r,kernel-uek-core": printed}})
    assert available.ask_dnf(asked, "uek", ["kernel-uek-core"]).offer == offer


EL_NAMES = sorted(rpm_locks.kernel_names([rpm._images("kernel-core", "0", "5.14.0", "1", "x86_64", "kernel-uname-r=5.14.0-1", "0", "")[0]]))


@pytest.mark.parametrize(("spec", "concerned"), [
    ("kernel", True), ("kernel*", True), ("*kernel*", True), ("*", True), ("kernel-core", True), ("kernel-core-5.14.0-503*", True),
    ("kernel-core-0:5.14.0-427.13.1.el9_4.*", True), ("kernel.x86_64", True),
    ("kernel-5.14.0-503.el9.x86_64", True),
    ("kern?l", True), ("k*", True), ("kernel-modules*", True), ("kernel-[0-9]*", True),
    ("kernel-*core", True), ("kernel-*shark", False), ("kernel.noarch", False),
    ("kernelshark", False), ("kernelshark-0:1.2-3.*", False), ("kernel-headers", False), ("kernel-tools", False),
    ("kernel-headers-5.14.0-1.el9", False),
    ("kernel-firmware-nvidia-gspx-G06", False), ("kernel-rt*", False), ("bash", False), ("", False), ("kmod-*", False),
])
def test_a_spec_of_dnf_concerns_kernels_or_not(spec: str, concerned: bool) -> None:
    """dnf 4 takes excludes and versionlock's lines as package specs (NEVRA with globs), never as beginnings of names."""
    assert rpm_locks.concerns(spec, EL_NAMES) is concerned
    assert bool(dnf_files.excluded(f"[main]\nexcludepkgs={spec}\n", EL_NAMES)) is concerned
    assert bool(rpm_locks.locked_by_dnf(spec + "\n", EL_NAMES)) is concerned


def test_an_epoch_before_the_name_is_yums_form_of_a_lock_and_no_exclude() -> None:
    """The exclude as dnf 4 of Debian 12 and dnf5 of Debian testing take it (tests/system)."""
    for spec in ("0:kernel-5.14.0-503.el9.*", "!kernel-0:5.14.0-503.*"):
        assert (rpm_locks.concerns(spec, ["kernel"]), rpm_locks.locked_by_dnf(spec, ["kernel"])) == (False, [spec])


@pytest.mark.parametrize(("version", "held"), [
    ("5.14.0-503.el9", False), ("5.14.0-503*", False), ("0:5.14.0-570.el9.x86_64", False), ("5.14.0-570.el9*", False), ("5.13*", False),
    ("5.14.0-600.el9", True), ("5.14.0-600*", True), ("5.14.0-5*", True), ("5.14.0", True), ("5.14*", True), ("*", True), ("[0-9]*", True),
])
def test_versions_that_are_behind_the_installed_one_hold_nothing_back(version: str, held: bool) -> None:
    """As dnf5 5.4.6 and dnf 4 bring 5.14.0-600.el9 where 5.14.0-570.el9 alone is excluded, or barred by a lock (tests/system)."""
    host = RecordedHost({"read": {"/etc/dnf/dnf.conf": f"[main]\nexcludepkgs=kernel-core-{version}\n"}})
    assert bool(rpm_held.held(host, EL_NAMES, {"kernel-core": "5.14.0-570.el9"})) is held
    plain = version.split(":")[-1].replace(".x86_64", "")
    if not set(plain) & set("*["):
        lock = RecordedHost({"read": {LOCKS5: lock5("kernel-modules", "evr", "!=", plain)}})
        assert bool(rpm_held.held(lock, EL_NAMES, {"kernel-core": "5.14.0-570.el9"})) is (plain == "5.14.0-600.el9")


@pytest.mark.parametrize(("stanza", "locked"), [
    ("type: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: kernel-default", ["kernel-default"]),
    ("type: package\nmatch_type: regex\nsolvable_name: ^kernel-default$", ["^kernel-default$"]), ("solvable_name: kernel-def", ["kernel-def"]),
    ("type: package\nmatch_type: exact\nsolvable_name: kernel-def", []), ("type: package\nmatch_type: glob\nsolvable_name: kernel-def", []),
    ("type: package\nmatch_type: glob\nsolvable_name: *", ["*"]), ("type: patch\nmatch_type: glob\nsolvable_name: *", []),
    ("type: package\nmatch_type: glob\nsolvable_name: kernel-firmware-nvidia-gspx-G06", []), ("type: package\nquery_string: kernel", ["kernel"]),
    ("type: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: KERNEL*", []), ("solvable_name: KERNEL", ["KERNEL"]),
    ("type: package\nmatch_type: glob\nsolvable_name: kernel-default\nversion: > 5.14.21", ["kernel-default > 5.14.21"]),
    ("type: package\nsolvable_name: vim", []), ("type: package\nmatch_type: regex\nsolvable_name: (", ["("]),
    # The rest as zypper 1.14.42 with libzypp 17.25.7 answers (tests/system/test_real_zypper.py).
    ("type: package\nmatch_type: glob\nsolvable_name: kernel-default == 6.4.0-150600.23.14.2", ["kernel-default == 6.4.0-150600.23.14.2"]),
    ("type: package\nsolvable_name: kernel-default>=6.4", ["kernel-default >= 6.4"]),
    ("type: package\nsolvable_provides: kernel-default", ["kernel-default"]),
    ("type: package\nmatch_type: exact\nsolvable_provides: kernel", ["kernel"]),
    ("type: package\nmatch_type: exact\nsolvable_provides: multiversion(kernel)", ["multiversion(kernel)"]),
    ("type: package\nmatch_type: word\nsolvable_name: default", ["default"]), ("match_type: glob\nsolvable_name: ?ernel-[d]*", ["?ernel-[d]*"]),
    ("solvable_name: kernel-default\ninstall_status: installed", []), ("type: srcpackage\nmatch_type: glob\nsolvable_name: kernel*", []),
    ("type: application\nsolvable_name: kernel*", []),
])
def test_a_lock_of_zypper_holds_what_libzypp_matches(stanza: str, locked: list[str]) -> None:
    """libzypp PoolQuery: parts of names unless match_type says otherwise, kinds other than packages are not packages."""
    assert rpm_locks.locked_by_zypper("\n" + stanza + "\n\nsolvable_name: vim\n", ["kernel-default", "kernel-default-base"]) == locked


@pytest.mark.parametrize(("version", "holds"), [
    ("> 6.4.0-150600.23.14.2", True), (">= 6.4.0", True), ("!= 6.4.0-150600.23.14.2", True), ("== 6.4.0-150600.23.22.1", True), ("< 6.5", True),
    ("< 6.4.0", False), ("<= 6.4.0-150600.23.14.2", False), ("== 6.4.0-150600.23.14.2", False), ("= 6.4.0-150600.23.7.3", False),
])
def test_a_lock_of_older_versions_keeps_nothing_back(version: str, holds: bool) -> None:
    newest = {"kernel-default": "6.4.0-150600.23.14.2"}
    for stanza in (f"solvable_name: kernel-default\nversion: {version}", f"solvable_name: kernel-default {version}"):
        assert bool(rpm_locks.locked_by_zypper(f"type: package\n{stanza}\n", ["kernel-default"], newest)) is holds


@pytest.mark.parametrize(("read", "held"), [
    ({"/etc/dnf/libdnf5.conf.d/10-own.conf": "[main]\nexcludepkgs=kernel*\n"}, ["kernel* (/etc/dnf/libdnf5.conf.d/10-own.conf)"]),
    ({"/usr/share/dnf5/libdnf.conf.d/a.conf": "[main]\nexcludepkgs=kernel*\n", "/etc/dnf/libdnf5.conf.d/a.conf": "[main]\n"}, []),
    # dnf config-manager setopt updates.excludepkgs=... writes here (dnf5).
    ({"/etc/dnf/repos.override.d/99-config_manager.repo": "[updates]\nexcludepkgs=kernel-core\n",
      "/etc/yum.repos.d/f.repo": "[updates]\nenabled=1\n"}, ["kernel-core (/etc/dnf/repos.override.d/99-config_manager.repo)"]),
    ({"/etc/dnf/repos.override.d/99-config_manager.repo": "[updates]\nexcludepkgs=\n",
      "/etc/yum.repos.d/f.repo": "[updates]\nexcludepkgs=kernel*\n"}, []),
    ({"/etc/yum.repos.d/f.repo": "[updates]\nexclude=kernel* foo,\n  kernel-core\n[testing]\nenabled=0\nexclude=kernel*\n"},
     ["kernel* (/etc/yum.repos.d/f.repo)", "kernel-core (/etc/yum.repos.d/f.repo)"]),
    ({LOCKS5: lock5("kern*", "evr", "=", "5.14.0-1") + '[[packages]]\nname = "kernelshark"\n'}, ["kern* (/etc/dnf/versionlock.toml)"]),
    # What dnf5 passes over, as the real one showed: another version than 1.0, a lock without conditions or with ones that it does not know.
    ({LOCKS5: lock5("kernel", "evr", "=", "5.14.0-1").replace("1.0", "2.0", 1)}, []), ({LOCKS5: VERSION5 + '[[packages]]\nname = "kernel"\n'}, []),
    ({LOCKS5: lock5("kernel", "evr", "~", "5")}, []), ({LOCKS5: lock5("kernel", "version", "=", "5")}, []),
    ({LOCKS5: lock5("kernel", "epoch", "=", "0")}, []), ({LOCKS5: lock5("kernel", "epoch", "=", "1")}, ["kernel (/etc/dnf/versionlock.toml)"]),
    # With what is no TOML it refuses to work.
    ({LOCKS5: "version = \n"}, ["no lock is read, and dnf5 refuses to work: line 1: '\\n', wanted a value (/etc/dnf/versionlock.toml)"]),
    # Its lists of excludes go on from file to file, until one begins with nothing; drop-ins come before dnf.conf.
    ({"/etc/dnf/libdnf5.conf.d/a.conf": "[main]\nexcludepkgs=kernel*\n", "/etc/dnf/dnf.conf": "[main]\nexcludepkgs=\n"}, []),
    ({"/etc/dnf/libdnf5.conf.d/a.conf": "[main]\nexcludepkgs=\n", "/etc/dnf/dnf.conf": "[main]\nexcludepkgs=kernel*\n"},
     ["kernel* (/etc/dnf/dnf.conf)"]),
    ({"/etc/dnf/dnf.conf": "[main]\n#exclude=kernel*\nexclude=kernel-headers kernel-tools\n"}, []),
    ({"/etc/zypp/locks": "type: package\nmatch_type: regex\nsolvable_name: ^kernel$\n"}, ["^kernel$ (/etc/zypp/locks)"]),
    # yum's own file where there is no dnf; folders of dnf 4 and dnf5 (dnf.conf(5), dnf5.spec); packages that alone may come.
    ({"/etc/yum.conf": "[main]\nexclude=kernel*\n"}, ["kernel* (/etc/yum.conf)"]),
    ({"/etc/yum.conf": "[main]\nexclude=kernel*\n", "/etc/dnf/dnf.conf": "[main]\n"}, []),
    ({"/etc/distro.repos.d/f.repo": "[updates]\nexclude=kernel\n"}, ["kernel (/etc/distro.repos.d/f.repo)"]),
    ({"/usr/share/dnf5/repos.d/f.repo": "[updates]\nexcludepkgs=kernel\n"}, ["kernel (/usr/share/dnf5/repos.d/f.repo)"]),
    ({"/usr/share/dnf5/repos.override.d/a.repo": "[updates]\nexcludepkgs=kernel\n", "/usr/share/dnf5/repos.d/f.repo": "[updates]\n"},
     ["kernel (/usr/share/dnf5/repos.override.d/a.repo)"]),
    ({"/usr/share/dnf5/repos.override.d/a.repo": "[updates]\nexcludepkgs=kernel\n", "/etc/dnf/repos.override.d/a.repo": "[updates]\n"}, []),
    ({"/etc/dnf/dnf.conf": "[main]\nincludepkgs=bash, openssl*\n"}, ["includepkgs=bash,openssl* (/etc/dnf/dnf.conf)"]),
    ({"/etc/dnf/dnf.conf": "[main]\nincludepkgs=bash kern*\n"}, []),
    ({"/etc/yum.repos.d/epel.repo": "[epel]\nincludepkgs=htop\n"}, []),
    # A repository that brings kernels, and may bring others alone; excludes that are switched off (dnf.conf(5), disable_excludes).
    ({"/etc/yum.repos.d/r.repo": "[rhel-9-for-x86_64-baseos-rpms]\nincludepkgs=glibc* bash\n"},
     ["includepkgs=glibc*,bash (/etc/yum.repos.d/r.repo)"]),
    ({"/etc/yum.repos.d/r.repo": "[ol9_UEKR8]\nincludepkgs=kernel-uek* kernel-core\n"}, []),
    ({"/etc/dnf/dnf.conf": "[main]\nexcludepkgs=kernel*\ndisable_excludes=all\n", "/etc/yum.repos.d/r.repo": "[x]\nexclude=kernel\n"}, []),
    ({"/etc/dnf/dnf.conf": "[main]\nexcludepkgs=kernel*\ndisable_excludes=main\n", "/etc/yum.repos.d/r.repo": "[x]\nexclude=kernel\n"},
     ["kernel (/etc/yum.repos.d/r.repo)"]),
    ({"/etc/dnf/dnf.conf": "[main]\ndisable_excludes=x\n", "/etc/yum.repos.d/r.repo": "[x]\nexclude=kernel\n[y]\nexclude=kernel-core\n"},
     ["kernel-core (/etc/yum.repos.d/r.repo)"]),
    ({"/etc/dnf/dnf.conf": "[main]\nreposdir=/srv/repos\n", "/srv/repos/r.repo": "[x]\nexclude=kernel\n"}, ["kernel (/srv/repos/r.repo)"]),
    # Quotes around the whole, the one option under two names, letters of one case alone, and what is no pattern, as the real ones take each.
    ({"/etc/dnf/dnf.conf": '[main]\nexclude="kernel*"\n'}, ["kernel* (/etc/dnf/dnf.conf)"]),
    ({"/etc/dnf/dnf.conf": "[main]\nexclude='kernel*' 'bash'\n"}, []), ({"/etc/dnf/dnf.conf": "[main]\nexcludepkgs=kernel*\nexclude=\n"}, []),
    ({"/etc/dnf/dnf.conf": "[main]\nEXCLUDEPKGS=kernel*\n"}, []), ({"/etc/dnf/dnf.conf": "[main]\nexcludepkgs=!kernel*\n"}, []),
    ({"/etc/dnf/dnf.conf": "[main]\nincludepkgs=bash\n", "/etc/dnf/libdnf5.conf.d/a.conf": "[main]\nincludepkgs=kernel*\n"}, []),
    ({"/etc/yum.repos.d/r.repo": "[baseos]\nincludepkgs=bash\n", "/etc/dnf/repos.override.d/a.repo": "[baseos]\nincludepkgs=kernel*\n"}, []),
    ({"/etc/dnf/dnf.conf": "[main]\nexcludepkgs=bash\n  \n kernel*\n"}, ["kernel* (/etc/dnf/dnf.conf)"]),
    # With these dnf ends before it brings anything.
    *(({path: text}, [f"dnf refuses to work: line {line} ({path})"]) for path, text, line in (
        ("/etc/dnf/dnf.conf", "best=1\n[main]\n", 1), ("/etc/dnf/dnf.conf", "[main]\nexcludepkgs: bash\n", 2),
        ("/etc/dnf/dnf.conf", "[main]\n best=1\n", 2), ("/etc/dnf/dnf.conf", "[main]\nexcludepkgs=bash\n# a\n vim\n", 4),
        ("/etc/dnf/dnf.conf", "[main]\n=3\n", 2), ("/etc/yum.repos.d/r.repo", "[x\n", 1), ("/etc/yum.repos.d/r.repo", "[x] y\n\n  \nno\n", 4))),
    # versionlock of dnf 4 by its own configuration, and all plug-ins off; that of dnf5 written in one line, and a least version alone.
    ({"/etc/dnf/plugins/versionlock.list": "kernel-core-0:5.14.0-1.*\n", "/etc/dnf/plugins/versionlock.conf": "[main]\nenabled = 0\n"}, []),
    ({"/etc/dnf/plugins/versionlock.list": "kernel-core-0:5.14.0-1.*\n", "/etc/dnf/dnf.conf": "[main]\nplugins=False\n"}, []),
    ({"/etc/dnf/my.list": "kernel-core-0:5.14.0-1.*\n", "/etc/dnf/plugins/versionlock.conf": "[main]\nenabled = 1\nlocklist = /etc/dnf/my.list\n"},
     ["kernel-core-0:5.14.0-1.* (/etc/dnf/my.list)"]),
    ({LOCKS5: VERSION5 + 'packages=[{name="kernel-core",conditions=[{key="evr",comparator="=",value="5.14.0-1"}]}]\n'},
     ["kernel-core (/etc/dnf/versionlock.toml)"]),
    ({LOCKS5: lock5("kernel", "evr", ">=", "5")}, []),
    # tdnf (its wiki, Configuration Options), urpmi (skip.list of Mageia), apt on rpm (ALT's apt.conf).
    ({"/etc/tdnf/tdnf.conf": "[main]\nexcludepkgs=bash kernel\n"}, ["kernel (/etc/tdnf/tdnf.conf)"]),
    ({"/etc/tdnf/tdnf.conf": "[main]\nrepodir=/etc/tdnf/repos\n", "/etc/tdnf/repos/p.repo": "[p]\nexclude=kernel\n"},
     ["kernel (/etc/tdnf/repos/p.repo)"]),
    ({"/etc/tdnf/locks.d/own.conf": "kernel\nkernelshark\n", "/etc/tdnf/locks.d/no.txt": "kernel\n"}, ["kernel (/etc/tdnf/locks.d/own.conf)"]),
    ({"/etc/urpmi/skip.list": "# nothing\n/^kernel/\nkernel-doc\n"}, ["/^kernel/ (/etc/urpmi/skip.list)"]),
    ({"/etc/apt/apt.conf": 'RPM { Allow-Duplicated { "^kernel-image-.*"; }; Hold { "^(kernel|alsa)[0-9]+-source"; "^kernel$"; }; };\n'},
     ["^kernel$ (/etc/apt/apt.conf)"]),
])
def test_locks_are_found_where_each_tool_keeps_them(read: dict[str, str], held: list[str]) -> None:
    assert rpm_held.held(RecordedHost({"read": read}), EL_NAMES) == held

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section kernel on whole hosts of each family: four facts apart, in force by the kernel's own word, and null with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host import record
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel import section as kernel_section
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel.facts import FACTS
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import available as on_offer
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import rpm
from ansible_collections.firebreak.fleet.plugins.module_utils._packages.dnf_query import DNF_QUERY
from recorded_host import RecordedHost

KERNEL = Path(__file__).parent / "fixtures"
NOW = 1800000000.0
DPKG_STATUS = "/var/lib/dpkg/status"


def _text(name: str) -> str:
    return (KERNEL / name).read_text(encoding="utf-8")


def _stat(mtime: float) -> list[Any]:
    return ["file", 0o644, 0, 0, 0, mtime, mtime, 1, 1]


def _host(os_release: str, release: str, version: str, **answers: Any) -> dict[str, Any]:
    """A recording with its own kernel: what every family has, and ``answers`` on top."""
    recording: dict[str, Any] = {
        "now": NOW, "uname": ["Linux", "host", release, version, "x86_64"],
        "read": {"/etc/os-release": os_release, "/proc/1/cgroup": "0::/init.scope\n"}, "stat": {}, "run": {}, "listdir": {}, "readlink": {},
    }
    for question, known in answers.items():
        recording[question] = {**recording[question], **known}
    return recording


def _collect(recording: dict[str, Any], **options: Any) -> record.Section:
    section = record.Section("kernel")
    kernel_section.collect(RecordedHost(recording), section, options)
    return section


def _reason(section: record.Section, path: str) -> str:
    """The reason of the one null at a path."""
    reasons = [null["reason"] for null in section.nulls if null["fact"] == "kernel." + path]
    assert len(reasons) == 1, (path, section.nulls)
    return reasons[0]


APT = " ".join(on_offer.apt_command("cloud-amd64", ["linux-image-cloud-amd64"]))


def _debian(**answers: Any) -> dict[str, Any]:
    read = {DPKG_STATUS: _text("debian12.status"), **answers.pop("read", {})}
    stat = {"/boot/vmlinuz-6.1.0-56-cloud-amd64": _stat(0), "/var/lib/apt/lists/partial": _stat(NOW - 3600), **answers.pop("stat", {})}
    lists = ["deb.example.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4", "partial"]
    listdir = {"/var/lib/apt/lists": lists, **answers.pop("listdir", {})}
    run = {APT: _text("debian12_apt_show.txt"), **answers.pop("run", {})}
    return _host('ID=debian\nVERSION_ID="12"\n', "6.1.0-56-cloud-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-10-01)",
                 read=read, stat=stat, listdir=listdir, run=run, **answers)


def test_a_debian_host_that_was_updated_in_place_runs_the_older_package_version() -> None:
    facts = _collect(_debian()).facts
    assert facts["running"] == {
        "release": "6.1.0-56-cloud-amd64", "version": "#1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-10-01)", "flavour": "cloud-amd64",
        "package": "linux-image-6.1.0-56-cloud-amd64", "package_version": "6.1.190-1"}
    assert facts["installed"] == [{
        "release": "6.1.0-56-cloud-amd64", "flavour": "cloud-amd64", "package": "linux-image-6.1.0-56-cloud-amd64", "package_version": "6.1.192-2",
        "source": "linux", "packages": ["linux-image-6.1.0-56-cloud-amd64"], "complete": True, "image": "/boot/vmlinuz-6.1.0-56-cloud-amd64",
        "image_present": True, "image_altered": None, "initrd": None, "initrd_missing": None}]
    assert facts["newest_installed"] == {"release": "6.1.0-56-cloud-amd64", "package_version": "6.1.192-2"}
    assert facts["version_order"] == "dpkg"
    assert facts["managers"] == []


def test_a_debian_hosts_offer_has_version_repository_and_cache_age() -> None:
    section = _collect(_debian())
    assert section.facts["available"] == {
        "release": "6.1.0-56-cloud-amd64", "package": "linux-image-6.1.0-56-cloud-amd64", "package_version": "6.1.192-2",
        "repository": "deb.example.org/debian-security bookworm-security/main", "phased": False, "hidden": [], "held": [], "cache_age_seconds": 3600,
        "live_patchable": None}
    assert section.evidence["kernel.available.release"] == APT
    assert section.evidence["kernel.installed"] == DPKG_STATUS


def test_apt_is_told_to_leave_no_cache_behind() -> None:
    words = APT.split()
    assert "Dir::Cache::pkgcache=" in words
    assert "Dir::Cache::srcpkgcache=" in words
    assert "update" not in words


def test_an_image_that_is_gone_is_said_to_be() -> None:
    recording = _debian()
    del recording["stat"]["/boot/vmlinuz-6.1.0-56-cloud-amd64"]
    installed = _collect(recording).facts["installed"][0]
    assert (installed["image"], installed["image_present"]) == ("/boot/vmlinuz-6.1.0-56-cloud-amd64", False)


def test_images_of_no_package_are_named_and_rescue_images_are_not() -> None:
    names = ["vmlinuz-6.1.0-56-cloud-amd64", "vmlinuz-9.9.9-hand", "vmlinuz-0-rescue-4e6f", "vmlinuz-6.9.3", "initrd.img-9.9.9-hand", "grub"]
    built = "\nPackage: linux-image-6.9.3\nStatus: install ok installed\nVersion: 6.9.3-1\n"
    recording = _debian(read={DPKG_STATUS: _text("debian12.status") + built}, listdir={"/boot": names})
    assert _collect(recording).facts["stray_images"] == ["/boot/vmlinuz-9.9.9-hand"]


def test_images_of_other_processors_are_strays_as_well_and_packaged_copies_are_none() -> None:
    """vmlinux boots POWER; SUSE's packages put a compressed vmlinux beside the image."""
    names = ["vmlinuz-6.1.0-56-cloud-amd64", "vmlinux-6.1.0-56-cloud-amd64.gz", "vmlinux-6.9.9-hand", "bzImage-6.9.9", "vmlinux.debug"]
    assert _collect(_debian(listdir={"/boot": names})).facts["stray_images"] == ["/boot/vmlinux-6.9.9-hand", "/boot/bzImage-6.9.9"]


def test_a_boot_folder_that_cannot_be_read_is_a_reason() -> None:
    section = _collect(_debian(listdir={"/boot": {"problem": "needs_root", "detail": "Permission denied"}}))
    assert _reason(section, "stray_images") == "needs_root"


def test_available_is_not_looked_for_unless_asked_but_holds_are_free() -> None:
    recording = _debian(read={DPKG_STATUS: _text("debian12.status").replace("Status: install ok", "Status: hold ok")})
    recording["run"] = {}
    section = _collect(recording, available=False)
    assert section.facts["available"]["held"] == ["linux-image-6.1.0-56-cloud-amd64", "linux-image-cloud-amd64"]
    for name in ("release", "package", "package_version", "repository", "phased", "hidden", "cache_age_seconds"):
        assert section.facts["available"][name] is None
        assert _reason(section, "available." + name) == "not_asked"


def test_without_package_indexes_the_cache_is_empty_and_apt_is_not_run() -> None:
    recording = _debian(listdir={"/var/lib/apt/lists": ["lock", "partial"]}, run={APT: {"problem": "deadline", "detail": "must not be asked"}})
    assert _reason(_collect(recording), "available.release") == "empty_cache"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([100, "", "\nWARNING: apt does not have a stable CLI interface.\n\nE: No packages found\n"], "absent"),
        ([100, "", "E: The package lists or status file could not be parsed or opened.\n"], "tool_failed"),
        ({"problem": "tool_missing", "detail": "apt"}, "tool_missing"),
        ({"problem": "deadline", "detail": "apt: no answer in 60 s"}, "deadline"),
        ([0, "Paket: linux-image-cloud-amd64\nVersion: 1\n", ""], "absent"),
    ],
)
def test_an_apt_that_cannot_answer_is_a_reason(answer: Any, reason: str) -> None:
    section = _collect(_debian(run={APT: answer}))
    assert section.facts["available"]["release"] is None
    assert _reason(section, "available.release") == reason
    assert section.facts["available"]["cache_age_seconds"] == 3600


def test_pins_of_kernels_are_reported_with_their_file() -> None:
    path = "/etc/apt/preferences.d/no-kernels"
    recording = _debian(read={path: "Package: linux-image-*\nPin: release *\nPin-Priority: -1\n"})
    assert _collect(recording).facts["available"]["held"] == [f"linux-image-*: release *, priority -1 ({path})"]


def test_a_host_whose_kernel_is_of_no_package_says_so_and_runs_nothing() -> None:
    status = "Package: bash\nStatus: install ok installed\nVersion: 5.2-1\n"
    recording = _debian(read={DPKG_STATUS: status}, run={APT: {"problem": "deadline", "detail": "must not be asked"}})
    recording["uname"] = ["Linux", "host", "6.18.44-fc-v657", "#1 SMP PREEMPT_DYNAMIC @0", "x86_64"]
    section = _collect(recording)
    assert section.facts["installed"] == []
    assert section.facts["running"]["package"] is None
    assert _reason(section, "running.package") == "absent"
    assert _reason(section, "running.package_version") == "absent"
    assert _reason(section, "newest_installed.release") == "absent"
    assert _reason(section, "available.release") == "not_applicable"


def test_ubuntu_takes_the_running_version_from_the_signature_and_compares_within_its_flavour() -> None:
    command = " ".join(on_offer.apt_command("generic", ["linux-image-generic"]))
    recording = _host(
        "ID=ubuntu\nID_LIKE=debian\n", "5.15.0-116-generic", "#126-Ubuntu SMP Mon Jul 1 10:14:24 UTC 2024",
        read={DPKG_STATUS: _text("ubuntu2204.status"), "/proc/version_signature": "Ubuntu 5.15.0-116.126-generic 5.15.158\n"},
        stat={"/var/lib/apt/periodic/update-success-stamp": _stat(NOW - 60), "/var/lib/apt/lists/partial": _stat(NOW - 5)},
        listdir={"/var/lib/apt/lists": ["mirror_ubuntu_dists_jammy_main_binary-amd64_Packages"]},
        run={command: _text("ubuntu2204_apt_show.txt")})
    section = _collect(recording)
    assert section.facts["running"]["package_version"] == "5.15.0-116.126"
    assert section.evidence["kernel.running.package_version"] == "/proc/version_signature"
    assert section.facts["newest_installed"] == {"release": "5.15.0-117-generic", "package_version": "5.15.0-117.127"}
    available = section.facts["available"]
    assert (available["release"], available["phased"], available["cache_age_seconds"]) == ("5.15.0-119-generic", True, 60)
    assert available["held"] == ["linux-generic", "linux-image-5.15.0-117-generic"]


RPM = " ".join(rpm.QUERY)
DNF = " ".join(("/usr/libexec/platform-python", "-s", "-B", "-c", DNF_QUERY, "kernel-uname-r,kernel-core"))


def _redhat(os_release: str, release: str, fixture: str, **answers: Any) -> dict[str, Any]:
    read = {"/usr/bin/dnf-3": "#!/usr/libexec/platform-python\n# dnf\n", **answers.pop("read", {})}
    run = {RPM: [2, _text(fixture), ""], **answers.pop("run", {})}
    return _host(os_release, release, "#1 SMP PREEMPT_DYNAMIC Thu Apr 25 00:00:00 EDT 2024", read=read, run=run, **answers)


def test_el9_maps_the_running_kernel_by_its_provide_and_asks_dnfs_cache() -> None:
    recording = _redhat(
        "ID=rhel\nID_LIKE=fedora\n", "5.14.0-427.13.1.el9_4.x86_64", "rhel9_rpm.txt", run={DNF: _text("rhel9_dnf.txt")},
        read={"/etc/dnf/plugins/versionlock.list": "kernel-core-0:5.14.0-427.13.1.el9_4.*\n",
              "/etc/dnf/dnf.conf": "[main]\nexclude=kernel-core-5.14.0-503*\n"},
        stat={"/lib/modules/5.14.0-427.13.1.el9_4.x86_64/vmlinuz": _stat(0)})
    section = _collect(recording)
    running = section.facts["running"]
    assert (running["flavour"], running["package"], running["package_version"]) == ("standard", "kernel-core", "5.14.0-427.13.1.el9_4")
    assert section.facts["newest_installed"] == {"release": "5.14.0-503.11.1.el9_5.x86_64", "package_version": "5.14.0-503.11.1.el9_5"}
    assert section.facts["version_order"] == "rpm"
    assert {item["release"]: item["image"] for item in section.facts["installed"] if item["image_present"]} == {
        "5.14.0-427.13.1.el9_4.x86_64": "/lib/modules/5.14.0-427.13.1.el9_4.x86_64/vmlinuz"}
    assert section.facts["available"] == {
        "release": "5.14.0-427.13.1.el9_4.x86_64", "package": "kernel-core", "package_version": "5.14.0-427.13.1.el9_4", "repository": "baseos",
        "phased": False, "hidden": ["kernel-core-5.14.0-503.11.1.el9_5"], "cache_age_seconds": 7300, "live_patchable": [],
        "held": ["kernel-core-0:5.14.0-427.13.1.el9_4.* (/etc/dnf/plugins/versionlock.list)", "kernel-core-5.14.0-503* (/etc/dnf/dnf.conf)"]}


@pytest.mark.parametrize(
    ("release", "flavour", "newest"),
    [
        ("4.18.0-553.16.1.el8_10.x86_64", "standard", "4.18.0-553.16.1.el8_10.x86_64"),
        ("5.4.17-2136.335.4.el8uek.x86_64", "uek", "5.15.0-305.176.4.el8uek.x86_64"),
    ],
)
def test_oracles_two_kernels_are_never_compared_with_each_other(release: str, flavour: str, newest: str) -> None:
    facts = _collect(_redhat("ID=ol\nID_LIKE=fedora\n", release, "oracle8_rpm.txt"), available=False).facts
    assert facts["running"]["flavour"] == flavour
    assert facts["newest_installed"]["release"] == newest
    assert len(facts["installed"]) == 3


def test_a_running_kernel_whose_package_is_removed_keeps_its_flavour_and_has_no_version() -> None:
    section = _collect(_redhat("ID=rhel\n", "5.14.0-362.8.1.el9_3.x86_64+debug", "rhel9_rpm.txt"), available=False)
    assert section.facts["running"]["flavour"] == "debug"
    assert _reason(section, "running.package_version") == "absent"
    assert section.facts["newest_installed"]["release"] == "5.14.0-503.11.1.el9_5.x86_64+debug"


@pytest.mark.parametrize(
    ("read", "run", "reason"),
    [
        ({"/usr/bin/dnf-3": "#!/home/user/python\n"}, {}, "unparsable"),
        ({}, {DNF: [1, "", "Traceback\nModuleNotFoundError: No module named 'dnf'\n"]}, "tool_failed"),
        ({}, {DNF: ""}, "empty_cache"),
        ({}, {DNF: "repository\tbaseos\t5\n"}, "absent"),
        ({}, {}, "tool_missing"),
    ],
)
def test_a_dnf_that_cannot_answer_is_a_reason(read: dict[str, str], run: dict[str, Any], reason: str) -> None:
    section = _collect(_redhat("ID=rhel\n", "5.14.0-427.13.1.el9_4.x86_64", "rhel9_rpm.txt", read=read, run=run))
    assert _reason(section, "available.release") == reason


def test_suse_maps_by_the_provide_and_reads_zyppers_cache() -> None:
    command = " ".join((*on_offer.ZYPPER, "kernel-default"))
    recording = _redhat(
        "ID=sles\nID_LIKE=suse\n", "6.4.0-150600.23.7-default", "suse15_rpm.txt", run={command: _text("suse_zypper.xml")},
        read={"/etc/zypp/locks": "type: package\nsolvable_name: kernel-default\n"},
        stat={"/usr/bin/zypper": _stat(0), "/var/cache/zypp/raw/SLES-Updates/cookie": _stat(NOW - 90)},
        listdir={"/var/cache/zypp/raw": ["SLES-Updates"]})
    section = _collect(recording)
    assert section.facts["running"]["package_version"] == "6.4.0-150600.23.7.3"
    assert section.facts["newest_installed"]["release"] == "6.4.0-150600.23.14-default"
    available = section.facts["available"]
    assert (available["release"], available["package_version"]) == ("6.4.0-150600.23.100-default", "6.4.0-150600.23.100.1")
    assert (available["cache_age_seconds"], available["held"]) == (90, ["kernel-default (/etc/zypp/locks)"])


@pytest.mark.parametrize(("touched", "age"), [(NOW - 90, 90), (NOW + 60, 0), (NOW + 86400, None)])
def test_a_stamp_of_the_future_tells_no_age_of_zyppers_cache(touched: float, age: int | None) -> None:
    recording = _redhat(
        "ID=sles\nID_LIKE=suse\n", "6.4.0-150600.23.7-default", "suse15_rpm.txt",
        run={" ".join((*on_offer.ZYPPER, "kernel-default")): _text("suse_zypper.xml")}, listdir={"/var/cache/zypp/raw": ["SLES-Updates"]},
        stat={"/usr/bin/zypper": _stat(0), "/var/cache/zypp/raw/SLES-Updates/cookie": _stat(touched)})
    available = _collect(recording).facts["available"]
    assert (available["release"], available["cache_age_seconds"]) == ("6.4.0-150600.23.100-default", age)


def test_amazons_second_kernel_is_a_flavour_of_its_own() -> None:
    facts = _collect(_redhat("ID=amzn\nID_LIKE=fedora\n", "6.1.115-126.197.amzn2023.x86_64", "amazon2023_rpm.txt"), available=False).facts
    assert facts["running"]["package"] == "kernel"
    assert facts["newest_installed"]["release"] == "6.1.115-126.197.amzn2023.x86_64"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([1, "", "error: cannot open Packages database in /var/lib/rpm\n"], "tool_failed"),
        ({"problem": "deadline", "detail": "rpm: no answer in 20 s"}, "deadline"),
        ([0, "kernel\tkernel-core\t0\t5 14\t1\tx86_64\tkernel-uname-r=1 \n", ""], "unparsable"),
    ],
)
def test_a_broken_rpm_database_is_never_a_host_without_kernels(answer: Any, reason: str) -> None:
    section = _collect(_redhat("ID=rhel\n", "5.14.0-427.13.1.el9_4.x86_64", "rhel9_rpm.txt", run={RPM: answer}))
    for path in ("installed", "newest_installed.release", "running.package", "available.held", "available.cache_age_seconds", "version_order"):
        assert _reason(section, path) == reason


def test_an_rpm_host_without_kernels_has_an_empty_list() -> None:
    nobody = "no package provides kernel-uname-r\nno package provides kernel-uek\nno package provides kernel-uek-core\n"
    section = _collect(_redhat("ID=rhel\n", "6.18.44", "rhel9_rpm.txt", run={RPM: [3, nobody, ""]}))
    assert section.facts["installed"] == []
    assert _reason(section, "newest_installed.release") == "absent"


def test_in_a_container_the_kernels_packages_belong_to_its_host() -> None:
    recording = _debian(read={"/run/systemd/container": "docker\n"})
    section = _collect(recording)
    assert section.facts["running"]["release"] == "6.1.0-56-cloud-amd64"
    for path in ("running.package", "running.package_version", "installed", "newest_installed.release", "available.release", "available.held",
                 "managers", "default_boot.release", "one_shot.set"):
        assert _reason(section, path) == "in_container"


def test_an_image_based_host_has_its_kernel_and_no_offer_of_packages() -> None:
    ostree = _collect(_redhat("ID=fedora\n", "5.14.0-427.13.1.el9_4.x86_64", "rhel9_rpm.txt", stat={"/run/ostree-booted": _stat(0)}))
    assert ostree.facts["running"]["package"] == "kernel-core"
    assert _reason(ostree, "available.release") == "image_based"
    flatcar = _collect(_host("ID=flatcar\n", "6.6.54-flatcar", "#1 SMP PREEMPT_DYNAMIC"))
    for path in ("installed", "running.package", "available.release", "newest_installed.release"):
        assert _reason(flatcar, path) == "image_based"


def test_a_host_of_another_package_manager_is_unsupported() -> None:
    section = _collect(_host("ID=alpine\n", "6.6.54-0-lts", "#1-Alpine SMP PREEMPT_DYNAMIC"))
    assert _reason(section, "installed") == "unsupported"
    assert section.facts["running"]["flavour"] == "lts"


def test_a_damaged_status_file_is_unparsable() -> None:
    assert _reason(_collect(_debian(read={DPKG_STATUS: ""})), "installed") == "unparsable"
    assert _reason(_collect(_debian(read={DPKG_STATUS: {"problem": "needs_root", "detail": "Permission denied"}})), "installed") == "needs_root"


def test_managers_tell_whether_they_work_by_themselves() -> None:
    wants = "/etc/systemd/system/timers.target.wants/"
    recording = _debian(
        read={
            "/etc/apt/apt.conf.d/20auto-upgrades": 'APT::Periodic::Unattended-Upgrade "1";\n',
            "/etc/apt/apt.conf.d/50unattended-upgrades": 'Unattended-Upgrade::Package-Blacklist { "linux-"; };\n',
            "/etc/apt/apt.conf.d/50unattended-upgrades.ucf-dist": 'APT::Periodic::Unattended-Upgrade "0";\n',
            "/etc/rhsm/rhsm.conf": "[server]\nhostname = satellite.example.org\n",
            "/etc/dnf/automatic.conf": "[commands]\napply_updates = no\n[base]\nexcludepkgs = kernel*\n"},
        stat={"/usr/bin/unattended-upgrade": _stat(0), "/etc/landscape/client.conf": _stat(0), "/etc/pki/consumer/cert.pem": _stat(0),
              "/usr/bin/dnf-automatic": _stat(0), wants + "dnf-automatic.timer@link": _stat(0), wants + "apt-daily-upgrade.timer@link": _stat(0)})
    assert _collect(recording).facts["managers"] == [
        {"name": "dnf-automatic", "active": False, "detail": "dnf-automatic.timer, apply_updates no; never touches kernel*"},
        {"name": "landscape", "active": False, "detail": "installed, not enabled"},
        {"name": "satellite", "active": True, "detail": "registered with satellite.example.org"},
        {"name": "unattended-upgrades", "active": True, "detail": "APT::Periodic::Unattended-Upgrade 1; never touches linux-"}]


@pytest.mark.parametrize(("folder", "masked", "active"), [
    ("multi-user.target.wants", "", True), ("basic.target.wants", "", True), ("ssh.service.requires", "", True), ("multi-user.target.d", "", False),
    ("multi-user.target.wants", "/dev/null", False)])
def test_any_unit_may_want_a_managers(folder: str, masked: str, active: bool) -> None:
    """systemd.unit(5): .wants/ and .requires/ beside any unit pull in what is linked there; masking leaves the links."""
    link = f"/etc/systemd/system/{folder}/landscape-client.service"
    recording = _debian(stat={"/etc/landscape/client.conf": _stat(0), f"{link}@link": _stat(0)}, listdir={"/etc/systemd/system": [folder]},
                        readlink={"/etc/systemd/system/landscape-client.service": masked} if masked else {})
    (manager,) = _collect(recording).facts["managers"]
    assert manager["active"] is active


@pytest.mark.parametrize(("more", "word"), [
    ({"readlink": {"/etc/systemd/system/apt-daily-upgrade.timer": "/dev/null"}}, "masked"),
    ({"listdir": {"/etc/systemd/system/timers.target.wants": ["apt-daily.timer", "fstrim.timer"]}}, "disabled"),
])
def test_unattended_upgrades_that_nothing_starts_is_not_active(more: dict[str, Any], word: str) -> None:
    recording = _debian(read={"/etc/apt/apt.conf.d/20auto-upgrades": 'APT::Periodic::Unattended-Upgrade "1";\n'},
                        stat={"/usr/bin/unattended-upgrade": _stat(0)}, **more)
    (manager,) = _collect(recording).facts["managers"]
    assert (manager["active"], manager["detail"]) == (False, f"APT::Periodic::Unattended-Upgrade 1; apt-daily-upgrade.timer is {word}")


def _paths(value: Any, prefix: str = "") -> set[str]:
    if isinstance(value, dict):
        return {path for key, item in value.items() for path in _paths(item, f"{prefix}.{key}" if prefix else key)}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {path for item in value for path in _paths(item, prefix + "[]")}
    return {prefix}


@pytest.mark.parametrize("recording", [
    _debian(), _redhat("ID=ol\n", "5.4.17-2136.335.4.el8uek.x86_64", "oracle8_rpm.txt"), _host("ID=alpine\n", "6.6.54-0-lts", "#1")])
def test_every_fact_is_declared_and_every_null_has_one_reason(recording: dict[str, Any]) -> None:
    section = _collect(recording)
    written = _paths(section.facts)
    declared = {fact.path for fact in FACTS}
    assert written - declared == set()
    json.dumps(section.facts)
    for null in section.nulls:
        assert null["reason"] in record.REASONS
    assert len({null["fact"] for null in section.nulls}) == len(section.nulls)

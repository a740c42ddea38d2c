# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernels of Debian and its relatives on whole hosts: whose a kernel is by files, its line by what brings it, its version by its own word."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host import record
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel import section as kernel_section
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import available, rpm
from recorded_host import RecordedHost

NOW = 1800000000.0
INFO = "/var/lib/dpkg/info"


def package(name: str, version: str, state: str = "installed", depends: str = "", source: str = "") -> str:
    fields = [f"Package: {name}", f"Status: install ok {state}", "Architecture: amd64", f"Version: {version}"]
    fields += [f"Depends: {depends}"] if depends else []
    return "\n".join(fields + ([f"Source: {source}"] if source else [])) + "\n\n"


def usual(release: str) -> str:
    """What is in a package that holds image and modules."""
    return f"/boot/vmlinuz-{release}\n/lib/modules/{release}/kernel\n/lib/modules/{release}/modules.builtin\n"


def host(uname: tuple[str, str], packages: list[str], lists: dict[str, str], boot: list[str] | None = None, **answers: Any) -> dict[str, Any]:
    images = {path for text in lists.values() for path in text.split() if path.startswith("/boot/vmlinuz-")}
    names = [path.rpartition("/")[2] for path in sorted(images)] if boot is None else boot
    read = {"/etc/os-release": "ID=debian\n", "/proc/1/cgroup": "0::/init.scope\n",
            "/var/lib/dpkg/status": package("bash", "5") + "".join(packages), **{f"{INFO}/{name}.list": text for name, text in lists.items()}}
    stat = {f"/boot/{name}": ["file", 0o644, 0, 0, 0, 0, 0, 1, 1] for name in names}
    return {"now": NOW, "uname": ["Linux", "host", *uname, "x86_64"], "read": {**read, **answers.pop("read", {})}, "stat": stat,
            "listdir": {"/boot": names, **answers.pop("listdir", {})}, "run": answers.pop("run", {}), **answers}


def collect(recording: dict[str, Any], **options: Any) -> record.Section:
    section = record.Section("kernel")
    kernel_section.collect(RecordedHost(recording), section, {"available": False, **options})
    return section


RPI = host(("6.1.0-rpi7-rpi-v8", "#1 SMP PREEMPT Debian 1:6.1.63-1+rpt1 (2023-11-24)"),
           [package("linux-image-6.1.0-rpi7-rpi-v8", "1:6.1.63-1+rpt1"), package("linux-image-6.1.0-rpi8-rpi-v8", "1:6.1.73-1+rpt1"),
            package("linux-image-rpi-v8", "1:6.1.73-1+rpt1", depends="linux-image-6.1.0-rpi8-rpi-v8 (= 1:6.1.73-1+rpt1)")],
           {f"linux-image-{release}": usual(release) for release in ("6.1.0-rpi7-rpi-v8", "6.1.0-rpi8-rpi-v8")})
KALI = host(("6.5.0-kali2-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.5.3-1kali2 (2023-10-03)"),
            [package("linux-image-6.5.0-kali2-amd64", "6.5.3-1kali2"), package("linux-image-6.5.0-kali3-amd64", "6.5.6-1kali1"),
             package("linux-image-amd64", "6.5.6-1kali1", depends="linux-image-6.5.0-kali3-amd64 (= 6.5.6-1kali1)")],
            {f"linux-image-{release}": usual(release) for release in ("6.5.0-kali2-amd64", "6.5.0-kali3-amd64")})
PVE8 = host(("6.8.12-13-pve", "#1 SMP PREEMPT_DYNAMIC PMX 6.8.12-13 (2025-07-22T10:00Z)"),
            [package("proxmox-kernel-6.8.12-13-pve-signed", "6.8.12-13"), package("proxmox-kernel-6.14.8-2-bpo12-pve-signed", "6.14.8-2~bpo12+1"),
             package("proxmox-kernel-6.8", "6.8.12-13", depends="proxmox-kernel-6.8.12-13-pve-signed | proxmox-kernel-6.8.12-13-pve")],
            {f"proxmox-kernel-{release}-signed": usual(release) for release in ("6.8.12-13-pve", "6.14.8-2-bpo12-pve")})
UNSIGNED = host(("6.1.0-28-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)"),
                [package("linux-image-6.1.0-28-amd64-unsigned", "6.1.119-1"), package("linux-image-6.1.0-25-amd64", "6.1.106-3")],
                {"linux-image-6.1.0-28-amd64-unsigned": usual("6.1.0-28-amd64"), "linux-image-6.1.0-25-amd64": usual("6.1.0-25-amd64")})
ARMBIAN = host(("6.6.39-current-rockchip64", "#1 SMP PREEMPT Thu Jul 11 10:49:23 UTC 2024"), [package("linux-image-current-rockchip64", "24.5.3")],
               {"linux-image-current-rockchip64": usual("6.6.39-current-rockchip64")})
BINDEB = host(("6.1.55", "#1 SMP PREEMPT_DYNAMIC Sat Oct 7 10:00:00 UTC 2023"),
              [package("linux-image-6.1.55", "6.1.55-1"), package("linux-image-6.1.60", "6.1.60-1")],
              {f"linux-image-{release}": usual(release) for release in ("6.1.55", "6.1.60")})
I386 = host(("6.1.0-28-686", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)"),
            [package("linux-image-6.1.0-28-686", "6.1.119-1"), package("linux-image-6.1.0-28-686-pae", "6.1.119-1")],
            {f"linux-image-{release}": usual(release) for release in ("6.1.0-28-686", "6.1.0-28-686-pae")})
FORKY = "7.2.13+deb14-cloud-amd64"
SPLIT = host((FORKY, "#1 SMP PREEMPT_DYNAMIC Debian 7.2.13-1 (2026-10-20)"),
             [package(f"linux-image-{FORKY}", "7.2.13-1", depends=f"linux-base, linux-binary-{FORKY} (= 7.2.13-1), linux-modules-{FORKY}"),
              package(f"linux-binary-{FORKY}", "7.2.13-1"), package(f"linux-modules-{FORKY}", "7.2.13-1", depends=f"linux-base-{FORKY} (= 7.2.13-1)"),
              package(f"linux-base-{FORKY}", "7.2.13-1"), package(f"linux-headers-{FORKY}", "7.2.13-1", depends=f"linux-image-{FORKY}"),
              package("linux-image-cloud-amd64", "7.2.13-1", depends=f"linux-image-{FORKY} (= 7.2.13-1)")],
             {f"linux-image-{FORKY}": f"/usr/share/doc/linux-image-{FORKY}\n", f"linux-binary-{FORKY}": f"/usr/lib/modules/{FORKY}/vmlinuz\n",
              f"linux-modules-{FORKY}": f"/usr/lib/modules/{FORKY}/kernel\n/usr/lib/modules/{FORKY}/modules.builtin\n",
              "linux-image-cloud-amd64": "/usr/share/doc/linux-image-cloud-amd64\n"}, [f"vmlinuz-{FORKY}"])
FDE = "6.8.0-1044-azure-fde"
# canonical/nullboot takes its kernels from /usr/lib/linux/efi, microsoft/lisa#3209 finds them on the partition; no vmlinuz is there.
CONFIDENTIAL = host((FDE, "#50~22.04.1-Ubuntu SMP"),
                    [package(f"linux-image-{FDE}", "6.8.0-1044.50~22.04.1"), package("linux-modules-6.8.0-1044-azure", "6.8.0-1044.50~22.04.1"),
                     package("linux-image-azure-fde", "6.8.0-1044.50~22.04.1", depends=f"linux-image-{FDE} (= 6.8.0-1044.50~22.04.1)")],
                    {f"linux-image-{FDE}": f"/usr/lib/linux/efi/kernel.efi-{FDE}\n",
                     "linux-modules-6.8.0-1044-azure": f"/lib/modules/{FDE}/kernel\n/lib/modules/{FDE}/modules.builtin\n"}, [])
CONFIDENTIAL["stat"][f"/usr/lib/linux/efi/kernel.efi-{FDE}"] = ["file", 0o644, 0, 0, 0, 0, 0, 1, 1]
NAMELESS = host(("6.12.1-acme9", "#1 SMP PREEMPT_DYNAMIC"), [package("vendor-bsp", "2.1")], {"vendor-bsp": usual("6.12.1-acme9")},
                run={" ".join(("dpkg-query", "-S", "/boot/vmlinuz-6.12.1-acme9", "/boot/vmlinux-6.12.1-acme9", "/boot/Image-6.12.1-acme9",
                               "/lib/modules/6.12.1-acme9/vmlinuz", "/lib/modules/6.12.1-acme9/modules.builtin",
                               "/usr/lib/modules/6.12.1-acme9/vmlinuz", "/usr/lib/modules/6.12.1-acme9/modules.builtin")):
                     [1, "vendor-bsp: /boot/vmlinuz-6.12.1-acme9\n", "dpkg-query: no path found matching pattern ...\n"]})


@pytest.mark.parametrize(
    ("recording", "flavour", "owner", "version", "newest"),
    [
        pytest.param(RPI, "rpi-v8", "linux-image-6.1.0-rpi7-rpi-v8", "1:6.1.63-1+rpt1", "6.1.0-rpi8-rpi-v8", id="Raspberry Pi OS 12"),
        pytest.param(KALI, "amd64", "linux-image-6.5.0-kali2-amd64", "6.5.3-1kali2", "6.5.0-kali3-amd64", id="Kali 2023.4"),
        pytest.param(PVE8, "pve", "proxmox-kernel-6.8.12-13-pve-signed", "6.8.12-13", "6.14.8-2-bpo12-pve", id="Proxmox VE 8, opt-in kernel"),
        pytest.param(UNSIGNED, "amd64", "linux-image-6.1.0-28-amd64-unsigned", "6.1.119-1", "6.1.0-28-amd64", id="Debian 12, -unsigned"),
        pytest.param(ARMBIAN, "current-rockchip64", "linux-image-current-rockchip64", None, "6.6.39-current-rockchip64", id="Armbian"),
        pytest.param(BINDEB, "", "linux-image-6.1.55", "6.1.55-1", "6.1.60", id="make bindeb-pkg"),
        pytest.param(I386, "686", "linux-image-6.1.0-28-686", "6.1.119-1", "6.1.0-28-686", id="Debian 12 i386"),
        pytest.param(SPLIT, "cloud-amd64", f"linux-image-{FORKY}", "7.2.13-1", FORKY, id="Debian forky, kernel in parts"),
        pytest.param(CONFIDENTIAL, "azure-fde", f"linux-image-{FDE}", "6.8.0-1044.50~22.04.1", FDE, id="Ubuntu for confidential machines"),
        pytest.param(NAMELESS, "acme9", "vendor-bsp", None, "6.12.1-acme9", id="a package whose name says nothing"),
    ],
)
def test_a_kernel_has_its_package_its_line_and_its_version(
    recording: dict[str, Any], flavour: str, owner: str, version: str | None, newest: str
) -> None:
    facts = collect(recording).facts
    running = facts["running"]
    assert (running["flavour"], running["package"], running["package_version"]) == (flavour, owner, version)
    assert facts["newest_installed"]["release"] == newest
    assert facts["stray_images"] == []


@pytest.mark.parametrize("kernels", ["pc-kernel_2488.snap", "pc-kernel_2488.snap,pc-kernel_2501.snap"])
def test_a_kernel_of_snapds_is_no_kernel_of_nobodys(kernels: str) -> None:
    """An Ubuntu whose disk is sealed to its TPM (canonical/models#24) has no kernel of dpkg's: snapd's modeenv names what boots."""
    modeenv = f"mode=run\ncurrent_recovery_systems=20240603\ncurrent_kernels={kernels}\nmodel=canonical/ubuntu-classic-2604-amd64\n"
    section = collect(host(("7.0.0-29-generic", "#29-Ubuntu SMP PREEMPT_DYNAMIC Fri Jul 17 20:52:35 UTC 2026"), [], {}, [],
                           read={"/var/lib/snapd/modeenv": modeenv, "/boot/grub/grub.cfg": "menuentry 'x' { chainloader /kernel.efi }\n"}))
    why = {null["fact"]: (null["reason"], null["detail"]) for null in section.nulls}
    assert why["kernel.running.package"] == ("image_based", f"snapd brings the kernel ({kernels.replace(',', ', ')}); snap list --all would tell")
    assert why["kernel.installed"][0] == "image_based"
    assert why["kernel.default_boot.release"] == (
        "unsupported", f"snapd chooses what boots ({kernels.replace(',', ', ')}); snap list --all would tell")


def test_snapd_without_a_kernel_changes_nothing() -> None:
    recording = {**RPI, "read": {**RPI["read"], "/var/lib/snapd/modeenv": "mode=install\n"}}
    assert collect(recording).facts == collect(RPI).facts


def test_a_unified_image_below_usr_is_the_packages_image() -> None:
    installed = collect(CONFIDENTIAL).facts["installed"][0]
    assert (installed["image"], installed["image_present"]) == (f"/usr/lib/linux/efi/kernel.efi-{FDE}", True)


@pytest.mark.parametrize(("recording", "flavour", "owner", "newest"), [
    (RPI, "rpi-v8", "linux-image-6.1.0-rpi7-rpi-v8", "6.1.0-rpi8-rpi-v8"), (KALI, "amd64", "linux-image-6.5.0-kali2-amd64", "6.5.0-kali3-amd64"),
    (PVE8, "pve", "proxmox-kernel-6.8.12-13-pve-signed", "6.14.8-2-bpo12-pve"), (BINDEB, "", "linux-image-6.1.55", "6.1.60"),
    (UNSIGNED, "amd64", "linux-image-6.1.0-28-amd64-unsigned", "6.1.0-28-amd64"), (I386, "686", "linux-image-6.1.0-28-686", "6.1.0-28-686"),
    (SPLIT, "cloud-amd64", f"linux-image-{FORKY}", FORKY)])
def test_where_no_list_can_be_read_names_tell_what_they_can(recording: dict[str, Any], flavour: str, owner: str, newest: str) -> None:
    read = {path: text for path, text in recording["read"].items() if not path.startswith(INFO)}
    facts = collect({**recording, "read": read}).facts
    assert (facts["running"]["flavour"], facts["running"]["package"], facts["newest_installed"]["release"]) == (flavour, owner, newest)
    assert facts["stray_images"] == []


def _image_file(banner: str) -> dict[str, str]:
    """The parts of an x86 image that are read: the header with its pointer (0x20E), and the text that it points to."""
    header = bytearray(0x210)
    header[0x202:0x206] = b"HdrS"
    header[0x20E:0x210] = (0x3000).to_bytes(2, "little")
    return {"@0+528": b64encode(bytes(header)).decode(), "@12800+512": b64encode(banner.encode() + b"\0rest").decode()}


@pytest.mark.parametrize(("on_disk", "version"), [
    ("6.6.9-acme (ci@build) #7 SMP PREEMPT_DYNAMIC Sat Oct  7 10:00:00 UTC 2023", "2023.10"),
    ("6.6.9-acme (ci@build) #7 SMP PREEMPT_DYNAMIC Sun Nov 12 09:00:00 UTC 2023", None), ("6.6.9-acme", None)])
def test_a_build_that_runs_and_lies_on_disk_alike_is_its_packages(on_disk: str, version: str | None) -> None:
    recording = host(("6.6.9-acme", "#7 SMP PREEMPT_DYNAMIC Sat Oct  7 10:00:00 UTC 2023"), [package("linux-image-6.6.9-acme", "2023.10")],
                     {"linux-image-6.6.9-acme": usual("6.6.9-acme")},
                     read_bytes={f"/boot/vmlinuz-6.6.9-acme{place}": data for place, data in _image_file(on_disk).items()})
    assert collect(recording).facts["running"]["package_version"] == version


def test_a_kernel_in_parts_names_them_all_and_lies_where_its_hook_put_it() -> None:
    (image,) = collect(SPLIT).facts["installed"]
    assert image["packages"] == [f"linux-base-{FORKY}", f"linux-binary-{FORKY}", f"linux-image-{FORKY}", f"linux-modules-{FORKY}"]
    assert (image["image"], image["image_present"]) == (f"/boot/vmlinuz-{FORKY}", True)


def test_a_kernel_whose_parts_are_not_all_configured_is_incomplete() -> None:
    half = {**SPLIT["read"], "/var/lib/dpkg/status": SPLIT["read"]["/var/lib/dpkg/status"].replace(
        f"Package: linux-binary-{FORKY}\nStatus: install ok installed", f"Package: linux-binary-{FORKY}\nStatus: install ok half-configured")}
    assert [image["complete"] for image in collect({**SPLIT, "read": half}).facts["installed"]] == [False]


def test_a_kernel_that_dpkg_broke_off_to_unpack_is_named_and_incomplete() -> None:
    recording = host(("6.1.0-28-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)"),
                     [package("linux-image-6.1.0-28-amd64", "6.1.119-1"), package("linux-image-6.1.0-31-amd64", "6.1.128-1", "half-installed")],
                     {f"linux-image-{release}": usual(release) for release in ("6.1.0-28-amd64", "6.1.0-31-amd64")})
    facts = collect(recording).facts
    assert [(image["release"], image["complete"]) for image in facts["installed"]] == [("6.1.0-28-amd64", True), ("6.1.0-31-amd64", False)]
    assert facts["stray_images"] == []


def test_several_images_of_one_package_are_lines_of_their_own() -> None:
    releases = {"6.1.21+": "kernel.img", "6.1.21-v7+": "kernel7.img", "6.1.21-v8+": "kernel8.img"}
    text = "".join(f"/boot/{name}\n/lib/modules/{release}/kernel\n" for release, name in releases.items())
    recording = host(("6.1.21-v8+", "#1642 SMP PREEMPT Mon Apr  3 17:24:16 BST 2023"), [package("raspberrypi-kernel", "1:1.20230405-1")],
                     {"raspberrypi-kernel": text}, ["kernel.img", "kernel7.img", "kernel8.img"])
    facts = collect(recording).facts
    assert [(image["release"], image["flavour"], image["image"]) for image in facts["installed"]] == [
        ("6.1.21+", "", "/boot/kernel.img"), ("6.1.21-v7+", "v7+", "/boot/kernel7.img"), ("6.1.21-v8+", "v8+", "/boot/kernel8.img")]
    assert (facts["running"]["package"], facts["newest_installed"]["release"]) == ("raspberrypi-kernel", "6.1.21-v8+")


LISTS = {"/var/lib/apt/lists": ["mirror_debian_dists_bookworm_main_binary-amd64_Packages"]}


def _shown(name: str, version: str, depends: str = "", sources: str = "http://deb.example.org/debian bookworm/main amd64 Packages") -> str:
    return f"Package: {name}\nVersion: {version}\n" + (f"Depends: {depends}\n" if depends else "") + f"APT-Sources: {sources}\n\n"


def test_a_kernel_from_backports_beside_stables_meta_is_offered_what_backports_have() -> None:
    backports = "http://deb.example.org/debian bookworm-backports/main amd64 Packages"
    shown = (_shown("linux-image-amd64", "6.1.192-2", "linux-image-6.1.0-56-amd64 (= 6.1.192-2)") + _shown("linux-image-6.1.0-56-amd64", "6.1.192-2")
             + _shown("linux-image-6.12.12+bpo-amd64", "6.12.12-1~bpo12+1", sources=backports)
             + _shown("linux-image-6.12.22+bpo-amd64", "6.12.22-1~bpo12+1", sources=backports)
             + _shown("linux-image-6.12.30+bpo-rt-amd64", "6.12.30-1~bpo12+1", sources=backports))
    recording = host(("6.12.12+bpo-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.12-1~bpo12+1 (2025-02-20)"),
                     [package("linux-image-6.12.12+bpo-amd64", "6.12.12-1~bpo12+1"),
                      package("linux-image-amd64", "6.1.190-1", depends="linux-image-6.1.0-55-amd64 (= 6.1.190-1)")],
                     {"linux-image-6.12.12+bpo-amd64": usual("6.12.12+bpo-amd64")}, listdir=LISTS,
                     run={" ".join(available.apt_command("amd64", ["linux-image-amd64"])): shown})
    offer = collect(recording, available=True).facts["available"]
    assert (offer["release"], offer["package_version"]) == ("6.12.22+bpo-amd64", "6.12.22-1~bpo12+1")
    assert offer["repository"] == "deb.example.org/debian bookworm-backports/main"


def test_a_kernel_of_stable_is_not_offered_one_of_backports() -> None:
    shown = (_shown("linux-image-amd64", "6.1.192-2", "linux-image-6.1.0-56-amd64 (= 6.1.192-2)") + _shown("linux-image-6.1.0-56-amd64", "6.1.192-2")
             + _shown("linux-image-6.12.22+bpo-amd64", "6.12.22-1~bpo12+1"))
    recording = host(("6.1.0-56-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-10-20)"),
                     [package("linux-image-6.1.0-56-amd64", "6.1.192-2"),
                      package("linux-image-amd64", "6.1.192-2", depends="linux-image-6.1.0-56-amd64 (= 6.1.192-2)")],
                     {"linux-image-6.1.0-56-amd64": usual("6.1.0-56-amd64")}, listdir=LISTS,
                     run={" ".join(available.apt_command("amd64", ["linux-image-amd64"])): shown})
    assert collect(recording, available=True).facts["available"]["release"] == "6.1.0-56-amd64"


def test_proxmox_is_offered_what_its_default_kernel_leads_to() -> None:
    shown = (_shown("proxmox-kernel-6.8", "6.8.12-15", "proxmox-kernel-6.8.12-15-pve-signed | proxmox-kernel-6.8.12-15-pve")
             + _shown("proxmox-kernel-6.8.12-15-pve-signed", "6.8.12-15"))
    names = ["proxmox-kernel-6.8"]
    recording = {**PVE8, "listdir": {**PVE8["listdir"], **LISTS},
                 "run": {" ".join(available.apt_command("pve", names, ["proxmox-kernel-[0-9]*"])): shown}}
    section = collect(recording, available=True)
    # 6.14 is installed beside its meta, and nothing newer of the line is on offer.
    assert section.facts["available"]["release"] == "6.8.12-15-pve"


def test_a_kernel_that_is_replaced_in_place_is_offered_as_a_version_of_its_package() -> None:
    command = " ".join(available.apt_command("current-rockchip64", ["linux-image-current-rockchip64"]))
    recording = {**ARMBIAN, "listdir": {**ARMBIAN["listdir"], **LISTS}, "run": {command: _shown("linux-image-current-rockchip64", "24.8.1")}}
    section = collect(recording, available=True)
    offer = section.facts["available"]
    assert (offer["release"], offer["package"], offer["package_version"]) == (None, "linux-image-current-rockchip64", "24.8.1")


def test_xanmods_without_their_meta_package_are_one_line() -> None:
    """The names of XanMod's packages: 6.8.7-x64v4-xanmod1 and its rebuild -xanmod2."""
    releases = ("6.8.7-x64v4-xanmod1", "6.8.7-x64v4-xanmod2")
    facts = collect(host((releases[0], "#0~20240417.g1234567 SMP PREEMPT_DYNAMIC Wed Apr 17 12:00:00 UTC 2024"),
                         [package(f"linux-image-{release}", f"{release}-0~20240417.g1234567") for release in releases],
                         {f"linux-image-{release}": usual(release) for release in releases})).facts
    assert (facts["running"]["flavour"], facts["newest_installed"]["release"]) == ("x64v4-xanmod", releases[1])


RPM = " ".join(rpm.QUERY)
KNOWS_NONE = [3, "no package provides kernel-uname-r\npackage kernel-uek is not installed\npackage kernel-uek-core is not installed\n", ""]
PACMAN = {"/usr/bin/pacman": ["file", 0o755, 0, 0, 0, 0, 0, 1, 1]}


@pytest.mark.parametrize("answers", [
    {"run": {RPM: KNOWS_NONE}}, {"read": {"/var/lib/dpkg/status": ""}, "run": {RPM: KNOWS_NONE}}, {"read": {"/var/lib/dpkg/status": ""}}])
def test_a_manager_that_is_a_mere_tool_says_nothing_of_kernels(answers: dict[str, Any]) -> None:
    """Arch's packages rpm-tools and dpkg: their databases are there, and nothing of the host is in them."""
    recording: dict[str, Any] = {"uname": ["Linux", "host", "6.17.8-arch1-1", "#1 SMP", "x86_64"], "now": NOW, "stat": PACMAN,
                                 "listdir": {"/boot": ["vmlinuz-linux"], "/lib/modules": ["6.17.8-arch1-1"]}, **answers}
    recording["read"] = {"/etc/os-release": "ID=arch\n", "/proc/1/cgroup": "0::/init.scope\n", **answers.get("read", {})}
    section = collect(recording)
    assert section.facts["stray_images"] is section.facts["running"]["package"] is section.facts["available"]["held"] is None
    details = {null["detail"] for null in section.nulls if null["fact"] == "kernel.installed"}
    assert details == {"neither dpkg nor rpm manages this host; pacman -Qo /usr/lib/modules/*/vmlinuz would tell"}


def test_a_kernel_of_ones_own_on_a_system_that_rpm_keeps_is_a_stray() -> None:
    """Photon's rpm owns os-release, so that it is asked of kernels."""
    owner = " ".join(("rpm", "-qf", "--queryformat", "%{NAME}\\n", "/etc/os-release"))
    recording = {"uname": ["Linux", "host", "6.18.0", "#1 SMP", "x86_64"], "now": NOW, "stat": {}, "listdir": {"/boot": ["vmlinuz-6.18.0"]},
                 "run": {RPM: KNOWS_NONE, owner: [0, "photon-release\n", ""]}, "read": {"/etc/os-release": "ID=photon\n", "/proc/1/cgroup": "0::/\n"}}
    assert collect(recording).facts["stray_images"] == ["/boot/vmlinuz-6.18.0"]

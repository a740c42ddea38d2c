# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Components by binary, package and the text inside a binary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import monitors
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

FIXTURES = Path(__file__).parent / "fixtures"
DPKG = (FIXTURES / "dpkg_status.txt").read_text()
LIST = (FIXTURES / "qemu-system-x86.list").read_text()
RPM = (FIXTURES / "rpm_query_el9.txt").read_text()


@pytest.mark.parametrize(("binary", "component"), [
    ("qemu-system-x86_64", "qemu"), ("qemu-system-x86_64-microvm", "qemu"), ("qemu-system-aarch64", "qemu"), ("qemu-kvm", "qemu"), ("kvm", "qemu"),
    ("virtqemud", "libvirt"), ("libvirtd", "libvirt"), ("virtiofsd", "virtiofsd"), ("cloud-hypervisor", "cloud-hypervisor"),
    ("cloud-hypervisor-static", "cloud-hypervisor"), ("firecracker", "firecracker"), ("firecracker-v1.12.1-x86_64", "firecracker"),
    ("xen-qemu-system-i386", "qemu"), ("cloud-hypervisor-static-aarch64", "cloud-hypervisor"), ("swtpm", "swtpm"), ("swtpm_setup", None),
    ("crosvm", "crosvm"), ("openvmm", "openvmm"), ("stratovirt", "stratovirt"), ("stratovirt-static", "stratovirt"), ("lkvm", "kvmtool"),
    ("lkvm-static", "kvmtool"), ("openvmm_hcl", None), ("crosvm-direct", None),
    ("qemu-img", None), ("qemu-system-", None), ("kvm2", None), ("my-firecracker", None), ("firecracker-containerd", None),
    ("qemu-kvm\n", None), ("", None),
])
def test_a_binary_belongs_to_a_component(binary: str, component: str | None) -> None:
    assert monitors.component_of(binary) == component


@pytest.mark.parametrize(("comm", "component"), [
    ("qemu-system-x86", "qemu"), ("cloud-hyperviso", "cloud-hypervisor"), ("firecracker", "firecracker"),
    ("kvm", "qemu"), ("crosvm", "crosvm"), ("stratovirt-stat", None),
    ("kvm-nx-lpage-re", None), ("kvm-pit/4242", None), ("qemu-system-xyz", None)])
def test_a_name_cut_by_the_kernel_is_known(comm: str, component: str | None) -> None:
    assert monitors.component_of_comm(comm) == component


def test_debians_packages() -> None:
    """The status and a list of files of a Debian 12 host."""
    package, = monitors.dpkg_packages(RecordedHost({"read": {"/var/lib/dpkg/info/qemu-system-x86.list": LIST}}), DPKG)
    assert (package.component, package.name, package.version) == ("qemu", "qemu-system-x86", "1:7.2+dfsg-7+deb12u18+b3")
    assert package.binaries == [
        "/usr/bin/qemu-system-i386", "/usr/bin/qemu-system-x86_64", "/usr/bin/qemu-system-x86_64-microvm", "/usr/libexec/qemu-system-i386",
        "/usr/bin/kvm"]
    assert monitors.principal(package.binaries, "x86_64") == "/usr/bin/qemu-system-x86_64"


def test_a_package_of_several_architectures_has_its_list_under_the_architecture() -> None:
    host = RecordedHost({"read": {"/var/lib/dpkg/info/qemu-system-x86:amd64.list": LIST}})
    assert monitors.dpkg_packages(host, DPKG)[0].binaries


def test_xens_package_carries_its_version_in_its_name() -> None:
    text = "Package: xen-hypervisor-4.17-amd64\nStatus: install ok installed\nVersion: 4.17.5-1\n\nPackage: xen-hypervisor-common\nVersion: 1\n"
    (_name, version, lists), = monitors.parse_dpkg_status(text)
    assert (version, lists[0]) == ("4.17.5-1", "xen-hypervisor-4.17-amd64.list")
    package, = monitors.dpkg_packages(RecordedHost({}), text)
    assert (package.component, package.version) == ("xen", "4.17.5-1")


@pytest.mark.parametrize(("name", "path", "component"), [
    ("qemu-system-x86-hwe", "/usr/bin/qemu-system-x86_64", "qemu"), ("qemu-system-xen", "/usr/libexec/xen-qemu-system-i386", "qemu"),
    ("qemu-system-misc", "/usr/bin/qemu-system-s390x", "qemu"), ("qemu-system-riscv", "/usr/bin/qemu-system-riscv64", "qemu"),
    ("qemu-system-common", "/usr/lib/qemu/virtiofsd", "virtiofsd"), ("libvirt-daemon-hwe", "/usr/sbin/libvirtd", "libvirt"),
    ("libvirt-daemon-driver-qemu", "/usr/sbin/virtqemud", "libvirt"), ("swtpm", "/usr/bin/swtpm", "swtpm"),
    ("ovmf", "/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf"), ("qemu-efi-aarch64", "/usr/share/AAVMF/AAVMF_CODE.fd", "ovmf"),
    ("pve-qemu-kvm", "/usr/bin/qemu-system-x86_64", "qemu"), ("kvmtool", "/usr/bin/lkvm", "kvmtool"),
])
def test_a_package_is_known_by_what_it_brings(name: str, path: str, component: str) -> None:
    """Contents of Debian bookworm to sid, Ubuntu 22.04 to 26.04 with its HWE stack, and Proxmox VE."""
    text = f"Package: {name}\nStatus: install ok installed\nVersion: 1-1\nArchitecture: amd64\n"
    host = RecordedHost({"read": {f"/var/lib/dpkg/info/{name}.list": f"/.\n/usr/share/doc/{name}\n{path}\n"}})
    assert (component, [path]) in [(package.component, package.binaries) for package in monitors.dpkg_packages(host, text)]


@pytest.mark.parametrize("name", ["qemu-system-common", "qemu-system-data", "libvirt-daemon-config-network"])
def test_a_package_without_a_binary_is_no_component(name: str) -> None:
    text = f"Package: {name}\nStatus: install ok installed\nVersion: 1-1\nArchitecture: amd64\n"
    assert monitors.dpkg_packages(RecordedHost({"read": {f"/var/lib/dpkg/info/{name}.list": "/usr/share/x\n"}}), text) == []


@pytest.mark.parametrize(("name", "path", "components"), [
    ("qemu-kvm-common", "/usr/libexec/virtiofsd", ["virtiofsd"]), ("qemu-kvm-ev", "/usr/libexec/qemu-kvm", ["qemu"]),
    ("qemu-kvm-rhev", "/usr/libexec/qemu-kvm", ["qemu"]), ("qemu", "/usr/lib64/xen/bin/qemu-system-i386", ["qemu"]),
    ("qemu-kvm-common", "/usr/share/man/man1/virtiofsd.1.gz", []), ("edk2-ovmf", "/usr/share/edk2/ovmf/OVMF_CODE.fd", ["ovmf"]),
    ("stratovirt", "/usr/bin/stratovirt", ["stratovirt"]),
])
def test_an_rpm_is_known_by_what_it_brings(name: str, path: str, components: list[str]) -> None:
    """RHEL 8's virtiofsd, oVirt's and XCP-ng's QEMU, and the firmware of EL."""
    assert [package.component for package in monitors.parse_rpm(f">\t{name}\t15:6.2.0-1.el8\n {path}\n")] == components


@pytest.mark.parametrize("status", [
    "deinstall ok config-files", "purge ok not-installed", "install ok half-installed", "install reinstreq", "", "instalado"])
def test_a_package_whose_files_are_not_in_place_is_not_installed(status: str) -> None:
    assert monitors.parse_dpkg_status(DPKG.replace("install ok installed", status)) == []


@pytest.mark.parametrize("status", ["install ok installed", "hold ok installed", "install ok unpacked", "install ok triggers-pending"])
def test_a_package_whose_files_are_in_place_is_installed(status: str) -> None:
    assert len(monitors.parse_dpkg_status(DPKG.replace("install ok installed", status))) == 1


@pytest.mark.parametrize("text", ["", "Package: qemu-system-x86", "Package: qemu-system-x86\n\nVersion: 1\nStatus: install ok installed\n",
                                  "\x00", "Paket: x\n"])
def test_a_damaged_status_names_nothing(text: str) -> None:
    assert monitors.parse_dpkg_status(text) == []


def test_el9s_packages() -> None:
    found = {package.name: package for package in monitors.parse_rpm(RPM)}
    assert found["qemu-kvm-core"] == ("qemu", "qemu-kvm-core", "17:8.2.0-11.el9_4.4", ["/usr/libexec/qemu-kvm"])
    assert found["qemu-kvm"].binaries == []
    assert {name: package.component for name, package in found.items()} == {
        "qemu-kvm": "qemu", "qemu-kvm-core": "qemu", "libvirt-daemon": "libvirt", "virtiofsd": "virtiofsd"}


@pytest.mark.parametrize("text", [
    "", "package qemu-kvm is not installed\n", "Paket qemu-kvm ist nicht installiert\n", ">\tqemu-kvm\n", ">\tqemu-kvm\t\n", "\x00",
    ">\tfirefox\t1\n /usr/bin/kvm\n"])
def test_what_rpm_does_not_have_is_not_listed(text: str) -> None:
    assert monitors.parse_rpm(text) == []


def test_files_after_a_damaged_header_belong_to_nobody() -> None:
    text = RPM + ">\tbroken\n /usr/bin/qemu-kvm\n"
    assert all("/usr/bin/qemu-kvm" not in package.binaries for package in monitors.parse_rpm(text))


@pytest.mark.parametrize(("listdir", "expected"), [
    ({}, False),
    ({"/usr/bin": ["ls", "qemu-img", "virsh", "xenial"], "/boot": ["vmlinuz-6.1.0"]}, False),
    ({"/usr/bin": ["ls"], "/usr/libexec": ["qemu-kvm"]}, True),
    ({"/boot": ["xen-4.17-amd64.gz"]}, True),
    ({"/usr/bin": {"problem": "deadline", "detail": ""}}, True),
])
def test_only_a_host_with_a_component_is_asked_for_packages(listdir: dict[str, Any], expected: bool) -> None:
    assert monitors.is_any_there(RecordedHost({"listdir": listdir})) is expected


@pytest.mark.parametrize(("text", "version"), [
    (b"\0QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright\0", "1:7.2+dfsg-7+deb12u18+b3"),
    (b"QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1.4)\n", "1:8.2.2+ds-0ubuntu1.4"),
    (b"QEMU emulator version 8.2.0 (qemu-kvm-8.2.0-11.el9_4.4)\n", "8.2.0-11.el9_4.4"),
    (b"QEMU emulator version 11.0.1 (kata-static)\n", "11.0.1"),
    (b"QEMU emulator version 9.2.0\nCopyright", "9.2.0"),
    (b"QEMU emulator version %s\n", None),
    (b"QEMU emulator version 8.2.0 (\xff\xfe)", "8.2.0"),
    (b"", None),
])
def test_qemus_own_text(text: bytes, version: str | None) -> None:
    assert monitors.qemu_text_version(text) == version


@given(st.text(), st.binary())
def test_nothing_raises(text: str, data: bytes) -> None:
    monitors.parse_rpm(text)
    monitors.parse_rpm(">\t" + text)
    monitors.parse_dpkg_status("Package: virtiofsd\n" + text)
    monitors.component_of(text)
    monitors.component_of_comm(text)
    monitors.qemu_text_version(data)
    monitors.qemu_text_version(b"QEMU emulator version 1" + data)


@pytest.mark.parametrize(("text", "version"), [
    (b"QEMU emulator version 10.1.2 (pve-qemu-kvm_10.1.2-4)", "10.1.2-4"), (b"QEMU emulator version 11.0.3 (pve-qemu-kvm_11.0.3-4)", "11.0.3-4")])
def test_proxmox_writes_an_underscore(text: bytes, version: str) -> None:
    assert monitors.qemu_text_version(text) == version

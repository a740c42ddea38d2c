# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machine types on command lines and in libvirt's documents, and which are deprecated."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import machine_types
from hypothesis import given
from hypothesis import strategies as st

LIBVIRT = ["/usr/bin/qemu-system-x86_64", "-name", "guest=web1,debug-threads=on", "-S", "-object",
           '{"qom-type":"secret","id":"masterKey0"}', "-machine", "pc-q35-7.2,usb=off,dump-guest-core=off", "-accel", "kvm"]
KATA = ["/opt/kata/bin/qemu-system-x86_64", "-name", "sandbox-0f3a,debug-threads=on", "-machine", "q35,accel=kvm,nvdimm=on"]


@pytest.mark.parametrize(("argv", "name", "machine_type"), [
    (LIBVIRT, "web1", "pc-q35-7.2"),
    (KATA, "sandbox-0f3a", "q35"),
    (["qemu-kvm", "-M", "type=pc-i440fx-rhel7.6.0,accel=kvm"], None, "pc-i440fx-rhel7.6.0"),
    (["qemu-kvm", "--machine", "virt-8.2", "-name", "plain name"], "plain name", "virt-8.2"),
    (["qemu-kvm", "-machine", "pc", "-machine", "accel=kvm"], None, "pc"),
    (["qemu-kvm", "-machine", "pc", "-M", "q35"], None, "q35"),
    (["qemu-kvm", "-machine", "accel=kvm"], None, None),
    (["qemu-kvm", "-machine", "<script>alert(1)</script>"], None, None),
    (["qemu-kvm", "-machine", "../../etc/passwd"], None, None),
    (["qemu-kvm", "-machine"], None, None),
    ([], None, None),
])
def test_a_command_line(argv: list[str], name: str | None, machine_type: str | None) -> None:
    assert machine_types.from_command_line(argv) == (name, machine_type)


DOMAIN = """<domstatus state='running' reason='booted' pid='4242'>
  <domain type='kvm' id='1'>
    <name>web1</name>
    <os>
      <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
      <boot dev='hd'/>
    </os>
    <interface type='network'><source network='default'/></interface>
  </domain>
</domstatus>
"""


@pytest.mark.parametrize(("text", "found"), [
    (DOMAIN, ["pc-q35-7.2"]),
    ('<type machine="virt-8.2" arch="aarch64">hvm</type>', ["virt-8.2"]),
    (DOMAIN[:120], []),
    ("<domain><os><type arch='x86_64'>hvm</type></os></domain>", []),
    ("<type machine='a b'>", []),
    ("", []),
    ("<!DOCTYPE x [<!ENTITY a 'aaaa'>]><type machine='&a;'>", []),
    ("<type " * 10000, []),
])
def test_a_domain_document(text: str, found: list[str]) -> None:
    assert machine_types.from_domain_xml(text) == found


@pytest.mark.parametrize(("text", "version"), [
    ("7.2.22", (7, 2)), ("1:7.2+dfsg-7+deb12u18+b3", (7, 2)), ("17:8.2.0-11.el9_4.4", (8, 2)), ("10.0.2", (10, 0)), ("", None), (None, None),
    ("x", None),
])
def test_the_qemu_in_a_package_version(text: str | None, version: tuple[int, int] | None) -> None:
    assert machine_types.qemu_version(text) == version


# The last column: what `-machine help` of that release prints. 7.2 is Debian's; the others follow from QEMU's own macro.
@pytest.mark.parametrize(("machine_type", "version", "deprecated"), [
    ("pc-i440fx-1.7", (7, 2), True),
    ("pc-i440fx-2.0", (7, 2), False),
    ("pc-i440fx-2.3", (8, 2), True),
    ("pc-i440fx-2.4", (8, 2), False),
    ("pc-1.3", (5, 2), True),
    ("pc-q35-2.4", (7, 2), False),
    ("pc-q35-6.1", (9, 1), True),
    ("pc-q35-6.2", (9, 1), False),
    ("pc-q35-6.2", (9, 2), True),
    ("pc-q35-7.0", (10, 0), True),
    ("pc-q35-7.1", (10, 0), False),
    ("virt-2.12", (10, 0), True),
    ("pc-q35-7.2+pve1", (10, 2), True),
    ("q35", (11, 0), False),
    ("pc-q35-rhel9.4.0", (10, 0), False),
    ("pc-q35-jammy", (10, 0), False),
    ("microvm", (10, 0), False),
    ("pc-q35-2.4", None, False), ("pseries-2.11", (9, 0), True), ("pseries-2.11", (8, 2), False), ("pseries-2.12", (9, 0), False),
])
def test_deprecation(machine_type: str, version: tuple[int, int] | None, deprecated: bool) -> None:
    assert machine_types.is_deprecated(machine_type, version) is deprecated


@given(st.lists(st.text()), st.text())
def test_nothing_raises_and_no_odd_name_comes_through(argv: list[str], text: str) -> None:
    machine_types.from_command_line(argv)
    guest = machine_types.from_command_line(["-machine", text])
    assert guest.machine_type is None or set(guest.machine_type) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-")
    machine_types.from_domain_xml(text)
    machine_types.is_deprecated(text, (10, 0))


# "-machine help" of QEMU 7.2, 10.0 and 11.1.
@pytest.mark.parametrize(("name", "version", "removed"), [
    ("pc-q35-5.0", (11, 1), True), ("pc-q35-5.1", (11, 1), True), ("pc-q35-5.2", (11, 1), False), ("pc-i440fx-2.12", (11, 1), True),
    ("pc-i440fx-2.12", (10, 0), False), ("pc-q35-5.0", (7, 2), False), ("pc-q35-rhel8.2.0", (11, 1), False), ("q35", (11, 1), False),
    ("virt-4.2", (11, 1), True), ("pc-q35-5.0", None, False),
    # By name, before the rule (docs/about/removed-features.rst; 9.0's deprecated.rst still has pc-i440fx-2.0).
    ("pc-1.3", (6, 0), True), ("pc-1.3", (5, 2), False), ("pc-0.15", (7, 2), True), ("pc-i440fx-1.7", (8, 2), True),
    ("pc-i440fx-1.7", (8, 1), False), ("pc-i440fx-1.4", (7, 2), False), ("pc-i440fx-2.3", (9, 1), True), ("pc-i440fx-2.0", (9, 0), False),
    ("pc-i440fx-2.4", (10, 0), False), ("pc-q35-2.3", (7, 2), True), ("pc-q35-2.4", (7, 2), False)])
def test_types_that_a_qemu_has_no_more(name: str, version: tuple[int, int] | None, removed: bool) -> None:
    assert machine_types.is_removed(name, version) is removed


@pytest.mark.parametrize(("program", "version", "upstream", "default"), [
    ("/usr/bin/qemu-system-x86_64", (7, 2), True, "pc-i440fx-7.2"), ("/usr/bin/qemu-system-x86_64", (7, 2), False, None),
    ("/usr/bin/qemu-system-aarch64", (7, 2), True, None), ("/usr/bin/qemu-system-s390x", (10, 0), True, "s390-ccw-virtio-10.0"),
    ("/usr/bin/qemu-system-x86_64", None, True, None)])
def test_the_default_of_a_guest_that_names_none(program: str, version: tuple[int, int] | None, upstream: bool, default: str | None) -> None:
    assert machine_types.default_type(program, version, upstream) == default


def test_an_alias_means_the_newest_of_its_qemu() -> None:
    assert machine_types.resolve("q35", (7, 2)) == "pc-q35-7.2"
    assert machine_types.resolve("q35", None) is None
    assert machine_types.resolve("pc-q35-6.0", (7, 2)) == "pc-q35-6.0"


@pytest.mark.parametrize(("text", "name"), [
    ('[machine]\n  type = "q35"\n  graphics = "off"\n', "q35"),
    ('[device "x"]\n type = "q35"\n', None), ("", None), ('[machine]\ntype = "a b"\n', None)])
def test_a_configuration_for_qemu_names_the_machine(text: str, name: str | None) -> None:
    """Incus and LXD write QEMU's options into a file for -readconfig."""
    assert machine_types.from_configuration(text) == name

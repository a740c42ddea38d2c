# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host runs under, by the clues of real machines."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._os import virtualization
from ansible_collections.firebreak.fleet.plugins.module_utils._os.virtualization import Clues
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

GUEST = Clues("x86_64", ["fpu", "hypervisor"], "", "", "", ["tsc", "kvm-clock"], "", "", "")
METAL = Clues("x86_64", ["fpu", "vmx"], "", "", "ALASKA", ["tsc", "hpet", "acpi_pm"], "", "", "")
ARM = Clues("aarch64", ["fp", "asimd"], "", "", "", ["arch_sys_counter"], "", "", "")
S390 = ARM._replace(architecture="s390x", clocks=["tod"])
POWER = ARM._replace(architecture="ppc64le", clocks=["timebase"])
RISCV = ARM._replace(architecture="riscv64", clocks=["riscv_clocksource"])
SYSINFO = "Manufacturer:         IBM\nType:                 8561\nLPAR Number:          37\nLPAR Name:            LP01\n"


# What systemd's src/basic/virt.c says of the same machines, but for what only systemd guesses: there nothing found is "none".
@pytest.mark.parametrize(("clues", "under"), [
    (METAL._replace(vendor="Dell Inc.", product="PowerEdge R640"), "none"),
    (METAL._replace(vendor="Amazon EC2", product="m5.metal"), "none"),
    (METAL._replace(vendor="Microsoft Corporation", product="Surface Laptop 5"), "none"),
    (METAL._replace(vendor="QEMU", product="Standard PC"), "none"),
    (GUEST, "kvm"),
    (GUEST._replace(acpi_maker="FIRECK"), "firecracker"),
    (GUEST._replace(acpi_maker="CLOUDH"), "cloud-hypervisor"),
    (GUEST._replace(acpi_maker="BOCHS", vendor="QEMU", product="Standard PC (Q35 + ICH9, 2009)"), "kvm"),
    (GUEST._replace(acpi_maker="BOCHS", vendor="QEMU", product="Standard PC (Q35 + ICH9, 2009)", clocks=["tsc", "hpet"]), "qemu"),
    (GUEST._replace(vendor="Amazon EC2", product="m5.large"), "amazon"),
    (GUEST._replace(vendor="Xen", product="HVM domU", sys_hypervisor="xen", clocks=["xen", "tsc"]), "xen"),
    (GUEST._replace(vendor="Amazon EC2", product="t2.small", sys_hypervisor="xen", clocks=["xen", "tsc"]), "amazon"),
    (GUEST._replace(sys_hypervisor="xen", xen_capabilities="control_d\n", clocks=["xen"]), "none"),
    (GUEST._replace(vendor="Microsoft Corporation", product="Virtual Machine", clocks=["hyperv_clocksource_tsc_page"]), "microsoft"),
    (GUEST._replace(vendor="VMware, Inc.", product="VMware7,1", clocks=["tsc"]), "vmware"),
    (GUEST._replace(vendor="Google", product="Google Compute Engine"), "google"),
    (GUEST._replace(vendor="innotek GmbH", product="VirtualBox"), "virtualbox"),
    (GUEST._replace(vendor="Red Hat", product="KVM"), "kvm"),
    (GUEST._replace(vendor="Hetzner", product="vServer"), "kvm"),
    (GUEST._replace(vendor="Unheard Of", product="Box", clocks=["tsc"]), "unknown"),
    (ARM, "unknown"),
    (ARM._replace(board="raspberrypi,4-model-b\0brcm,bcm2711"), "none"),
    (ARM._replace(board="linux,dummy-virt", nodes=["fw-cfg@9020000"]), "qemu"),
    (ARM._replace(vendor="HPE", product="ProLiant RL300 Gen11", smbios=0x0D), "none"),
    (ARM._replace(vendor="HPE", product="ProLiant RL300 Gen11"), "unknown"),
    (ARM._replace(vendor="Unheard Of", product="Cloud", smbios=0x1C), "unknown"),
    (ARM._replace(vendor="Scaleway", product="SCW-COPARM1-2C-8G"), "kvm"),
    (ARM._replace(vendor="Tencent Cloud", product="CVM"), "kvm"),
    (ARM._replace(vendor="Apple Inc.", product="Apple Virtualization Generic Platform"), "apple"),
    (ARM._replace(vendor="Amazon EC2", product="c8g.metal-24xl"), "none"),
    (ARM._replace(vendor="Amazon EC2", product="c8g.metalike"), "amazon"),
    (GUEST._replace(vendor="FreeBSD", product="BHYVE", clocks=["tsc"]), "bhyve"),
    (S390._replace(sysinfo=SYSINFO + "VM00 Control Program: KVM/Linux\n"), "kvm"),
    (S390._replace(sysinfo=SYSINFO + "VM00 Name:            LINUX01\nVM00 Control Program: z/VM    7.3.0\n"), "zvm"),
    (S390._replace(sysinfo=SYSINFO), "none"),
    (S390, "unknown"),
    (POWER._replace(board="IBM,9080-HEX\0IBM,pseries", nodes=["ibm,partition-name", "hmc-managed?"]), "powervm"),
    # A partition that no HMC keeps (NovaLink), and hypervisors that keep the board's own name (Documentation/virt/gunyah, Jailhouse, Bao).
    (POWER._replace(board="IBM,9009-42A", nodes=["ibm,partition-name"]), "unknown"),
    (ARM._replace(board="qcom,sa8775p-ride\0qcom,sa8775p", device_tree="gunyah-hypervisor"), "unknown"),
    (POWER._replace(board="qemu,pseries", device_tree="linux,kvm"), "kvm"),
    (POWER._replace(board="ibm,powernv\0ibm,p9-openbmc"), "none"),
    (POWER._replace(board="rcs,talos\0ibm,powernv"), "none"),
    (RISCV._replace(board="riscv-virtio"), "qemu"),
    (RISCV._replace(board="sifive,hifive-unmatched-a00\0sifive,fu740"), "none"),
    (ARM._replace(vendor="QEMU", product="QEMU Virtual Machine"), "kvm"),
    (ARM._replace(vendor="Amazon EC2", product="c7g.large"), "amazon"),
    (ARM._replace(vendor="Amazon EC2", product="c7g.metal"), "none"),
    (ARM._replace(device_tree="linux,kvm"), "kvm"),
    (ARM._replace(device_tree="xen,xen-4.17\0xen,xen"), "xen"),
])
def test_machines(clues: Clues, under: str) -> None:
    assert virtualization.under(clues) == under


def test_clues_are_asked_for() -> None:
    host = RecordedHost({
        "uname": ["Linux", "x", "6.1", "", "x86_64"],
        "read": {
            "/sys/class/dmi/id/sys_vendor": "QEMU\n", "/sys/class/dmi/id/product_name": "Standard PC\n",
            "/sys/devices/system/clocksource/clocksource0/available_clocksource": "kvm-clock tsc \n",
            "/proc/device-tree/hypervisor/compatible": "linux,kvm\0"},
        "read_bytes": {"/sys/firmware/acpi/tables/FACP@0+36": "RkFDUBQBAAAGZkZJUkVDS0ZDVk1GQURUAAAAAEZDQVQZASQg"}})
    assert virtualization.ask(host, ["hypervisor"]) == Clues(
        "x86_64", ["hypervisor"], "QEMU", "Standard PC", "FIRECK", ["kvm-clock", "tsc"], "", "", "linux,kvm", "", ["hypervisor"])


@pytest.mark.parametrize(("clues", "is_guest"), [
    (GUEST, True), (METAL, False), (ARM, None), (GUEST._replace(vendor="Unheard Of", clocks=["tsc"]), True),
    (ARM._replace(vendor="Unheard Of", product="Cloud", smbios=0x1C), True), (S390._replace(sysinfo=SYSINFO), False)])
def test_whether_it_is_a_guest(clues: Clues, is_guest: bool | None) -> None:
    assert virtualization.is_guest(clues) is is_guest


def test_a_user_without_privilege_has_fewer_clues_and_no_error() -> None:
    host = RecordedHost({"read_bytes": {"/sys/firmware/acpi/tables/FACP@0+36": {"problem": "needs_root", "detail": "Permission denied"}}})
    assert virtualization.ask(host, []).acpi_maker == ""


def test_a_short_table_is_refused() -> None:
    with pytest.raises(ValueError, match="ACPI table of 4 bytes"):
        virtualization.acpi_maker(b"FACP")


@given(st.binary(), st.builds(
    Clues, st.sampled_from(["x86_64", "aarch64", "s390x"]), st.lists(st.sampled_from(["hypervisor", "vmx"])), st.text(), st.text(), st.text(),
    st.lists(st.text()), st.text(), st.text(), st.text()))
def test_nothing_raises_but_value_errors(table: bytes, clues: Clues) -> None:
    assert virtualization.under(clues)
    with contextlib.suppress(ValueError):
        virtualization.acpi_maker(table)

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host runs under: judged from what the firmware, the kernel and Xen say, without executing a CPUID of our own."""

import re
from typing import Any, List, NamedTuple, Optional

from .._host.witness import refusals_told

NONE = "none"
UNKNOWN = "unknown"

_DMI = "/sys/class/dmi/id"
_CLOCKS = "/sys/devices/system/clocksource/clocksource0/available_clocksource"
_FACP = "/sys/firmware/acpi/tables/FACP"
_TREE = "/proc/device-tree"
# SMBIOS type 0 (BIOS information): the second byte of the characteristics' extension, whose bit 4 says that this is a virtual machine. Root's alone.
_SMBIOS = "/sys/firmware/dmi/entries/0-0/raw"
_SMBIOS_BYTE, _SMBIOS_VIRTUAL = 0x13, 0x10
_SMALL = 4096


class Clues(NamedTuple):
    """Everything the judgement rests on; '' or empty for what the host does not say.

    ``board`` and ``nodes`` are the device tree's own compatible and what it holds, ``sysinfo`` is s390's, and ``smbios`` the byte of the firmware's
    characteristics with the bit of virtual machines; None where the host has none, or where only root may read it. ``is_acpi_hidden`` says that
    there are ACPI tables that only root may read.
    """

    architecture: str
    cpu_flags: List[str]
    vendor: str
    product: str
    acpi_maker: str
    clocks: List[str]
    sys_hypervisor: str
    xen_capabilities: str
    device_tree: str
    board: str = ""
    nodes: List[str] = []  # noqa: RUF012
    sysinfo: str = ""
    smbios: Optional[int] = None
    is_acpi_hidden: bool = False


# DMI system vendor and product (both lower case, by their beginnings) and what they mean. '' matches any product.
_BY_DMI = (
    ("amazon ec2", "", "amazon"),
    ("microsoft corporation", "virtual machine", "microsoft"),
    ("vmware", "", "vmware"),
    ("xen", "", "xen"),
    ("google", "google compute engine", "google"),
    ("innotek gmbh", "virtualbox", "virtualbox"),
    ("oracle corporation", "virtualbox", "virtualbox"),
    ("parallels", "", "parallels"),
    ("bhyve", "", "bhyve"),
    ("freebsd", "bhyve", "bhyve"),
    ("apple inc.", "apple virtualization", "apple"),
    ("scaleway", "", "kvm"),
    ("tencent cloud", "", "kvm"),
    ("huawei cloud", "", "kvm"),
    ("huaweicloud", "", "kvm"),
    ("upcloud", "", "kvm"),
    ("vultr", "", "kvm"),
    ("akamai", "", "kvm"),
    ("linode", "", "kvm"),
    ("exoscale", "", "kvm"),
    ("yandex", "", "kvm"),
    ("apache software foundation", "cloudstack kvm", "kvm"),
    ("bochs", "", "bochs"),
    ("cloud hypervisor", "", "cloud-hypervisor"),
    ("nutanix", "ahv", "kvm"),
    ("red hat", "kvm", "kvm"),
    ("red hat", "rhel", "kvm"),
    ("red hat", "rhev", "kvm"),
    ("red hat", "openstack", "kvm"),
    ("red hat", "openshift virtualization", "kvm"),
    ("kubevirt", "", "kvm"),
    ("ovirt", "", "kvm"),
    ("openstack foundation", "", "kvm"),
    ("alibaba cloud", "", "kvm"),
    ("digitalocean", "droplet", "kvm"),
    ("hetzner", "vserver", "kvm"),
    ("qemu", "", "qemu"),
)
# The maker of the ACPI tables, which says it where a machine monitor writes no DMI.
_BY_ACPI = {"FIRECK": "firecracker", "CLOUDH": "cloud-hypervisor", "VMWARE": "vmware", "VBOX": "virtualbox", "BHYVE": "bhyve", "AMAZON": "amazon"}
_BY_CLOCK = (("kvm-clock", "kvm"), ("hyperv_clocksource_tsc_page", "microsoft"), ("xen", "xen"))


def acpi_maker(table: bytes) -> str:
    """The OEM id in the header of an ACPI table; ValueError where the header is cut short."""
    if len(table) < 16:
        raise ValueError("ACPI table of %d bytes" % len(table))
    return table[10:16].decode("ascii", "replace").strip(" \0")


def is_xen_host(clues: Clues) -> bool:
    """Whether this is Xen's control domain (dom0)."""
    return "control_d" in clues.xen_capabilities


def under(clues: Clues) -> str:
    """The hypervisor that this host is a guest of, 'none' on hardware and in Xen's dom0, 'unknown' where only its presence is certain."""
    if is_xen_host(clues):
        return NONE
    if clues.sys_hypervisor == "xen":
        return "amazon" if clues.vendor.lower().startswith("amazon ec2") else "xen"
    intel_like = clues.architecture in ("x86_64", "i386", "i586", "i686", "amd64")
    if intel_like and "hypervisor" not in clues.cpu_flags:
        # Every hypervisor sets the flag; a cloud's bare metal carries the cloud's DMI without it.
        return NONE
    found = _by_firmware(clues) or _by_kernel(clues)
    if not found and not intel_like and _is_hardware(clues):
        return NONE
    return found or UNKNOWN


def may_be_another(clues: Clues) -> bool:
    """Whether ACPI tables that this user may not read could name another hypervisor: some monitors look like plain KVM in all else."""
    return clues.is_acpi_hidden and under(clues) in ("kvm", UNKNOWN) and not _by_firmware(clues)


def is_guest(clues: Clues) -> Optional[bool]:
    """Whether this host is a virtual machine; None where nobody can say, which on other processors than Intel's kind is no flag's business."""
    kind = under(clues)
    if kind != UNKNOWN:
        return kind != NONE
    return True if "hypervisor" in clues.cpu_flags or _says_virtual(clues) else None


def _says_virtual(clues: Clues) -> bool:
    return clues.smbios is not None and bool(clues.smbios & _SMBIOS_VIRTUAL)


def _is_metal(product: str) -> bool:
    """Whether a cloud names a product that is a whole machine: a1.metal, c8g.metal-24xl."""
    return bool(re.search(r"\.metal(?:-|\Z)", product))


def _is_hardware(clues: Clues) -> bool:
    """Whether something says that this is hardware. That nothing says it is a virtual machine, says nothing."""
    if clues.sysinfo:
        # z/Architecture tells of each control program above the machine and its logical partitions.
        return not re.search(r"(?m)^VM[0-9]{2} ", clues.sysinfo)
    if _is_metal(clues.product.lower()):
        return True
    if clues.device_tree or "ibm,partition-name" in clues.nodes:
        # A board of hardware that a hypervisor of no known name, or a partition's, has put itself in front of.
        return False
    if clues.vendor and clues.smbios is not None:
        return not _says_virtual(clues)
    names = [name for name in clues.board.split("\0") if name]
    return bool(names) and not any(re.search("virt|qemu|xen|pseries", name) for name in names)


def _by_firmware(clues: Clues) -> str:
    if clues.acpi_maker in _BY_ACPI:
        return _BY_ACPI[clues.acpi_maker]
    vendor, product = clues.vendor.lower(), clues.product.lower()
    if _is_metal(product):
        return ""
    kind = next((kind for maker, model, kind in _BY_DMI if vendor.startswith(maker) and product.startswith(model)), "")
    if kind == "qemu" and ("kvm-clock" in clues.clocks or clues.architecture == "aarch64"):
        # Arm has no clock of KVM's own, and QEMU's emulation there looks the same: KVM is what servers run.
        return "kvm"
    return kind


def _by_kernel(clues: Clues) -> str:
    control = re.search(r"(?m)^VM00 Control Program: *(\S+)", clues.sysinfo)
    if control:
        return "kvm" if control.group(1).startswith("KVM") else "zvm" if control.group(1).startswith("z/VM") else UNKNOWN
    for word, kind in (("xen,xen", "xen"), ("linux,kvm", "kvm"), ("vmware", "vmware")):
        if word in clues.device_tree:
            return kind
    if any("fw-cfg" in name for name in clues.nodes) or re.search("qemu,|riscv-virtio|linux,dummy-virt", clues.board):
        # What QEMU makes up, whoever runs its processors.
        return "qemu"
    if "ibm,partition-name" in clues.nodes and "hmc-managed?" in clues.nodes:
        return "powervm"
    return next((kind for clock, kind in _BY_CLOCK if clock in clues.clocks), "")


def _text(host: Any, path: str) -> str:
    return str(host.read(path, _SMALL).if_there("")).strip(" \t\r\n\0")


def ask(host: Any, cpu_flags: List[str]) -> Clues:
    """Read the clues; what the host has not, or does not show to this user, stays ''."""
    with refusals_told(host):
        table, characteristics = host.read_bytes(_FACP, 36), host.read_bytes(_SMBIOS, _SMBIOS_BYTE + 1)
    try:
        maker = acpi_maker(table.value) if table.value else ""
    except ValueError:
        maker = ""
    smbios = characteristics.value[_SMBIOS_BYTE] if characteristics.value and len(characteristics.value) > _SMBIOS_BYTE else None
    nodes = [name for folder in (_TREE, _TREE + "/chosen") for name in host.listdir(folder, 4096).if_there([])]
    return Clues(
        host.uname()[4], cpu_flags, _text(host, _DMI + "/sys_vendor"), _text(host, _DMI + "/product_name"), maker,
        _text(host, _CLOCKS).split(), _text(host, "/sys/hypervisor/type"), _text(host, "/proc/xen/capabilities"),
        _text(host, _TREE + "/hypervisor/compatible"), _text(host, _TREE + "/compatible"), nodes, _text(host, "/proc/sysinfo"), smbios,
        table.problem in ("needs_root", "unreadable"))

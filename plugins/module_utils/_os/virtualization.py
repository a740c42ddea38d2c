# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host runs under: judged from what the firmware, the kernel and Xen say, without executing a CPUID of our own."""

from typing import Any, List, NamedTuple

NONE = "none"

_DMI = "/sys/class/dmi/id"
_CLOCKS = "/sys/devices/system/clocksource/clocksource0/available_clocksource"
_FACP = "/sys/firmware/acpi/tables/FACP"
_SMALL = 4096


class Clues(NamedTuple):
    """Everything the judgement rests on; '' or empty for what the host does not say."""

    architecture: str
    cpu_flags: List[str]
    vendor: str
    product: str
    acpi_maker: str
    clocks: List[str]
    sys_hypervisor: str
    xen_capabilities: str
    device_tree: str


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
    return _by_firmware(clues) or _by_kernel(clues) or ("unknown" if intel_like else NONE)


def _by_firmware(clues: Clues) -> str:
    if clues.acpi_maker in _BY_ACPI:
        return _BY_ACPI[clues.acpi_maker]
    vendor, product = clues.vendor.lower(), clues.product.lower()
    if product.endswith(".metal"):
        return ""
    kind = next((kind for maker, model, kind in _BY_DMI if vendor.startswith(maker) and product.startswith(model)), "")
    if kind == "qemu" and ("kvm-clock" in clues.clocks or clues.architecture == "aarch64"):
        # Arm has no clock of KVM's own, and QEMU's emulation there looks the same: KVM is what servers run.
        return "kvm"
    return kind


def _by_kernel(clues: Clues) -> str:
    if "xen,xen" in clues.device_tree:
        return "xen"
    if "linux,kvm" in clues.device_tree:
        return "kvm"
    return next((kind for clock, kind in _BY_CLOCK if clock in clues.clocks), "")


def _text(host: Any, path: str) -> str:
    answer = host.read(path, _SMALL)
    return answer.value.strip(" \t\r\n\0") if answer.value else ""


def ask(host: Any, cpu_flags: List[str]) -> Clues:
    """Read the clues; what the host has not, or does not show to this user, stays ''."""
    table = host.read_bytes(_FACP, 36)
    try:
        maker = acpi_maker(table.value) if table.value else ""
    except ValueError:
        maker = ""
    return Clues(
        host.uname()[4], cpu_flags, _text(host, _DMI + "/sys_vendor"), _text(host, _DMI + "/product_name"), maker,
        _text(host, _CLOCKS).split(), _text(host, "/sys/hypervisor/type"), _text(host, "/proc/xen/capabilities"),
        _text(host, "/proc/device-tree/hypervisor/compatible"))

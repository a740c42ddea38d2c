# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that make virtual machines: their names, the packages they come from, and how their versions are written."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._packages.managers import is_in_place


class Kind(NamedTuple):
    """One component: the names of its binaries, and of its packages with dpkg (regular expressions) and rpm (plain names)."""

    name: str
    binaries: str
    dpkg: Tuple[str, ...]
    rpm: Tuple[str, ...]


KINDS = (
    Kind("qemu", r"qemu-system-[A-Za-z0-9_.+-]{1,40}|qemu-kvm|kvm",
         ("qemu-system-x86", "qemu-system-x86-xen", "qemu-system-arm", "qemu-system-ppc", "qemu-system-s390x", "pve-qemu-kvm"),
         ("qemu-kvm", "qemu-kvm-core", "qemu-system-x86-core", "qemu-system-aarch64-core", "qemu-system-ppc-core", "qemu-system-s390x-core",
          "qemu-x86", "qemu-arm", "qemu-ppc", "qemu-s390x")),
    Kind("libvirt", r"libvirtd|virtqemud|virtxend|virtchd", ("libvirt-daemon",), ("libvirt-daemon", "libvirt-daemon-driver-qemu")),
    Kind("virtiofsd", r"virtiofsd", ("virtiofsd",), ("virtiofsd",)),
    Kind("cloud-hypervisor", r"cloud-hypervisor(?:-static|-v[0-9.]+)?", ("cloud-hypervisor",), ("cloud-hypervisor",)),
    Kind("firecracker", r"firecracker(?:-v[0-9.]+(?:-[A-Za-z0-9_]+)?)?", ("firecracker",), ("firecracker",)),
    Kind("xen", r"xen-[0-9][A-Za-z0-9.+~-]*\.gz|xen\.gz", (r"xen-hypervisor-[0-9][a-z0-9.+-]*",), ("xen-hypervisor", "xen")),
)
# What runs guests itself; libvirt and virtiofsd only serve those that do.
MONITORS = ("qemu", "cloud-hypervisor", "firecracker")

# Where binaries are put without a package (Kata's static release, an administrator's own build).
UNPACKAGED = (
    ("qemu", "/opt/kata/bin/qemu-system-x86_64"),
    ("qemu", "/opt/kata/bin/qemu-system-aarch64"),
    ("cloud-hypervisor", "/opt/kata/bin/cloud-hypervisor"),
    ("firecracker", "/opt/kata/bin/firecracker"),
    ("virtiofsd", "/opt/kata/libexec/virtiofsd"),
    ("qemu", "/usr/local/bin/qemu-system-x86_64"),
    ("cloud-hypervisor", "/usr/local/bin/cloud-hypervisor"),
    ("firecracker", "/usr/local/bin/firecracker"),
    ("virtiofsd", "/usr/local/bin/virtiofsd"),
    ("qemu", "/usr/bin/qemu-system-x86_64"),
    ("cloud-hypervisor", "/usr/bin/cloud-hypervisor"),
    ("firecracker", "/usr/bin/firecracker"),
    ("virtiofsd", "/usr/bin/virtiofsd"),
)

_MATCHERS = tuple((kind.name, re.compile(r"(?:%s)\Z" % kind.binaries)) for kind in KINDS)
# The kernel keeps 15 bytes of a command's name.
_COMM_LENGTH = 15
_COMMS = {"qemu-system-x86": "qemu", "qemu-system-aar": "qemu", "qemu-system-ppc": "qemu", "qemu-system-s39": "qemu",
          "cloud-hyperviso": "cloud-hypervisor"}

_PROGRAM_FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/lib/qemu", "/boot")
_BEGINNINGS = ("qemu", "kvm", "libvirtd", "virt", "cloud-hypervisor", "firecracker", "xen")
_PROGRAM_FOLDER = re.compile(r"(?:/usr(?:/local)?|/opt/[^/]+)?/(?:bin|sbin|libexec|lib|lib64)(?:/[^/]+)?\Z|/boot\Z")

DPKG_LISTS = "/var/lib/dpkg/info"
_DPKG_STANZA = re.compile(r"^Package: (?:%s)\n(?:[^\n]+(?:\n|\Z))*" % "|".join(name for kind in KINDS for name in kind.dpkg), re.MULTILINE)
_DPKG_FIELD = re.compile(r"^(Package|Status|Version|Architecture): *(\S.*)$", re.MULTILINE)

RPM_QUERY = ["rpm", "-q", "--qf", ">\\t%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n[ %{FILENAMES}\\n]"] + [
    name for kind in KINDS for name in kind.rpm]


class Package(NamedTuple):
    """An installed package of a component, and the binaries in it."""

    component: str
    name: str
    version: str
    binaries: List[str]


def is_any_there(host: Any) -> bool:
    """Whether any folder of programs holds a component: most hosts have none, and need no package manager to say so."""
    for folder in _PROGRAM_FOLDERS:
        listed = host.listdir(folder)
        if listed.problem not in (None, "absent") or any(name.startswith(_BEGINNINGS) and component_of(name) for name in listed.value or []):
            return True
    return False


def component_of(binary: str) -> Optional[str]:
    """The component that a binary's base name belongs to, or None."""
    return next((name for name, pattern in _MATCHERS if pattern.match(binary)), None)


def component_of_comm(comm: str) -> Optional[str]:
    """The component by a command's name as the kernel keeps it, cut to 15 bytes."""
    return _COMMS.get(comm) or (component_of(comm) if len(comm) < _COMM_LENGTH else None)


def _component_of_package(name: str) -> Optional[str]:
    for kind in KINDS:
        if name in kind.rpm or any(re.match(pattern + r"\Z", name) for pattern in kind.dpkg):
            return kind.name
    return None


def _is_binary_of(path: str, component: str) -> bool:
    """Manuals and folders of configuration carry the names of binaries too, so the folder must be one of programs."""
    folder, _slash, name = path.rpartition("/")
    return component_of(name) == component and bool(_PROGRAM_FOLDER.match(folder))


def parse_rpm(text: str) -> List[Package]:
    """The installed packages in the output of RPM_QUERY. Lines that are no package's ('package x is not installed') are passed over."""
    packages: List[Package] = []
    current = None
    for line in text.splitlines():
        if line.startswith(">\t"):
            current = _parse_rpm_header(line)
            if current:
                packages.append(current)
        elif line.startswith(" /") and current and _is_binary_of(line[1:], current.component):
            current.binaries.append(line[1:])
        elif not line.startswith(" "):
            current = None
    return packages


def _parse_rpm_header(line: str) -> Optional[Package]:
    fields = line.split("\t")
    component = _component_of_package(fields[1]) if len(fields) == 3 and fields[2] else None
    return Package(component, fields[1], fields[2], []) if component else None


def parse_dpkg_status(text: str) -> List[Tuple[Package, List[str]]]:
    """Each installed package in dpkg's status file, without its binaries, and the names that the list of its files may have."""
    found = []
    for stanza in _DPKG_STANZA.findall(text):
        fields = dict(_DPKG_FIELD.findall(stanza))
        name, version, architecture = fields["Package"], fields.get("Version", "").strip(), fields.get("Architecture", "").strip()
        component = _component_of_package(name)
        if component and version and is_in_place(fields.get("Status", "")):
            found.append((Package(component, name, version, []), [name + ".list", "%s:%s.list" % (name, architecture)]))
    return found


def dpkg_packages(host: Any, text: str) -> List[Package]:
    """The installed packages with their binaries. dpkg-query would load the file lists of all packages to tell those of a few."""
    packages = []
    for package, lists in parse_dpkg_status(text):
        answers = (host.read("%s/%s" % (DPKG_LISTS, name)) for name in lists)
        files = next((answer.value for answer in answers if answer.value), "")
        package.binaries.extend(path for path in files.splitlines() if _is_binary_of(path, package.component))
        packages.append(package)
    return packages


def principal(binaries: List[str], architecture: str) -> Optional[str]:
    """The one binary that stands for a package with several: the one for this architecture, else the first by name."""
    wanted = ("qemu-system-" + architecture, "qemu-kvm", "virtqemud", "libvirtd")
    for name in wanted:
        for path in binaries:
            if path.rpartition("/")[2] == name:
                return path
    return sorted(binaries)[0] if binaries else None


# QEMU's answer to --version stands in its binary as one text: "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)".
QEMU_TEXT = re.compile(rb"QEMU emulator version ([0-9][0-9A-Za-z.+~-]{0,40})(?: \(([^()\n\0]{1,120})\))?")
QEMU_TEXT_LONGEST = 256
_DEBIAN_TEXT = re.compile(r"(?:Debian|Ubuntu) ([0-9][0-9A-Za-z.+:~-]*)\Z")
_RPM_TEXT = re.compile(r"(?:qemu[a-z0-9-]*)-((?:[0-9]+:)?[0-9][^-\s]*-[^-\s]+)\Z")


def qemu_text_version(text: bytes) -> Optional[str]:
    """The version in a stretch of a QEMU binary: the package's where its builder wrote it down, else QEMU's own; None where there is none."""
    match = QEMU_TEXT.search(text)
    if not match:
        return None
    built = (match.group(2) or b"").decode("ascii", "replace")
    package = _DEBIAN_TEXT.match(built) or _RPM_TEXT.match(built)
    return package.group(1) if package else match.group(1).decode("ascii")


def by_path(packages: List[Package]) -> Dict[str, Package]:
    """Which package owns which binary."""
    return {path: package for package in packages for path in package.binaries}

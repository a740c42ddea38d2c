# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that make virtual machines: their names, the packages they come from, and how their versions are written."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._packages.managers import is_in_place
from .kinds import KINDS

# What runs guests itself; the others only serve those that do.
MONITORS = tuple(name for name in KINDS if KINDS[name]["runs_guests"])

# Where binaries are put without a package (Kata's static release, an administrator's own build).
UNPACKAGED = (
    "/opt/kata/bin/qemu-system-x86_64",
    "/opt/kata/bin/qemu-system-aarch64",
    "/opt/kata/bin/cloud-hypervisor",
    "/opt/kata/bin/firecracker",
    "/opt/kata/libexec/virtiofsd",
    "/usr/local/bin/qemu-system-x86_64",
    "/usr/local/bin/cloud-hypervisor",
    "/usr/local/bin/firecracker",
    "/usr/local/bin/crosvm",
    "/usr/local/bin/openvmm",
    "/usr/local/bin/stratovirt",
    "/usr/local/bin/lkvm",
    "/usr/local/bin/virtiofsd",
    "/snap/lxd/current/bin/qemu-system-x86_64",
    "/snap/lxd/current/bin/qemu-system-aarch64",
    "/opt/incus/bin/qemu-system-x86_64",
    "/opt/incus/bin/qemu-system-aarch64",
    "/usr/bin/qemu-system-x86_64",
    "/usr/bin/cloud-hypervisor",
    "/usr/bin/firecracker",
    "/usr/bin/crosvm",
    "/usr/bin/openvmm",
    "/usr/bin/stratovirt",
    "/usr/bin/lkvm",
    "/usr/bin/virtiofsd",
)

_MATCHERS = tuple((name, re.compile(r"(?:%s)\Z" % KINDS[name]["binaries"])) for name in KINDS)
# The kernel keeps 15 bytes of a command's name.
_COMM_LENGTH = 15
_COMMS = {"qemu-system-x86": "qemu", "qemu-system-aar": "qemu", "qemu-system-ppc": "qemu", "qemu-system-s39": "qemu",
          "qemu-system-ris": "qemu", "xen-qemu-system": "qemu", "cloud-hyperviso": "cloud-hypervisor"}

_PROGRAM_FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/lib/qemu", "/usr/lib/xen/bin", "/usr/lib64/xen/bin", "/boot")
_BEGINNINGS = ("qemu", "kvm", "libvirtd", "virt", "cloud-hypervisor", "firecracker", "crosvm", "openvmm", "stratovirt", "lkvm",
               "xen", "swtpm")
_PROGRAM_FOLDER = re.compile(
    r"(?:/usr(?:/local)?|/opt/[^/]+)?/(?:bin|sbin|libexec|lib|lib64)(?:/[^/]+){0,2}\Z|/boot\Z"
    r"|/usr/share/(?:OVMF|AAVMF|ovmf|edk2|qemu|pve-edk2|cloud-hypervisor)[^/]*(?:/[^/]+)?\Z")

DPKG_LISTS = "/var/lib/dpkg/info"
_DPKG_STANZA = re.compile(r"^Package: (?:%s)\n(?:[^\n]+(?:\n|\Z))*" % "|".join(
    name for kind in KINDS.values() for key in ("dpkg", "dpkg_holders") for name in kind[key]), re.MULTILINE)
_DPKG_FIELD = re.compile(r"^(Package|Status|Version|Architecture): *(\S.*)$", re.MULTILINE)

RPM_QUERY = ["rpm", "-q", "--qf", ">\\t%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n[ %{FILENAMES}\\n]"] + sorted(
    {name for kind in KINDS.values() for key in ("rpm", "rpm_holders") for name in kind[key]})


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
        if listed.problem not in (None, "absent") or any(name.startswith(_BEGINNINGS) and component_of(name) for name in listed.if_there([])):
            return True
    return False


def component_of(binary: str) -> Optional[str]:
    """The component that a binary's base name belongs to, or None."""
    return next((name for name, pattern in _MATCHERS if pattern.match(binary)), None)


def component_of_comm(comm: str) -> Optional[str]:
    """The component by a command's name as the kernel keeps it, cut to 15 bytes."""
    return _COMMS.get(comm) or (component_of(comm) if len(comm) < _COMM_LENGTH else None)


def _components_of_package(manager: str, name: str) -> List[Tuple[str, bool]]:
    """(component, whether the package counts only with a binary of it) that a package of this name brings."""
    found = []
    for component, kind in KINDS.items():
        if any(re.match(pattern + r"\Z", name) for pattern in kind[manager]):
            found.append((component, False))
        elif any(re.match(pattern + r"\Z", name) for pattern in kind[manager + "_holders"]):
            found.append((component, True))
    return found


def _brought(manager: str, name: str, version: str, files: List[str]) -> List[Package]:
    """What an installed package brings of each component that its name stands for."""
    found = []
    for component, needs_binary in _components_of_package(manager, name):
        package = Package(component, name, version, [path for path in files if _is_binary_of(path, component)])
        if package.binaries or not needs_binary:
            found.append(package)
    return found


def _is_binary_of(path: str, component: str) -> bool:
    """Manuals and folders of configuration carry the names of binaries too, so the folder must be one of programs."""
    folder, _slash, name = path.rpartition("/")
    return component_of(name) == component and bool(_PROGRAM_FOLDER.match(folder))


def parse_rpm(text: str) -> List[Package]:
    """The installed packages in the output of RPM_QUERY. Lines that are no package's ('package x is not installed') are passed over."""
    packages: List[Package] = []
    header: List[str] = []
    files: List[str] = []
    for line in text.splitlines() + [""]:
        if line.startswith(" /"):
            files.append(line[1:])
            continue
        if header:
            packages += [package for package in _brought("rpm", header[1], header[2], files) if package not in packages]
        fields = line.split("\t")
        header, files = (fields if len(fields) == 3 and fields[0] == ">" and fields[2] else []), []
    return packages


def parse_dpkg_status(text: str) -> List[Tuple[str, str, List[str]]]:
    """(name, version, names that the list of its files may have) of each installed package in dpkg's status file that may bring a component."""
    found = []
    for stanza in _DPKG_STANZA.findall(text):
        fields = dict(_DPKG_FIELD.findall(stanza))
        name, version, architecture = fields["Package"], fields.get("Version", "").strip(), fields.get("Architecture", "").strip()
        if version and is_in_place(fields.get("Status", "")):
            found.append((name, version, [name + ".list", "%s:%s.list" % (name, architecture)]))
    return found


def dpkg_packages(host: Any, text: str) -> List[Package]:
    """The installed packages with their binaries. dpkg-query would load the file lists of all packages to tell those of a few."""
    packages = []
    for name, version, lists in parse_dpkg_status(text):
        answers = (host.read("%s/%s" % (DPKG_LISTS, file)) for file in lists)
        files = next((answer.value for answer in answers if answer.value), "")
        packages += _brought("dpkg", name, version, files.splitlines())
    return packages


def principal(binaries: List[str], architecture: str) -> Optional[str]:
    """The one binary that stands for a package with several: the one for this architecture, else the first by name."""
    wanted = ("qemu-system-" + architecture, "qemu-kvm", "OVMF_CODE_4M.fd", "OVMF_CODE.fd", "AAVMF_CODE.fd", "virtqemud", "libvirtd")
    for name in wanted:
        for path in binaries:
            if path.rpartition("/")[2] == name:
                return path
    return sorted(binaries)[0] if binaries else None


# QEMU's answer to --version stands in its binary as one text: "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)".
QEMU_TEXT = re.compile(rb"QEMU emulator version ([0-9][0-9A-Za-z.+~-]{0,40})(?: \(([^()\n\0]{1,120})\))?")
QEMU_TEXT_LONGEST = 256
_DEBIAN_TEXT = re.compile(r"(?:Debian|Ubuntu) ([0-9][0-9A-Za-z.+:~-]*)\Z")
_PVE_TEXT = re.compile(r"pve-qemu-kvm_([0-9][0-9A-Za-z.+:~-]*)\Z")
_RPM_TEXT = re.compile(r"(?:qemu[a-z0-9-]*)-((?:[0-9]+:)?[0-9][^-\s]*-[^-\s]+)\Z")


def qemu_text_version(text: bytes) -> Optional[str]:
    """The version in a stretch of a QEMU binary: the package's where its builder wrote it down, else QEMU's own; None where there is none."""
    match = QEMU_TEXT.search(text)
    if not match:
        return None
    built = (match.group(2) or b"").decode("ascii", "replace")
    package = _DEBIAN_TEXT.match(built) or _PVE_TEXT.match(built) or _RPM_TEXT.match(built)
    return package.group(1) if package else match.group(1).decode("ascii")


def by_path(packages: List[Package]) -> Dict[str, Package]:
    """Which package owns which binary."""
    return {path: package for package in packages for path in package.binaries}

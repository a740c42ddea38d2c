# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machine types of QEMU guests: which one a guest has, and which are deprecated by the QEMU that runs them."""

import re
from typing import Iterable, List, NamedTuple, Optional, Tuple

from .._formats import processes

# QEMU 9.1 and later: a versioned machine type is deprecated once it is three major releases (three years) old and removed after six
# (docs/about/deprecated.rst; MACHINE_VER_DEPRECATION_MAJOR and MACHINE_VER_DELETION_MAJOR in include/hw/core/boards.h).
DEPRECATION_MAJOR, DELETION_MAJOR = 3, 6
_RULE_SINCE = (9, 1)
_REMOVED_SINCE = (10, 1)

# Before that rule, by name: machine types older than the second version were deprecated by the QEMU of the first and by later ones
# (docs/about/deprecated.rst of each release).
_NAMED = (
    ((9, 0), "pseries-", (2, 11)),
    ((8, 2), "pc-i440fx-", (2, 3)),
    ((7, 0), "pc-i440fx-", (1, 7)),
    ((5, 0), "pc-", (1, 3)),
)
# The same for their removal (docs/about/removed-features.rst; q35's oldest by -machine help of 7.2).
_NAMED_REMOVED = (
    ((9, 1), "pc-i440fx-", (2, 3)),
    ((8, 2), "pc-i440fx-", (1, 7)),
    ((6, 0), "pc-", (1, 3)),
    ((4, 0), "pc-q35-", (2, 3)),
)

_Named = Tuple[Tuple[int, int], str, Tuple[int, int]]
# Families whose names end in the QEMU version they imitate. 'pc-1.3' is the elder spelling of i440fx.
_VERSIONED = re.compile(r"(pc-i440fx|pc-q35|pc|virt|pseries|s390-ccw-virtio)-([0-9]{1,3})\.([0-9]{1,3})(?:\.[0-9]{1,3})?(?:\+pve[0-9]+)?\Z")
# Names with a version of QEMU or of a distributor behind the family. What is in one family has the same buses.
_FAMILY = re.compile(r"(pc-i440fx|pc-q35|pc(?=-[0-9])|virt|pseries|s390-ccw-virtio)-[a-z0-9][A-Za-z0-9._+-]{0,40}\Z")
# A name QEMU could accept: anything else on a command line is not repeated into reports.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}\Z")
_VERSION = re.compile(r"(?:[0-9]+:)?([0-9]{1,3})\.([0-9]{1,3})")
_XML_TYPE = re.compile(r"<type\b[^<>]{0,400}?\bmachine=(['\"])([^'\"<>]{1,64})\1")


class Guest(NamedTuple):
    """What a QEMU command line says of its guest; None for what it leaves to QEMU's default."""

    name: Optional[str]
    machine_type: Optional[str]


def from_command_line(argv: List[str]) -> Guest:
    """The guest's name and machine type; of several -machine the last that names a type counts, as in QEMU."""
    machine = None
    for value in processes.option_values(argv, "machine", "M"):
        for key, word in processes.suboptions(value):
            if key in ("", "type") and _NAME.match(word):
                machine = word
    name = None
    for value in processes.option_values(argv, "name"):
        for key, word in processes.suboptions(value):
            if key in ("", "guest") and word:
                name = word[:255]
    return Guest(name, machine)


def from_configuration(text: str) -> Optional[str]:
    """The machine type in a file for -readconfig: type = "q35" in the section [machine]."""
    section = ""
    for line in text.splitlines():
        head = re.match(r"\s*\[\s*([a-z-]{1,40})", line)
        section = head.group(1) if head else section
        value = re.match(r"""\s*type\s*=\s*"([^"]{1,64})"\s*\Z""", line)
        if section == "machine" and value and _NAME.match(value.group(1)):
            return value.group(1)
    return None


def from_domain_xml(text: str) -> List[str]:
    """The machine types in a libvirt domain document; no XML parser reads it, so none can be attacked through it."""
    return [name for _quote, name in _XML_TYPE.findall(text) if _NAME.match(name)]


def qemu_version(text: Optional[str]) -> Optional[Tuple[int, int]]:
    """(major, minor) of a QEMU version, with or without the epoch of a package; None where there is none."""
    match = _VERSION.match(text or "")
    return (int(match.group(1)), int(match.group(2))) if match else None


def family(machine_type: str) -> Optional[str]:
    """'pc-q35' of pc-q35-7.2 and of pc-q35-rhel9.4.0; None for an alias, and for what has no versions."""
    match = _FAMILY.match(machine_type)
    return {"pc": "pc-i440fx"}.get(match.group(1), match.group(1)) if match else None


def _age(own: Tuple[int, int], version: Tuple[int, int], majors: int) -> bool:
    """Whether a machine type's own version is so many major releases old."""
    age = version[0] - own[0]
    return age > majors or (age == majors and version[1] >= own[1])


def is_removed(machine_type: str, version: Optional[Tuple[int, int]]) -> bool:
    """Whether the QEMU of this (major, minor) has the machine type no more: 11.1 knows no pc-q35-5.1 and no pc-i440fx-2.12.

    QEMU began to take them away by age with 10.1: releases before it carry even older ones (``-machine help`` of 10.0 and 11.1), but for those
    that were taken away by name.
    """
    match = _VERSIONED.match(machine_type)
    if not match or version is None:
        return False
    own = (int(match.group(2)), int(match.group(3)))
    return _is_named(_NAMED_REMOVED, machine_type, own, version) or (version >= _REMOVED_SINCE and _age(own, version, DELETION_MAJOR))


def _is_named(rows: Iterable[_Named], machine_type: str, own: Tuple[int, int], version: Tuple[int, int]) -> bool:
    return any(version >= since and machine_type.startswith(family) and own <= last for since, family, last in rows)


def default_type(program: str, version: Optional[Tuple[int, int]], is_upstream: bool) -> Optional[str]:
    """The machine type of a guest whose command line names none; None where the builder may have chosen another, or the target has no default."""
    target = program.rpartition("/")[2]
    if version is None or not is_upstream:
        return None
    names = {"qemu-system-x86_64": "pc-i440fx", "qemu-system-i386": "pc-i440fx", "kvm": "pc-i440fx", "qemu-system-ppc64": "pseries",
             "qemu-system-s390x": "s390-ccw-virtio"}
    return "%s-%d.%d" % (names[target], version[0], version[1]) if target in names else None


def resolve(machine_type: str, version: Optional[Tuple[int, int]]) -> Optional[str]:
    """An alias as the QEMU of this version takes it: q35 of 7.2 is pc-q35-7.2; None where the version is not known. Other names stay."""
    names = {"q35": "pc-q35", "pc": "pc-i440fx", "virt": "virt", "pseries": "pseries", "s390-ccw-virtio": "s390-ccw-virtio"}
    if machine_type not in names:
        return machine_type
    return "%s-%d.%d" % (names[machine_type], version[0], version[1]) if version else None


def is_deprecated(machine_type: str, version: Optional[Tuple[int, int]]) -> bool:
    """Whether the QEMU of this (major, minor) calls the machine type deprecated.

    Aliases (q35, virt) mean the newest version at each start and never are. Distributors' own names (pc-q35-rhel9.4.0, pc-q35-jammy) follow
    the distributor's calendar, not QEMU's, and are not judged.
    """
    match = _VERSIONED.match(machine_type)
    if not match or version is None:
        return False
    own = (int(match.group(2)), int(match.group(3)))
    if version >= _RULE_SINCE:
        return _age(own, version, DEPRECATION_MAJOR)
    return _is_named(_NAMED, machine_type, own, version)

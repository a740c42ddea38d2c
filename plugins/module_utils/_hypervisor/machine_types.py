# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machine types of QEMU guests: which one a guest has, and which are deprecated by the QEMU that runs them."""

import re
from typing import List, NamedTuple, Optional, Tuple

from .._formats import processes

# QEMU 9.1 and later: a versioned machine type is deprecated once it is three major releases (three years) old and removed after six
# (docs/about/deprecated.rst; MACHINE_VER_DEPRECATION_MAJOR and MACHINE_VER_DELETION_MAJOR in include/hw/core/boards.h).
DEPRECATION_MAJOR = 3
_RULE_SINCE = (9, 1)

# Before that rule, by name: machine types older than the second version were deprecated by the QEMU of the first and by later ones
# (docs/about/deprecated.rst of each release).
_NAMED = (
    ((8, 2), "pc-i440fx-", (2, 3)),
    ((7, 0), "pc-i440fx-", (1, 7)),
    ((5, 0), "pc-", (1, 3)),
)

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
        age = version[0] - own[0]
        return age > DEPRECATION_MAJOR or (age == DEPRECATION_MAJOR and version[1] >= own[1])
    return any(version >= since and machine_type.startswith(family) and own <= last for since, family, last in _NAMED)

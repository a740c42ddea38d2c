# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which entry systemd-boot starts: loader.conf, boot counting, its sort order and its EFI variables (man loader.conf, systemd-boot)."""

import fnmatch
import functools
import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from .._formats.bls import BlsEntry, compare_text, unquoted


class Choice(NamedTuple):
    """id: file name with its suffix (.conf or .efi), without boot counters; tries_left: None where boots are not counted.

    options: what an entry gives the kernel, None for an image, which holds its own; profile: which of a unified image's, counted from 0.
    """

    id: str
    title: str
    path: str
    sort_key: str
    machine_id: str
    version: str
    tries_left: Optional[int]
    options: Optional[str] = None
    profile: int = 0


# What the entry's own machine is called in its key architecture.
ARCHITECTURES = {"x86_64": "x64", "i686": "ia32", "aarch64": "aa64", "armv7l": "arm", "riscv64": "riscv64", "loongarch64": "loongarch64"}
# The loader finds these by itself, on the EFI system partition: id, title, the places of the file that it looks for.
AUTOMATIC = (
    ("auto-windows", "Windows Boot Manager", ("/EFI/Microsoft/Boot/bootmgfw.efi",)),
    ("auto-osx", "macOS", ("/System/Library/CoreServices/boot.efi",)),
    ("auto-efi-shell", "EFI Shell", ("/shellx64.efi", "/shellaa64.efi", "/shellia32.efi")),
    ("auto-efi-default", "EFI Default Loader", ("/EFI/BOOT/BOOTX64.EFI", "/EFI/BOOT/BOOTAA64.EFI", "/EFI/BOOT/BOOTIA32.EFI")),
)
# From this version on an id has its suffix, and a pattern must match it.
_SUFFIX_SINCE = 245
# From this version on each profile of a unified image is an entry, FILE@ID.
PROFILES_SINCE = 257
# Older ones know no uki in a .conf file, and pass over the entry (systemd#39886).
_UNIFIED_KEYS_SINCE = 258

_COUNTERS = re.compile(r"^(?P<stem>.+)\+(?P<left>\d{1,9})(?:-\d{1,9})?(?P<suffix>\.conf|\.efi)$", re.IGNORECASE)
_ORDER = "systemd-boot"


def split_counters(name: str) -> Tuple[str, Optional[int]]:
    """('fedora.conf', 3) for 'fedora+3-1.conf': the name that entries are called by, and the tries left."""
    match = _COUNTERS.match(name)
    return (match.group("stem") + match.group("suffix"), int(match.group("left"))) if match else (name, None)


def parse_loader_conf(text: str) -> Dict[str, str]:
    """Key -> value of loader.conf, the last one winning. An empty file is valid."""
    lines = [line.strip().split(None, 1) for line in text.splitlines()]
    return {line[0]: unquoted(line[1].strip()) for line in lines if len(line) == 2 and not line[0].startswith("#")}


def version_of(loader_info: str) -> int:
    """255 for 'systemd-boot 255.4-1.fc40'; the newest where the loader names none."""
    match = re.match(r"systemd-boot (\d+)", loader_info)
    return int(match.group(1)) if match else 999


def exists_for(entry: BlsEntry, machine: str, loader: int = 999) -> bool:
    """Whether the loader takes the file for an entry: not those that it calls by itself, of another machine, or of two kinds at once."""
    kinds = [key for key in ("linux", "efi") + (("uki", "uki-url") if loader >= _UNIFIED_KEYS_SINCE else ()) if key in entry.fields]
    architecture = entry.fields.get("architecture")
    right_machine = architecture is None or architecture.lower() == ARCHITECTURES.get(machine, "")
    return len(kinds) == 1 and not entry.id.lower().startswith("auto-") and right_machine


def choice_of_entry(entry: BlsEntry, image: str) -> Choice:
    """A Choice from a .conf entry whose kernel lies at ``image`` on the host."""
    name, tries = split_counters(entry.id + ".conf")
    fields = entry.fields
    return Choice(name, entry.title, image, fields.get("sort-key", ""), fields.get("machine-id", ""), entry.version, tries,
                  fields.get("options", ""))


def choice_of_image(name: str, image: str, os_release: Dict[str, str]) -> Choice:
    """A Choice from a unified kernel image, described by the os-release within it."""
    plain, tries = split_counters(name)
    sort_key = os_release.get("IMAGE_ID") or os_release.get("ID") or ""
    version = next((os_release[key] for key in ("IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID") if os_release.get(key)), "")
    return Choice(plain, os_release.get("PRETTY_NAME") or plain, image, sort_key, "", version, tries)


def _plain_order(left: str, right: str) -> int:
    return (left > right) - (left < right)


def _file(choice: Choice) -> str:
    """The file's name as the loader orders by it: in small letters."""
    return (choice.id.rsplit("@", 1)[0] if choice.profile else choice.id).lower()


def _counted(choice: Choice) -> int:
    return -1 if choice.tries_left is None else choice.tries_left


def compare(left: Choice, right: Choice) -> int:
    """Negative where ``left`` is shown above ``right``: bad entries last, then sort-key, machine id, version, name, tries."""
    orders = [_plain_order(str(left.tries_left == 0), str(right.tries_left == 0)), bool(right.sort_key) - bool(left.sort_key)]
    if left.sort_key and right.sort_key:
        orders += [
            _plain_order(left.sort_key, right.sort_key),
            _plain_order(left.machine_id, right.machine_id),
            -compare_text(_ORDER, left.version, right.version),
        ]
    orders += [-compare_text(_ORDER, _file(left), _file(right)), left.profile - right.profile, _counted(right) - _counted(left)]
    return next((order for order in orders if order), 0)


def in_order(choices: List[Choice]) -> List[Choice]:
    """As the menu shows them."""
    return sorted(choices, key=functools.cmp_to_key(compare))


def find(choices: List[Choice], pattern: str, loader: int = 999) -> Optional[Choice]:
    """The first entry whose id matches a shell pattern, letters of either case; ids of old loaders had no suffix."""
    for choice in choices:
        name = choice.id.lower() if loader >= _SUFFIX_SINCE else choice.id.lower().rsplit(".", 1)[0]
        if fnmatch.fnmatchcase(name, pattern.lower()):
            return choice
    return None


def default_of(
    choices: List[Choice], configured: Dict[str, str], variables: Dict[str, str], automatic: Tuple[Choice, ...] = (), loader: int = 999
) -> Tuple[Choice, str]:
    """(entry, how) that boots when nothing is asked for once. ``choices`` is in menu order; ValueError where it is empty.

    What the loader finds by itself (``automatic``) is started only where it is named.
    """
    wishes = (
        ("EFI variable LoaderEntryPreferred", variables.get("LoaderEntryPreferred", ""), True),
        ("preferred in loader.conf", configured.get("preferred", ""), True),
        ("EFI variable LoaderEntryDefault", variables.get("LoaderEntryDefault", ""), False),
        ("default in loader.conf", configured.get("default", ""), False),
    )
    for how, pattern, unless_bad in wishes:
        if pattern == "@saved":
            how, pattern = "last booted, by " + how, variables.get("LoaderEntryLastBooted", "")
        choice = find(choices + list(automatic), pattern, loader) if pattern else None
        if choice and not (unless_bad and choice.tries_left == 0):
            return choice, how
    if not choices:
        raise ValueError("no boot entries")
    return choices[0], "first entry in systemd-boot's order"

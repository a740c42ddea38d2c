# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of the Boot Loader Specification (loader/entries/*.conf): as systemd-boot reads them, and as GRUB's blscfg reads and orders them."""

import functools
import re
from itertools import zip_longest
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from . import versions

# id: the file's name without .conf; path: the kernel (linux, efi or uki line), '' for an entry without one; fields: the value of each key that
# the loader takes; initrds: every one.
BlsEntry = NamedTuple("BlsEntry", [
    ("id", str), ("title", str), ("version", str), ("path", str), ("fields", Dict[str, str]), ("initrds", Tuple[str, ...])])

# How a branch of Red Hat's GRUB differs: whether the version key comes before the file's name, whether + is a sign of its own, whether efi lines
# are read.
Branch = NamedTuple("Branch", [("by_version", bool), ("plus", bool), ("efi", bool)])

# GRUB's own since 2.14 (grub-core/commands/blsuki.c), which shares nothing with Red Hat's but the command's name.
UPSTREAM = None
# Of a system that is named nowhere here, and whose configuration loads Red Hat's module.
FEDORA = Branch(False, True, False)

# RHEL's and its relatives', Alibaba's (al8) and Anolis' (an8).
_PLATFORM = re.compile(r"platform:(?:el|al|an)(\d{1,2})\Z")
_WORD_AND_REST = re.compile(r"([^ \t]*)([ \t]*)(.*)")
_IMAGE_KEYS = ("linux", "uki", "uki-url", "efi")
_LIMIT_ENTRIES = 500
_SUFFIX = ".conf"
_FEDORA_LIKE = ("fedora", "amzn", "azurelinux", "mariner", "openeuler")


def is_red_hats(os_id: str, family: str) -> bool:
    """Whether this system's GRUB is Red Hat's or Fedora's by its name; others' tells by the module that its configuration loads."""
    return family == "redhat" or os_id.lower() in _FEDORA_LIKE


def branch_of(os_id: str, version_id: str, family: str, platform: str = "") -> Optional[Branch]:
    """The branch of the blscfg that this system's GRUB has, rhboot/grub2 rhel-8-main to fedora-45 (read 2026-11); UPSTREAM for all the others'.

    ``platform`` is PLATFORM_ID of os-release, which names the release that a relative with numbers of its own was built from.
    """
    numbers = re.match(r"(\d+)(?:\.(\d+))?", version_id)
    major, minor = (int(numbers.group(1)), numbers.group(2)) if numbers else (0, None)
    built_from = _PLATFORM.match(platform)
    if built_from and int(built_from.group(1)) != major:
        major, minor = int(built_from.group(1)), None
    if family != "suse" and not is_red_hats(os_id, family):
        return UPSTREAM
    if family == "redhat" and os_id not in _FEDORA_LIKE:
        return Branch(major == 8, major != 8, major > 10 or (major == 10 and minor != "0"))
    return Branch(False, os_id != "fedora" or major >= 34, os_id == "fedora" and major >= 45)


def unquoted(value: str) -> str:
    """A value as systemd-boot takes it of its files: without a quote at either end, whatever is between them (line_get_key_value)."""
    return value[1:-1] if len(value) > 1 and value.startswith('"') and value.endswith('"') else value


def parse_entry(name: str, text: str) -> BlsEntry:
    """One entry as systemd-boot reads it: the last value of each key without its quotes, all options joined; ValueError for none."""
    fields: Dict[str, str] = {}
    initrds: List[str] = []
    for line in text.splitlines():
        words = line.strip().split(None, 1)
        if len(words) != 2 or words[0].startswith("#"):
            continue
        value = unquoted(words[1].strip())
        if words[0] == "initrd":
            initrds.append(value)
        before = fields.get("options", "") + " " if words[0] == "options" else ""
        fields[words[0]] = (before + value).strip()
    return _entry(name, fields, initrds)


def parse_grub_entry(name: str, text: str) -> BlsEntry:
    """One entry as Red Hat's blscfg reads it; a tab parts key and value only where the whole line has no blank. ValueError for none."""
    return _grub_entry(name, text, lambda line: line.partition(" " if " " in line else "\t"))


def parse_upstream_entry(name: str, text: str) -> BlsEntry:
    """One entry as GRUB 2.14's blscfg reads it: the first blank or tab parts key and value. ValueError for none."""
    return _grub_entry(name, text, lambda line: _WORD_AND_REST.match(line).groups())  # type: ignore[union-attr]


def _grub_entry(name: str, text: str, parted: Callable[[str], Sequence[str]]) -> BlsEntry:
    """Up to the first line without a value (an empty one too), the first value of each key."""
    fields: Dict[str, str] = {}
    initrds: List[str] = []
    for raw in text.replace("\r", "").split("\n"):
        line = raw.lstrip(" \t")
        if line.startswith("#"):
            continue
        key, separator, value = parted(line)
        if not separator or not value:
            break
        if key == "initrd":
            initrds.append(value.strip(" \t"))
        fields.setdefault(key, value.strip(" \t"))
    return _entry(name, fields, initrds)


def _entry(name: str, fields: Dict[str, str], initrds: List[str]) -> BlsEntry:
    if not fields:
        raise ValueError("%s: no line with a key and a value" % name)
    path = next((fields[key] for key in _IMAGE_KEYS if key in fields), "")
    entry_id = name[:-len(_SUFFIX)] if name.lower().endswith(_SUFFIX) else name
    return BlsEntry(entry_id, fields.get("title", entry_id), fields.get("version", ""), path, fields, tuple(initrds))


_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+|~")
_SEGMENT_WITH_PLUS = re.compile(r"[0-9]+|[A-Za-z]+|[~+]")


def compare_text(kind: str, left: str, right: str) -> int:
    """-1, 0 or 1 by the version order ``kind``; where a text is no version of it, by characters."""
    try:
        return int(versions.compare(kind, left, right))
    except ValueError:
        return (left > right) - (left < right)


def grub_vercmp(left: str, right: str, plus: bool) -> int:
    """blscfg's own order of two texts: rpm's of old, without ^; ~ comes before the end of a text, + (where it counts) after it, before all else."""
    pattern = _SEGMENT_WITH_PLUS if plus else _SEGMENT
    for one, two in zip_longest(pattern.findall(left), pattern.findall(right), fillvalue=""):
        order = _sign_order(one, two) if one in ("~", "+") or two in ("~", "+") else _segment_order(one, two)
        if order:
            return order
    return 0


def _sign_order(one: str, two: str) -> int:
    if one == two:
        return 0
    if "~" in (one, two):
        return -1 if one == "~" else 1
    if not one or not two:
        return -1 if not one else 1
    return -1 if one == "+" else 1


def _segment_order(one: str, two: str) -> int:
    """Two segments: what has one more is newer, digits are newer than letters, numbers by their value, letters by their codes."""
    if not one or not two:
        return 1 if one else -1
    if one.isdigit() != two.isdigit():
        return 1 if one.isdigit() else -1
    if one.isdigit():
        one, two = one.lstrip("0"), two.lstrip("0")
        if len(one) != len(two):
            return 1 if len(one) > len(two) else -1
    return (one > two) - (one < two)


def grub_parts(entry_id: str) -> Tuple[str, str, str]:
    """name, version, release of an id, as blscfg splits it: at the last two dashes, and what is missing is missing at the end."""
    pieces = entry_id.rsplit("-", 2)
    name, version, release = pieces + [""] * (3 - len(pieces))
    return name, version, release


def _version_parts(version: str) -> Tuple[str, str]:
    pieces = version.rsplit("-", 1)
    return pieces[0], pieces[1] if len(pieces) > 1 else ""


def grub_compare(left: BlsEntry, right: BlsEntry, branch: Branch, with_version: bool = False) -> int:
    """Below, at or above 0: how blscfg orders two entries, by the version key first where ``with_version``, then by id."""
    lefts, rights = grub_parts(left.id), grub_parts(right.id)
    if with_version:
        lefts, rights = _version_parts(left.version) + lefts, _version_parts(right.version) + rights  # type: ignore[assignment]
    orders = (grub_vercmp(lefts[at], rights[at], branch.plus) for at in range(len(lefts)))
    return next((order for order in orders if order), 0)


def grub_order(entries: List[BlsEntry], branch: Optional[Branch]) -> List[BlsEntry]:
    """The menu's entries as blscfg shows them, the newest first. Entries without an image that it loads are none."""
    with_version = branch is not UPSTREAM and branch.by_version and all("version" in entry.fields for entry in entries)

    def compare(one: BlsEntry, two: BlsEntry) -> int:
        if branch is UPSTREAM:
            return compare_text(versions.FILE_NAME, one.id + ".conf", two.id + ".conf")
        return grub_compare(one, two, branch, with_version)

    key = functools.cmp_to_key(compare)
    ordered = sorted(entries, key=key, reverse=True)
    if branch is UPSTREAM or not branch.by_version:
        # Of entries that it takes for equal the younger branches keep one.
        ordered = [entry for at, entry in enumerate(ordered) if not at or key(entry) != key(ordered[at - 1])]
    efi = branch is not UPSTREAM and branch.efi
    return [_loaded(entry, efi) for entry in ordered if "linux" in entry.fields or (efi and "efi" in entry.fields)]


def _loaded(entry: BlsEntry, efi: bool) -> BlsEntry:
    """The entry with the image that GRUB loads: an efi line comes after the linux line, and so replaces it."""
    return entry._replace(path=entry.fields["efi"] if efi and "efi" in entry.fields else entry.fields["linux"])


def read_entries(
    host: Any, folder: str, parse: Callable[[str, str], BlsEntry] = parse_entry
) -> Tuple[List[BlsEntry], Any]:
    """(entries of a folder, the host's answer to its listing or to the first file that could not be read).

    systemd-boot takes the suffix in letters of either case (valid_type1_filename of its boot.c), GRUB in small ones alone.
    """
    entries: List[BlsEntry] = []
    answer = host.listdir(folder, 5000)
    listed = [] if answer.problem else answer.value
    fold = str.lower if parse is parse_entry else str
    names = [name for name in listed if fold(name).endswith(_SUFFIX) and not name.startswith(".")][:_LIMIT_ENTRIES]
    for name in names:
        text = host.read("%s/%s" % (folder, name), 65536)
        if text.problem:
            return entries, text
        try:
            entries.append(parse(name, text.value))
        except ValueError:
            # The boot loaders pass over a damaged entry as well.
            continue
    return entries, answer

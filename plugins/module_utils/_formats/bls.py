# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot Loader Specification entries (loader/entries/*.conf), and the order in which GRUB's blscfg shows them."""

import functools
from typing import Any, Dict, List, NamedTuple, Tuple

from . import versions

# id: the file's name without .conf; path: the kernel (linux, efi or uki line), '' for an entry without one; fields: the last value of each key,
# of options all of them, as the loaders take them.
BlsEntry = NamedTuple("BlsEntry", [("id", str), ("title", str), ("version", str), ("path", str), ("fields", Dict[str, str])])

_IMAGE_KEYS = ("linux", "uki", "efi")
_LIMIT_ENTRIES = 500


def parse_entry(name: str, text: str) -> BlsEntry:
    """One entry from its file name and text; ValueError where no line has a key and a value."""
    fields: Dict[str, str] = {}
    for line in text.splitlines():
        words = line.strip().split(None, 1)
        if len(words) == 2 and not words[0].startswith("#"):
            before = fields.get("options", "") + " " if words[0] == "options" else ""
            fields[words[0]] = (before + words[1]).strip()
    if not fields:
        raise ValueError("%s: no line with a key and a value" % name)
    path = next((fields[key] for key in _IMAGE_KEYS if key in fields), "")
    entry_id = name[:-len(".conf")] if name.endswith(".conf") else name
    return BlsEntry(entry_id, fields.get("title", entry_id), fields.get("version", ""), path, fields)


def compare_text(kind: str, left: str, right: str) -> int:
    """-1, 0 or 1 by the version order ``kind``; where a text is no version of it, by characters."""
    try:
        return int(versions.compare(kind, left, right))
    except ValueError:
        return (left > right) - (left < right)


def _parts(entry_id: str) -> Tuple[str, str, str]:
    """name, version, release of <machine id>-<version>-<release>, split at the last two dashes."""
    pieces = entry_id.rsplit("-", 2)
    name, version, release = [""] * (3 - len(pieces)) + pieces
    return name, version, release


def grub_compare(left: str, right: str) -> int:
    """How blscfg orders two ids: name, version and release each by rpm's algorithm."""
    orders = map(compare_text, ("rpm",) * 3, _parts(left), _parts(right))
    return next((order for order in orders if order), 0)


def grub_order(entries: List[BlsEntry]) -> List[BlsEntry]:
    """As blscfg shows them: the newest first."""
    by_id = functools.cmp_to_key(grub_compare)
    return sorted(entries, key=lambda entry: by_id(entry.id), reverse=True)


def read_entries(host: Any, folder: str) -> Tuple[List[BlsEntry], Any]:
    """(entries of a folder, the host's answer to its listing or to the first file that could not be read)."""
    entries: List[BlsEntry] = []
    answer = host.listdir(folder, 5000)
    names = [name for name in answer.value or [] if name.endswith(".conf")][:_LIMIT_ENTRIES]
    for name in names:
        text = host.read("%s/%s" % (folder, name), 65536)
        if text.problem:
            return entries, text
        try:
            entries.append(parse_entry(name, text.value))
        except ValueError:
            # The boot loaders pass over a damaged entry as well.
            continue
    return entries, answer

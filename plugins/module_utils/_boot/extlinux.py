# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""extlinux.conf and syslinux.cfg, as U-Boot's own menu and SYSLINUX read them: the entry that boots when nobody chooses."""

import re
from typing import Any, Dict, List, Optional, Tuple

from .target import NoAnswerError, Target, Targets, on_host

# Of U-Boot and EXTLINUX, Alpine's, and SYSLINUX's own name for it.
PATHS = ("/boot/extlinux/extlinux.conf", "/extlinux/extlinux.conf", "/boot/firmware/extlinux/extlinux.conf", "/boot/extlinux.conf",
         "/boot/syslinux/extlinux.conf", "/boot/syslinux/syslinux.cfg", "/boot/syslinux.cfg")


_FIRST_COUNTS = ("initrd", "fdt", "fdtdir", "fdtoverlays")
_INCLUDE = re.compile(r"(?im)^[ \t]*(?:menu[ \t]+)?include[ \t]+(\S+).*$")
_DEPTH = 16


def parse(text: str) -> Tuple[str, List[Dict[str, str]]]:
    """(the name of the default entry or '', the entries in order: label, linux, append, initrd); keywords in either case.

    The default may stand behind the entries, and the last one counts, as of an entry's kernel and its words (U-Boot's boot/pxe_utils.c).
    """
    default, entries = "", []  # type: Tuple[str, List[Dict[str, str]]]
    for line in text.splitlines():
        words = line.strip().split(None, 1)
        if len(words) != 2 or words[0].startswith("#"):
            continue
        keyword, value = words[0].lower(), words[1].strip()
        if keyword == "label":
            entries.append({"label": value})
        elif keyword in ("default", "ontimeout"):
            default = value
        elif keyword == "menu" and value.lower() == "default" and entries:
            entries[-1]["marked"] = "menu default"
        elif entries:
            name = {"kernel": "linux", "fit": "linux"}.get(keyword, keyword)
            entries[-1][name] = entries[-1].get(name, value) if name in _FIRST_COUNTS else value
    return default, entries


def targets(host: Any) -> Optional[Targets]:
    """What extlinux.conf boots; None where there is none. Raises NoAnswerError."""
    for path in PATHS:
        answer = host.read(path, 1 << 20)
        if answer.problem == "absent":
            continue
        if answer.problem:
            raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
        default, entries = parse(_whole(host, path, answer.value))
        if not entries:
            raise NoAnswerError("unparsable", "%s names no entry" % path)
        entry, how = _started(host, path, entries, default)
        target = Target(entry["label"], _image(host, path, entry), "%s: its %s" % (path, how), "extlinux", entry.get("append", ""))
        return Targets(path, target, None, None, "extlinux.conf is read as it is", "not_applicable")
    return None


def _whole(host: Any, path: str, text: str, depth: int = 1) -> str:
    """A file with the text of each that it includes in that place, as deep as U-Boot goes; it refuses a menu of which one is not there."""
    if depth > _DEPTH:
        raise NoAnswerError("unparsable", "%s: its files include each other more than %d deep" % (path, _DEPTH))

    def included(match: Any) -> str:
        place = _placed(host, path, match.group(1))
        answer = host.read(place, 1 << 20)
        if answer.problem:
            raise NoAnswerError(answer.problem, "%s includes %s, which would tell: %s" % (path, place, answer.detail))
        return _whole(host, path, answer.value, depth + 1)

    return _INCLUDE.sub(included, text)


def _placed(host: Any, path: str, name: str) -> str:
    """Where a file lies that the menu at ``path`` names: beside it, unless its own path is whole."""
    return on_host(host, name if name.startswith("/") or not name else _joined(path.rsplit("/", 1)[0], name))


def _image(host: Any, path: str, entry: Dict[str, str]) -> str:
    return _placed(host, path, re.sub(r"#.*", "", entry.get("linux", "")))


def _started(host: Any, path: str, entries: List[Dict[str, str]], default: str) -> Tuple[Dict[str, str], str]:
    """(the entry that boots, why): where the chosen one has no image, U-Boot goes on with the others in their order."""
    chosen = _chosen(entries, default)
    how = "default" if chosen["label"] == default else chosen.get("marked", "first entry")
    by_u_boot = re.match(r"aarch64|arm|riscv", host.uname()[4])
    images = [(entry, _image(host, path, entry)) for entry in [chosen] + [entry for entry in entries if entry is not chosen]]
    present = [entry for entry, image in images if image and host.stat(image).problem != "absent"]
    if not by_u_boot or not present or present[0] is chosen:
        return chosen, how
    return present[0], "first entry with an image, since that of its %s is absent" % how


def _chosen(entries: List[Dict[str, str]], default: str) -> Dict[str, str]:
    """The default by its label; where that names a menu's program instead, the entry that the menu marks, else the first."""
    named = [one for one in entries if one["label"] == default] or [one for one in entries if "marked" in one] or entries
    return named[0]


def _joined(folder: str, path: str) -> str:
    """A path relative to the folder of the file that names it."""
    parts = folder.split("/")
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)

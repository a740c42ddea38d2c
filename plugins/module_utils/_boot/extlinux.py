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


def parse(text: str) -> Tuple[str, List[Dict[str, str]]]:
    """(the name of the default entry or '', the entries in order: label, linux, append, initrd); keywords in either case."""
    default, entries = "", []  # type: Tuple[str, List[Dict[str, str]]]
    for line in text.splitlines():
        words = line.strip().split(None, 1)
        if len(words) != 2 or words[0].startswith("#"):
            continue
        keyword, value = words[0].lower(), words[1].strip()
        if keyword == "label":
            entries.append({"label": value})
        elif keyword in ("default", "ontimeout") and not entries:
            default = value
        elif keyword == "menu" and value.lower() == "default" and entries:
            entries[-1]["marked"] = "menu default"
        elif entries:
            entries[-1].setdefault({"kernel": "linux", "fit": "linux"}.get(keyword, keyword), value)
    return default, entries


def targets(host: Any) -> Optional[Targets]:
    """What extlinux.conf boots; None where there is none. Raises NoAnswerError."""
    for path in PATHS:
        answer = host.read(path, 1 << 20)
        if answer.problem == "absent":
            continue
        if answer.problem:
            raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
        default, entries = parse(answer.value)
        if not entries:
            if re.search(r"(?im)^\s*(?:menu\s+)?include\s", answer.value):
                raise NoAnswerError("unsupported", "%s leaves its entries to files that it includes, which would tell" % path)
            raise NoAnswerError("unparsable", "%s names no entry" % path)
        entry = _chosen(entries, default)
        how = "%s: its %s" % (path, "default" if entry["label"] == default else entry.get("marked", "first entry"))
        image = re.sub(r"#.*", "", entry.get("linux", ""))
        base = path.rsplit("/", 1)[0]
        image = image if image.startswith("/") or not image else _joined(base, image)
        target = Target(entry["label"], on_host(host, image), how, "extlinux", entry.get("append", ""))
        return Targets(path, target, None, None, "extlinux.conf is read as it is", "not_applicable")
    return None


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

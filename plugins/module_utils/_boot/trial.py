# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry of a boot loader for one boot only: its text, made from the entry that the loader has for the same kernel. Text in, text out."""

import re
from typing import List, Optional, Sequence, Tuple

TRIAL = "firebreak-trial"
# The name of a .conf entry decides its place where no default is saved: GRUB of EL 9 and 10 shows the greatest first, and a capital is the least.
CONF = "A-firebreak-trial"
_BEGIN, _END = "### BEGIN %s ###" % TRIAL, "### END %s ###" % TRIAL
_HEADER = re.compile(r"^(\s*)menuentry\s")
_LINUX = re.compile(r"^\s*linux(?:16|efi)?\s+(\S+)(.*)$")
_RESCUE_WORDS = ("single", "recovery", "emergency", "rescue", "1", "s", "S")
# What GRUB cannot write its environment to: the entry for one boot would be taken again and again (GRUB 2.06 to 2.12, util/grub.d/00_header.in).
_UNWRITABLE_DISKS = ("diskfilter", "lvm", "mdraid", "raid", "ldm")
_UNWRITABLE_FILE_SYSTEMS = ("btrfs", "cpiofs", "newc", "odc", "romfs", "squash4", "tarfs", "zfs")
# Keys of a .conf entry that would give the copy a place among the others, or a tally of its own.
_LEFT_OUT = ("title", "version", "sort-key", "machine-id", "options")


def lacking(options: Optional[str], words: Sequence[str]) -> List[str]:
    """The words that a command line has to be given. A parameter that it has with another value is given again: the last one counts."""
    had = (options or "").split()
    return [word for word in words if word not in had]


def why_not_once(disks: str, file_system: str) -> str:
    """Why GRUB could not forget an entry after one boot, by what grub-probe says of its folder; '' where it can."""
    for word in disks.split():
        if word.startswith(_UNWRITABLE_DISKS):
            return "GRUB's folder lies on %s, which GRUB cannot write to" % word
    name = file_system.strip()
    return "GRUB's folder lies on %s, which GRUB cannot write to" % name if name in _UNWRITABLE_FILE_SYSTEMS else ""


def menu_entry(menu: str, image: str, words: Sequence[str]) -> str:
    """GRUB's own entry for an image's file name, called TRIAL and with more words; ValueError where the menu has none."""
    found = [entry for entry in _entries(menu.splitlines()) if _boots(entry, image)]
    plain = [entry for entry in found if not _is_for_rescue(entry)]
    if not plain:
        raise ValueError("GRUB's menu has no entry for %s" % image)
    header, body = plain[0][0], plain[0][1:-1]
    free = " --unrestricted" if "--unrestricted" in header else ""
    lines = ["menuentry 'Firebreak: one boot of %s' --id %s%s {" % (image, TRIAL, free)]
    return "\n".join(lines + [_with_words(line, words) for line in body] + ["}"]) + "\n"


def _entries(lines: List[str]) -> List[List[str]]:
    """Each entry from its header to the brace that ends it: as deep as the header, as grub-mkconfig writes them."""
    found: List[List[str]] = []
    at = 0
    while at < len(lines):
        match = _HEADER.match(lines[at])
        if match:
            end = next((n for n in range(at + 1, len(lines)) if lines[n].rstrip() == match.group(1) + "}"), None)
            if end is not None:
                found.append(lines[at:end + 1])
                at = end
        at += 1
    return found


def _boots(entry: Sequence[str], image: str) -> bool:
    matches = [_LINUX.match(line) for line in entry]
    return any(match is not None and match.group(1).rsplit("/", 1)[-1] == image for match in matches)


def _is_for_rescue(entry: Sequence[str]) -> bool:
    matches = [_LINUX.match(line) for line in entry]
    return any(word in _RESCUE_WORDS for match in matches if match for word in match.group(2).split())


def _with_words(line: str, words: Sequence[str]) -> str:
    match = _LINUX.match(line)
    return " ".join([line.rstrip()] + lacking(match.group(2), words)) if match else line


def with_block(text: str, entry: str) -> str:
    """A file of entries of the operator's own with ours at its end; an earlier one of ours is replaced."""
    before = without_block(text)
    return "%s%s\n%s%s\n" % (before, _BEGIN, entry, _END)


def without_block(text: str) -> str:
    """Such a file without ours; ValueError where ours has no end."""
    if _BEGIN not in text:
        return text
    before, _begin, rest = text.partition(_BEGIN + "\n")
    _ours, end, after = rest.partition(_END + "\n")
    if not end:
        raise ValueError("%s is followed by no %s" % (_BEGIN, _END))
    return before + after


def conf_entry(text: str, release: str, words: Sequence[str]) -> str:
    """A .conf entry called TRIAL and with more words. Without a sort key and with the least of versions it stands below all others."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    kept = [line for line in lines if line.split(None, 1)[0] not in _LEFT_OUT]
    options = " ".join(line.split(None, 1)[1] for line in lines if line.split(None, 1)[0] == "options" and len(line.split(None, 1)) == 2)
    given = " ".join(options.split() + lacking(options, words))
    return "\n".join(["title Firebreak: one boot of %s" % release, "version 0"] + kept + ["options " + given]) + "\n"


def image_of_conf(text: str) -> str:
    """The path that a .conf entry loads, '' where it loads none."""
    pairs = [line.split(None, 1) for line in text.splitlines()]
    return next((pair[1].strip() for pair in pairs if len(pair) == 2 and pair[0] == "linux"), "")


def is_of_release(path: str, release: str) -> bool:
    """Whether an entry's path is that of a release's kernel, as distributions and kernel-install name them."""
    folder, _slash, name = path.replace("\\", "/").rpartition("/")
    return name in ("vmlinuz-" + release, "linux-" + release) or (name in ("linux", "vmlinuz") and folder.rsplit("/", 1)[-1] == release)


def chosen_once(seen: Optional[Tuple[str, Optional[str]]], entry: str, words: Sequence[str]) -> str:
    """What is wrong with (entry, options) of the next boot; '' where it is the trial. Options that the loader's files do not tell are no proof."""
    if seen is None:
        return "no entry is set for the next boot only"
    name = seen[0].rsplit(">", 1)[-1]
    if name not in (entry, entry + ".conf"):
        return "the entry of the next boot is %s" % seen[0]
    missing = lacking(seen[1], words) if seen[1] is not None else []
    return "the entry of the next boot lacks %s" % " ".join(missing) if missing else ""

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of dpkg's kernels are of one line: those that one meta package brings, one after the other. Only within a line is there an order.

A line is named by what its releases have in common (cloud-amd64, generic, pve, rpi-v8): a release without its numbers and the numbered words
that a new one changes. The meta package that brought it tells which words are names; without one, the release's shape does.
"""

import re
from typing import Dict, Iterable, List, Optional

_UPSTREAM = re.compile(r"\d+(?:\.\d+)+[^-]*")
# What counts from release to release: 28, 1063, 0.deb11.21, 13parrot1, 060900rc7; and with letters kali3, rpi8, bpo12, rc4.
_NUMBER = re.compile(r"\d(?:[\w.+~]*\d)?\Z")
_NUMBERED = re.compile(r"[A-Za-z]+\.?\d+\Z")
_CANDIDATE = re.compile(r"rc\d+\Z")
# xanmod1, surface-2, bone29; BeagleBoard's ti-r36 is its revision 36.
_COUNTED_END = re.compile(r"(.*?[A-Za-z]{2,})-?\d{1,2}\Z|(.*[A-Za-z0-9])-r\d{1,3}\Z")
# The level of the patches for real time (6.6.30-rt30): a number of a word that is a name.
_REAL_TIME = re.compile(r"rt\d{1,3}\Z")
# Names with a number that Debian's and its relatives' architectures and the processors of their kernels have (dpkg's cputable, Debian's linux).
_ARCHITECTURES = frozenset((
    "amd64", "x64", "x86", "arm64", "v6", "v7", "v8", "armv6", "armv7", "armv8", "i386", "i486", "i586", "i686", "ia64", "loong64", "loongarch64",
    "m68", "mips64", "powerpc64", "ppc64", "riscv64", "rv64", "sparc64", "s390", "sh4", "aarch64"))
_STEMS = frozenset(name.rstrip("0123456789") for name in _ARCHITECTURES)
_X86 = ("486", "586", "686")
_OF_X86 = ("pae", "bigmem", "smp", "rt")


def words_of(release: str) -> Optional[List[str]]:
    """The words behind the upstream version of a release; None where it does not begin with one."""
    match = _UPSTREAM.match(release)
    return [word for word in release[match.end():].split("-") if word] if match else None


def _counts(words: List[str], counted: bool) -> bool:
    """Whether the first of these words changes from release to release; ``counted``: a number came before it."""
    word, rest = words[0], words[1:]
    if _CANDIDATE.match(word):
        return True
    if word[0].isdigit():
        processor = word in _X86 and (not rest or rest[0] in _OF_X86)
        # A second one is plain digits, and never all that is left (SONiC's 6.1.0-29-2-amd64).
        return not processor and bool(_NUMBER.match(word)) and (not counted or (word.isdigit() and bool(rest)))
    return bool(rest) and bool(_NUMBERED.match(word)) and word.lower() not in _ARCHITECTURES


def by_shape(release: str) -> Optional[str]:
    """The line that a release alone shows: '' for one that names none (6.1.55), None for what is no release."""
    words = words_of(release)
    counted, line = False, []
    while words and (_REAL_TIME.match(words[0]) or _counts(words, counted)):
        line += ["rt"] if _REAL_TIME.match(words[0]) else []
        counted = counted or words[0][0].isdigit()
        words = words[1:]
    return None if words is None else "-".join(line + words)


def by_meta(release: str, meta: str) -> Optional[str]:
    """The line by what a release and the name of the meta package that brings it have in common; None where other words are left over."""
    names = meta.split("-")
    words = words_of(release) or []
    exact = []
    for position, word in enumerate(words):
        if word in names:
            names.remove(word)
            exact.append(position)
    line = []
    for position, word in enumerate(words):
        bare = word.rstrip("0123456789")
        if position in exact:
            line.append(word)
        elif bare != word and bare in names:
            names.remove(bare)
            line.append(bare)
        elif not (_NUMBER.match(word) or _NUMBERED.match(word)):
            return None
    return "-".join(line) or None


def line_of(release: str, metas: Iterable[str]) -> Optional[str]:
    """The line of a release: by the meta packages here, of which the one that explains most words wins, else by its shape."""
    found = [line for line in (by_meta(release, meta) for meta in metas) if line]
    return max(found, key=lambda line: (line.count("-"), line)) if found else by_shape(release)


def counted_ends(found: Iterable[str]) -> Dict[str, str]:
    """{line: its name without the number at its end} of those that differ in nothing else, so that it counts (xanmod1, xanmod2; surface-1, -2)."""
    matches = {line: _COUNTED_END.match(line) for line in set(found)}
    stems = {line: match.group(1) or match.group(2) for line, match in matches.items() if match}
    stems = {line: stem for line, stem in stems.items() if stem.rsplit("-", 1)[-1].lower() not in _STEMS}
    return {line: stem for line, stem in stems.items() if list(stems.values()).count(stem) > 1}

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The orders of versions: dpkg's, rpm's, systemd-boot's and that of file names (gnulib's filevercmp, by which GRUB 2.14 sorts, and ``sort -V``).

No two of them agree, so none may stand in for another.

Each is written as a sort key: a nested tuple that Python compares the way the tool compares the text. The keys hold numbers as
(length, digits) without leading zeros, so a number may be longer than any integer a tool could hold. ``tests/system`` compares
thousands of pairs with the real tools.
"""

import re
from string import ascii_letters
from typing import Any, Callable, List, Tuple

DPKG = "dpkg"
RPM = "rpm"
SYSTEMD_BOOT = "systemd-boot"
FILE_NAME = "file name"

Key = Tuple[Any, ...]

# Longer text is no version of anything; it is what a hostile host would send.
_LENGTH_LIMIT = 4096

_DPKG_EPOCH_LIMIT = 2147483647
_DPKG_UPSTREAM = re.compile(r"[0-9][A-Za-z0-9.+~:-]*\Z")
_DPKG_REVISION = re.compile(r"[A-Za-z0-9.+~]+\Z")
_DPKG_RUNS = re.compile(r"([^0-9]*)([0-9]*)")

_RPM_PART = re.compile(r"[A-Za-z0-9._+%{}~^]+\Z")
_RPM_TOKENS = re.compile(r"[0-9]+|[A-Za-z]+|[~^]")
_RPM_TILDE, _RPM_END, _RPM_CARET, _RPM_LETTERS, _RPM_NUMBER = range(5)

_BOOT_IGNORED = re.compile(r"[^A-Za-z0-9~^.-]*")
_BOOT_LETTERS = re.compile(r"[A-Za-z]*")
_DIGITS = re.compile(r"[0-9]*")

_FILE_ENDINGS = re.compile(r"(?<=.)(?:\.[A-Za-z~][A-Za-z0-9~]*)+\Z", re.DOTALL)
_FILE_RANKS = {"": 0, ".": 1, "..": 2}


class InvalidVersion(ValueError):  # noqa: N818 - the name that Python's own packaging uses
    """The text is not a version of its kind; the message names the kind, the text and what is wrong with it."""

    def __init__(self, kind: str, text: object, problem: str) -> None:
        shown = repr(text)
        ValueError.__init__(self, "%s version %s: %s" % (kind, shown if len(shown) <= 80 else shown[:77] + "...", problem))


def _number(digits: str) -> Tuple[int, str]:
    """A key for a decimal number of any length: more digits is more."""
    significant = digits.lstrip("0")
    return (len(significant), significant)


def _checked(kind: str, text: object) -> str:
    """The text itself where it could be a version at all; InvalidVersion for other types, control characters and excess."""
    if not isinstance(text, str):
        raise InvalidVersion(kind, text, "must be text, not %s" % type(text).__name__)
    if len(text) > _LENGTH_LIMIT:
        raise InvalidVersion(kind, text, "has %d characters, more than %d" % (len(text), _LENGTH_LIMIT))
    if any(ord(character) < 32 and character not in "\t\n\r\v\f" or ord(character) == 127 for character in text):
        raise InvalidVersion(kind, text, "holds a control character")
    return text


def split_dpkg(text: object) -> Tuple[int, str, str]:
    """(epoch, upstream version, revision) of a Debian version; a missing epoch is 0, a missing revision is empty."""
    version = _checked(DPKG, text).strip(" \t\n\r\v\f")
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    if not re.match(r"[0-9]+\Z", epoch):
        raise InvalidVersion(DPKG, text, "its epoch is not a number")
    if _number(epoch) > _number(str(_DPKG_EPOCH_LIMIT)):
        raise InvalidVersion(DPKG, text, "its epoch is greater than %d" % _DPKG_EPOCH_LIMIT)
    upstream, hyphen, revision = rest.rpartition("-")
    if not hyphen:
        upstream, revision = rest, ""
    if not _DPKG_UPSTREAM.match(upstream):
        raise InvalidVersion(DPKG, text, "its upstream version must start with a digit and hold only letters, digits and . + - ~ :")
    if hyphen and not _DPKG_REVISION.match(revision):
        raise InvalidVersion(DPKG, text, "its revision must hold only letters, digits and . + ~, at least one")
    return (int(epoch), upstream, revision)


def _dpkg_weight(character: str) -> int:
    """A tilde sorts before the end (0) of a run, letters after it, everything else after the letters."""
    if character == "~":
        return -1
    return ord(character) if character in ascii_letters else ord(character) + 256


def _dpkg_part(text: str) -> Key:
    """The key of an upstream version or a revision: pairs of a run of other characters and a number; an empty one equals "0"."""
    return tuple((tuple(_dpkg_weight(character) for character in run) + (0,), _number(digits)) for run, digits in _DPKG_RUNS.findall(text or "0"))


def _dpkg_key(text: object) -> Key:
    epoch, upstream, revision = split_dpkg(text)
    return (epoch, _dpkg_part(upstream), _dpkg_part(revision))


def split_rpm(text: object) -> Tuple[str, str, str]:
    """(epoch, version, release) of EVR text; a missing epoch is "0", a missing release is empty."""
    evr = _checked(RPM, text)
    epoch, colon, rest = evr.partition(":")
    if not colon:
        epoch, rest = "0", evr
    if not re.match(r"[0-9]+\Z", epoch):
        raise InvalidVersion(RPM, text, "its epoch is not a number")
    version, hyphen, release = rest.rpartition("-")
    if not hyphen:
        version, release = rest, ""
    if not _RPM_PART.match(version) or (hyphen and not _RPM_PART.match(release)):
        raise InvalidVersion(RPM, text, "its version and release must hold only letters, digits and . _ + % { } ~ ^, at least one")
    return (epoch, version, release)


def _rpm_part(text: str) -> Key:
    """The key of a version or a release: its runs of digits and of letters; separators only separate."""
    tokens: List[Key] = []
    for token in _RPM_TOKENS.findall(text):
        if token == "~":
            tokens.append((_RPM_TILDE,))
        elif token == "^":
            tokens.append((_RPM_CARET,))
        elif token[0].isdigit():
            tokens.append((_RPM_NUMBER, _number(token)))
        else:
            tokens.append((_RPM_LETTERS, token))
    tokens.append((_RPM_END,))
    return tuple(tokens)


def _rpm_key(text: object) -> Key:
    epoch, version, release = split_rpm(text)
    # Unlike dpkg, rpm holds a missing release to be older than any release.
    return (_number(epoch), _rpm_part(version), (1, _rpm_part(release)) if release else (0,))


def _boot_step(text: str, at: int) -> Tuple[Key, int]:
    """The key of one step of strverscmp_improved from position ``at``, and where the next begins (-1 at the end)."""
    at = _match_end(_BOOT_IGNORED, text, at)
    flags = [1]
    if text[at:at + 1] == "~":
        flags, at = [0], at + 1
    if at >= len(text):
        return (tuple(flags) + (0,), -1)
    flags.append(1)
    # One step takes at most one of each separator, in this order.
    for separator in "-^.":
        found = text[at:at + 1] == separator
        flags.append(0 if found else 1)
        at += 1 if found else 0
    end = _match_end(_DIGITS, text, at)
    if end > at:
        return (tuple(flags) + (1, _number(text[at:end])), end)
    end = _match_end(_BOOT_LETTERS, text, at)
    return (tuple(flags) + (0, text[at:end]), end)


def _match_end(pattern: Any, text: str, at: int) -> int:
    """Where a pattern that also matches nothing ends, started at ``at``."""
    return int(pattern.match(text, at).end())


def _boot_key(text: object) -> Key:
    version = _checked(SYSTEMD_BOOT, text)
    steps: List[Key] = []
    at = 0
    while at >= 0:
        step, at = _boot_step(version, at)
        steps.append(step)
    return tuple(steps)


def _file_key(text: object) -> Key:
    """Names that begin with a dot come first; then dpkg's order of what is left without its endings, and only then with them."""
    name = _checked(FILE_NAME, text)
    rank = _FILE_RANKS.get(name, 3 if name.startswith(".") else 4)
    return (rank, _dpkg_part(_FILE_ENDINGS.sub("", name)), _dpkg_part(name))


_KEYS = {DPKG: _dpkg_key, RPM: _rpm_key, SYSTEMD_BOOT: _boot_key, FILE_NAME: _file_key}


def sort_key(kind: str) -> Callable[[object], Key]:
    """The ``key=`` function that sorts versions of ``kind`` (dpkg, rpm, systemd-boot, file name); it raises InvalidVersion."""
    if kind not in _KEYS:
        raise ValueError("version order %r: must be one of %s" % (kind, ", ".join(sorted(_KEYS))))
    return _KEYS[kind]


def compare(kind: str, first: object, second: object) -> int:
    """-1 where ``first`` is older than ``second``, 1 where it is newer, 0 where neither is. Raises InvalidVersion."""
    key = sort_key(kind)
    one, two = key(first), key(second)
    return (one > two) - (one < two)

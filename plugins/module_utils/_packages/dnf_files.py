# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration files of dnf, as dnf 4 and dnf5 read them: their sections, what they refuse, and the packages that lists in them keep away."""

import re
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from .rpm_locks import concerns

# The sections that speak for all repositories: before any, dnf's own, and the one of dnf-automatic that overrides it.
FOR_ALL = ("", "main", "base")
_EXCLUDES = ("exclude", "excludepkgs")
_INCLUDES = "includepkgs"
_FALLBACK = ("kernel", "kernel-core", "kernel-default", "kernel-uek", "kernel-uek-core")
_OPTION = re.compile(r"([^\s=\[#;][^=]*?)[ \t]*=[ \t]*(.*)")

Options = Dict[str, str]
# Options of one kind, one after the other, each with its file.
Steps = Sequence[Tuple[str, Options]]


def sections(text: str) -> Dict[str, Options]:
    """Section -> option -> value, the last one winning; lines that begin with a blank go on. '' is before any section."""
    found: Dict[str, Options] = {}
    section, option = "", ""
    for line in text.split("\n"):
        head = re.match(r"\[([^\]]*)\]", line)
        given = _OPTION.match(line)
        if head:
            section, option = head.group(1), ""
        elif given:
            option = given.group(1)
            found.setdefault(section, {})[option] = given.group(2).strip()
        elif option and re.match(r"[ \t]+\S", line):
            found[section][option] += "\n" + line.strip()
    return {section: {option: _unquoted(value) for option, value in options.items()} for section, options in found.items()}


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def refusal(text: str) -> str:
    """'' for a file that dnf reads, else the line for which it ends without doing anything ("Missing '='", "Illegal continuation line", ...)."""
    section = option = False
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line[0] in "#;":
            option = option and bool(line) and line[0] in " \t"
        elif line[0] in " \t":
            if not option:
                return "line %d" % number
        elif line[0] == "[":
            section, option = "]" in line, False
            if not section:
                return "line %d" % number
        else:
            option = section and _OPTION.match(line) is not None
            if not option:
                return "line %d" % number
    return ""


def is_on(options: Options) -> bool:
    """Whether a section is in use; a repository is, unless it says otherwise."""
    return options.get("enabled", "1").lower() not in ("0", "false", "no", "off")


def words(options: Options, *keys: str) -> List[str]:
    """The words of some lists in a section."""
    return [word for name in keys for word in _words(options.get(name, ""))]


def _words(value: str) -> List[str]:
    return [word for word in re.split(r"[\s,]+", value) if word]


def kept_away(steps: Steps, names: Sequence[str], installed: Optional[Mapping[str, str]] = None, has_kernels: bool = True) -> List[str]:
    """What keeps one of these packages away, by its file: patterns that exclude one, and a list of what alone may come that has none of them.

    A list goes on from option to option and from step to step, until one of them begins with nothing. ``installed``: the newest version of each
    package; what excludes that or older ones alone keeps nothing away. ``has_kernels``: such packages are expected to come from here.
    """
    excluded: List[Tuple[str, str]] = []
    only: List[Tuple[str, str]] = []
    for path, options in steps:
        for name, value in options.items():
            if name in _EXCLUDES:
                excluded = _goes_on(excluded, path, value)
            elif name == _INCLUDES:
                only = _goes_on(only, path, value)
    found = ["%s (%s)" % (word, path) for word, path in excluded if concerns(word, names, installed)]
    if has_kernels and only and not any(concerns(word, names) for word, _path in only):
        paths = sorted({path for _word, path in only})
        found += ["includepkgs=%s (%s)" % (",".join(word for word, own in only if own == path), path) for path in paths]
    return found


def _goes_on(listed: List[Tuple[str, str]], path: str, value: str) -> List[Tuple[str, str]]:
    before = listed if value.split(",")[0].strip() else []
    return before + [(word, path) for word in _words(value)]


def excluded(text: str, names: Sequence[str] = _FALLBACK) -> List[str]:
    """The patterns that one configuration holds against kernels, those of repositories that are switched off left out."""
    known = sections(text)
    return [each.rpartition(" (")[0] for section, options in known.items() if is_on(options)
            for each in kept_away([("", options)], names, has_kernels=section in FOR_ALL)]

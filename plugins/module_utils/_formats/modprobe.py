# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""modprobe.d as kmod reads it. Source: libkmod-config.c and libkmod-module.c of kmod 30 to 34, and modprobe.d(5).

A line of ``blacklist`` stops loading by alias only: who names the module, or needs it for another, still loads it. What stops that is the first
``install`` line that fits the name, where its command loads nothing, and where no ``softdep`` line fits: a module that has a soft dependency which
is there is loaded past its own ``install`` line. ``weakdep`` loads nothing.
"""

import fnmatch
import re
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

# A file hides those of its name in the folders behind it; then all are read in the order of their names.
FOLDERS = ("/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d")
# What the modules say of themselves: depmod writes it beside them, and kmod reads it as one more file of this name.
SOFTDEPS = "modules.softdep"
_ENDINGS = (".conf", ".alias")
# Commands that load nothing, alone or one after another; any other may.
_NOTHING = re.compile(r"(?:(?:/usr)?/s?bin/)?(?:true|false|echo|printf|logger|nologin)(?:\s[^`$()|<>]*)?\Z|:\Z|exit(?:\s+[0-9]+)?\Z|/dev/null\Z")
# Where their words may go: never into a file that could be anything.
_REDIRECTED = re.compile(r"\s*[12]?>>?\s*(?:&[12]|/dev/(?:null|stderr|stdout))(?=\s|\Z)")
_LOADS_NAMED = re.compile(r"\binsmod\b|\bmodprobe\b.*\s(?:-\w*i|--ignore-install)\b")


class Softdep(NamedTuple):
    """A line of softdep: the modules it is of, and what kmod tries to load before and after them."""

    pattern: str
    targets: List[str]


class Config(NamedTuple):
    """What the files say, each list in its order: (pattern, command) of install lines, names whose aliases are stopped, softdep lines, and
    (pattern, module) of aliases."""

    installs: List[Tuple[str, str]]
    blacklisted: Set[str]
    softdeps: List[Softdep]
    aliases: List[Tuple[str, str]]


def empty() -> Config:
    """The Config of no files."""
    return Config([], set(), [], [])


def plain(name: str) -> str:
    """A module's name as the kernel writes it: dashes are underscores, but not within brackets of a pattern."""
    return "".join(part if part.startswith("[") else part.replace("-", "_") for part in re.split(r"(\[[^\]]*\])", name))


def order(listed: Mapping[str, Sequence[str]], modules: str = "") -> List[str]:
    """The paths of the files that count, in the order in which they are read; ``listed`` has the names in each folder, ``modules`` is the folder
    of the kernel's modules."""
    first: Dict[str, str] = {SOFTDEPS: "%s/%s" % (modules, SOFTDEPS)} if modules else {}
    for folder in FOLDERS:
        for name in listed.get(folder, ()):
            if name.endswith(_ENDINGS) and not name.startswith("."):
                first.setdefault(name, "%s/%s" % (folder, name))
    return [first[name] for name in sorted(first)]


def parse(texts: Sequence[str]) -> Config:
    """The files' texts, in their order."""
    config = empty()
    for text in texts:
        # A backslash takes the end of a line away, and from any other character itself.
        for line in re.sub(r"\\(?:\n|(.)|\Z)", lambda found: found.group(1) or "", text).split("\n"):
            words = re.split(r"[\t ]+", line.strip("\t "), maxsplit=2)
            if len(words) > 1:
                _add(config, words[0], words[1], words[2] if len(words) > 2 else "")
    return config


def _add(config: Config, keyword: str, name: str, rest: str) -> None:
    if keyword == "install" and rest:
        config.installs.append((plain(name), rest))
    elif keyword == "blacklist":
        # One name only: what else stands on the line is not read.
        config.blacklisted.add(plain(name))
    elif keyword == "softdep" and rest:
        config.softdeps.append(Softdep(plain(name), _targets(rest)))
    elif keyword == "alias" and rest:
        config.aliases.append((plain(name), plain(rest.split()[0])))


def _targets(text: str) -> List[str]:
    """The modules behind ``pre:`` and ``post:``; what stands before either is of no list."""
    found, in_list = [], False
    for word in text.split():
        if word in ("pre:", "post:"):
            in_list = True
        elif in_list:
            found.append(plain(word))
    return found


def install_of(config: Config, name: str) -> Optional[str]:
    """The command that stands in place of loading a module: the first line whose pattern fits; None where there is none."""
    return next((command for pattern, command in config.installs if fnmatch.fnmatchcase(plain(name), pattern)), None)


def softdep_of(config: Config, name: str) -> List[str]:
    """What kmod tries to load with a module: of the first softdep line whose pattern fits."""
    return next((one.targets for one in config.softdeps if fnmatch.fnmatchcase(plain(name), one.pattern)), [])


def pulled_by(config: Config, name: str) -> List[str]:
    """The modules (or patterns of them) with which kmod loads this one by their softdep line, whatever ``blacklist`` says; sorted."""
    seen: Set[str] = set()
    found = []
    for one in config.softdeps:
        if one.pattern not in seen and name in one.targets and one.pattern != name:
            found.append(one.pattern)
        seen.add(one.pattern)
    return sorted(found)


def resolves(config: Config, target: str, present: Callable[[str], Optional[bool]]) -> Optional[bool]:
    """Whether kmod finds anything under a name: an alias or an install line of the files, or what ``present`` says of the kernel's modules."""
    named = any(fnmatch.fnmatchcase(target, pattern) for pattern, _module in config.aliases)
    if named or any(name == target for name, _line in config.installs):
        return True
    return present(target)


def loaded_by_another(config: Config, name: str) -> Optional[str]:
    """The command of an install line of another module that loads this one past its own line; None where there is none."""
    word = re.compile(r"\b%s\b" % re.escape(plain(name)))
    others = (command for pattern, command in config.installs if not fnmatch.fnmatchcase(plain(name), pattern))
    return next((command for command in others if _LOADS_NAMED.search(command) and word.search(plain(command))), None)


def loads_nothing(command: str) -> bool:
    """Whether a command in place of loading surely loads nothing; of others nobody knows."""
    parts = [_REDIRECTED.sub("", part).strip() for part in re.split(r";|&&|\|\|", command.partition(" #")[0])]
    return all(_NOTHING.match(part) and "&" not in part for part in parts if part) and any(parts)


def blacklisted_by(words: Sequence[str]) -> Set[str]:
    """The modules whose aliases ``modprobe.blacklist=`` stops: kmod reads every word of the command line, those behind ``--`` too."""
    lists = (word.partition("=")[2] for word in words if word.startswith("modprobe.blacklist="))
    return {plain(name) for names in lists for name in names.split(",") if name}

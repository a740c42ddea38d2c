# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""modprobe.d as kmod reads it. Source: libkmod-config.c and libkmod-module.c of kmod 30 to 34, and modprobe.d(5).

A line of ``blacklist`` stops loading by alias only: who names the module, or needs it for another, still loads it. What stops that is the first
``install`` line that fits the name, where its command loads nothing.
"""

import fnmatch
import re
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

# A file hides those of its name in the folders behind it; then all are read in the order of their names.
FOLDERS = ("/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d")
_ENDINGS = (".conf", ".alias")
# Commands that load nothing, as long as no other follows; any other may.
_NOTHING = re.compile(r"(?:(?:/usr)?/bin/)?(?:true|false)(?:\s[^;&|`$()]*)?\Z|:\Z|exit(?:\s+[0-9]+)?\Z")


class Config(NamedTuple):
    """What the files say: (pattern, command) of each install line in order, and the names whose aliases are stopped."""

    installs: List[Tuple[str, str]]
    blacklisted: Set[str]


def plain(name: str) -> str:
    """A module's name as the kernel writes it: dashes are underscores, but not within brackets of a pattern."""
    return "".join(part if part.startswith("[") else part.replace("-", "_") for part in re.split(r"(\[[^\]]*\])", name))


def order(listed: Mapping[str, Sequence[str]]) -> List[str]:
    """The paths of the files that count, in the order in which they are read; ``listed`` has the names in each folder."""
    first: Dict[str, str] = {}
    for folder in FOLDERS:
        for name in listed.get(folder, ()):
            if name.endswith(_ENDINGS) and not name.startswith("."):
                first.setdefault(name, "%s/%s" % (folder, name))
    return [first[name] for name in sorted(first)]


def parse(texts: Sequence[str]) -> Config:
    """The files' texts, in their order."""
    config = Config([], set())
    for text in texts:
        for line in re.sub(r"\\\n", " ", text).splitlines():
            words = line.split()
            if len(words) > 2 and words[0] == "install":
                config.installs.append((plain(words[1]), " ".join(words[2:])))
            elif len(words) > 1 and words[0] == "blacklist":
                # One name only: what else stands on the line is not read.
                config.blacklisted.add(plain(words[1]))
    return config


def install_of(config: Config, name: str) -> Optional[str]:
    """The command that stands in place of loading a module: the first line whose pattern fits; None where there is none."""
    return next((command for pattern, command in config.installs if fnmatch.fnmatchcase(plain(name), pattern)), None)


def loads_nothing(command: str) -> bool:
    """Whether a command in place of loading surely loads nothing; of others nobody knows."""
    return bool(_NOTHING.match(command.strip()))


def blacklisted_by(words: Sequence[str]) -> Set[str]:
    """The modules whose aliases ``modprobe.blacklist=`` stops: kmod reads every word of the command line, those behind ``--`` too."""
    lists = (word.partition("=")[2] for word in words if word.startswith("modprobe.blacklist="))
    return {plain(name) for names in lists for name in names.split(",") if name}

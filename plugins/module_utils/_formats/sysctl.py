# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sysctl.d as the program reads it that sets kernel parameters at boot. Sources: sysctl.d(5), systemd-sysctl.c of 252 to 257; procps' sysctl.c.

Both take of two files of one name the one whose folder comes first, and read what is left in the order of the names; the last setting of a parameter
wins, and one that names it wins over a pattern. Only procps reads /etc/sysctl.conf, after all others.
"""

import fnmatch
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
SYSTEMD, PROCPS = "systemd-sysctl", "procps"
PROCPS_LAST = "/etc/sysctl.conf"


class Setting(NamedTuple):
    """One line: the parameter or pattern as a path below /proc/sys, its value (None: patterns must pass it over), and the file."""

    path: str
    value: Optional[str]
    file: str


def plain(name: str) -> str:
    """A parameter as a path below /proc/sys. Dots and slashes change places where the first of them is a dot: eth0.100 is written eth0/100 then."""
    first = next((sign for sign in name if sign in "/."), "/")
    return name if first == "/" else name.translate({ord("."): "/", ord("/"): "."})


def order(listed: Mapping[str, Sequence[str]], reader: str) -> List[str]:
    """The paths of the files that a reader takes, in its order; ``listed`` has the names in each folder."""
    first: Dict[str, str] = {}
    for folder in FOLDERS:
        for name in listed.get(folder, ()):
            if name.endswith(".conf") and not name.startswith("."):
                first.setdefault(name, "%s/%s" % (folder, name))
    return [first[name] for name in sorted(first)] + ([PROCPS_LAST] if reader == PROCPS else [])


def parse(texts: Sequence[Tuple[str, str]]) -> List[Setting]:
    """The settings of some files (path, text), in their order."""
    found = []
    for file, text in texts:
        for line in (line.strip() for line in text.splitlines()):
            if not line or line[0] in "#;":
                continue
            name, equals, value = line.partition("=")
            # A dash before the name: failure is no failure; without a value: patterns pass it over.
            bare = plain(name.strip().lstrip("-").strip())
            if equals or name.startswith("-"):
                found.append(Setting(bare, value.strip() if equals else None, file))
    return found


def given(settings: Sequence[Setting], name: str) -> Optional[Setting]:
    """The setting that a parameter gets; None where no file gives it one."""
    path = plain(name)
    named = [setting for setting in settings if setting.path == path]
    if named:
        return named[-1] if named[-1].value is not None else None
    alike = [setting for setting in settings if setting.value is not None and fnmatch.fnmatchcase(path, setting.path)]
    return alike[-1] if alike else None

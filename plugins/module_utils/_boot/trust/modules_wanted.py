# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modules from outside of its tree somebody wants of the next boot's kernel: most hosts want none, and nobody has to read a signature."""

import re
from typing import Any, Dict, List

from ..target import NoAnswerError

_LIST_BYTES = 16 << 20
_ROWS = 50
# As systemd-modules-load goes through them (modules-load.d(5)).
_LOAD_FOLDERS = ("/etc/modules-load.d", "/run/modules-load.d", "/usr/local/lib/modules-load.d", "/usr/lib/modules-load.d")
_OUTSIDE = re.compile(r"^(\S+) \d+ .*\(([A-Z+-]*)\)$", re.MULTILINE)


def wanted(host: Any, release: str) -> List[str]:
    """Modules that somebody wants of a kernel: loaded now from outside the kernel's own tree, built for it by DKMS, or named for its boot.

    One that a kernel refused is not loaded, so what runs now cannot tell alone. Raises NoAnswerError.
    """
    built = [name.split(".ko")[0].replace("-", "_") for name in _listed(host, "/lib/modules/%s/updates/dkms" % release) if ".ko" in name]
    return sorted(set(_outside(host) + built + _named(host)))[:_ROWS]


def _named(host: Any) -> List[str]:
    """By /etc/modules and modules-load.d."""
    files_of: Dict[str, str] = {}
    for folder in _LOAD_FOLDERS:
        for name in _listed(host, folder):
            # A file takes the place of those of its name in later folders.
            files_of.setdefault(name, "%s/%s" % (folder, name))
    found: List[str] = []
    for path in ["/etc/modules"] + [files_of[name] for name in sorted(files_of) if name.endswith(".conf")]:
        answer = host.read(path)
        if answer.problem == "absent":
            continue
        if answer.problem:
            raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
        found += [words[0].replace("-", "_") for words in map(str.split, answer.value.splitlines()) if words and words[0][0] not in "#;"]
    return found


def _listed(host: Any, folder: str) -> List[str]:
    answer = host.listdir(folder, 500)
    if answer.problem == "absent":
        return []
    if answer.problem:
        raise NoAnswerError(answer.problem, "%s: %s" % (folder, answer.detail))
    return list(answer.value)


def _outside(host: Any) -> List[str]:
    """The loaded modules that are not of the kernel's own tree. Raises NoAnswerError."""
    answer = host.read("/proc/modules", _LIST_BYTES)
    if answer.problem == "absent":
        return []
    if answer.problem:
        raise NoAnswerError(answer.problem, "/proc/modules: %s" % answer.detail)
    return sorted(name for name, flags in _OUTSIDE.findall(answer.value) if "O" in flags and "K" not in flags)[:_ROWS]

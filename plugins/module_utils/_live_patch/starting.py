# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a service that is enabled from doing at the next boot what it is named for: its drop-ins, and words for systemd in the menu's entry."""

import re
from typing import Any, Iterator, List, Sequence

from .._boot import loaders
from .._boot.target import NoAnswerError
from .._formats.cmdline import split

# Those below /run are gone by then.
_FOLDERS = ("/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
_FILES = 100
_LIMIT = 256 * 1024
_CHANGES = re.compile(r"^[ \t]*(ExecStart|ExecCondition|(?:Condition|Assert)[A-Za-z0-9]+)[ \t]*=", re.MULTILINE)
_OTHER_STATES = ("1", "s", "S", "single", "rescue", "emergency", "-b")
_USUAL_TARGETS = ("default", "multi-user", "graphical")
_SYSTEMD = re.compile(r"init=(?:/usr)?/(?:lib/systemd/systemd|sbin/init)\Z")


def drop_in_names(unit: str) -> List[str]:
    """The folders in which systemd looks for a unit's drop-ins (systemd.unit(5)): its own, those of each beginning of its name, its kind's."""
    name, _dot, kind = unit.rpartition(".")
    beginnings = [name[:place + 1] for place, letter in enumerate(name) if letter == "-"]
    return ["%s.%s.d" % (beginning, kind) for beginning in [name] + beginnings[::-1]] + [kind + ".d"]


def masking(words: Sequence[str], unit: str) -> str:
    """The first word of a kernel's command line that keeps systemd from starting the unit; '' without one."""
    for word in words:
        name, _equals, value = word.partition("=")
        if name == "systemd.mask" and value in (unit, unit.rpartition(".")[0]):
            return word
        if name == "systemd.unit" and value.rpartition(".")[0] not in _USUAL_TARGETS:
            return word
        if word in _OTHER_STATES or (name == "init" and not _SYSTEMD.match(word)):
            return word
    return ""


def _drop_ins(host: Any, unit: str) -> Iterator[str]:
    for folder in _FOLDERS:
        for name in drop_in_names(unit):
            answer = host.listdir("%s/%s" % (folder, name), _FILES)
            for file in [] if answer.problem else answer.value:
                if file.endswith(".conf"):
                    yield "%s/%s/%s" % (folder, name, file)


def kept_from(host: Any, unit: str) -> str:
    """Why an enabled unit will not do at the next boot what it does by itself; '' where nothing says so."""
    for path in _drop_ins(host, unit):
        answer = host.read(path, _LIMIT)
        found = None if answer.problem else _CHANGES.search(answer.value)
        if found:
            return "%s changes what %s does (%s=)" % (path, unit, found.group(1))
    try:
        target = loaders.default_release(host)[1]
    except NoAnswerError:
        # That the next boot is not known, the section on kernels says.
        return ""
    word = masking(split(target.options or ""), unit)
    return "the next boot's command line says %s" % word if word else ""

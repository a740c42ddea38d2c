# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of the kernel that somebody asks for by name: the value in force, and the one that the host's files give at the next boot."""

import re
from typing import Any, Dict, List, Optional, Tuple

from .._formats import cmdline, sysctl

_LIMIT = 100
_NAME = re.compile(r"[a-z0-9][A-Za-z0-9_./-]{1,120}\Z")
Boot = Tuple[Optional[str], str]


def put_sysctls(host: Any, section: Any, names: List[str]) -> None:
    """Write ``watched_sysctls``; nothing is read where no name is asked for."""
    wanted = sorted({name for name in names if _NAME.match(name) and ".." not in sysctl.plain(name)})[:_LIMIT]
    if not wanted:
        section.put("watched_sysctls", [], "the standard names none")
        return
    reader = sysctl.PROCPS if host.stat("/run/systemd/system").problem else sysctl.SYSTEMD
    settings, unread = _settings(host, reader)
    booted = host.read("/proc/cmdline", 65536)
    unread = unread or ("/proc/cmdline: %s" % booted.problem if booted.problem else "")
    line = [] if booted.problem else cmdline.parse(booted.value).parameters
    rows = [_row(host, name, (None, unread) if unread else _at_boot(settings, line, name, reader)) for name in wanted]
    section.put("watched_sysctls", rows, "/proc/sys, sysctl.d as %s reads it, /proc/cmdline" % reader)


def _row(host: Any, name: str, boot: Boot) -> Dict[str, Any]:
    answer = host.read("/proc/sys/" + sysctl.plain(name), 4096)
    value = None if answer.problem else " ".join(answer.value.split())
    detail = boot[1] if value is not None else "/proc/sys: %s; %s" % (answer.problem, boot[1])
    return {"name": name, "value": value, "at_boot": boot[0], "detail": detail}


def _at_boot(settings: List[sysctl.Setting], line: List[cmdline.Parameter], name: str, reader: str) -> Boot:
    """The files' value; without one that of ``sysctl.NAME=``, which the kernel itself sets before any program runs."""
    found = sysctl.given(settings, name)
    if found:
        return found.value, "%s, read by %s" % (found.file, reader)
    given = cmdline.decisive(line, "sysctl." + sysctl.plain(name).replace("/", "."))
    return (given[-1].value, "the kernel's command line") if given else (None, "no file that %s reads gives it a value" % reader)


def _settings(host: Any, reader: str) -> Tuple[List[sysctl.Setting], str]:
    """All settings in their order, and why that cannot be said; '' where it can."""
    listed: Dict[str, List[str]] = {}
    for folder in sysctl.FOLDERS:
        answer = host.listdir(folder)
        if answer.problem and answer.problem != "absent":
            return [], "%s: %s" % (folder, answer.problem)
        listed[folder] = [] if answer.problem else answer.value
    texts = []
    for path in sysctl.order(listed, reader):
        # A link to /dev/null hides the files of its name in the folders behind it.
        if host.realpath(path).value == "/dev/null":
            continue
        answer = host.read(path)
        if answer.problem and answer.problem != "absent":
            return [], "%s: %s" % (path, answer.problem)
        texts.append((path, "" if answer.problem else answer.value))
    return sysctl.parse(texts), ""

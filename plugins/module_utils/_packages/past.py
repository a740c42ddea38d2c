# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version of a package a process was started from: the logs of the package managers, as far as they leave no doubt."""

from typing import Any, List, Optional, Tuple

from . import history
from .history import Event

_LOG_BYTES = 4 * 1024 * 1024
# Oldest first. Logs that were compressed since are not read: what began before these is then not known.
_DPKG_LOGS = ("/var/log/dpkg.log.1", "/var/log/dpkg.log")
_DNF_LOGS = tuple("/var/log/dnf.rpm.log" + suffix for suffix in (".4", ".3", ".2", ".1", ""))
_DNF5_LOGS = tuple("/var/log/dnf5.log" + suffix for suffix in (".4", ".3", ".2", ".1", ""))
_ZYPP_HISTORY = "/var/log/zypp/history"

# The events, whether their zone is known, and when the log begins.
_Said = Tuple[List[Event], bool, Optional[int]]


def version_then(host: Any, manager: Optional[str], package: Any, started: float) -> Optional[str]:
    """The version of a package (``name``, ``version``) that was installed when a process started; None where that is in doubt."""
    try:
        events, is_zone_known, since = _dpkg(host, package.name) if manager == "dpkg" else _rpm(host, package.name)
        return history.version_at(history.ends_with(events, package.version), started, is_zone_known, since)
    except ValueError:
        return None


def _text(host: Any, paths: Tuple[str, ...]) -> str:
    answers = [host.read(path, _LOG_BYTES) for path in paths]
    if any(answer.problem not in (None, "absent") for answer in answers):
        raise ValueError("a log could not be read")
    return "".join(answer.value for answer in answers if not answer.problem)


def _dpkg(host: Any, name: str) -> _Said:
    text = _text(host, _DPKG_LOGS)
    files = host.stat("/var/lib/dpkg/info/%s.list" % name)
    if files.problem:
        raise ValueError("no time of the last installation")
    said = history.parse_dpkg_log(text, name)
    events = history.in_utc(said, int(files.value.mtime))
    since = history.begins(text)
    return events, False, None if since is None else since + events[-1].at - said[-1].at


def _rpm(host: Any, name: str) -> _Said:
    """What dnf 4 and dnf5 say; a host that was upgraded from one to the other has both. Else zypper's word."""
    logs = (_text(host, _DNF_LOGS), history.parse_dnf_log), (_text(host, _DNF5_LOGS), history.parse_dnf5_log)
    events = sorted((event for text, parse in logs for event in parse(text, name)), key=lambda event: event.at)
    begun = [moment for moment in (history.begins(text) for text, _parse in logs) if moment is not None]
    return (events, True, min(begun)) if events and begun else _zypp(host, name)


def _zypp(host: Any, name: str) -> _Said:
    """zypper writes local time without saying which; the file's own time is that of its last entry."""
    text = _text(host, (_ZYPP_HISTORY,))
    file, last, since = host.stat(_ZYPP_HISTORY), history.last_entry(text), history.begins(text)
    said = history.parse_zypp_history(text, name)
    if file.problem or last is None or since is None or not said:
        raise ValueError("the log does not know the package")
    closed = history.in_utc(said + [Event(last, said[-1].after, said[-1].after)], int(file.value.mtime))
    return closed, False, since + closed[-1].at - last

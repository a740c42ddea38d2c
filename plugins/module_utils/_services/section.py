# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``services``: which units and processes still run on files that were deleted or replaced, and which units run, failed or are masked."""

import json
from typing import Any, Dict, List, Optional, Set, Tuple

from .._containers.processes import is_carrier
from .._formats import processes as proc
from .._formats import systemd_folders, unit_masks
from . import stale_processes, units

# Of each kind: a user who starts many units, or whose paths are long, keeps nobody from being told of other kinds.
ROWS_LIMIT = 500
ROWS_BYTES = 256 * 1024
UNREAD_LIMIT = 100
_SHOWN = 20
_SYSTEMD = "/run/systemd/system"
_STALE_SOURCE = "/proc/*/maps, map_files, exe, cgroup, stat, status, root, ns"

_OF_PROCESSES = ("stale", "unread", "examined", "in_containers")
_OF_UNITS = ("active", "failed", "masked", "aliases")


def collect(host: Any, section: Any, options: Dict[str, Any]) -> None:
    """Write the facts of the section ``services``."""
    _collect_processes(host, section)
    _collect_units(host, section)


def _collect_processes(host: Any, section: Any) -> None:
    if host.uid() != 0:
        _cannot_say(section, _OF_PROCESSES, "needs_root", "/proc/*/maps")
        return
    finder = stale_processes.Finder(host)
    problem, detail = finder.find()
    rows = [] if problem else rows_of(finder.stale, proc.booted_at(host.now(), host.read("/proc/uptime", 256).if_there("")))
    rows, left_out = within_bounds(rows)
    if not problem and not finder.examined:
        problem, detail = (finder.unread[0].reason if finder.unread else "absent"), "/proc/*/maps: none can be read"
    if problem:
        _cannot_say(section, _OF_PROCESSES, problem, detail)
        return
    _add_restarts(host, rows)
    section.put("stale", rows, _STALE_SOURCE)
    section.put("unread", [dict(one._asdict()) for one in shown_unread(finder.unread + left_out)], "/proc/*/maps, exe")
    section.put("examined", finder.examined, "/proc/*/maps")
    section.put("in_containers", finder.in_containers, _STALE_SOURCE)


def within_bounds(rows: List[Dict[str, Any]]) -> Tuple[List[Dict[str, Any]], List[stale_processes.Unread]]:
    """(the rows that a record has room for, of each kind its first ones; what the first one left out of each kind is, as nothing is known of it)."""
    kept: List[Dict[str, Any]] = []
    left_out: Dict[str, stale_processes.Unread] = {}
    count: Dict[str, int] = {}
    size: Dict[str, int] = {}
    for row in rows:
        kind = row["kind"]
        count[kind], size[kind] = count.get(kind, 0) + 1, size.get(kind, 0) + len(json.dumps(row))
        if count[kind] > 1 and (count[kind] > ROWS_LIMIT or size[kind] > ROWS_BYTES):
            left_out.setdefault(kind, stale_processes.Unread(row["pid"], row["program"], "too_large", kind, row["user"]))
        else:
            kept.append(row)
    return kept, list(left_out.values())


def shown_unread(found: List[stale_processes.Unread]) -> List[stale_processes.Unread]:
    """The first of each kind before all others: no crowd of one kind hides that another cannot be told."""
    firsts = {one.kind: one for one in reversed(found)}
    others = [one for one in found if one is not firsts[one.kind]]
    return sorted((list(firsts.values()) + others)[:UNREAD_LIMIT], key=lambda one: one.pid)


def rows_of(found: List[stale_processes.Stale], booted_at: Optional[float]) -> List[Dict[str, Any]]:
    """Stale processes as one row for each unit, and one for each program outside of units."""
    groups: Dict[Tuple[str, str, int, str], List[stale_processes.Stale]] = {}
    for one in found:
        kind = units.kind_of(one.pid, one.program, one.owner, is_carrier(one.program))
        unit = one.owner.unit
        key = (kind, unit or "", -1 if one.owner.user is None else one.owner.user, "" if unit else "%s %s" % (one.program, one.name))
        groups.setdefault(key, []).append(one)
    return [_row(key[0], groups[key], booted_at) for key in sorted(groups)]


def _row(kind: str, processes: List[stale_processes.Stale], booted_at: Optional[float]) -> Dict[str, Any]:
    oldest = min(processes, key=lambda one: (one.ticks is None, one.ticks or 0, one.pid))
    files = {path: state for one in processes for path, state in one.files.items()}
    return {
        "unit": oldest.owner.unit, "kind": kind, "user": oldest.owner.user, "program": oldest.program, "pid": oldest.pid,
        "remedy": units.remedy_of(kind, oldest.owner), "restart": None,
        "names": sorted({one.name for one in processes if one.name})[:_SHOWN],
        "started_at": proc.moment(booted_at, oldest.ticks), "processes": len(processes),
        "replaced": sorted(path for path in files if files[path] == stale_processes.REPLACED)[:_SHOWN],
        "deleted": sorted(path for path in files if files[path] == stale_processes.DELETED)[:_SHOWN],
    }


def _add_restarts(host: Any, rows: List[Dict[str, Any]]) -> None:
    """Ask systemd, where there are such, what a restart of the stale services does. A unit that no restart replaces has another remedy."""
    services = [row for row in rows if row["kind"] == units.SERVICE and row["unit"]]
    if not services:
        return
    answer = host.run(units.SHOW_UNITS + sorted({row["unit"] for row in services}))
    said = units.parse_restarts(answer.value.out) if not answer.problem else {}
    for row in services:
        row["restart"] = said.get(row["unit"])
        if row["restart"] == units.REFUSED:
            row["remedy"] = None


def _collect_units(host: Any, section: Any) -> None:
    if host.stat(_SYSTEMD).problem:
        _cannot_say(section, _OF_UNITS, "absent", _SYSTEMD)
        return
    answer = host.run(units.LIST_UNITS)
    source = " ".join(units.LIST_UNITS)
    if answer.problem or answer.value.rc != 0:
        problem = answer.problem or "tool_failed"
        _cannot_say(section, _OF_UNITS, problem, "%s: %s" % (source, answer.detail if answer.problem else answer.value.err[:200]))
        return
    try:
        listed = units.parse_units(answer.value.out)
    except ValueError as error:
        _cannot_say(section, _OF_UNITS, "unparsable", "%s: %s" % (source, error))
        return
    section.put("active", listed.active, source)
    section.put("failed", listed.failed, source)
    _collect_masked(host, section, listed, source)
    _collect_aliases(host, section)


def _collect_masked(host: Any, section: Any, known: units.Units, source: str) -> None:
    """A unit that was masked since systemd last read its files runs on, and does not come back."""
    masked = set(known.masked)
    seen: Set[str] = set()
    for folder in systemd_folders.OWN_UNITS:
        listed = host.listdir(folder)
        if listed.problem not in (None, "absent"):
            section.cannot_say("masked", listed.problem, "%s: %s" % (folder, listed.detail))
            return
        names = [name for name in listed.if_there([]) if name.endswith(units.KINDS) and name not in seen]
        masked.update(name for name in names if unit_masks.is_mask(host, "%s/%s" % (folder, name)))
        seen.update(names)
    section.put("masked", sorted(masked), "%s; links in %s" % (source, ", ".join(systemd_folders.OWN_UNITS)))


def _collect_aliases(host: Any, section: Any) -> None:
    """Unit files that are links to others, which systemctl does not list: the first folder's file of a name is the one that holds."""
    links: Dict[str, str] = {}
    seen: Set[str] = set()
    for folder in systemd_folders.UNITS:
        listed = host.listdir(folder)
        if listed.problem not in (None, "absent"):
            section.cannot_say("aliases", listed.problem, "%s: %s" % (folder, listed.detail))
            return
        names = [name for name in listed.if_there([]) if name.endswith(units.KINDS) and name not in seen]
        targets = {name: host.readlink("%s/%s" % (folder, name)).value for name in names}
        links.update({name: target for name, target in targets.items() if target and target != "/dev/null"})
        seen.update(names)
    section.put("aliases", units.aliases_of(links), "links in " + ", ".join(systemd_folders.UNITS))


def _cannot_say(section: Any, paths: Tuple[str, ...], problem: str, detail: str) -> None:
    for path in paths:
        section.cannot_say(path, problem, detail)

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the fix of a mitigated hole is in force on a host, now and after the next boot: only then is its mitigation needless."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._answers import components
from .._answers.answer import FIXED, LIVE_PATCHED
from .._answers.model import Advisory, Row
from .._answers.of_record import answers
from .._answers.releases import line_of
from .._answers.seen import Seen
from .._answers.streams import in_line
from .._fleet.bounded import dig
from .._standard.mitigations import Mitigation

# The main kernel of a release by its source or the package of its image; others have numbers of their own (linux-aws, kernel-uek, kernel6.12).
_MAIN = re.compile(r"linux(?:-hwe(?:-[0-9.]+)?)?|kernel(?:-(?:core|64k|64k-core|default|default-base|preempt))?")
# Families whose releases go on to newer upstream lines.
_REBASED = ("fedora",)


def fix_in_force(mitigation: Mitigation, record: Mapping[str, Any]) -> str:
    """Why the hole is closed without the mitigation; '' where it is not, or where that cannot be said."""
    told = [_closed(mitigation, cve, record) for cve in mitigation.advisory]
    return "; ".join(dict.fromkeys(told)) if all(told) else ""


def _closed(mitigation: Mitigation, cve: str, record: Mapping[str, Any]) -> str:
    """Why one hole is closed by what runs, and stays so at the next boot."""
    now = _answer(mitigation, cve, record)
    coming = _answer(mitigation, cve, _after_boot(record))
    if now[0] not in (FIXED, LIVE_PATCHED):
        return ""
    same = dig(record, "kernel.default_boot.release") == dig(record, "kernel.running.release")
    lost = now[0] == LIVE_PATCHED and not _comes_back(record)
    return now[1] if coming[0] == FIXED or (same and now[0] == LIVE_PATCHED and not lost) else ""


def _comes_back(record: Mapping[str, Any]) -> bool:
    """Whether live patches for the running kernel are loaded again at its next boot."""
    kernels = dig(record, "live_patch.persistence.kernels")
    return isinstance(kernels, list) and dig(record, "kernel.running.release") in kernels


def _answer(mitigation: Mitigation, cve: str, record: Mapping[str, Any]) -> tuple[str, str]:
    """(answer, reason) for the kernel, by the versions that the mitigation itself names, and by live patches."""
    seen = components.judged_kernel(record)
    rows = tuple(row for key, version in mitigation.fixed.items() for row in _rows(key, version, seen))
    # Without any version a hole still is one of the host's kernel, which a live patch may close.
    told = {row.stream for row in rows}
    unfixed = tuple(Row(stream, name) for stream in seen.streams for name in seen.names or ("linux",) if stream not in told)
    found = [one for one in answers(cve, [Advisory(cve, (cve,), rows + unfixed)], record) if one.component == "kernel"]
    return (found[0].answer, found[0].reason) if len(found) == 1 else ("unknown", "")


def _rows(key: str, version: str, seen: Seen) -> list[Row]:
    """What ``fixed`` says of the kernel that runs. A release alone means its main kernel, and by the upstream version one line of that.

    Behind the release stands a stream (debian:12:backports), or a kernel with numbers of its own by its package or source (ubuntu:24.04:linux-aws).
    """
    family, release, *beside = key.split(":", 2)
    if beside and beside[0] in seen.names:
        return [Row(in_line(f"{family}:{release}", beside[0], version), beside[0], fixed=version)]
    is_of_line = family in _REBASED or line_of(version) == line_of(seen.runs.text or "")
    names = seen.names if beside else [name for name in seen.names if is_of_line and _MAIN.fullmatch(name)]
    return [Row(key, name, fixed=version) for name in names]


def _after_boot(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record of the host as if it had been booted: with the kernel of the next boot, and without live patches."""
    coming, kernel = components.kernel(record).next.text, record.get("kernel")
    running = {"release": dig(record, "kernel.default_boot.release"), "package_version": coming, "package": dig(record, "kernel.running.package")}
    return {**record, "live_patch": {}, "kernel": {**(kernel if isinstance(kernel, Mapping) else {}), "running": running}}

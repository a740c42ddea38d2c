# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short table at the end of a scan: what stands out, worst first, for a terminal or a job's log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .._fleet.bounded import one_line, text_at, visible
from .._fleet.fleet import SEVERITIES, Fleet, Host, is_drift

ROWS_LIMIT = 30
_COLORS = {"compliant": "green", "drifted": "yellow", "unknown": "purple", "unreachable": "red"}


class Line(NamedTuple):
    """A line for the terminal and the name of Ansible's colour for it, if any."""

    text: str
    color: str | None = None


def headline(fleet: Fleet) -> str:
    """The fleet's verdict in one sentence."""
    total, good = fleet.summary["hosts"], fleet.summary["compliant"]
    hosts = "1 host" if total == 1 else f"{total} hosts"
    if not fleet.has_standard:
        return f"{hosts} seen, no standard declared"
    if good == total:
        return "The host is on the standard" if total == 1 else f"All {hosts} are on the standard"
    if total == 1:
        return "The host is not shown to be on the standard"
    return f"{good} of {hosts} {'is' if good == 1 else 'are'} on the standard"


def standard_names(fleet: Fleet) -> str:
    """The names of the standards in use, or the beginnings of their hashes."""
    return ", ".join(visible(text_at(mapping, "name") or sha[:12]) for sha, mapping in fleet.standards.items())


def table(fleet: Fleet, width: int, rows: int = ROWS_LIMIT) -> Iterator[Line]:
    """Head, at most ``rows`` hosts, counts and problems, in lines of at most ``width`` columns."""
    names = standard_names(fleet)
    yield Line(f"{headline(fleet)}{f' ({names})' if names else ''}")
    yield Line("")
    shown = fleet.hosts[:rows]
    cells = [("HOST", "VERDICT", "RUNNING KERNEL", "WORST FINDINGS"), *(_cells(host) for host in shown)]
    widths = [min(max(len(row[column]) for row in cells), limit) for column, limit in enumerate((40, 11, 34))]
    for row, host in zip(cells, (None, *shown), strict=True):
        text = "  ".join([*(_fitted(cell, size).ljust(size) for cell, size in zip(row, widths, strict=False)), row[3]])
        yield Line(_fitted(text.rstrip(), width), _COLORS[host.verdict] if host else None)
    if len(fleet.hosts) > rows:
        yield Line(f"... and {len(fleet.hosts) - rows} more")
    yield Line("")
    yield Line(counts(fleet))
    yield from problems(fleet)


def counts(fleet: Fleet) -> str:
    """The counts of the verdicts in one line."""
    return "  ".join(f"{fleet.summary[name]} {name}" for name in ("compliant", "drifted", "unknown", "unreachable"))


def problems(fleet: Fleet) -> Iterator[Line]:
    """What is wrong with the fleet as a whole, at most ten lines."""
    for problem in fleet.problems[:10]:
        hosts = f" [{', '.join(problem.hosts[:4])}{', ...' if len(problem.hosts) > 4 else ''}]" if problem.hosts else ""
        yield Line(visible(f"{problem.id}: {problem.message}{hosts}"), "yellow")
    if len(fleet.problems) > 10:
        yield Line(f"... and {len(fleet.problems) - 10} more problems", "yellow")


def _cells(host: Host) -> tuple[str, str, str, str]:
    kernel = ", ".join(host.facts.get("kernel.running", ())) or "-"
    return visible(host.name), host.verdict, visible(kernel), _worst(host)


def _worst(host: Host) -> str:
    if host.findings:
        more = f" +{len(host.findings) - 2}" if len(host.findings) > 2 else ""
        return ", ".join(visible(f"{finding['id']} ({finding['severity']})") for finding in host.findings[:2]) + more
    if host.verdict == "compliant":
        return "-"
    return visible(": ".join(filter(None, (", ".join(host.reasons), host.error))))


def _fitted(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[:width - 3]}..."


def failure(fleet: Fleet, fail_on: str) -> str:
    """Why a run must fail under ``fail_on`` (never, drift, unknown), naming the worst findings; '' where it need not."""
    drifted = [host for host in fleet.hosts if any(map(is_drift, host.findings))]
    lost = [host for host in fleet.hosts if host.verdict in ("unknown", "unreachable")]
    parts: list[str] = []
    if fail_on in ("drift", "unknown") and drifted:
        parts.append(f"{len(drifted)} of {len(fleet.hosts)} hosts drifted: {_examples([_drift(host) for host in drifted[:5]], len(drifted))}")
    if fail_on == "unknown" and lost:
        parts.append(f"{len(lost)} of {len(fleet.hosts)} hosts could not be judged: {_examples([_silence(host) for host in lost[:5]], len(lost))}")
    return "; ".join(parts)


def _examples(texts: Sequence[str], total: int) -> str:
    return "; ".join(texts) + (f"; and {total - len(texts)} more" if total > len(texts) else "")


def _drift(host: Host) -> str:
    """The host's findings of medium severity and worse, three at most; the first one in any case."""
    drift = [item for item in host.findings if is_drift(item)]
    weighty = sum(item["severity"] in SEVERITIES[:3] for item in drift)
    named = drift[:max(1, min(3, weighty))]
    return visible(f"{host.name}: " + ", ".join(
        f"{item['id']} expected {_fitted(one_line(item['expected']), 200)}, observed {_fitted(one_line(item['observed']), 200)}" for item in named))


def _silence(host: Host) -> str:
    return visible(f"{host.name} is {host.verdict} ({', '.join(host.reasons) or 'no reason given'})")

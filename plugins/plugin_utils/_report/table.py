# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short table at the end of a scan: what stands out, worst first, for a terminal or a job's log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from .._fleet.bounded import counted, one_line, text_at, visible
from .._fleet.fleet import SEVERITIES, Finding, Fleet, Host, is_drift
from .line import Line
from .reasons import reason_in_words, why

ROWS_LIMIT = 30
FINDINGS_LIMIT = 8
VALUES_LIMIT = 5
_COLORS = {"compliant": "green", "drifted": "yellow", "unknown": "purple", "unreachable": "red"}


def headline(fleet: Fleet) -> str:
    """The fleet's verdict in one sentence."""
    total, good = fleet.summary["hosts"], fleet.summary["compliant"]
    hosts = counted(total, "host")
    if not fleet.has_standard:
        return f"{hosts} seen, no standard declared"
    if good == total:
        return {1: "The host is on the standard", 2: "Both hosts are on the standard"}.get(total, f"All {hosts} are on the standard")
    if total == 1:
        return "The host is not shown to be on the standard"
    return f"{good} of {hosts} {'is' if good == 1 else 'are'} on the standard"


def standard_names(fleet: Fleet) -> str:
    """The names of the standards in use, or the beginnings of their hashes; one with overrides is told once, with its variants."""
    variants: dict[str, dict[str, None]] = {}
    for host in fleet.hosts:
        if host.standard:
            variants.setdefault(host.base or host.standard, {})[host.standard] = None
    return ", ".join(_standard_name(fleet, list(shas)) for shas in variants.values())


def _standard_name(fleet: Fleet, shas: list[str]) -> str:
    name = next((text_at(fleet.standards.get(sha), "name") for sha in shas if text_at(fleet.standards.get(sha), "name")), shas[0][:12])
    return visible(name) + (f" in {len(shas)} variants by declared overrides" if len(shas) > 1 else "")


def table(fleet: Fleet, width: int, rows: int = ROWS_LIMIT) -> Iterator[Line]:
    """Head, at most ``rows`` hosts, counts and problems, in lines of at most ``width`` columns."""
    yield from head(fleet)
    yield Line("")
    shown = _worth_a_row(fleet)[:rows]
    if shown:
        yield from _rows(shown, width)
    if len(fleet.hosts) > len(shown):
        yield Line(_left_out(fleet, len(shown)))
    yield from _by_finding(fleet, width)
    yield from _kernels(fleet, width)
    yield Line("")
    yield Line(counts(fleet))
    yield from problems(fleet)


def head(fleet: Fleet) -> Iterator[Line]:
    """The verdict, by which standard, and whether the report is whole."""
    names = standard_names(fleet)
    yield Line(f"{headline(fleet)}{f' ({names})' if names else ''}")
    yield from whether_whole(fleet)


def whether_whole(fleet: Fleet) -> Iterator[Line]:
    """A word on a report that is of a part of the fleet."""
    if fleet.partial:
        yield Line("A partial report: of the hosts that --limit left. It takes no whole report's place as the latest.", "purple")


def _worth_a_row(fleet: Fleet) -> list[Host]:
    """In a small fleet every host, in a large one those that need people."""
    bad = [host for host in fleet.hosts if host.verdict != "compliant"]
    return list(fleet.hosts) if len(fleet.hosts) <= ROWS_LIMIT else bad


def _left_out(fleet: Fleet, shown: int) -> str:
    good = fleet.summary["compliant"]
    bad = len(fleet.hosts) - good - shown if len(fleet.hosts) > ROWS_LIMIT else len(fleet.hosts) - shown
    parts = [f"{bad} more that are not compliant" if bad > 0 else "", f"{counted(good, 'compliant host')}" if len(fleet.hosts) > ROWS_LIMIT else ""]
    return "... and " + " and ".join(filter(None, parts))


def _rows(shown: Sequence[Host], width: int) -> Iterator[Line]:
    cells = [("HOST", "VERDICT", "RUNNING KERNEL", "BROKEN PROMISES, OR WHY NOBODY CAN TELL"), *(_cells(host) for host in shown)]
    widths = [min(max(len(row[column]) for row in cells), limit) for column, limit in enumerate((40, 11, 34))]
    for row, host in zip(cells, (None, *shown), strict=True):
        text = "  ".join([*(_fitted(cell, size).ljust(size) for cell, size in zip(row, widths, strict=False)), row[3]])
        yield Line(_fitted(text.rstrip(), width), _COLORS[host.verdict] if host else None)


def counts(fleet: Fleet) -> str:
    """The counts of the verdicts in one line."""
    return "  ".join(f"{fleet.summary[name]} {name}" for name in ("compliant", "drifted", "unknown", "unreachable"))


def _by_finding(fleet: Fleet, width: int) -> Iterator[Line]:
    """How many hosts break what, the worst first; what is only observed, and what is waived, is counted apart."""
    hosts: Counter[str] = Counter()
    worst: dict[str, Finding] = {}
    for host in fleet.hosts:
        drift = {item["id"]: item for item in reversed(host.findings) if is_drift(item)}
        hosts.update(drift.keys())
        for name, item in drift.items():
            if name not in worst or SEVERITIES.index(item["severity"]) < SEVERITIES.index(worst[name]["severity"]):
                worst[name] = item
    ranked = sorted(hosts, key=lambda name: (SEVERITIES.index(worst[name]["severity"]), -hosts[name], name))
    if ranked:
        yield Line("")
        yield Line("WHAT IS BROKEN")
    for name in ranked[:FINDINGS_LIMIT]:
        item = worst[name]
        remedy = f"{one_line(item['remedy']).rstrip('.')}; costs: {item['disruption']}"
        yield Line(_fitted(visible(f"  {counted(hosts[name], 'host'):<11}{item['severity']:<10}{name}: {remedy}"), width))
    if len(ranked) > FINDINGS_LIMIT:
        yield Line(f"  ... and {counted(len(ranked) - FINDINGS_LIMIT, 'more finding')}")
    others = (("observed, of which the standard says nothing", sum(not is_drift(item) for host in fleet.hosts for item in host.findings)),
              ("waived", sum(len(host.waived) for host in fleet.hosts)))
    told = ", ".join(f"{count} {word}" for word, count in others if count)
    if told:
        yield Line(f"  {told}")


def _kernels(fleet: Fleet, width: int) -> Iterator[Line]:
    """The distribution of the kernels that run, where there is more than one host."""
    spread = fleet.distribution.get("kernel.running")
    if not spread or len(fleet.hosts) < 2:
        return
    yield Line("")
    yield Line("KERNELS RUNNING")
    for row in spread["values"][:VALUES_LIMIT]:
        off = f", {row['off_standard']} off the standard" if row["off_standard"] else ""
        yield Line(_fitted(visible(f"  {counted(row['hosts'], 'host'):<11}{row['value']}{off}"), width))
    left = len(spread["values"]) - VALUES_LIMIT + spread["more_values"]
    if left > 0:
        yield Line(f"  ... and {counted(left, 'more kernel')}")


def problems(fleet: Fleet) -> Iterator[Line]:
    """What is wrong with the fleet as a whole, at most ten lines; those of one kind after the third are counted."""
    shown: Counter[str] = Counter()
    for problem in fleet.problems:
        shown[problem.id] += 1
        if shown[problem.id] > 3 or sum(min(3, count) for count in shown.values()) > 10:
            continue
        hosts = f" [{', '.join(problem.hosts[:4])}{', ...' if len(problem.hosts) > 4 else ''}]" if problem.hosts else ""
        yield Line(visible(f"{problem.id}: {problem.message}{hosts}"), "yellow")
    more = {name: count - 3 for name, count in shown.items() if count > 3}
    if more:
        yield Line("... and " + ", ".join(f"{count} more {name}" for name, count in more.items()) + ", all in fleet.json", "yellow")


def _cells(host: Host) -> tuple[str, str, str, str]:
    kernel = ", ".join(host.facts.get("kernel.running", ())) or "-"
    return visible(host.name), host.verdict, visible(kernel), _told(host)


def _told(host: Host) -> str:
    """What the host breaks, or why nobody can tell. A compliant host has nothing to tell but what was noticed beside the standard."""
    drift = [item for item in host.findings if is_drift(item)]
    parts = [f"{host.key(item).label} ({item['severity']})" for item in drift[:2]] + ([f"+{len(drift) - 2}"] if len(drift) > 2 else [])
    if host.verdict in ("unknown", "unreachable"):
        return visible("; ".join(filter(None, [why(host), ", ".join(parts)])))
    beside = [(f"{len(host.waived)} waived", host.waived), (f"{len(host.findings) - len(drift)} observed", host.findings[len(drift):])]
    return visible(", ".join(parts) or "; ".join(text for text, items in beside if items) or "-")


def _fitted(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[:width - 3]}..."


def failure(fleet: Fleet, fail_on: str) -> str:
    """Why a run must fail under ``fail_on`` (never, drift, unknown), naming the worst findings; '' where it need not."""
    drifted = [host for host in fleet.hosts if any(map(is_drift, host.findings))]
    lost = [host for host in fleet.hosts if host.verdict in ("unknown", "unreachable")]
    parts: list[str] = []
    if fail_on in ("drift", "unknown") and drifted:
        parts.append(f"{len(drifted)} of {counted(len(fleet.hosts), 'host')} drifted: {_examples(map(drift_words, drifted[:5]), len(drifted))}")
    if fail_on == "unknown" and lost:
        parts.append(f"{len(lost)} of {counted(len(fleet.hosts), 'host')} could not be judged: {_examples(map(silence_words, lost[:5]), len(lost))}")
    return "; ".join(parts)


def _examples(texts: Iterable[str], total: int) -> str:
    told = list(texts)
    return "; ".join(told) + (f"; and {total - len(told)} more" if total > len(told) else "")


def drift_words(host: Host) -> str:
    """The host's findings of medium severity and worse, three at most; the first one in any case."""
    drift = [item for item in host.findings if is_drift(item)]
    weighty = sum(item["severity"] in SEVERITIES[:3] for item in drift)
    named = drift[:max(1, min(3, weighty))]
    return visible(f"{host.name}: " + ", ".join(
        f"{host.key(item).label} expected {_fitted(one_line(item['expected']), 200)}, observed {_fitted(one_line(item['observed']), 200)}"
        for item in named))


def silence_words(host: Host) -> str:
    return visible(f"{host.name} is {host.verdict}: {why(host) or ', '.join(map(reason_in_words, host.reasons)) or 'no reason given'}")

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine in full, for whoever scans their own: each fact that matters, the findings, and what could not be said and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._bounded import dig, one_line, text_at, visible
from .._fleet import Finding, Host, is_drift
from ._table import Line

_LABEL_WIDTH = 18
_NULLS_LIMIT = 40
_SEVERITY_COLORS = {"critical": "red", "high": "red", "medium": "yellow"}

Record = Mapping[str, Any]


def machine(host: Host, record: Any, standard: str) -> Iterator[Line]:
    """The view of one host; ``record`` is its record or None, ``standard`` the name of what it was held against or ''."""
    count = sum(map(is_drift, host.findings))
    against = f", {count} finding{'' if count == 1 else 's'} against {standard}" if standard else ""
    yield Line(visible(f"{host.name}: {host.verdict}{against}"), "green" if host.verdict == "compliant" else "yellow")
    for reason in host.reasons:
        yield _row("because", reason)
    if host.error:
        yield _row("error", host.error)
    if isinstance(record, Mapping):
        for label, tell in _ROWS:
            yield from (_row(label if number == 0 else "", text) for number, text in enumerate(tell(record)))
    yield from _findings("Findings", tuple(filter(is_drift, host.findings)))
    yield from _findings("Noticed, of which the standard says nothing", tuple(item for item in host.findings if not is_drift(item)))
    yield from _findings("Waived", host.waived)
    if isinstance(record, Mapping):
        yield from _nulls(record)


def _row(label: str, text: str) -> Line:
    return Line(visible(f"  {label:<{_LABEL_WIDTH}}{text[:400]}".rstrip()))


def _say(record: Record, path: str, shape: Callable[[Any], str] = one_line) -> str:
    """The fact at ``path`` as text; where the record has none, its reason."""
    value = dig(record, path)
    if value is not None:
        return shape(value)
    reasons = [item.get("reason") for item in _mappings(record.get("nulls")) if str(item.get("fact", "")) and path.startswith(str(item.get("fact")))]
    return f"cannot say ({one_line(reasons[0])})" if reasons else "not scanned"


def _mappings(value: Any) -> list[Record]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _package(kernel: Any) -> str:
    version = text_at(kernel, "package_version")
    package = text_at(kernel, "package")
    return f"  [{' '.join(filter(None, (package, version)))}]" if version else ""


def _system(record: Record) -> Iterator[str]:
    end = text_at(record, "os.support_end")
    yield f"{_say(record, 'os.pretty_name')}, {_say(record, 'os.architecture')}{f', support ends {end}' if end else ''}"
    container = text_at(record, "os.container")
    if container not in ("", "none"):
        yield f"inside a container ({container}): the kernel and its boot belong to the container's host"


def _boot(record: Record) -> Iterator[str]:
    yield f"{_say(record, 'boot.booted_at')}, {_age(dig(record, 'boot.uptime_seconds'))}"
    yield f"reboot required: {_say(record, 'boot.reboot_required')}"
    for signal in _mappings(dig(record, "boot.signals")):
        if signal.get("required") is True:
            yield f"  says {one_line(signal.get('source'))}: {one_line(signal.get('detail'))}"


def _age(seconds: Any) -> str:
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 <= seconds < 1e10:
        return "age unknown"
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size or size == 1:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return ""


def _running(record: Record) -> Iterator[str]:
    yield _say(record, "kernel.running.release") + _package(dig(record, "kernel.running"))


def _installed(record: Record) -> Iterator[str]:
    kernels = _mappings(dig(record, "kernel.installed"))
    if not kernels:
        yield _say(record, "kernel.installed")
    for kernel in kernels[:12]:
        missing = "" if kernel.get("image_present") is not False else "  image file missing"
        yield text_at(kernel, "release") + _package(kernel) + missing


def _next_boot(record: Record) -> Iterator[str]:
    loader = text_at(record, "kernel.default_boot.loader")
    yield _say(record, "kernel.default_boot.release") + (f"  by {loader}: {_say(record, 'kernel.default_boot.entry')}" if loader else "")
    if dig(record, "kernel.one_shot.set") is True:
        yield f"once only: {_say(record, 'kernel.one_shot.entry')}"


def _available(record: Record) -> Iterator[str]:
    age = dig(record, "kernel.available.cache_age_seconds")
    cache = f", cache read {_age(age)}" if isinstance(age, int) else ""
    repository = text_at(record, "kernel.available.repository")
    source = f"  from {repository}" if repository else ""
    yield _say(record, "kernel.available.release") + _package(dig(record, "kernel.available")) + source + cache
    held = dig(record, "kernel.available.held")
    if held:
        yield f"held back: {one_line(held)}"


def _processor(record: Record) -> Iterator[str]:
    yield f"{_say(record, 'cpu.model')}, {_say(record, 'cpu.logical_cpus')} logical CPUs"
    yield f"SMT {_say(record, 'cpu.smt.control')}, microcode {_say(record, 'cpu.microcode.revisions')}"


def _mitigations(record: Record) -> Iterator[str]:
    weaknesses = dig(record, "cpu.vulnerabilities")
    if not isinstance(weaknesses, Mapping):
        yield _say(record, "cpu.vulnerabilities")
        return
    by_state: defaultdict[str, list[str]] = defaultdict(list)
    for name, weakness in weaknesses.items():
        by_state[text_at(weakness, "state") or "unknown"].append(str(name))
    for state in ("vulnerable", "unknown", "mitigated", "not_affected"):
        names = by_state[state]
        if names:
            yield f"{len(names)} {state.replace('_', ' ')}" + ("" if state == "not_affected" else f": {', '.join(sorted(names))}")


def _hypervisor(record: Record) -> Iterator[str]:
    under = _say(record, "hypervisor.under")
    place = "bare metal" if under == "none" else under if under.startswith(("cannot say", "not scanned")) else f"guest of {under}"
    role = ", runs guests" if dig(record, "hypervisor.is_host") is True else ""
    yield f"{place}{role}; can run sandboxes: {_say(record, 'hypervisor.ladder.rung')}"
    failed = text_at(record, "hypervisor.ladder.failed")
    if failed:
        yield f"  the next rung: {failed}"
    for component in _mappings(dig(record, "hypervisor.components"))[:12]:
        yield f"{text_at(component, 'name')} {text_at(component, 'version') or '(version unknown)'} installed"
    running = Counter((text_at(item, "component"), text_at(item, "version") or "(version unknown)", item.get("stale") is True)
                      for item in _mappings(dig(record, "hypervisor.processes")))
    for (name, version, stale), count in sorted(running.items())[:12]:
        yield f"{name} {version} running, {count} process{'' if count == 1 else 'es'}{': not what is installed' if stale else ''}"


_ROWS: tuple[tuple[str, Callable[[Record], Iterator[str]]], ...] = (
    ("System", _system),
    ("Booted", _boot),
    ("Kernel running", _running),
    ("  installed", _installed),
    ("  at next boot", _next_boot),
    ("  available", _available),
    ("Processor", _processor),
    ("  weaknesses", _mitigations),
    ("Hypervisor", _hypervisor),
)


def _findings(title: str, findings: tuple[Finding, ...]) -> Iterator[Line]:
    if findings:
        yield Line("")
        yield Line(title)
    for finding in findings[:40]:
        yield Line(visible(f"  {finding['severity']:<9}{finding['id']}"), _SEVERITY_COLORS.get(finding["severity"]))
        yield Line(visible(f"           expected {one_line(finding['expected'])[:300]}, observed {one_line(finding['observed'])[:300]}"))
        yield Line(visible(f"           remedy: {one_line(finding['remedy'])[:300].rstrip('.')}; costs: {one_line(finding['disruption'])}"))


def _nulls(record: Record) -> Iterator[Line]:
    """What could not be said; facts lost for one reason share their lines."""
    nulls = _mappings(record.get("nulls"))
    if nulls:
        yield Line("")
        yield Line(f"Could not be said ({len(nulls)})")
    groups: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for item in nulls:
        place, _separator, fact = one_line(item.get("fact")).rpartition(".")
        groups[place, one_line(item.get("reason")), one_line(item.get("detail"))].append(fact)
    for (place, reason, detail), facts in list(groups.items())[:_NULLS_LIMIT]:
        yield Line(visible(f"  {place}: {', '.join(facts[:20])}"[:200]))
        yield Line(visible(f"           {reason}{f': {detail}' if detail not in ('', '-') else ''}"[:300]))
    if len(groups) > _NULLS_LIMIT:
        yield Line(f"  ... and {len(groups) - _NULLS_LIMIT} more, all in the record")

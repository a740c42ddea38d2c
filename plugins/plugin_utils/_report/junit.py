# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""junit.xml: a test suite per host for CI systems.

Findings are failures, waived ones and observations are skipped, and hosts that could not be judged are errors. No two cases have one name, and
no name has a dot where a reader would cut it.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from .._fleet.bounded import one_line, visible
from .._fleet.compare import waiver_words
from .._fleet.fleet import Finding, Fleet, Host, is_drift


def junit(fleet: Fleet) -> Iterator[str]:
    """The report as JUnit XML, a suite at a time."""
    failures = sum(_failures(host) for host in fleet.hosts)
    errors = sum(_unjudged(host) for host in fleet.hosts)
    tests = sum(_cases(host) for host in fleet.hosts)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="firebreak" tests="{tests}" failures="{failures}" errors="{errors}" time="0">\n'
    for host in fleet.hosts:
        yield from _suite(host, fleet.generated_at)
    yield "</testsuites>\n"


def _unjudged(host: Host) -> bool:
    return host.verdict in ("unknown", "unreachable")


def _failures(host: Host) -> int:
    return sum(map(is_drift, host.findings))


def _cases(host: Host) -> int:
    return max(1, len(host.findings) + len(host.waived) + _unjudged(host))


def class_name(host: Host) -> str:
    """A name for a class of tests: readers that know Java take what stands before its last dot for a package."""
    return f"firebreak.{host.name.replace('.', '_')}"


def _suite(host: Host, generated_at: str) -> Iterator[str]:
    name = _attribute(class_name(host))
    moment = _attribute((host.scanned_at or generated_at).rstrip("Z"))
    yield (f'<testsuite name="{_attribute(host.name)}" tests="{_cases(host)}" failures="{_failures(host)}" errors="{int(_unjudged(host))}"'
           f' skipped="{len(host.waived) + len(host.findings) - _failures(host)}" time="0" timestamp="{moment}">\n')
    if _unjudged(host):
        reasons = ", ".join(host.reasons) or host.verdict
        yield (f'<testcase classname="{name}" name="scan" time="0"><error type="{host.verdict}" message="{_attribute(reasons)}">'
               f"{_text(host.error or reasons)}</error></testcase>\n")
    for finding in host.findings:
        yield _case(name, host, finding, _failure(finding) if is_drift(finding) else _skipped(f"observed: {difference(finding)}"))
    for finding in host.waived:
        yield _case(name, host, finding, _skipped(f"{waiver_sentence(finding)}; {difference(finding)}"))
    if not (host.findings or host.waived or _unjudged(host)):
        yield f'<testcase classname="{name}" name="standard" time="0"/>\n'
    yield "</testsuite>\n"


def _case(classname: str, host: Host, finding: Finding, outcome: str) -> str:
    return f'<testcase classname="{classname}" name="{_attribute(_name(host, finding))}" time="0">{outcome}</testcase>\n'


def _name(host: Host, finding: Finding) -> str:
    """The finding's label, which is its own on this host; two that read alike once they are made visible are told apart by their numbers."""
    label = visible(host.key(finding).label)
    alike = [other for other in (*host.findings, *host.waived) if visible(host.key(other).label) == label]
    place = next(number for number, other in enumerate(alike) if other is finding)
    return f"{label} [{place + 1}]" if place else label


def _failure(finding: Finding) -> str:
    return f'<failure type="{finding["severity"]}" message="{_attribute(difference(finding))}">{_text(_details(finding))}</failure>'


def _skipped(message: str) -> str:
    return f'<skipped message="{_attribute(message)}"/>'


def waiver_sentence(finding: Finding) -> str:
    """Who answers for a waived finding, until when and why."""
    waiver = finding.get("waiver")
    return waiver_words(waiver) if isinstance(waiver, dict) else f"waived: {one_line(waiver)}"


def difference(finding: Finding) -> str:
    """One line that says what a finding is about."""
    return f"expected {one_line(finding['expected'])}, observed {one_line(finding['observed'])}"


def _details(finding: Finding) -> str:
    return "; ".join(f"{key}: {one_line(finding[key])}" for key in ("remedy", "disruption", "evidence"))


def _text(value: str) -> str:
    # XML 1.0 has no way at all to write control characters and U+FFFE, so they are shown as their codes.
    return escape(visible(value))


def _attribute(value: str) -> str:
    return escape(visible(value), {'"': "&quot;"})

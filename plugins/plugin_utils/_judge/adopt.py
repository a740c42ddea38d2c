# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a standard from the record of a golden host: everything it can promise, and nothing that it breaks itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import yaml

from .._standard.in_force import STANDARD, StandardError, effective, promises
from .._standard.keys import COMPONENTS, KEYS, SCHEMA
from .._standard.validation import nested, plain
from .evaluate import evaluate, judge
from .facts import CannotSay, Facts, printable

# key -> the text fact that it promises exactly.
_TEXTS = {
    "os.id": "os.id", "os.version_id": "os.version_id", "os.architecture": "os.architecture",
    "kernel.running": "kernel.running.release", "kernel.running_version": "kernel.running.package_version",
    "kernel.flavour": "kernel.running.flavour", "hypervisor.under": "hypervisor.under",
}
_VULNERABLE = "cpu.vulnerability."
_UNKNOWN = "cpu.vulnerabilities."


class Adopted(NamedTuple):
    """A standard as a mapping, and for each key that was left out the reason."""

    standard: dict[str, Any]
    left_out: dict[str, str]


def _texts(facts: Facts) -> Iterator[tuple[str, Any]]:
    for key, fact in _TEXTS.items():
        value = facts.raw(fact)
        if isinstance(value, str):
            yield key, value or "default"


def _states(facts: Facts) -> Iterator[tuple[str, Any]]:
    # That Secure Boot is off is no promise to hold others to: a host that has it on would be "drifted".
    words = {"cpu.smt": ("cpu.smt.active", "active", "inactive"), "boot.secure_boot": ("boot.secure_boot", "enabled", None),
             "hypervisor.is_host": ("hypervisor.is_host", True, False)}
    for key, (fact, yes, no) in words.items():
        try:
            value = yes if facts.truth(fact) else no
        except CannotSay:
            continue
        if value is not None:
            yield key, value
    rung = facts.raw("hypervisor.ladder.rung")
    if rung in ("flags", "device", "vm", "vcpu", "guest"):
        # What the standard can promise ends at a virtual processor.
        yield "hypervisor.ladder", "vcpu" if rung == "guest" else rung


def _components(facts: Facts) -> Iterator[tuple[str, Any]]:
    rows = facts.raw("hypervisor.components")
    for row in rows[:100] if isinstance(rows, list) else []:
        name = row.get("name") if isinstance(row, dict) else None
        if name in COMPONENTS and isinstance(row.get("version"), str):
            yield f"hypervisor.{name}.presence", "required"
            yield f"hypervisor.{name}.installed", {"minimum": row["version"]}
            yield f"hypervisor.{name}.running", {"rule": "installed"}


def _kata_files(facts: Facts) -> Iterator[tuple[str, Any]]:
    """The files of its Kata release that the scan was asked to hash, and that are there."""
    rows = facts.raw("kata.files")
    hashed = [row for row in (rows if isinstance(rows, list) else []) if isinstance(row, dict) and row.get("sha256")]
    if hashed:
        yield "kata.files", [f"{row['sha256']}  {row.get('path')}" for row in hashed]


def _candidates(facts: Facts) -> dict[str, Any]:
    """All that this host might promise, by dotted key."""
    wanted: dict[str, Any] = dict(_texts(facts))
    wanted["kernel.default_boot"] = {"rule": "running"}
    wanted.update({key.path: "forbidden" for key in KEYS if key.choices == ("forbidden", "allowed")})
    wanted.update(_states(facts))
    wanted.update(_components(facts))
    wanted.update(_kata_files(facts))
    return wanted


def _why_not(record: Mapping[str, Any], values: Mapping[str, Any], now: datetime) -> str | None:
    """Why this host itself does not keep what ``values`` promise; None where it does."""
    try:
        made = promises(nested(values))
    except StandardError as error:
        return str(error)
    findings, unknown = judge(record, made, now)
    broken = [f"this host has {_observed(finding['observed'])}" for finding in findings if finding["promise"]]
    return next(iter(broken + [_without_key(reason, values) for reason in unknown]), None)


def _observed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _without_key(reason: str, values: Mapping[str, Any]) -> str:
    """A reason without the name of the key that it is told of."""
    fact, separator, why = reason.partition(": ")
    return why if separator and fact in values else reason


def _vulnerabilities(record: Mapping[str, Any], now: datetime) -> tuple[dict[str, Any], dict[str, str]]:
    """cpu.vulnerabilities: all mitigated, except those that are not so on this host."""
    values: dict[str, Any] = {"cpu.vulnerabilities.all": "mitigated"}
    findings, unknown = judge(record, promises(nested(values)), now)
    left_out = {finding["id"][len(_VULNERABLE):]: str(finding["observed"]) for finding in findings if finding["id"].startswith(_VULNERABLE)}
    for reason in unknown:
        name, _separator, why = reason.partition(": ")
        if not name.startswith(_UNKNOWN):
            return {}, {"cpu.vulnerabilities.all": reason}
        left_out[name[len(_UNKNOWN):]] = why
    values.update({_UNKNOWN + name: "any" for name in left_out})
    return values, {_UNKNOWN + name: why for name, why in left_out.items()}


def adopt(record: Any, name: str, now: datetime) -> Adopted:
    """The standard that a golden host keeps at ``now``; StandardError where its record promises nothing, or not what it says."""
    facts = Facts(record)
    if not isinstance(record, dict) or facts.raw("os.image_based") is True:
        raise StandardError("no standard can be adopted: the host gave no record, or its system is an image")
    values: dict[str, Any] = {"schema": SCHEMA, "name": name}
    left_out: dict[str, str] = {}
    for key, value in _candidates(facts).items():
        why = _why_not(record, {key: value}, now)
        if why is None:
            values[key] = value
        else:
            left_out[key] = why
    vulnerabilities, excepted = _vulnerabilities(record, now)
    values.update(vulnerabilities)
    left_out.update(excepted)
    standard = nested(values)
    made = effective({STANDARD: standard})
    verdict = evaluate(record, made, now)
    if verdict.verdict != "compliant":
        raise StandardError(f"no standard can be adopted: the host itself would be {verdict.verdict}: " + "; ".join(verdict.reasons[:3]))
    return Adopted(standard, left_out)


def as_yaml(adopted: Adopted, host: str, now: datetime) -> str:
    """The adopted standard as a file of group variables, with what it does not promise as comments."""
    lines = ["---", f"# Adopted from {printable(host, 80)} on {now.date()}. See docs/standard.md for every key."]
    if adopted.left_out:
        blind = sum("needs_root" in why for why in adopted.left_out.values())
        if blind:
            lines.append(f"# The scan was not root: {blind} of these keys are left out for that alone. Adopt with --become to have them.")
        lines.append("# Not promised, because of what this host says:")
        lines += [f"#   {printable(key, 100)}: {printable(why, 200)}" for key, why in sorted(adopted.left_out.items())]
    body = yaml.safe_dump({STANDARD: plain(adopted.standard, STANDARD)}, sort_keys=False, default_flow_style=False, width=120)
    return "\n".join(lines) + "\n" + body

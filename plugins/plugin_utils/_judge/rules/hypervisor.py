# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the hypervisor: role, capability ladder, components installed and running, KVM parameters, machine types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ....module_utils._hypervisor import kvm_parameters
from ..._fleet.bounded import texts
from ..._standard.keys import COMPONENTS
from ..._standard.requirement import Requirement
from ..facts import CannotSay, printable
from ..judging import Difference, Judge, Outcome, Rule, Scope, Unknown, matches_any, meets, text_rule
from ..tables import table
from . import xen

# Where a scan has an instruction for a virtual processor to run.
_RUNS_VCPU = ("x86_64",)
_RUNGS = ("none", "flags", "device", "vm", "vcpu", "guest")
_KVM = "hypervisor.kvm."


def _is_host(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    state = scope.facts.truth("hypervisor.is_host")
    if promise and state is not promise.value:
        said = {True: "a host of virtual machines", False: "no host of virtual machines"}
        yield Difference("hypervisor.role", said[promise.value], said[state], ("hypervisor.is_host",))


def _ladder(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    rung = scope.facts.text("hypervisor.ladder.rung")
    if rung not in _RUNGS:
        raise CannotSay("hypervisor.ladder.rung", f"malformed: {printable(rung, 40)!r}")
    if promise is None or _RUNGS.index(rung) >= _RUNGS.index(promise.value):
        return
    if rung == scope.facts.text("hypervisor.ladder.asked"):
        yield Unknown("hypervisor.ladder", f"not_asked: the scan stopped at {rung}; it goes on where hypervisor_probe is {promise.value}")
        return
    if rung == "vm" and scope.facts.text("os.architecture") not in _RUNS_VCPU:
        yield Unknown("hypervisor.ladder", f"not_applicable: a virtual processor is only tried on {', '.join(_RUNS_VCPU)}")
        return
    failed = scope.facts.raw("hypervisor.ladder.failed")
    tail = f": {printable(failed)}" if isinstance(failed, str) and failed else ""
    yield Difference("hypervisor.ladder", f"at least {promise.value}", rung + tail, ("hypervisor.ladder",))


# Secure Boot of guests whose firmware refuses what it does not trust.
_JUDGING = ("enforced", "insecure")


def _guest_firmware(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    rows = scope.facts.rows("hypervisor.guest_trust")
    refusing = [row for row in rows if row.get("mode") in _JUDGING and row.get("ready_for_2023_shim") is False]
    if refusing:
        names = ", ".join(str(row.get("guest") or f"template {row.get('path')}") for row in refusing[:5])
        more = f" and {len(refusing) - 5} more" if len(refusing) > 5 else ""
        yield Difference("hypervisor.guest_firmware", "trusts the UEFI CA 2023", printable(names, 300) + more, ("hypervisor.guest_trust",))
    unread = [row for row in rows if row.get("mode") is None or (row.get("mode") in _JUDGING and row.get("ready_for_2023_shim") is None)]
    if unread:
        yield Unknown("hypervisor.guest_trust", printable(f"{unread[0].get('path')}: {unread[0].get('problem')}", 200))


def _installed_of(scope: Scope, name: str) -> list[dict[str, Any]]:
    return [row for row in scope.facts.rows("hypervisor.components") if row.get("name") == name]


def _presence(name: str) -> Judge:
    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        present = bool(_installed_of(scope, name))
        if promise and present is not (promise.value == "required"):
            expected = "installed" if promise.value == "required" else "not installed"
            yield Difference(f"hypervisor.{name}.installed", expected, "installed" if present else "not installed", ("hypervisor.components",))
    return judge


def _installed(name: str) -> Judge:
    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        wrong = []
        for row in _installed_of(scope, name):
            version = row.get("version")
            if not isinstance(version, str) or not version:
                yield Unknown("hypervisor.components", f"no version is known for {name}")
                continue
            said = promise is None or _is_installed(scope, row, version[:256], promise)
            if said is None:
                yield Unknown("hypervisor.components", printable(f"{name} {version} does not tell which build of it is there", 200))
            elif not said:
                wrong.append(printable(f"{row.get('package') or name} {version}", 120))
        if wrong:
            yield Difference(f"hypervisor.{name}.installed", str(promise), wrong[:20], ("hypervisor.components",))
    return judge


def _is_installed(scope: Scope, row: dict[str, Any], version: str, promise: Requirement) -> bool | None:
    if row.get("package"):
        return meets(promise, "hypervisor.components", version, scope.order() if promise.form == "minimum" else None)
    return _meets_by_text(scope, "hypervisor.components", version, promise)


def _meets_by_text(scope: Scope, fact: str, version: str, promise: Requirement) -> bool | None:
    """The same by what a binary says of itself. None: it may be the promised build and does not say so (SUSE's, Alpine's, one's own).

    Only a package knows its epoch, and a container's is not there to be asked.
    """
    plain = promise if ":" in version else Requirement(promise.form, _without_epoch(promise.value))
    is_met = meets(plain, fact, version, scope.order() if promise.form == "minimum" else None)
    is_of_no_build = "-" not in version and any(re.match(re.escape(version) + "[-+~]", str(value)) for value in plain.values())
    return None if is_of_no_build and not is_met else is_met


def _process(row: dict[str, Any]) -> str:
    guest, version = row.get("guest"), row.get("version")
    parts = [f"pid {row.get('pid')}", str(version) if version else "version unknown"]
    parts += [f"guest {guest}"] if guest else []
    return printable(", ".join(parts) + (" (replaced binary)" if _is_stale(row) else ""), 120)


def _is_stale(row: dict[str, Any]) -> bool:
    return row.get("stale") is True or (row.get("deleted") is True and row.get("stale") is not False)


def _judged(scope: Scope, row: dict[str, Any], promise: Requirement | None) -> bool | str:
    """Whether a process is as promised, or why nobody can say."""
    if promise is None or promise.form == "rule":
        if _is_stale(row):
            return False
        return True if row.get("stale") is False else f"pid {row.get('pid')}: {row.get('reason') or 'whether its binary was replaced is not known'}"
    version = row.get("version")
    if not isinstance(version, str) or not version:
        return f"pid {row.get('pid')}: its version is not known"
    if row.get("version_how") == "binary_text":
        is_met = _meets_by_text(scope, "hypervisor.processes", version[:256], promise)
        return f"pid {row.get('pid')}: {version[:80]} does not tell which build of it runs" if is_met is None else is_met
    return meets(promise, "hypervisor.processes", version[:256], scope.order() if promise.form == "minimum" else None)


def _without_epoch(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_without_epoch(item) for item in value)
    return re.sub(r"\A[0-9]+:", "", str(value))


def _running(name: str) -> Judge:
    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        processes = [row for row in scope.facts.rows("hypervisor.processes") if row.get("component") == name]
        wrong = []
        for row in processes:
            said = _judged(scope, row, promise)
            if isinstance(said, str):
                yield Unknown("hypervisor.processes", printable(said))
            elif not said:
                wrong.append(_process(row))
        if wrong:
            expected = "the installed version" if promise is None or promise.form == "rule" else str(promise)
            observed = [f"{len(wrong)} of {len(processes)} processes", *wrong[:10]]
            yield Difference(f"hypervisor.{name}.running", expected, observed, ("hypervisor.processes", "hypervisor.components"))
    return judge


def _kvm(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """All keys of this kind at once; their names are free."""
    for key in (key for key in scope.promises if key.startswith(_KVM)):
        wanted = scope.promises[key]
        name = key[len(_KVM):]
        fact = "hypervisor.kvm.parameters"
        try:
            value = scope.facts.table(fact).get(name)
        except CannotSay as reason:
            yield Unknown(reason.fact, reason.why, key)
            continue
        if value is None:
            yield Unknown(fact, f"no loaded module has {name}", key)
            continue
        text = {True: "Y", False: "N"}[value] if isinstance(value, bool) else str(value)[:256]
        accepted = [{True: "1", False: "0"}[item] if isinstance(item, bool) else str(item) for item in wanted.values()]
        is_met = kvm_parameters.meets(name, accepted, text)
        if is_met is None:
            yield Unknown(fact, f"{name} says {printable(text, 40)}, which does not tell whether {wanted} is in force", key)
        elif not is_met:
            yield Difference(key, str(wanted), printable(text), (fact,), promise=key)


def _machine_types(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """Of guests that run, and of those that are defined or saved: their next start counts as well."""
    used = scope.facts.words("hypervisor.machine_types")
    if scope.facts.raw("hypervisor.defined_machine_types") is not None:
        used = sorted({*used, *scope.facts.words("hypervisor.defined_machine_types")})
    patterns = promise.value if promise else ()
    for row in scope.facts.rows("hypervisor.processes"):
        said = row.get("machine_type")
        if row.get("component") != "qemu" or row.get("machine_type_in_effect", said) or (isinstance(said, str) and matches_any(said, patterns)):
            continue
        used = [name for name in used if name != said]
        what = f"says {said}" if said else "names no machine type"
        yield Unknown("hypervisor.processes", printable(f"pid {row.get('pid')} {what}, and what its QEMU makes of that is not known"))
    wrong = [printable(name, 80) for name in used if promise and not matches_any(name, promise.value)]
    if wrong:
        yield Difference("hypervisor.machine_type", str(promise), wrong[:20], ("hypervisor.machine_types",))


def _deprecated_by_vendor(scope: Scope) -> list[str]:
    os_id, version, used = (scope.facts.raw(fact) for fact in ("os.id", "os.version_id", "hypervisor.machine_types"))
    major = str(version).partition(".")[0]
    rows = [row for row in table("vendor_machine_types")["rows"] if os_id in row["ids"] and major == row["version"]]
    patterns = tuple(pattern for row in rows for pattern in row["types"])
    return [name for name in texts(used) if matches_any(name, patterns)]


def _deprecated(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """By the QEMU that runs them, and by the vendor whose release this is."""
    named = {*scope.facts.words("hypervisor.deprecated_machine_types"), *_deprecated_by_vendor(scope)}
    used = [printable(name, 80) for name in sorted(named)]
    if used:
        yield Difference("hypervisor.machine_type_deprecated", "no deprecated machine type", used[:20], ("hypervisor.deprecated_machine_types",))


def _removed(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "hypervisor.removed_machine_types"
    used = [printable(name, 80) for name in scope.facts.words(fact)]
    if used:
        yield Difference("hypervisor.machine_type_removed", "no machine type that the installed QEMU has no more", used[:20], (fact,))


def _component(name: str) -> tuple[Rule, ...]:
    key = f"hypervisor.{name}."
    return (Rule(key + "presence", _presence(name)), Rule(key + "installed", _installed(name)),
            Rule(key + "running", xen.running if name == "xen" else _running(name), observes=True))


RULES = (
    Rule("hypervisor.is_host", _is_host),
    text_rule("hypervisor.under", "hypervisor.under", "hypervisor.under"),
    Rule("hypervisor.ladder", _ladder),
    *(rule for name in COMPONENTS for rule in _component(name)),
    Rule("hypervisor.kvm", _kvm, observes=True),
    Rule("hypervisor.guest_firmware", _guest_firmware),
    Rule("hypervisor.machine_types", _machine_types),
    Rule("hypervisor.deprecated_machine_types", _deprecated, observes=True),
    Rule("hypervisor.removed_machine_types", _removed, observes=True),
)

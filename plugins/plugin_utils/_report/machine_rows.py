# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one machine's record says, as labelled rows of text: the system, its kernels, patches, services, processors, guests and containers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._fleet import boot_trust
from .._fleet.bounded import counted, dig, one_line, text_at, texts

# Of lists that a host can make long.
_SHOWN = 12

Record = Mapping[str, Any]


def _say(record: Record, path: str, shape: Callable[[Any], str] = one_line) -> str:
    """The fact at ``path`` as text; where the record has none, its reason."""
    value = dig(record, path)
    if value is not None:
        return shape(value)
    reasons = [item.get("reason") for item in mappings(record.get("nulls")) if str(item.get("fact", "")) and path.startswith(str(item.get("fact")))]
    return f"cannot say ({one_line(reasons[0])})" if reasons else "not scanned"


def mappings(value: Any) -> list[Record]:
    """The mappings in a list; of anything else nothing."""
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
    age = _age(dig(record, "boot.uptime_seconds"))
    yield _say(record, "boot.booted_at") + (f", {age}" if age != "age unknown" else "")
    if isinstance(dig(record, "boot"), Mapping):
        yield f"reboot required: {_say(record, 'boot.reboot_required')}"
    for signal in mappings(dig(record, "boot.signals")):
        if signal.get("required") is True:
            yield f"  says {one_line(signal.get('source'))}: {one_line(signal.get('detail'))}"


def _age(seconds: Any) -> str:
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 <= seconds < 1e10:
        return "age unknown"
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size or size == 1:
            count = int(seconds // size)
            return f"{counted(count, unit)} ago"
    return ""


def _running(record: Record) -> Iterator[str]:
    yield _say(record, "kernel.running.release") + _package(dig(record, "kernel.running"))


def _installed(record: Record) -> Iterator[str]:
    kernels = mappings(dig(record, "kernel.installed"))
    if not kernels:
        yield _say(record, "kernel.installed")
    for kernel in kernels[:_SHOWN]:
        missing = "" if kernel.get("image_present") is not False else "  image file missing"
        yield text_at(kernel, "release") + _package(kernel) + missing


def _next_boot(record: Record) -> Iterator[str]:
    loader = text_at(record, "kernel.default_boot.loader")
    yield _say(record, "kernel.default_boot.release") + (f"  by {loader}: {_say(record, 'kernel.default_boot.entry')}" if loader else "")
    if dig(record, "kernel.one_shot.set") is True:
        yield f"once only: {_say(record, 'kernel.one_shot.entry')}"


def _trust(record: Record) -> Iterator[str]:
    """Whether the next boot is let in, by whom not, and what then."""
    mode = text_at(record, "boot.trust.mode")
    if mode == "not_efi":
        yield "not booted by EFI: nobody judges"
        return
    reason = text_at(record, "boot.trust.next_boot_reason")
    yield f"{next(iter(boot_trust.outcome(record)), _say(record, 'boot.trust.next_boot'))}{f': {reason}' if reason else ''}"
    for row in mappings(dig(record, "boot.trust.modules_refused"))[:_SHOWN]:
        yield f"module {text_at(row, 'module')} will be refused: signed by {text_at(row, 'signer') or 'nobody'}"
    for row in mappings(dig(record, "boot.trust.revoked_components"))[:_SHOWN]:
        yield f"{text_at(row, 'path')} is revoked by {text_at(row, 'by')}"


def _available(record: Record) -> Iterator[str]:
    age = dig(record, "kernel.available.cache_age_seconds")
    cache = f", cache read {_age(age)}" if isinstance(age, int) else ""
    repository = text_at(record, "kernel.available.repository")
    source = f"  from {repository}" if repository else ""
    yield _say(record, "kernel.available.release") + _package(dig(record, "kernel.available")) + source + cache
    held = dig(record, "kernel.available.held")
    if held:
        yield f"held back: {one_line(held)}"


def _live_patching(record: Record) -> Iterator[str]:
    provider = text_at(record, "live_patch.provider.id")
    level = text_at(record, "live_patch.effective.level")
    by = f", {provider}{f' at level {level}' if level else ''}" if provider not in ("", "none") else ""
    because = dig(record, "live_patch.reasons")
    yield f"{_say(record, 'live_patch.protection')}{by}{f' ({one_line(because)})' if because else ''}"
    for patch in mappings(dig(record, "live_patch.patches"))[:_SHOWN]:
        kind = text_at(patch, "kind")
        yield f"{text_at(patch, 'id')} {text_at(patch, 'state')}{'' if kind in ('', 'fix') else f', {kind}'}"
    if dig(record, "live_patch.transition.in_progress") is True:
        yield f"in transition: {_say(record, 'live_patch.transition.blocking_count')} threads still run the other code"


def _services(record: Record) -> Iterator[str]:
    stale = dig(record, "services.stale")
    if not isinstance(stale, list):
        yield _say(record, "services.stale")
        return
    yield f"{counted(len(stale), 'unit')} on replaced or deleted files, of {_processes(record)}"
    for row in mappings(stale)[:_SHOWN]:
        files = [*texts(row.get("replaced")), *texts(row.get("deleted"))]
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        yield f"{text_at(row, 'unit') or text_at(row, 'program')} since {text_at(row, 'started_at')}: {', '.join(files[:1])}{more}"
    unread = mappings(dig(record, "services.unread"))
    if unread:
        yield f"cannot say of {counted(len(unread), 'process', 'processes')} ({text_at(unread[0], 'reason')})"
    failed = dig(record, "services.failed")
    if failed:
        yield f"failed: {one_line(failed)}"


def _processes(record: Record) -> str:
    examined = dig(record, "services.examined")
    return counted(examined, "process", "processes") if isinstance(examined, int) else f"processes ({_say(record, 'services.examined')})"


# What the kernel's own words for multithreading mean.
_SMT = {"on": "on", "off": "off", "forceoff": "off for good", "notsupported": "not there (one thread a core)", "notimplemented": "not there"}


def _processor(record: Record) -> Iterator[str]:
    if not isinstance(dig(record, "cpu"), Mapping):
        yield "not scanned"
        return
    count = dig(record, "cpu.logical_cpus")
    yield f"{_say(record, 'cpu.model')}, {counted(count, 'logical CPU') if isinstance(count, int) else _say(record, 'cpu.logical_cpus')}"
    smt = text_at(record, "cpu.smt.control")
    yield f"multithreading (SMT) {_SMT.get(smt, smt) or _say(record, 'cpu.smt.control')}, microcode {_say(record, 'cpu.microcode.revisions')}"


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


# What each rung of the capability ladder means; a scan stops at the second unless asked for more.
_RUNGS = {
    "none": "not possible here", "flags": "the processor could, /dev/kvm is not to be used", "device": "likely (/dev/kvm is there; none was tried)",
    "vm": "one was made", "vcpu": "one ran", "guest": "a pinned kernel booted in one",
}


def _hypervisor(record: Record) -> Iterator[str]:
    under = _say(record, "hypervisor.under")
    place = "bare metal" if under == "none" else under if under.startswith(("cannot say", "not scanned")) else f"guest of {under}"
    role = ", runs guests" if dig(record, "hypervisor.is_host") is True else ""
    yield f"{place}{role}"
    rung = text_at(record, "hypervisor.ladder.rung")
    yield f"virtual machines, as sandboxes need them: {_RUNGS.get(rung, rung) or _say(record, 'hypervisor.ladder.rung')}"
    failed = text_at(record, "hypervisor.ladder.failed")
    if failed:
        yield f"  not shown: {failed}"
    for component in mappings(dig(record, "hypervisor.components"))[:_SHOWN]:
        yield f"{text_at(component, 'name')} {text_at(component, 'version') or '(version unknown)'} installed"
    running = Counter((text_at(item, "component"), text_at(item, "version") or "(version unknown)", item.get("stale") is True)
                      for item in mappings(dig(record, "hypervisor.processes")))
    for (name, version, stale), count in sorted(running.items())[:_SHOWN]:
        yield f"{name} {version} running, {counted(count, 'process', 'processes')}{': not what is installed' if stale else ''}"


def _containers(record: Record) -> Iterator[str]:
    counts = dig(record, "containers.counts")
    if not isinstance(counts, Mapping):
        yield _say(record, "containers.counts")
        return
    told = {name: one_line(counts.get(name)) for name in ("host_kernel", "privileged", "sandboxed", "unknown")}
    yield f"{told['host_kernel']} on this kernel ({told['privileged']} privileged), {told['sandboxed']} in sandboxes, {told['unknown']} unknown"
    for engine in mappings(dig(record, "containers.engines"))[:_SHOWN]:
        state = "cannot say whether it runs" if engine.get("running") is None else "running" if engine["running"] is True else "not running"
        stale = ": not what is installed" if engine.get("stale") is True else ""
        yield f"{text_at(engine, 'name')} {text_at(engine, 'version') or '(version unknown)'} {state}{stale}"


def _kata(record: Record) -> Iterator[str]:
    if dig(record, "kata.installed") is not True:
        yield "not installed" if dig(record, "kata.installed") is False else _say(record, "kata.installed")
        return
    tree = text_at(record, "kata.tree")
    yield f"{_say(record, 'kata.version')} in force{f' from {tree}' if tree else ''}"
    sandboxes = dig(record, "kata.sandboxes")
    if not isinstance(sandboxes, list):
        yield f"sandboxes: {_say(record, 'kata.sandboxes')}"
    running = Counter((text_at(item, "version") or "(version unknown)", text_at(item, "guest_kernel") or "unknown", _in_force(item.get("stale")))
                      for item in mappings(sandboxes))
    for (version, kernel, said), count in sorted(running.items())[:_SHOWN]:
        yield f"{counted(count, 'sandbox', 'sandboxes')} of {version}, guest kernel {kernel}: {said}"


def _in_force(stale: Any) -> str:
    if not isinstance(stale, bool):
        return "cannot say whether as in force"
    return "not what is in force" if stale else "as in force"


ROWS: tuple[tuple[str, Callable[[Record], Iterator[str]]], ...] = (
    ("System", _system),
    ("Booted", _boot),
    ("Kernel running", _running),
    ("  installed", _installed),
    ("  at next boot", _next_boot),
    ("  boot trust", _trust),
    ("  available", _available),
    ("Live patching", _live_patching),
    ("Services", _services),
    ("Processor", _processor),
    ("  weaknesses", _mitigations),
    ("Hypervisor", _hypervisor),
    ("Containers", _containers),
    ("Kata Containers", _kata),
)

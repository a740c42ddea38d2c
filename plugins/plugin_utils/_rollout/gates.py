# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates before a host is taken out of service: each says, in a sentence, why the step may not begin. What cannot be said does not pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...module_utils._hypervisor.machine_types import is_removed, qemu_version
from .._judge.facts import CannotSay, Facts, printable

_SHOWN = 10


@dataclass(frozen=True)
class Asked:
    """``free_mb``: folder -> how much room it needs; ``off``: gates that the operator has opened."""

    free_mb: Mapping[str, int] = field(default_factory=dict)
    off: Sequence[str] = ()


def closed(record: Mapping[str, Any], readiness: Mapping[str, Any], asked: Asked) -> list[str]:
    """Why the step may not begin: 'gate: sentence' for each gate that is closed. ``readiness`` is what the module host_readiness found."""
    facts = Facts(record)
    said: list[str] = []
    for name, gate in GATES.items():
        if name in asked.off:
            continue
        try:
            said += [f"{name}: {sentence}" for sentence in gate(facts, readiness, asked)]
        except CannotSay as lost:
            said.append(f"{name}: it cannot be said: {lost}")
    return said


def _disk(facts: Facts, readiness: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    room = readiness.get("room") or {}
    for folder, wanted in asked.free_mb.items():
        seen = room.get(folder) or {}
        free, inodes = seen.get("free_mb"), seen.get("free_inodes")
        if free is None:
            yield f"how much room {folder} has is not known ({printable(str(seen.get('problem') or 'it was not asked'))})"
        elif free < int(wanted):
            yield f"{folder} has {free} MB free; wanted: {wanted}"
        elif inodes == 0:
            yield f"{folder} has no inode free"


def _listed(readiness: Mapping[str, Any], name: str) -> list[Any]:
    """What the host was asked for; an answer that is not there is none that says nothing is wrong."""
    found = readiness.get(name)
    if not isinstance(found, list):
        raise CannotSay(name, "host_readiness did not answer")
    return found


def _packages(facts: Facts, readiness: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    yield from (printable(str(line), 400) for line in _listed(readiness, "packages"))
    broken = [str(row.get("package")) for row in facts.rows("kernel.installed") if row.get("complete") is False]
    if broken:
        yield f"the package manager broke off while it installed {printable(', '.join(broken[:_SHOWN]))}"


def _lock(facts: Facts, readiness: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    for holder in _listed(readiness, "lock_holders"):
        yield f"the package database is locked by process {holder.get('pid')} {printable(str(holder.get('name')))} ({holder.get('path')})"


def _modules(facts: Facts, readiness: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    rows = facts.rows("kernel.modules")
    lost = [str(row.get("name")) for row in rows if row.get("in_next_boot") is False]
    unknown = [str(row.get("name")) for row in rows if not isinstance(row.get("in_next_boot"), bool)]
    if unknown:
        yield f"whether the kernel of the next boot has {printable(', '.join(unknown[:_SHOWN]))}, which is loaded now, is not known"
    if lost:
        yield f"the kernel of the next boot has no module {printable(', '.join(lost[:_SHOWN]))}, which is loaded now"


def _next_boot(facts: Facts, readiness: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    release = facts.text("kernel.default_boot.release")
    if facts.truth("kernel.default_boot.image_present") is False:
        yield f"the image of the next boot, {printable(str(facts.raw('kernel.default_boot.image')))}, is gone"
    if facts.raw("kernel.default_boot.stale_config") is True:
        yield "GRUB's menu was made from another GRUB_DEFAULT than /etc/default/grub holds now"
    lacking = [row for row in facts.rows("kernel.installed") if row.get("release") == release and row.get("initrd_missing") is True]
    if lacking:
        yield f"kernel {printable(release)} has no initrd, without which it cannot reach the root file system"


# Firmware that asks for no signature, and machines without such firmware.
_ASKS_NOBODY = ("not_efi", "off", "setup")


def _boot_trust(facts: Facts, readiness: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    """A next boot that firmware, shim or kernel would refuse, or that would stand at the console."""
    mode, verdict = facts.raw("boot.trust.mode"), facts.raw("boot.trust.next_boot")
    if verdict in ("refused", "waits"):
        stage, reason = (printable(str(facts.raw("boot.trust." + name))) for name in ("next_boot_stage", "next_boot_reason"))
        outcome = printable(str(facts.raw("boot.trust.next_boot_outcome")))
        yield f"the next boot {'is refused by' if verdict == 'refused' else 'waits for a person at'} {stage} ({outcome}): {reason}"
    refused = facts.raw("boot.trust.modules_refused")
    if isinstance(refused, list) and refused:
        names = ", ".join(str(row.get("module")) if isinstance(row, Mapping) else str(row) for row in refused[:_SHOWN])
        yield f"the kernel of the next boot refuses modules that are loaded now: {printable(names)}"
    if verdict is None and mode not in _ASKS_NOBODY:
        facts.text("boot.trust.mode" if mode is None else "boot.trust.next_boot")


def _kexec(facts: Facts, readiness: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    if facts.truth("boot.kexec_loaded"):
        yield "a kernel waits to be started by kexec: the reboot may start that one, not the loader's"


def _guests(facts: Facts, readiness: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    """Guests that would not come back: the installed QEMU has no machine of their type any more."""
    guests = facts.raw("hypervisor.guests")
    if not guests:
        return
    versions = {row.get("name"): row.get("version") for row in facts.rows("hypervisor.components")}
    installed = qemu_version(versions.get("qemu"))
    for row in facts.rows("hypervisor.guests"):
        types = {str(row[key]) for key in ("machine_type", "defined_machine_type", "saved_machine_type") if row.get(key)}
        gone = sorted(name for name in types if is_removed(name, installed))
        if gone and (row.get("pid") is not None or row.get("saved_machine_type")):
            yield f"guest {printable(str(row.get('name')))} has the machine {printable(', '.join(gone))}, which the installed QEMU no longer has"


def _running(facts: Facts, readiness: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    """What runs now must be known, or nobody can say afterwards that it runs again. A host without systemd has no units."""
    if facts.raw("services.active") is None and not facts.why("services.active").startswith("absent"):
        facts.words("services.active")
    yield from ()


Gate = Callable[[Facts, Mapping[str, Any], Asked], Iterator[str]]

GATES: dict[str, Gate] = {"disk": _disk, "packages": _packages, "lock": _lock, "modules": _modules, "next_boot": _next_boot,
                          "boot_trust": _boot_trust, "kexec": _kexec, "guests": _guests, "running": _running}

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test says it proves, what is wanted, and how a broken promise is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, TypeVar

Test = TypeVar("Test", bound=Callable[..., None])

# The keys of the standard that a test of this suite proves; a * stands for free names.
PROVEN = (
    "os.id", "os.version_id", "os.version_codename", "os.architecture", "os.altered_files", "os.firmware_version", "os.firmware_date",
    "os.image.booted", "os.image.reference", "os.image.version", "os.image.pending",
    "os.bmc_version",
    "os.shadowed_programs",
    "boot.reboot_required", "boot.uptime_days", "boot.secure_boot", "boot.kexec_loaded", "boot.cmdline_required", "boot.cmdline_forbidden",
    "boot.trust.mode", "boot.trust.certificates", "boot.trust.sbat_level", "boot.trust.ready_for_2023_shim", "boot.trust.stale_components",
    "boot.trust.pending", "boot.trust.pk_test_key",
    "kernel.running", "kernel.running_version", "kernel.default_boot", "kernel.flavour", "kernel.reboot_pending", "kernel.update_available",
    "kernel.one_shot", "kernel.held", "kernel.flavours_mixed", "kernel.image_missing", "kernel.incomplete", "kernel.modules_missing",
    "kernel.modules_replaced", "kernel.modules_blocked", "kernel.unmanaged",
    "kernel.stray_images",
    "kernel.managers", "kernel.cache_age_hours",
    "live_patch.protection", "live_patch.provider", "live_patch.level", "live_patch.transition", "live_patch.other_providers",
    "live_patch.inhibited", "live_patch.lost_on_reboot", "live_patch.next_kernel", "live_patch.not_loaded",
    "cpu.vulnerabilities.*", "cpu.smt", "cpu.microcode", "cpu.microcode_of.*", "cpu.microcode_mixed", "cpu.mitigations_disabled",
    "hypervisor.is_host", "hypervisor.under", "hypervisor.ladder", "hypervisor.*.presence", "hypervisor.*.installed", "hypervisor.*.running",
    "hypervisor.kvm.*", "hypervisor.machine_types", "hypervisor.deprecated_machine_types", "hypervisor.removed_machine_types",
    "containers.engines", "containers.*.installed", "containers.engine_stale", "containers.shared_kernel", "containers.privileged",
    "containers.host_pid", "containers.unknown_isolation",
    "kata.presence", "kata.version", "kata.stale_sandboxes", "kata.guest_kernel", "kata.handlers", "kata.dead_handlers", "kata.unloaded_handlers",
    "kata.other_installers", "kata.files", "kata.hardening", "kata.drop_ins", "kata.stray_drop_ins", "kata.unknown_keys",
    "kata.isolation",
    "services.stale", "services.stale_scopes", "services.stale_manager", "services.stale_until_reboot", "services.stale_sessions",
    "services.stale_carriers",
    "services.required", "services.failed",
    "mitigations",
)

# Keys whose promise this suite does not prove, and why. All others have a test.
UNPROVEN: Mapping[str, str] = {
    "boot.trust.next_boot": "no tool of a host goes the whole way: sbverify knows one file and one certificate, neither dbx nor SBAT, mokutil no "
                            "file, bootctl no signature; the lists and the level that decide are proven",
    "hypervisor.guest_firmware": "no tool that hypervisors have reads a guest's file of variables; in the guest boot.trust.certificates is proven",
    "boot.trust.survives_2011_revocation": "sbverify accepts a file with any good signature, and firmware refuses one with any forbidden one",
    "boot.trust.revoked_components": "no tool of a host holds the files of a partition against dbx and SBAT",
    "boot.trust.refused_fallbacks": "the same; what would be tried is not what is started",
    "boot.trust.modules_refused": "the kernel's keyrings of the next boot are not there before it",
    "cpu.microcode_pending": "only Intel's and AMD's own formats of files tell what waits; what is in force is proven by cpu.microcode_of",
    "cpu.microcode_left_behind": "the same formats, within an initrd",
    "os.end_of_support": "a date in a vendor's calendar, not a state of the host; os.version_id is proven",
    "os.support_days_left": "a date in a vendor's calendar, not a state of the host; os.version_id is proven",
    "containers.end_of_support": "a date in a maker's calendar, not a state of the host; containers.*.installed is proven",
    "kata.end_of_support": "a date in a maker's calendar, not a state of the host; kata.version is proven",
    "live_patch.blocked_fixes": "only the provider's own client knows what a pin keeps out; what is in force is proven",
    "live_patch.check_age_hours": "only the provider's own client knows, each in a form of its own; what is in force is proven",
    "live_patch.support_days_left": "a date in a vendor's calendar, not a state of the host; kernel.running is proven",
}

# Keys of which the proof can see more than any scan, and why: it may call one broken that the scan does not.
PROVEN_ALONE: Mapping[str, str] = {
    "kata.isolation": "a scan starts no container; it says only what those show that live",
}


class BrokenPromiseError(AssertionError):
    """A promise does not hold, or nobody can tell that it does; the text is a sentence for an auditor."""


class WaivedPromiseError(BrokenPromiseError):
    """A promise does not hold, and somebody answers for each part of it that is broken; ``by`` says who, until when and why."""

    def __init__(self, sentence: str, by: str) -> None:
        super().__init__(sentence)
        self.by = by


class Wanted(NamedTuple):
    """One promise: the key of the standard and what it asks for."""

    key: str
    value: Any

    @property
    def form(self) -> str:
        """exact, minimum, maximum, any_of or rule."""
        return next(iter(self.value)) if isinstance(self.value, Mapping) else "any_of" if isinstance(self.value, list) else "exact"

    @property
    def target(self) -> Any:
        """The value without its form."""
        return next(iter(self.value.values())) if isinstance(self.value, Mapping) else self.value

    @property
    def accepted(self) -> list[Any]:
        """The values that an exact or any_of promise accepts."""
        return list(self.target) if isinstance(self.target, list) else [self.target]

    def __str__(self) -> str:
        words = {"minimum": "at least ", "maximum": "at most ", "rule": "the "}
        if self.form == "any_of":
            return " or ".join(str(item["advisory"]) if isinstance(item, Mapping) else str(item) for item in self.accepted) or "nothing at all"
        return words.get(self.form, "") + str(self.target).replace("_", " " if self.form == "rule" else "_")


def promise(*keys: str, finding: str = "") -> Callable[[Test], Test]:
    """Say which keys of the standard a test proves (patterns may stand for free names): it is collected for hosts that are promised one.

    ``finding`` is what the drift report calls the breach, where that is not the key; waivers go by it.
    """
    unlisted = set(keys) - set(PROVEN)
    assert not unlisted, f"{unlisted} must stand in PROVEN, by which a host's standard is held against this suite"

    def mark(test: Test) -> Test:
        test.promised_keys = keys  # type: ignore[attr-defined]
        test.finding = finding  # type: ignore[attr-defined]
        return test
    return mark


def finding_of(test: Any, key: str) -> str:
    """What the drift report calls the breach of a key; a * in it is the free name of the key."""
    finding = str(getattr(test, "finding", "")) or key
    free = next((found.group(1) for found in (re.fullmatch(re.escape(pattern).replace(r"\*", "(.+)"), key)
                                              for pattern in getattr(test, "promised_keys", ()) if "*" in pattern) if found), "")
    return finding.replace("*", free)


def is_known(key: str) -> bool:
    """Whether this suite proves a key, or says why it does not."""
    return key in UNPROVEN or any(fnmatchcase(key, pattern) for pattern in PROVEN)


def hold(condition: bool, sentence: str) -> None:
    """The promise holds, or is broken in these words."""
    __tracebackhide__ = True
    if not condition:
        raise BrokenPromiseError(sentence)


def hold_or_waived(broken: str, waived: str, waivers: Iterable[object]) -> None:
    """The promise holds, or is broken, or only in what somebody answers for: then that is said, since it does not hold."""
    __tracebackhide__ = True
    hold(not broken, broken)
    if waived:
        raise WaivedPromiseError(waived, " and ".join(sorted({str(waiver) for waiver in waivers})))

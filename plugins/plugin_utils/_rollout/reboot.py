# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reboot that proves itself: what must come up, by which rung, what a failed boot falls back to, and whether what came up is what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ...module_utils._host.errors import Refused
from .._judge.facts import CannotSay, Facts, printable

RUNGS = ("soft_reboot", "kexec", "reboot")
TRIALS = ("auto", "require", "never")
TRIAL_LOADERS = ("grub", "grub-bls", "systemd-boot")
# systemd 254 brought systemctl soft-reboot.
SOFT_REBOOT_SINCE = 254
_SHOWN = 10
# Of products whose modules do not lie on disk for anybody to count.
_SAYS_NOBODY = ("unsupported", "not_applicable")
# An initrd of dracut that finds no root opens a shell and waits; that of Debian obeys panic= (dracut.cmdline(7), initramfs-tools(7)).
_DRACUT = ("redhat", "suse")
_DRACUT_WORDS = ("rd.shell=0", "rd.emergency=reboot")
# Units that live as long as somebody uses them, or that a boot needs once: that they do not run again says nothing.
_COME_AND_GO = (
    "user@*.service", "user-runtime-dir@*.service", "session-*.scope", "run-*", "systemd-fsck@*.service", "ssh@*.service", "sshd@*.service",
    "systemd-coredump@*.service", "dracut-*.service", "systemd-hostnamed.service", "systemd-timedated.service", "systemd-localed.service",
    "packagekit.service", "fwupd.service", "fwupd-refresh.service", "udisks2.service", "upower.service", "geoclue.service", "colord.service",
    "fprintd.service", "systemd-quotacheck.service", "initrd-*.service", "plymouth-*.service", "getty@*.service", "serial-getty@*.service",
    "firebreak-*")


@dataclass(frozen=True)
class Asked:
    """What the operator wants and the host can: ``systemd`` is its version, ``kexec`` whether it has the tool and the kernel takes an image."""

    release: str = ""
    trial: str = "auto"
    rungs: Sequence[str] = ("reboot",)
    panic_seconds: int = 30
    systemd: int = 0
    kexec: bool = False


@dataclass
class Plan:
    """``release`` and ``package_version`` must run afterwards; ``rung`` is one of RUNGS; ``words`` are for the command line of that boot.

    ``falls_back_to``: the kernel that follows a boot that fails, None where there is no other; ``trial``: the loader tries the new one once.
    """

    release: str
    package_version: str | None
    rung: str
    trial: bool
    falls_back_to: str | None
    boot_id: str | None
    image: str | None = None
    initrd: str | None = None
    command_line: str = ""
    words: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def plan(record: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """The plan as plain data; Refused where there is none."""
    _check(asked)
    facts = Facts(record)
    try:
        release = asked.release or facts.text("kernel.default_boot.release")
        running = facts.text("kernel.running.release")
        installed = facts.rows("kernel.installed")
        boot_id = facts.text("boot.boot_id")
        loader = facts.raw("kernel.default_boot.loader")
    except CannotSay as lost:
        raise Refused(f"what the reboot must bring is not known: {lost}; wanted: a scan with the sections os, boot and kernel, as root") from None
    wanted = next((row for row in installed if row.get("release") == release), None)
    if wanted is None:
        raise Refused(f"kernel {release} is to come up, and no package holds it; installed: {_listed(installed)}")
    _check_image(wanted)
    _check_modules(facts, release)
    version = wanted.get("package_version")
    same = running == release and facts.raw("kernel.running.package_version") == version
    others = _fall_backs([row for row in installed if row.get("image") not in _refused_images(facts)], release, running)
    made = Plan(release, version, _rung(asked, facts, same), False, others[0] if others else None, boot_id, wanted.get("image"), wanted.get("initrd"))
    _decide_trial(made, asked, loader, same)
    if made.trial or made.rung == "kexec":
        made.words = _words(asked, str(facts.raw("os.family")))
    if made.rung == "kexec":
        made.command_line = _command_line(facts, made.words)
    return asdict(made)


def _command_line(facts: Facts, words: Sequence[str]) -> str:
    """What a kernel that is started past the loader is given: what the loader's entry holds, or else what runs."""
    options = facts.raw("kernel.default_boot.options") or facts.raw("boot.cmdline")
    had = [word for word in str(options or "").split() if not word.startswith("BOOT_IMAGE=")]
    if not had:
        raise Refused("the command line of the next boot is not known, and kexec must be given one; wanted: the rung reboot")
    return " ".join([*had, *[word for word in words if word not in had]])


def _check(asked: Asked) -> None:
    strange = [rung for rung in asked.rungs if rung not in RUNGS]
    if strange or not asked.rungs:
        raise Refused(f"rollout_rungs is {list(asked.rungs)}; wanted: some of {', '.join(RUNGS)}")
    if asked.trial not in TRIALS:
        raise Refused(f"rollout_trial is {asked.trial}; wanted: one of {', '.join(TRIALS)}")


def _check_image(wanted: Mapping[str, Any]) -> None:
    """A kernel that cannot come up is refused before the host is taken out of service."""
    release = wanted.get("release")
    if wanted.get("image_present") is False:
        raise Refused(f"kernel {release} is to come up, and its image {wanted.get('image')} is gone")
    if wanted.get("initrd_missing") is True:
        raise Refused(f"kernel {release} is to come up, and has no initrd, without which it cannot reach the root file system")
    if wanted.get("complete") is False:
        raise Refused(f"kernel {release} is to come up, and the package manager broke off while it installed it")


def _check_modules(facts: Facts, release: str) -> None:
    """A kernel that lacks what is loaded now from outside of the kernel's tree (ZFS, storage, network, GPUs) is not booted."""
    try:
        rows = facts.rows("kernel.modules") if release == facts.raw("kernel.default_boot.release") else []
    except CannotSay:
        return
    lost = [printable(str(row.get("name")), 80) for row in rows if row.get("in_next_boot") is False]
    if lost:
        raise Refused(f"kernel {release} is to come up, and lacks {', '.join(lost)}, which is loaded now; build it for that kernel first "
                      f"(dkms autoinstall -k {release}, or the vendor's package)")


def _listed(rows: Sequence[Mapping[str, Any]]) -> str:
    return printable(", ".join(str(row.get("release")) for row in rows)) or "none"


def _refused_images(facts: Facts) -> list[Any]:
    """Kernels of the menu that shim or the firmware would refuse: nothing falls back to them."""
    rows = facts.raw("boot.trust.kernels")
    return [row.get("image") for row in rows if isinstance(row, dict) and row.get("answer") == "refused"] if isinstance(rows, list) else []


def _fall_backs(installed: Sequence[Mapping[str, Any]], release: str, running: str) -> list[str]:
    """Kernels that can follow a boot that fails, the running one first, since it has come up before; then the newest."""
    good = [str(row.get("release")) for row in installed if row.get("image_present") is True and row.get("initrd_missing") is not True
            and row.get("complete") is not False and row.get("release") != release]
    return [one for one in good if one == running] + [one for one in reversed(good) if one != running]


def _rung(asked: Asked, facts: Facts, same: bool) -> str:
    """The least disruptive rung that is allowed, that the host can take, and that brings what is wanted."""
    # What asks for a reboot lies in /run and counts from the start of the kernel: a soft reboot keeps both, and would be asked for again.
    is_asked_for = facts.raw("boot.reboot_required") is True
    if "soft_reboot" in asked.rungs and same and not is_asked_for and asked.systemd >= SOFT_REBOOT_SINCE and _same_words(facts):
        return "soft_reboot"
    if "kexec" in asked.rungs and asked.kexec and facts.raw("cpu.microcode.pending") is not True:
        return "kexec"
    if "reboot" not in asked.rungs:
        raise Refused(f"the host can take none of the allowed rungs ({', '.join(asked.rungs)}); wanted: reboot among them")
    return "reboot"


def _same_words(facts: Facts) -> bool:
    """Whether the running kernel has the command line of the next boot; a soft reboot keeps the running one."""
    options, running = facts.raw("kernel.default_boot.options"), facts.raw("boot.cmdline")
    if not isinstance(options, str) or not isinstance(running, str):
        return False
    return set(options.split()) <= set(running.split())


def _decide_trial(made: Plan, asked: Asked, loader: Any, same: bool) -> None:
    """Whether the loader tries the kernel once; said where a boot that fails would be followed by itself."""
    if made.rung == "soft_reboot" or (same and asked.trial != "require"):
        return
    can = made.falls_back_to is not None and loader in TRIAL_LOADERS
    made.trial = can and made.rung == "reboot" and asked.trial != "never"
    if made.rung == "kexec" or made.trial:
        return
    why = "it was not asked for" if asked.trial == "never" else f"the loader is {loader}" if made.falls_back_to else "no other kernel can boot here"
    if asked.trial == "require":
        raise Refused(f"the kernel {made.release} cannot be tried once: {why}; "
                      f"wanted: a second kernel that boots, and one of {', '.join(TRIAL_LOADERS)}")
    made.said.append(f"{made.release} is not tried once, since {why}: a boot that fails waits for a person")


def _words(asked: Asked, family: str) -> list[str]:
    if asked.panic_seconds <= 0:
        return []
    return [f"panic={asked.panic_seconds}", *(_DRACUT_WORDS if family in _DRACUT else ())]


def came_up(before: Mapping[str, Any], after: Mapping[str, Any], made: Mapping[str, Any]) -> list[str]:
    """What is not as expected of the kernel after the reboot, each in a sentence; empty where the reboot counts."""
    then, now = Facts(before), Facts(after)
    return [*_booted(now, made), *_kernel(then, now, made), *_live_patches(then, now)]


def _booted(now: Facts, made: Mapping[str, Any]) -> Iterator[str]:
    try:
        boot_id = now.text("boot.boot_id")
    except CannotSay as lost:
        yield f"whether the host booted cannot be said: {lost}"
        return
    if made["rung"] != "soft_reboot" and boot_id == made["boot_id"]:
        yield f"the host did not boot: its boot id is still {printable(boot_id)}"
    if made["rung"] == "soft_reboot" and boot_id != made["boot_id"]:
        yield "the host booted its kernel anew, though a soft reboot was asked for"


def _kernel(then: Facts, now: Facts, made: Mapping[str, Any]) -> Iterator[str]:
    try:
        release = now.text("kernel.running.release")
    except CannotSay as lost:
        yield f"which kernel came up cannot be said: {lost}"
        return
    if release != made["release"]:
        fell = "; the trial failed, and the loader fell back" if made["trial"] and release == made["falls_back_to"] else ""
        yield f"it came back on another kernel: {printable(release)} runs, {made['release']} was expected{fell}"
        return
    if made["package_version"] is None:
        return
    try:
        version = now.text("kernel.running.package_version")
    except CannotSay as lost:
        yield f"which build of {release} came up cannot be said: {lost}; {made['package_version']} was expected"
        return
    if version != made["package_version"]:
        yield f"it came back on another build of {release}: {printable(version)} runs, {made['package_version']} was expected"


def _live_patches(then: Facts, now: Facts) -> Iterator[str]:
    """Patches that lie on disk for what runs are loaded, and those of the same kernel are back."""
    if then.raw("live_patch.provider.id") in (None, "none"):
        return
    waiting = now.raw("live_patch.installed_not_loaded")
    if waiting is None and not now.why("live_patch.installed_not_loaded").startswith(_SAYS_NOBODY):
        yield f"whether live patches are loaded cannot be said: live_patch.installed_not_loaded: {now.why('live_patch.installed_not_loaded')}"
    if isinstance(waiting, list) and waiting:
        yield f"live patches on disk are not loaded: {printable(', '.join(map(str, waiting[:_SHOWN])))}"
    if then.raw("kernel.running.release") != now.raw("kernel.running.release"):
        return
    lost = [name for name in _patches(then) if name not in _patches(now)]
    if lost:
        yield f"live patches that were in force are not: {printable(', '.join(lost[:_SHOWN]))}"


def _patches(facts: Facts) -> list[str]:
    rows = facts.raw("live_patch.patches")
    return [str(row.get("id")) for row in rows if isinstance(row, dict) and row.get("state") == "active"] if isinstance(rows, list) else []


def runs_again(before: Mapping[str, Any], after: Mapping[str, Any], enabled: Sequence[str] | None, passed_over: Sequence[str] = (),
               guests_gone: Sequence[str] = ()) -> list[str]:
    """What ran before the reboot and does not run after it: units, engines, guests, containers. Each in a sentence.

    ``enabled`` are the units that a boot is to start, None where that is not known: then every unit that ran counts. ``guests_gone`` were moved away.
    """
    then, now = Facts(before), Facts(after)
    found: list[str] = []
    parts: tuple[Callable[[], list[str]], ...] = (
        lambda: _units(then, now, enabled, passed_over), lambda: _engines(then, now), lambda: _guests(then, now, guests_gone),
        lambda: _containers(then, now))
    for part in parts:
        try:
            found += part()
        except CannotSay as lost:
            found.append(f"what runs again cannot be said: {lost}")
    return found


def _units(then: Facts, now: Facts, enabled: Sequence[str] | None, passed_over: Sequence[str]) -> list[str]:
    if then.raw("services.active") is None and then.why("services.active").startswith("absent"):
        return []
    ran, runs, failed = set(then.words("services.active")), set(now.words("services.active")), set(now.words("services.failed"))
    patterns = [*_COME_AND_GO, *passed_over]
    counted = sorted(unit for unit in ran - runs if not any(fnmatchcase(unit, pattern) for pattern in patterns))
    told = [unit for unit in counted if unit in failed or enabled is None or unit in enabled or _template(unit) in enabled]
    return [f"units that ran do not run: {_named(told, failed)}"] if told else []


def _template(unit: str) -> str:
    name, at, instance = unit.partition("@")
    return f"{name}@.{instance.rpartition('.')[2]}" if at else unit


def _named(units: Sequence[str], failed: set[str]) -> str:
    words = [unit + (" (failed)" if unit in failed else "") for unit in units[:_SHOWN]] + (["..."] if len(units) > _SHOWN else [])
    return printable(", ".join(words), 800)


def _engines(then: Facts, now: Facts) -> list[str]:
    if then.raw("containers.engines") is None:
        return []
    ran, runs = ({str(row.get("name")) for row in facts.rows("containers.engines") if row.get("running") is True} for facts in (then, now))
    return [f"engines that ran do not run: {printable(', '.join(sorted(ran - runs)))}"] if ran - runs else []


def _guests(then: Facts, now: Facts, gone: Sequence[str]) -> list[str]:
    if not then.raw("hypervisor.guests"):
        return []
    ran, runs = ({str(row.get("name")) for row in facts.rows("hypervisor.guests") if row.get("pid") is not None} for facts in (then, now))
    lost = sorted(ran - runs - set(gone))
    return [f"guests that ran do not run: {printable(', '.join(lost[:_SHOWN]))}"] if lost else []


def _containers(then: Facts, now: Facts) -> list[str]:
    """Containers outside of Kubernetes, which has its own mind where pods go, by engine and name."""
    if not then.raw("containers.items"):
        return []
    ran, runs = ({f"{row.get('engine')} {row.get('name')}" for row in facts.rows("containers.items") if _stays(row)} for facts in (then, now))
    lost = sorted(ran - runs)
    return [f"containers that ran do not run: {printable(', '.join(lost[:_SHOWN]))}"] if lost else []


def _stays(row: Mapping[str, Any]) -> bool:
    is_of_kubernetes = row.get("namespace") == "k8s.io" or row.get("engine") == "crio"
    # A user's own come and go as he likes: no user decides how a rollout goes on.
    is_a_users = isinstance(row.get("user"), int) and row["user"] != 0
    return not is_of_kubernetes and not is_a_users and row.get("name") is not None and row.get("is_pod") is not True and row.get("nested") is not True

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the kernel: what runs, what the next boot gives, what is installed and what is available are four different things."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..._standard.catalogue import entry_of
from ..._standard.requirement import Requirement
from ..facts import CannotSay, printable
from ..judging import Difference, Outcome, Rule, Scope, Unknown, compare_versions, meets

_RUNS_OR_COULD = ("loaded", "built_in", "loadable")
_RUNNING = ("kernel.running.release", "kernel.running.package_version")
_NEWEST = ("kernel.newest_installed.release", "kernel.newest_installed.package_version")
_DEFAULT_VERSION = ("kernel.default_boot.release", "kernel.default_boot.package_version")
_DEFAULT = ("kernel.default_boot.release", "kernel.default_boot.entry")
_AVAILABLE = ("kernel.available.release", "kernel.available.package_version", "kernel.available.cache_age_seconds")
_CACHE_HOURS = 168
# Where the roots of snapper's snapshots and of ostree's deployments lie.
_OTHER_ROOTS = ("/.snapshots/", "/ostree/deploy/")


def _named(scope: Scope, paths: tuple[str, ...]) -> str:
    """A kernel in words: release, and package version where it is known."""
    release, version = scope.facts.raw(paths[0]), scope.facts.raw(paths[1])
    known = [printable(value) for value in (release, version) if isinstance(value, str) and value]
    return known[0] + (f" ({known[1]})" if len(known) > 1 and known[1] != known[0] else "") if known else "unknown"


def _version_of(scope: Scope, paths: tuple[str, ...]) -> str:
    """A kernel's package version; where its own fact is missing (a boot entry names a release only), that of the installed package."""
    try:
        return scope.facts.text(paths[1])
    except CannotSay:
        release, installed = scope.facts.raw(paths[0]), scope.facts.raw("kernel.installed")
        rows = [row for row in installed if isinstance(row, dict) and row.get("release") == release] if isinstance(installed, list) else []
        version = rows[0].get("package_version") if release and paths == _DEFAULT_VERSION and len(rows) == 1 else None
        if isinstance(version, str) and version:
            return version[:256]
        raise


def _order_of(scope: Scope, first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """The order of two kernels by package version: below, at or above 0."""
    return compare_versions(scope.order(), first[1], _version_of(scope, first), _version_of(scope, second))


def _is_another(scope: Scope, first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Whether two kernels differ: by package version, and where one has none by release, since one release is never two kernels of a line."""
    try:
        return _order_of(scope, first, second) != 0
    except CannotSay:
        if scope.facts.text(first[0]) != scope.facts.text(second[0]):
            return True
        raise


def _installed_versions(scope: Scope, release: str) -> list[str]:
    """The versions of the installed packages with the image of a release."""
    newest = scope.facts.raw("kernel.newest_installed")
    rows = [row for row in [*scope.facts.rows("kernel.installed"), newest] if isinstance(row, dict) and row.get("release") == release]
    return [row["package_version"] for row in rows if isinstance(row.get("package_version"), str) and row["package_version"]]


def _base(release: str, flavour: Any) -> str:
    """A release without its flavour, which has no order (6.1.0-40-cloud-amd64 -> 6.1.0-40)."""
    tail = f"-{flavour}" if isinstance(flavour, str) and flavour else ""
    return release[: -len(tail)] if tail and release.endswith(tail) else release


def _release_meets(scope: Scope, promise: Requirement, fact: str, observed: str) -> bool:
    if promise.form != "minimum":
        return observed in promise.values()
    flavour = scope.facts.raw("kernel.running.flavour")
    wanted, seen = _base(promise.value, flavour), _base(observed, flavour)
    if scope.order() == "dpkg" and any(part.isalpha() for part in wanted.split("-")[1:]):
        raise CannotSay(fact, f"no order between flavours: {printable(observed)} and {promise.value}")
    return compare_versions(scope.order(), fact, seen, wanted) >= 0


def _cache_is_old(scope: Scope) -> str | None:
    """Why the cache proves nothing, or None where it is fresh enough."""
    promise = scope.promises.get("kernel.cache_age_hours")
    limit = promise.value if promise else _CACHE_HOURS
    hours = scope.facts.number("kernel.available.cache_age_seconds") / 3600
    return f"the package cache is {int(hours)} hours old, more than {limit}" if hours > limit else None


def _against_available(scope: Scope, finding: str, paths: tuple[str, ...]) -> Iterator[Outcome]:
    """A kernel must not be older than what the cache offers; an old cache proves that only where it offers something newer."""
    if _is_older_than_offered(scope, paths):
        yield Difference(finding, "the newest available, " + _named(scope, _AVAILABLE), _named(scope, paths), (*paths, *_AVAILABLE))
        return
    old = _cache_is_old(scope)
    if old:
        yield Unknown("kernel.available", old)


def _is_older_than_offered(scope: Scope, paths: tuple[str, ...]) -> bool:
    """By package version; where a kernel names none, its package's: what runs is never newer than the package that brought it."""
    try:
        return _order_of(scope, paths, _AVAILABLE) < 0
    except CannotSay as reason:
        installed = _installed_versions(scope, scope.facts.text(paths[0])) if paths == _RUNNING else []
        offered = _version_of(scope, _AVAILABLE)
        if installed and all(compare_versions(scope.order(), paths[1], version, offered) < 0 for version in installed):
            return True
        raise reason


def _running(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    observed = scope.facts.text("kernel.running.release")
    if promise is None:
        return
    if promise.form != "rule":
        if not _release_meets(scope, promise, "kernel.running.release", observed):
            yield Difference("kernel.running", str(promise), printable(observed), _RUNNING)
    elif promise.value == "newest_available":
        yield from _against_available(scope, "kernel.running", _RUNNING)
    elif _is_another(scope, _NEWEST, _RUNNING):
        yield Difference("kernel.running", "the newest installed, " + _named(scope, _NEWEST), _named(scope, _RUNNING), (*_RUNNING, *_NEWEST),
                         remedy=_remedy_before_reboot(scope, scope.facts.text(_NEWEST[0])))


def _running_version(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "kernel.running.package_version"
    observed = scope.facts.text(fact)
    if promise and not meets(promise, fact, observed, scope.order() if promise.form == "minimum" else None):
        yield Difference("kernel.running_version", str(promise), printable(observed), _RUNNING)


def _is_of_another_root(scope: Scope) -> bool:
    """Whether the next boot takes another image or snapshot, whose packages are not those here."""
    image = scope.facts.raw("kernel.default_boot.image")
    booted, following = scope.facts.raw("os.image.booted"), scope.facts.raw("os.image.next")
    elsewhere = isinstance(image, str) and image.startswith(_OTHER_ROOTS)
    return elsewhere or (booted is not None and following is not None and booted != following)


def _is_newer_of_another_root(scope: Scope, observed: str) -> bool:
    """Whether the next boot takes another root, with a kernel that is not older than the packages here."""
    return _is_of_another_root(scope) and compare_versions(scope.order(), "kernel.default_boot.release", observed, scope.facts.text(_NEWEST[0])) >= 0


def _default_boot(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    observed = scope.facts.text("kernel.default_boot.release")
    if promise and promise.form != "rule":
        if not _release_meets(scope, promise, "kernel.default_boot.release", observed):
            yield Difference("kernel.default_boot", str(promise), printable(observed), _DEFAULT)
        return
    rule = promise.value if promise else "newest_installed"
    if rule == "newest_available":
        yield from _against_available(scope, "kernel.default_boot", _DEFAULT_VERSION)
        return
    paths = _RUNNING if rule == "running" else _NEWEST
    if observed != scope.facts.text(paths[0]) and not (paths == _NEWEST and _is_newer_of_another_root(scope, observed)):
        yield Difference("kernel.default_boot", f"the {rule.replace('_', ' ')}, {_named(scope, paths)}", printable(observed), (*_DEFAULT, *paths))


def _next_boot(scope: Scope) -> str:
    """The release that the next boot gives: of the entry for that boot alone where one is set, else of the default."""
    once = scope.facts.raw("kernel.one_shot.release") if scope.facts.raw("kernel.one_shot.set") is True else None
    return once[:256] if isinstance(once, str) and once else scope.facts.text("kernel.default_boot.release")


def _incomplete_rows(scope: Scope) -> dict[str, str]:
    """The installed kernels that would not come up, each with why."""
    found: dict[str, str] = {}
    for row in scope.facts.rows("kernel.installed"):
        why = "no initrd" if row.get("initrd_missing") is True else "its installation broke off" if row.get("complete") is False else ""
        if why:
            found[str(row.get("release"))] = why
    return found


def _incomplete(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    found = _incomplete_rows(scope)
    following = scope.facts.raw("kernel.default_boot.release")
    said = [f"{printable(release, 80)}: {why}" + (" (the next boot gives it)" if release == following else "") for release, why in found.items()]
    if found:
        severity = "critical" if following in found else None
        yield Difference("kernel.incomplete", "kernels that come up", said[:20], ("kernel.installed", "kernel.default_boot.release"), severity)
        return
    for row in scope.facts.rows("kernel.installed") if promise else ():
        if row.get("initrd_missing", False) is None and row.get("release") == following:
            yield Unknown("kernel.installed", f"whether {printable(str(following), 80)} needs an initrd is not known")


def _lost_modules(scope: Scope) -> list[str]:
    """The modules from outside of the tree that the next boot's kernel lacks, as far as the record tells."""
    try:
        return [printable(str(row.get("name")), 80) for row in scope.facts.rows("kernel.modules") if row.get("in_next_boot") is False]
    except CannotSay:
        return []


def _modules_missing(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    rows = scope.facts.rows("kernel.modules")
    lost = [printable(str(row.get("name")), 80) for row in rows if row.get("in_next_boot") is False]
    if lost:
        expected = "each loaded module in the kernel of the next boot"
        yield Difference("kernel.modules_missing", expected, lost[:20], ("kernel.modules", "kernel.default_boot.release"))
    elif any(row.get("in_next_boot") is None for row in rows):
        yield Unknown("kernel.modules", "the modules of the next boot's kernel are not known")


def _modules_replaced(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    rows = scope.facts.rows("kernel.modules")
    said = [f"{printable(str(row.get('name')), 80)}: loaded {printable(str(row.get('version') or 'another build'), 40)}, "
            f"on disk {printable(str(row.get('on_disk_version') or 'another build'), 40)}" for row in rows if row.get("replaced") is True]
    if said:
        yield Difference("kernel.modules_replaced", "the modules on disk", said[:20], ("kernel.modules",))
    elif any(row.get("replaced") is None for row in rows):
        yield Unknown("kernel.modules", "a loaded module has nothing to be told from the one on disk by")


def _modules_blocked(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    rows = {str(row.get("name")): row for row in scope.facts.rows("kernel.watched_modules")}
    wanted = sorted({name.replace("-", "_") for name in (promise.value if promise else ())})
    seen = {name: rows.get(name, {}) for name in wanted}
    told = [f"{name}: {row['state']}, {printable(str(row.get('detail')))}" for name, row in seen.items() if row.get("state") in _RUNS_OR_COULD]
    if told:
        yield Difference("kernel.modules_blocked", "neither loaded nor loadable", told[:20], ("kernel.watched_modules",))
    for name, row in seen.items():
        if row.get("state") not in (*_RUNS_OR_COULD, "blocked", "absent"):
            yield Unknown("kernel.watched_modules", printable(f"{name}: {row.get('detail') or 'the scan did not look'}"))


def _remedy_before_reboot(scope: Scope, release: str) -> str | None:
    """What must be done before a reboot into this release; None where nothing is known to be missing."""
    try:
        why = _incomplete_rows(scope).get(release)
    except CannotSay:
        why = None
    lost = _lost_modules(scope) if release == scope.facts.raw("kernel.default_boot.release") else []
    if lost and not why:
        rest = entry_of("kernel.modules_missing").remedy.partition(". ")[2]
        return f"Do not reboot: {release[:80]} lacks {', '.join(lost)[:200]}, which is loaded now. {rest}"
    return f"Do not reboot: {release[:80]} would not come up ({why}). {entry_of('kernel.incomplete').remedy.partition('. ')[2]}" if why else None


def _reboot_pending(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """What the next boot gives is not in force: another release, or a newer package of the one that runs."""
    running = scope.facts.text("kernel.running.release")
    try:
        following = _next_boot(scope)
    except CannotSay:
        # No loader tells; a newer kernel that is installed is what each would start.
        if _order_of(scope, _NEWEST, _RUNNING) > 0:
            said = ("in force: " + _named(scope, _NEWEST), "running: " + _named(scope, _RUNNING))
            yield Difference("kernel.reboot_pending", *said, (*_RUNNING, *_NEWEST))
            return
        raise
    if following != running:
        newest = following == scope.facts.raw(_NEWEST[0])
        expected = "in force: " + _named(scope, _NEWEST) if newest else "the next boot gives what runs"
        observed = "running: " + _named(scope, _RUNNING) + ("" if newest else f", next boot: {printable(following)}")
        yield Difference("kernel.reboot_pending", expected, observed, (*_RUNNING, *(_NEWEST if newest else ()), *_DEFAULT),
                         remedy=_remedy_before_reboot(scope, following))
        return
    version = scope.facts.text(_RUNNING[1])
    newer = [each for each in _installed_versions(scope, running) if compare_versions(scope.order(), _RUNNING[1], each, version) > 0]
    if newer:
        said = (f"in force: {printable(running)} ({printable(newer[0])})", "running: " + _named(scope, _RUNNING))
        yield Difference("kernel.reboot_pending", *said, (*_RUNNING, *_DEFAULT, "kernel.installed"))


def _update_available(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if _is_of_another_root(scope) and scope.facts.raw(_DEFAULT[0]) is not None and scope.facts.raw(_DEFAULT[0]) == scope.facts.raw(_AVAILABLE[0]):
        # The update is in the root that comes next, and waits for a reboot.
        old = _cache_is_old(scope)
        if old:
            yield Unknown("kernel.available", old)
        return
    installed = _NEWEST if isinstance(scope.facts.raw(_NEWEST[1]), str) else _RUNNING
    yield from _against_available(scope, "kernel.update_available", installed)


def _held(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    facts = ("kernel.available.held", "kernel.available.hidden")
    found: list[str] = []
    unknown: list[CannotSay] = []
    for fact in facts:
        try:
            found += [printable(str(item), 80) for item in scope.facts.items(fact)]
        except CannotSay as reason:
            unknown.append(reason)
    # Package managers differ in what they can hide; one of the two facts is enough where the other has no meaning.
    doubtful = unknown if len(unknown) == len(facts) else [reason for reason in unknown if not reason.why.startswith("not_applicable")]
    if found:
        yield Difference("kernel.held", "no kernel package held back", found[:20], facts)
    elif doubtful:
        raise doubtful[0]


def _flavour_name(flavour: str) -> str:
    """What the standard calls a flavour; distributions with a plain kernel name give it none."""
    return printable(flavour, 80) or "default"


def _flavour(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "kernel.running.flavour"
    raw = scope.facts.raw(fact)
    observed = _flavour_name(raw if raw == "" else scope.facts.text(fact))
    if promise and observed not in promise.values():
        yield Difference("kernel.flavour", str(promise), observed, (fact, "kernel.running.release"))


# Kernels that a distribution's image brings side by side, for the boards that it may be put into (Raspberry Pi OS 12 and 13, 2026-11).
_OF_BOARDS = ("rpi-v6", "rpi-v7", "rpi-v7l", "rpi-v8", "rpi-2712")


def _without_fips(flavour: str) -> str:
    """The flavour that Ubuntu's certified kernel stands beside: azure for azure-fips, generic for fips."""
    return "generic" if flavour == "fips" else flavour.removesuffix("-fips")


def _come_together(scope: Scope, flavours: set[str]) -> bool:
    """Whether nobody can end the mix: one package holds all of these kernels, the system's own image does, or a subscription adds one to it."""
    packages = {row.get("package") for row in scope.facts.rows("kernel.installed")}
    return len(packages) == 1 or flavours <= set(_OF_BOARDS) or len(set(map(_without_fips, flavours))) == 1


def _flavours_mixed(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    flavours = {_flavour_name(row["flavour"]) for row in scope.facts.rows("kernel.installed") if isinstance(row.get("flavour"), str)}
    allowed = scope.promises.get("kernel.flavour")
    if promise is None and _come_together(scope, flavours):
        return
    if len(flavours) > 1 and not (allowed and flavours <= set(allowed.values())):
        yield Difference("kernel.flavours_mixed", "kernels of one flavour", sorted(flavours)[:20], ("kernel.installed",))


def _image_missing(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    gone = [printable(str(row.get("release"))) for row in scope.facts.rows("kernel.installed") if row.get("image_present") is False]
    if gone:
        yield Difference("kernel.image_missing", "an image for each installed kernel", gone[:20], ("kernel.installed",))


def _unmanaged(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """What runs, or would: a kernel of no package, or an image that is no longer its package's."""
    release = scope.facts.text("kernel.running.release")
    installed = [row.get("release") for row in scope.facts.rows("kernel.installed")]
    if release not in installed:
        yield Difference("kernel.unmanaged", "a kernel of an installed package", printable(release), ("kernel.running.release", "kernel.installed"))
    altered = [printable(str(row.get("image"))) for row in scope.facts.rows("kernel.installed") if row.get("image_altered") is True]
    if altered:
        yield Difference("kernel.unmanaged", "images that packages brought", [f"{path} is not the file of its package" for path in altered][:20],
                         ("kernel.installed",), remedy="Find out who replaced the image, reinstall its package, and reboot into it.")


def _stray_images(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "kernel.stray_images"
    found = [printable(str(path)) for path in scope.facts.items(fact)]
    if found:
        yield Difference(fact, "only images of installed packages", found[:20], (fact,))


def _managers(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    active = [printable(str(row.get("name")), 80) for row in scope.facts.rows("kernel.managers") if row.get("active") is True]
    others = [name for name in active if promise and name not in promise.value]
    if promise and others:
        yield Difference("kernel.managers", f"only {promise}" if promise.value else "none", others[:20], ("kernel.managers",))


def _cache_age(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "kernel.available.cache_age_seconds"
    hours = int(scope.facts.number(fact) // 3600)
    if promise and scope.facts.number(fact) > promise.value * 3600:
        yield Difference("kernel.cache_age", f"at most {promise.value} hours", f"{hours} hours", (fact,))


def _one_shot(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if scope.facts.truth("kernel.one_shot.set"):
        entry = scope.facts.raw("kernel.one_shot.entry")
        yield Difference("kernel.one_shot", "no entry for the next boot only", printable(str(entry)), ("kernel.one_shot",))


RULES = (
    Rule("kernel.running", _running),
    Rule("kernel.running_version", _running_version),
    Rule("kernel.default_boot", _default_boot, observes=True),
    Rule("kernel.flavour", _flavour),
    Rule("kernel.reboot_pending", _reboot_pending, observes=True),
    Rule("kernel.update_available", _update_available, observes=True),
    Rule("kernel.one_shot", _one_shot, observes=True),
    Rule("kernel.held", _held, observes=True),
    Rule("kernel.flavours_mixed", _flavours_mixed, observes=True),
    Rule("kernel.image_missing", _image_missing, observes=True),
    Rule("kernel.incomplete", _incomplete, observes=True),
    Rule("kernel.modules_missing", _modules_missing, observes=True),
    Rule("kernel.modules_replaced", _modules_replaced, observes=True),
    Rule("kernel.modules_blocked", _modules_blocked),
    Rule("kernel.unmanaged", _unmanaged, observes=True),
    Rule("kernel.stray_images", _stray_images, observes=True),
    Rule("kernel.managers", _managers),
    Rule("kernel.cache_age_hours", _cache_age),
)

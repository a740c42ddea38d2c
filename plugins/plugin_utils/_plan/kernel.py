# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role ``kernel`` has to do on one host: which kernel the host is to boot, what that takes, and why it may not be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ...module_utils._formats.versions import InvalidVersion, sort_key
from ...module_utils._host.errors import Refused
from .kernel_packages import extra_modules, headers, locks, metas, to_install, to_remove, zypper_locks

FAMILIES = ("debian", "redhat", "suse")


@dataclass(frozen=True)
class Wanted:
    """The kernel that a host is to boot: by release, or by the least package version, or the one that runs; else the newest that can be had.

    ``flavour`` is another line of kernels than the running one's; ``live_patchable``: the newest that live patches are known for.
    """

    release: str | None = None
    minimum: str | None = None
    installed_only: bool = False
    stay: bool = False
    flavour: str | None = None
    live_patchable: bool = False


@dataclass
class Plan:
    """``install`` and ``remove`` are packages, ``headers`` and ``extra_modules`` those that belong to the ``release`` that boots in the end.

    ``pending`` says what only a reboot puts in force.
    ``locks`` are to be made, so that updates bring no other kernels, ``unlock`` are of another version; ``folders`` get the image.
    """

    family: str
    release: str
    package: str
    install: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    extra_modules: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    metas: list[str] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    unlock: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    pending: str | None = None
    managers: list[str] = field(default_factory=list)


def wanted(choice: Mapping[str, Any], standard: Mapping[str, Any] | None) -> Wanted:
    """What was set by hand (``release``, ``minimum_version``, ``flavour``, ``live_patchable``), else what the standard promises.

    Of the standard, the promise of the running kernel comes before that of the default at the next boot.
    """
    kernel = (standard or {}).get("kernel", {})
    promised = kernel.get("flavour")
    flavour = choice.get("flavour") or (promised if isinstance(promised, str) else None)
    if choice.get("release") or choice.get("minimum_version") or choice.get("live_patchable"):
        return Wanted(choice.get("release") or None, choice.get("minimum_version") or None, flavour=flavour,
                      live_patchable=bool(choice.get("live_patchable")))
    least = _least(kernel.get("running_version"))
    promise = kernel.get("running", kernel.get("default_boot"))
    if isinstance(promise, str):
        return Wanted(release=promise)
    if isinstance(promise, Mapping) and "any_of" in promise:
        raise Refused(f"the standard allows any of {', '.join(promise['any_of'])}; wanted: one of them in kernel_release")
    rule = promise.get("rule") if isinstance(promise, Mapping) else None
    # An update on offer that may not wait is brought, whatever is the newest until then.
    suffices = rule == "newest_installed" and least is None and kernel.get("update_available") != "forbidden"
    return Wanted(minimum=least, installed_only=suffices, stay=rule == "running", flavour=flavour)


def cmdline(present: Sequence[str], absent: Sequence[str], standard: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """The words that the command line must hold and must not: those set by hand, and those that the standard promises."""
    promises = (standard or {}).get("boot", {})
    return {"present": list(dict.fromkeys([*present, *promises.get("cmdline_required", [])])),
            "absent": list(dict.fromkeys([*absent, *promises.get("cmdline_forbidden", [])]))}


def _least(promise: Any) -> str | None:
    return promise if isinstance(promise, str) else promise.get("minimum") if isinstance(promise, Mapping) else None


def plan(record: Mapping[str, Any], aim: Wanted, keep: int, hold: bool = False) -> dict[str, Any]:
    """The plan as plain data; Refused where there is none. ``keep`` is how many kernels stay, -1 for all."""
    kernel, family = record["kernel"], record["os"]["family"]
    _check_host(record, kernel, family)
    flavour = aim.flavour or kernel["running"]["flavour"]
    image, install = _choose(record, aim, flavour)
    _check_initrd(kernel, image, install)
    made = Plan(family, image["release"], image["package"])
    if install:
        made.install = to_install(record["os"], flavour, image)
    made.headers, made.extra_modules = headers(record["os"], image), extra_modules(record["os"], image)
    made.remove = [name for each in _superfluous(kernel, image["release"], keep) for name in to_remove(family, each)]
    made.metas = metas(family, flavour, image)
    if hold:
        held = zypper_locks(kernel["available"].get("held") or [])
        made.locks = [lock for lock in locks(family, image) if lock not in held]
        made.unlock = [lock for lock in held if lock not in locks(family, image)]
    made.folders = _folders(kernel["default_boot"])
    made.pending = _pending(kernel, image)
    made.managers = [manager["name"] for manager in kernel["managers"] or [] if manager["active"]]
    return asdict(made)


def _folders(default: Mapping[str, Any]) -> list[str]:
    """Where a new image will lie: in /boot, and where the loader reads images from another partition, there too."""
    folder = str(default.get("image") or "").rpartition("/")[0]
    return ["/boot"] if folder in ("", "/boot") or default.get("loader") != "systemd-boot" else ["/boot", folder]


def _check_host(record: Mapping[str, Any], kernel: Mapping[str, Any], family: str) -> None:
    if record["os"].get("container") not in (None, "none"):
        raise Refused(f"this is a container ({record['os']['container']}); its kernel is its host's")
    if family not in FAMILIES:
        raise Refused(f"os.family is {family}; the role manages kernels of {', '.join(FAMILIES)}")
    if not kernel["installed"]:
        raise Refused("no package holds a kernel here; wanted: a host whose kernels are installed as packages")
    if kernel["running"]["flavour"] is None:
        raise Refused(f"the flavour of the running kernel {kernel['running']['release']} is not known; it decides which kernels are alike")


def _check_initrd(kernel: Mapping[str, Any], image: Mapping[str, Any], install: bool) -> None:
    """A kernel that cannot reach its root is never made the default; one that is yet to be installed gets its initrd then."""
    lacking = [one["release"] for one in kernel["installed"] if one.get("initrd_missing") is True]
    if image["release"] in lacking and not install:
        raise Refused(f"kernel {image['release']} has no initrd in /boot, and cannot reach the root file system without one; make it "
                      "(update-initramfs -c -k RELEASE, dracut --force), and see that /boot has room")


def _choose(record: Mapping[str, Any], aim: Wanted, flavour: str) -> tuple[Mapping[str, Any], bool]:
    """(the kernel to boot, whether it must be installed first)."""
    kernel = record["kernel"]
    other = flavour != kernel["running"]["flavour"]
    alike = [image for image in kernel["installed"] if image["flavour"] == flavour]
    # The package manager is asked about kernels of the running flavour only.
    offer = kernel["available"] if kernel["available"]["release"] and not other else None
    release = kernel["running"]["release"] if aim.stay else aim.release
    if release:
        return _of_release(kernel["installed"], offer, release)
    if aim.live_patchable:
        candidates = _live_patchable(record, alike, flavour)
    elif not (offer or aim.minimum or aim.installed_only or other):
        raise Refused("the newest kernel is wanted; the package cache does not say which one that is. Refresh it, or name a release")
    else:
        candidates = alike + ([offer] if offer and not aim.installed_only else [])
    if not candidates:
        rest = "; what is on offer is known of the running flavour only: install one first" if other else " or on offer"
        raise Refused(f"no kernel of flavour {flavour} is installed{rest}")
    order = sort_key(kernel["version_order"])
    # Of two of one version the first is installed.
    best = max(reversed(candidates), key=lambda image: (order(image["package_version"]), image in alike))
    _check_minimum(order, best, aim.minimum)
    return best, _lacks(kernel["installed"], best)


def _lacks(installed: Sequence[Mapping[str, Any]], image: Mapping[str, Any]) -> bool:
    """Whether the package manager has yet to install this version, or to end what it began."""
    same = [one for one in installed if (one["release"], one["package_version"]) == (image["release"], image["package_version"])]
    return not any(one.get("complete", True) for one in same)


def _live_patchable(record: Mapping[str, Any], alike: Sequence[Mapping[str, Any]], flavour: str) -> list[Mapping[str, Any]]:
    """The kernels that live patches are known for: by patches placed on this host, or by packages of patches on offer."""
    on_disk = record["live_patch"]["persistence"]["kernels"] or []
    on_offer = record["kernel"]["available"].get("live_patchable")
    if on_offer is None and not on_disk:
        raise Refused("the newest kernel with live patches is wanted; no patches are placed here, and the package cache names no kernel that "
                      f"has any (provider: {record['live_patch']['provider']['id']}). Name one in kernel_release")
    known = {row["release"] for row in on_offer or []} | set(on_disk)
    offers = on_offer or [] if flavour == record["kernel"]["running"]["flavour"] else []
    found = [image for image in alike if image["release"] in known] + list(offers)
    if not found:
        raise Refused(f"the newest kernel with live patches is wanted; none of flavour {flavour} that is installed or on offer has any")
    return found


def _of_release(images: Sequence[Mapping[str, Any]], offer: Mapping[str, Any] | None, release: str) -> tuple[Mapping[str, Any], bool]:
    for image in images:
        if image["release"] == release:
            return image, _lacks(images, image)
    if offer and offer["release"] == release:
        return offer, True
    seen = ", ".join(image["release"] for image in images)
    raise Refused(f"kernel {release} is wanted; installed: {seen}; the package cache offers {offer['release'] if offer else 'none'}")


def _check_minimum(order: Any, best: Mapping[str, Any], minimum: str | None) -> None:
    try:
        too_old = minimum is not None and order(best["package_version"]) < order(minimum)
    except InvalidVersion as error:
        raise Refused(str(error)) from None
    if too_old:
        raise Refused(f"kernel {minimum} or newer is wanted; the newest installed or on offer is {best['package_version']} ({best['release']})")


def _superfluous(kernel: Mapping[str, Any], release: str, keep: int) -> list[Mapping[str, Any]]:
    """The oldest kernels beyond ``keep``, of every flavour; never the one that runs, the one that boots, or the one that will."""
    if keep < 0:
        return []
    spared = {release, kernel["running"]["release"], kernel["default_boot"]["release"], kernel["one_shot"]["release"]}
    needed = {name for image in kernel["installed"] if image["release"] in spared for name in to_remove("debian", image)}
    # One package may hold several kernels, as Raspberry Pi OS 11's does; it stays with the one that is spared.
    others = [image for image in kernel["installed"] if image["release"] not in spared
              and (kernel["version_order"] != "dpkg" or not needed & set(to_remove("debian", image)))]
    present = len({image["release"] for image in kernel["installed"]} | {release})
    return others[:max(0, present - keep)]


def _pending(kernel: Mapping[str, Any], image: Mapping[str, Any]) -> str | None:
    running = kernel["running"]
    if (running["release"], running["package_version"]) == (image["release"], image["package_version"]):
        return None
    told = f"{running['release']} ({running['package_version']}) runs; {image['release']} ({image['package_version']}) is in force after a reboot"
    lost = lost_modules(kernel) if image["release"] == kernel["default_boot"]["release"] else []
    return told + (f"; do not reboot yet: it lacks {', '.join(lost)}, which is loaded now" if lost else "")


def lost_modules(kernel: Mapping[str, Any]) -> list[str]:
    """Loaded modules from outside of the kernel's tree that the kernel of the next boot lacks."""
    return [str(row["name"]) for row in kernel.get("modules") or [] if row["in_next_boot"] is False]

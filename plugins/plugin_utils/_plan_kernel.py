# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role ``kernel`` has to do on one host: which kernel the host is to boot, what that takes, and why it may not be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..module_utils._evr import InvalidVersion, sort_key

FAMILIES = ("debian", "redhat")


class RefusalError(Exception):
    """The host cannot be given the kernel that is wanted; the message says what was seen and what was wanted."""


@dataclass(frozen=True)
class Wanted:
    """The kernel that a host is to boot: by release, or by the least package version, or the one that runs; else the newest that can be had."""

    release: str | None = None
    minimum: str | None = None
    installed_only: bool = False
    stay: bool = False


@dataclass
class Plan:
    """``install`` and ``remove`` are packages; ``release`` boots by default in the end; ``pending`` says what only a reboot puts in force."""

    family: str
    release: str
    package: str
    install: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    metas: list[str] = field(default_factory=list)
    pending: str | None = None
    managers: list[str] = field(default_factory=list)


def wanted(release: str, minimum_version: str, standard: Mapping[str, Any] | None) -> Wanted:
    """What was set by hand, else what the standard promises of the running kernel, else of the default at the next boot."""
    if release or minimum_version:
        return Wanted(release or None, minimum_version or None)
    kernel = (standard or {}).get("kernel", {})
    least = _least(kernel.get("running_version"))
    promise = kernel.get("running", kernel.get("default_boot"))
    if isinstance(promise, str):
        return Wanted(release=promise)
    if isinstance(promise, Mapping) and "any_of" in promise:
        raise RefusalError(f"the standard allows any of {', '.join(promise['any_of'])}; wanted: one of them in kernel_release")
    rule = promise.get("rule") if isinstance(promise, Mapping) else None
    return Wanted(minimum=least, installed_only=rule == "newest_installed" and least is None, stay=rule == "running")


def _least(promise: Any) -> str | None:
    return promise if isinstance(promise, str) else promise.get("minimum") if isinstance(promise, Mapping) else None


def plan(record: Mapping[str, Any], aim: Wanted, keep: int) -> dict[str, Any]:
    """The plan as plain data; RefusalError where there is none. ``keep`` is how many kernels stay, -1 for all."""
    kernel, family = record["kernel"], record["os"]["family"]
    _check_host(record, kernel, family)
    image, install = _choose(kernel, aim)
    made = Plan(family, image["release"], image["package"])
    if install:
        made.install = _specs(record["os"], kernel["running"]["flavour"], image)
    made.remove = [each["package"] for each in _superfluous(kernel, image["release"], keep)]
    made.metas = [f"linux-image-{kernel['running']['flavour']}", f"linux-{kernel['running']['flavour']}"] if family == "debian" else []
    made.pending = _pending(kernel, image)
    made.managers = [manager["name"] for manager in kernel["managers"] or [] if manager["active"]]
    return asdict(made)


def _specs(os_section: Mapping[str, Any], flavour: str, image: Mapping[str, Any]) -> list[str]:
    """What the package manager is asked for, in its own notation: the image with all the modules that the distribution's kernel comes with."""
    package, version = image["package"], image["package_version"]
    if os_section["family"] == "redhat":
        # kernel-core alone boots without most drivers; kernel requires both.
        return [f"{package.removesuffix('-core')}-{version}"]
    names = [package]
    if os_section["id"] == "ubuntu" and flavour == "generic":
        names.append(f"linux-modules-extra-{image['release']}")
    return [f"{name}={version}" for name in names]


def _check_host(record: Mapping[str, Any], kernel: Mapping[str, Any], family: str) -> None:
    if record["os"].get("container") not in (None, "none"):
        raise RefusalError(f"this is a container ({record['os']['container']}); its kernel is its host's")
    if family not in FAMILIES:
        raise RefusalError(f"os.family is {family}; the role manages kernels of {' and '.join(FAMILIES)}")
    if not kernel["installed"]:
        raise RefusalError("no package holds a kernel here; wanted: a host whose kernels are installed as packages")
    if not kernel["running"]["flavour"]:
        raise RefusalError(f"the flavour of the running kernel {kernel['running']['release']} is not known; it decides which kernels are alike")


def _choose(kernel: Mapping[str, Any], aim: Wanted) -> tuple[Mapping[str, Any], bool]:
    """(the kernel to boot, whether it must be installed first)."""
    alike = [image for image in kernel["installed"] if image["flavour"] == kernel["running"]["flavour"]]
    offer = kernel["available"] if kernel["available"]["release"] else None
    release = kernel["running"]["release"] if aim.stay else aim.release
    if release:
        return _of_release(kernel["installed"], offer, release)
    if not (offer or aim.minimum or aim.installed_only):
        raise RefusalError("the newest kernel is wanted; the package cache does not say which one that is. Refresh it, or name a release")
    order = sort_key(kernel["version_order"])
    newest = max(alike, key=lambda image: order(image["package_version"]), default=None)
    candidates = [(image, installed) for image, installed in ((newest, True), (None if aim.installed_only else offer, False)) if image]
    if not candidates:
        raise RefusalError(f"no kernel of flavour {kernel['running']['flavour']} is installed or on offer")
    best, installed = max(candidates, key=lambda candidate: (order(candidate[0]["package_version"]), candidate[1]))
    _check_minimum(order, best, aim.minimum)
    return best, not installed


def _of_release(images: Sequence[Mapping[str, Any]], offer: Mapping[str, Any] | None, release: str) -> tuple[Mapping[str, Any], bool]:
    for image in images:
        if image["release"] == release:
            return image, False
    if offer and offer["release"] == release:
        return offer, True
    seen = ", ".join(image["release"] for image in images)
    raise RefusalError(f"kernel {release} is wanted; installed: {seen}; the package cache offers {offer['release'] if offer else 'none'}")


def _check_minimum(order: Any, best: Mapping[str, Any], minimum: str | None) -> None:
    try:
        too_old = minimum is not None and order(best["package_version"]) < order(minimum)
    except InvalidVersion as error:
        raise RefusalError(str(error)) from None
    if too_old:
        raise RefusalError(f"kernel {minimum} or newer is wanted; the newest installed or on offer is {best['package_version']} ({best['release']})")


def _superfluous(kernel: Mapping[str, Any], release: str, keep: int) -> list[Mapping[str, Any]]:
    """The oldest kernels beyond ``keep``, of every flavour; never the one that runs, the one that boots, or the one that will."""
    if keep < 0:
        return []
    spared = {release, kernel["running"]["release"], kernel["default_boot"]["release"], kernel["one_shot"]["release"]}
    others = [image for image in kernel["installed"] if image["release"] not in spared]
    present = len({image["release"] for image in kernel["installed"]} | {release})
    return others[:max(0, present - keep)]


def _pending(kernel: Mapping[str, Any], image: Mapping[str, Any]) -> str | None:
    running = kernel["running"]
    if (running["release"], running["package_version"]) == (image["release"], image["package_version"]):
        return None
    return f"{running['release']} ({running['package_version']}) runs; {image['release']} ({image['package_version']}) is in force after a reboot"

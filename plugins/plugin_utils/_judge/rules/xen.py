# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Xen that runs below a host, which is no process: it says its own version (4.20.2), and packages say more (4.20.4+63-g7abfd2bce2-0+deb13u1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..._standard.requirement import Requirement
from ..facts import CannotSay, printable
from ..judging import Difference, Outcome, Scope, Unknown

_FACT = "hypervisor.xen.version"
_RELEASE = re.compile(r"(?:[0-9]+:)?([0-9]+)\.([0-9]+)(?:\.([0-9]+))?")


def _release(version: str) -> tuple[int, ...] | None:
    """The upstream release in a version: what Xen itself tells, without the revision of a package."""
    match = _RELEASE.match(version)
    return tuple(int(part or 0) for part in match.groups()) if match else None


def _installed(scope: Scope) -> list[str]:
    rows = scope.facts.rows("hypervisor.components")
    return [str(row.get("version")) for row in rows if row.get("name") == "xen" and row.get("version")]


def _met(running: str, wanted: str, at_least: bool) -> bool | None:
    """Whether the running release is a wanted version, or newer; None where only a package's revision could tell."""
    seen, target = _release(running), _release(wanted)
    if seen is None or target is None:
        return None
    if seen != target:
        return at_least and seen > target
    return True if running == wanted or _RELEASE.fullmatch(wanted) else None


def _wanted(scope: Scope, promise: Requirement | None) -> tuple[tuple[str, ...], bool]:
    """(the versions of which one must run, whether a newer one will do)."""
    if promise is not None and promise.form != "rule":
        return tuple(map(str, promise.values())), promise.form == "minimum"
    installed = _installed(scope)
    return tuple(installed), False


def running(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """Judge the Xen in force; a host under no Xen runs none."""
    if scope.facts.raw(_FACT) is None and scope.facts.why(_FACT).startswith("not_applicable"):
        return
    version = scope.facts.text(_FACT)
    is_rule = promise is None or promise.form == "rule"
    wanted, at_least = _wanted(scope, promise)
    if is_rule and not wanted:
        # A guest of Xen has none installed: its host's Xen is its host's business.
        return
    met = [_met(version, target, at_least) for target in wanted]
    replaced = scope.facts.raw("hypervisor.xen.image_replaced")
    unsure = replaced is None and not scope.facts.why("hypervisor.xen.image_replaced").startswith("not_applicable")
    if True not in met and None not in met:
        expected = f"the installed version ({', '.join(wanted[:5])})" if is_rule else str(promise)
        yield Difference("hypervisor.xen.running", expected, printable(version), (_FACT, "hypervisor.components"))
    elif replaced is True or unsure or (True not in met and not is_rule and not _is_installed(scope, wanted)):
        yield Unknown(_FACT, f"{printable(version)} runs, which does not tell the revision of its package" + (
            ", and the image was replaced since the boot" if replaced is True else
            ", and whether the image was replaced since the boot is not known" if unsure else ""))


def _is_installed(scope: Scope, wanted: tuple[str, ...]) -> bool:
    """Whether a wanted version is one that is installed, so that what was booted is of that package."""
    try:
        return any(version in wanted for version in _installed(scope))
    except CannotSay:
        return False

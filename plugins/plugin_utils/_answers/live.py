# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What live patches do about a hole of the kernel. Three tell of it: the client or manifest names the CVE; a notice (LSN) names the loaded module;
an advisory names a package that is made for exactly one kernel (kpatch-patch-, kernel-livepatch-: Red Hat, SUSE, Amazon).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...module_utils._formats.versions import InvalidVersion, compare
from .model import LivePatch, Row
from .seen import Live, Patch, Seen

# The fact that proves what a client or a manifest says itself: no feed is needed for it.
CLAIMED = "live_patch.cves.fixed"


class State(NamedTuple):
    """A live patch that closes a hole: in force, or on its way there."""

    in_force: bool
    reason: str
    facts: tuple[str, ...]
    remedy: str = ""


def patches(rows: Sequence[Row], seen: Seen) -> list[Row]:
    """Of rows about packages that are live patches those for the kernel that runs, whatever their stream is called beside the host's own."""
    return [row for row in rows if _is_for(row.package, seen) and any(_is_beside(row.stream, mine) for mine in seen.streams)]


def _is_beside(stream: str, mine: str) -> bool:
    """Whether a stream is of the same family and release as another, whatever its name: for packages whose own name says what they are for."""
    return stream.split(":")[:2] == mine.split(":")[:2]


def _is_for(package: str, seen: Seen) -> bool:
    """Whether the name of a live patch's package means the running kernel: its version with the dots and dashes that its family puts there."""
    version = (seen.runs.text or "").rpartition(":")[2]
    said = re.sub(r"^(?:kpatch-patch|kernel-livepatch|kgraft-patch)-", "", package)
    return any(_plain(said) == _plain(kernel) for kernel in _spellings(version, seen.release) if kernel)


def _plain(text: str) -> str:
    return re.sub(r"[-._]", "_", text)


def _spellings(version: str, release: str) -> Iterator[str]:
    """How families name a kernel in the package of its live patch."""
    bare = re.sub(r"\.(?:x86_64|aarch64|ppc64le|s390x)\Z", "", release)
    yield bare
    yield re.sub(r"\.el[0-9_]+\Z|\.amzn[0-9]+\Z", "", bare)
    yield re.sub(r"\.el[0-9_]+\Z|\.amzn[0-9]+\Z", "", version)


def state(cve: str, rows: Sequence[Row], seen: Seen) -> State | None:
    """What the loaded live patches do about a hole; None where none is about it."""
    loaded = seen.live
    active = [patch for patch in loaded.patches if patch.state == "active"]
    source = f"live_patch.cves ({loaded.basis or 'basis not told'})"
    if cve in loaded.fixed and any(_may_be_meant(patch, loaded.provider) for patch in active):
        return _moved(loaded, f"a live patch in force fixes it, says {source}", (CLAIMED, "live_patch.patches"))
    for patch in active:
        wanted = next((row for row in rows if _closes(row, patch, seen.order)), None)
        if wanted:
            least = wanted.live_patch.version if wanted.live_patch else wanted.fixed
            return _moved(loaded, f"the live patch {patch.package or patch.id} is in force, {least} or newer fixes it", ("live_patch.patches",))
    return None


def _may_be_meant(patch: Patch, provider: str) -> bool:
    """Whether a patch in force may be the one of which its provider says what it fixes: the word of a client whose module is not loaded is none.

    Canonical's modules have names of their own, by which the scan calls them fixes.
    """
    return patch.kind == "fix" if provider == "canonical" else patch.kind in ("fix", "unknown", "")


def _moved(loaded: Live, reason: str, facts: tuple[str, ...]) -> State:
    moving = "live_patch.transition.in_progress"
    if loaded.moving is False:
        return State(True, reason, (*facts, moving))
    return State(False, "a live patch that fixes it is still being put in force", (moving,), "wait for the end of its transition")


def _closes(row: Row, patch: Patch, order: str) -> bool:
    """Whether a loaded patch is the one that a row names, in its version or a newer one."""
    if row.live_patch:
        return _fits(row.live_patch, patch.id)
    name, version = _package(patch.package, row.package)
    try:
        return bool(name) and row.fixed is not None and compare(order, version, row.fixed) >= 0
    except InvalidVersion:
        return False


def _package(said: str, wanted: str) -> tuple[str, str]:
    """(name, version) of a package that is written as one word (name-version-release), where it is the wanted one; else ('', '')."""
    rest = said.removeprefix(wanted).lstrip(" ")
    if not said.startswith(wanted) or (not rest.startswith("-") and said[len(wanted):len(wanted) + 1] != " "):
        return "", ""
    version = re.sub(r"\.(?:x86_64|aarch64|ppc64le|s390x|noarch)\Z", "", rest.lstrip("-"))
    return (wanted, version) if version[:1].isdigit() else ("", "")


def _fits(wanted: LivePatch, module: str) -> bool:
    """Whether a loaded module is the patch that a notice names, in its version or a newer one."""
    found = re.fullmatch(wanted.module, module[:200])
    return found is not None and int(found[1]) >= wanted.version

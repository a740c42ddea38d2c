# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel comes next on a host that bootc deploys without ostree (bootc 1.16, crates/lib/src/spec.rs), by bootc's own word and its entries.

Every image of such a kernel is called vmlinuz, and two deployments may share one: the entry's options tell whose it is.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ..promises import BrokenPromiseError
from ..proof import Proof


def is_one(proof: Proof) -> bool:
    """Whether the host's root is a composefs image that no ostree deployed."""
    return "boot_tools" in proof.answers and "composefs" in proof.fields("boot_tools")


def waits(proof: Proof) -> bool:
    """Whether the next boot takes another deployment than the one that runs."""
    return is_one(proof) and _next(proof) != _booted(proof)


def next_release(proof: Proof, running: str) -> str:
    """The release that the next boot gives; BrokenPromiseError where nobody can tell."""
    booted, following = _booted(proof), _next(proof)
    if following["verity"] == booted["verity"] or (following.get("bootDigest") and following["bootDigest"] == booted.get("bootDigest")):
        return running
    found = re.search(rf"^entry {re.escape(following['verity'])} (\d+\.\d\S*)$", proof.says("boot_tools"), re.MULTILINE)
    if not found:
        raise BrokenPromiseError(f"{proof.host} boots another image next, and no entry that can be read says which kernel comes with it")
    return found.group(1)


def _status(proof: Proof) -> dict[str, Any]:
    try:
        status = json.loads(proof.fields("boot_tools")["bootc"])["status"]
        return {name: status.get(name) for name in ("booted", "staged", "rollback", "rollbackQueued")}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BrokenPromiseError(f"{proof.host} is deployed by bootc, which does not say what it boots next") from None


def _booted(proof: Proof) -> dict[str, Any]:
    return _deployment(proof, _status(proof)["booted"])


def _next(proof: Proof) -> dict[str, Any]:
    status = _status(proof)
    booted = _deployment(proof, status["booted"])
    if status["staged"] and not status["staged"].get("downloadOnly"):
        return _deployment(proof, status["staged"])
    if status["rollback"] and booted.get("bootType") in ("Uki", "uki"):
        # bootc up to 1.16.9 calls a rollback of such entries queued where none is, and the other way round.
        raise BrokenPromiseError(f"{proof.host} has an image to roll back to, and its bootc does not say reliably whether it comes next")
    return _deployment(proof, status["rollback"]) if status["rollbackQueued"] else booted


def _deployment(proof: Proof, entry: Any) -> dict[str, Any]:
    found = entry.get("composefs") if isinstance(entry, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("verity"), str):
        raise BrokenPromiseError(f"{proof.host} is deployed by bootc, which does not say what it boots next")
    return found

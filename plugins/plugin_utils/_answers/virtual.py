# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machine monitors with their guests, and Kata's sandboxes with the kernels in them, as things that an advisory can be about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .._fleet.bounded import mappings_at, text_at
from . import kernel_org, modularity
from .naming import names_of
from .seen import GUEST_KERNEL, Hanging, Placed, Seen, Version
from .streams import GO, UPSTREAM

_KATA = "github.com/kata-containers/kata-containers"
# Behind the version stand the number of Kata's configuration and what it is built for; other words are of distributions (6.8.0-45-generic), whose
# sources are not kernel.org's.
_KERNEL = re.compile(r"([0-9]{1,3}\.[0-9]{1,4}(?:\.[0-9]{1,5})?(?:-rc[0-9]{1,3})?)(?:-[0-9]{1,6})?"
                     r"(?:-(?:confidential|experimental|dragonball|nvidia|gpu|tdx|snp|sev|arm|dpu|debug|kata|container))*\Z")


def monitors(record: Mapping[str, Any]) -> Iterator[Placed]:
    """Machine monitors and their servants: each process, and each that is installed and runs nowhere."""
    processes = list(mappings_at(record, "hypervisor.processes"))
    for part in mappings_at(record, "hypervisor.components"):
        name, version = part.get("name"), part.get("version")
        if not isinstance(name, str):
            continue
        installed = (version,) if isinstance(version, str) else ()
        following = Version(installed[0] if installed else None, "" if installed else f"hypervisor.components: no version of {name}")
        seen = Seen(name, names_of(part), following, following, installed, "none", ("hypervisor.components",),
                    module=modularity.of_part(part, following.text))
        mine = [process for process in processes if process.get("component") == name]
        for process in mine:
            text = process.get("version")
            runs = Version(text if isinstance(text, str) else None, "" if isinstance(text, str) else str(process.get("reason") or "unknown")[:200])
            where = f"pid {process.get('pid')}" + (f", guest {process['guest']}" if process.get("guest") else "")
            yield Placed(seen._replace(runs=runs, disruption="migrate_guest", facts=("hypervisor.processes",)), where, _guest(record, process))
        if not mine:
            yield Placed(seen, "installed, runs nowhere")


def _guest(record: Mapping[str, Any], process: Mapping[str, Any]) -> Hanging:
    """The guest of a process, and whether it may run guests of its own."""
    known = next((guest for guest in mappings_at(record, "hypervisor.guests") if guest.get("pid") == process.get("pid")), None)
    nested = known.get("nested") if known else None
    return Hanging(0, 1 if known or process.get("guest") else 0, int(nested) if isinstance(nested, bool) else None, 0)


def sandboxes(record: Mapping[str, Any]) -> Iterator[Placed]:
    """Kata's release in force, each release of which sandboxes live, and the guest kernels of both."""
    live = list(mappings_at(record, "kata.sandboxes"))
    version = text_at(record, "kata.version")
    if version:
        yield Placed(_kata(version, version), "what a new sandbox gets", Hanging(sandboxes=0))
    for old in sorted({text_at(one, "version") for one in live} - {version, ""}):
        yield Placed(_kata(old, version), f"sandboxes of {old}", Hanging(sandboxes=sum(text_at(one, "version") == old for one in live)))
    part = next((row for row in mappings_at(record, "kata.components") if row.get("name") == "guest-kernel"), {})
    coming = _kernel_version(part.get("version"))
    kernels = [_kernel_version(one.get("guest_kernel")) for one in live]
    for runs in sorted(set(kernels)):
        yield Placed(_guest_kernel(runs, coming), "in sandboxes", Hanging(sandboxes=kernels.count(runs)))
    if part and not live:
        yield Placed(_guest_kernel(coming, coming), "what a new sandbox gets", Hanging(sandboxes=0))


def _kata(runs: str, following: str) -> Seen:
    return Seen("kata", (_KATA, "kata-containers"), Version(runs), Version(following or None), (following,) if following else (), "restart_sandbox",
                ("kata.version", "kata.sandboxes"), "dpkg", (GO,), system="Kata Containers")


def _guest_kernel(runs: str, following: str) -> Seen:
    """A guest kernel is built of kernel.org's source: the CNA's records judge it."""
    said = "kata.sandboxes: the version of its guest kernel is not told"
    return Seen(GUEST_KERNEL, (kernel_org.PACKAGE,), Version(runs or None, "" if runs else said),
                Version(following or None, "" if following else "kata.components: no version of the guest kernel"), (following,) if following else (),
                "restart_sandbox", ("kata.sandboxes", "kata.components"), "dpkg", (UPSTREAM,), system="kernel.org")


def _kernel_version(text: Any) -> str:
    """A guest kernel's version in kernel.org's words: 6.18.35 of 6.18.35-202; '' where it is none."""
    found = _KERNEL.match(text) if isinstance(text, str) else None
    return (kernel_org.version_of(found[1]) or "") if found else ""

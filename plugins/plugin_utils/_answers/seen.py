# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers depend on, as plain values: one thing that runs on a host, and what hangs on it. Equal things of many hosts are judged once."""

from __future__ import annotations

from typing import NamedTuple

# The component that a hole in the kernel of a sandbox is one of.
GUEST_KERNEL = "guest_kernel"


class Version(NamedTuple):
    """A version, or why there is none."""

    text: str | None
    why: str = ""


class Patch(NamedTuple):
    """A live patch that is loaded: its module or id, its state, the package that brought it with version, the kernel that it was made for, and
    its kind: fix, seed (it fixes nothing yet), unknown.
    """

    id: str
    state: str
    package: str = ""
    for_kernel: str = ""
    kind: str = ""


class Live(NamedTuple):
    """The live patches of a kernel, and the CVEs that they fix by the word of ``basis``, of the provider's; ``moving`` is None where nobody says."""

    patches: tuple[Patch, ...] = ()
    fixed: tuple[str, ...] = ()
    basis: str = ""
    moving: bool | None = None
    provider: str = ""


class Mitigated(NamedTuple):
    """A mitigation of one hole: in force or waiting, whether the next boot keeps it, and how that is known."""

    cve: str
    in_force: bool
    lasts: bool
    reason: str


class Reach(NamedTuple):
    """What of a kernel's source can run here: see reach.py. ``not_built`` are symbols of its configuration that are not set."""

    architecture: str = ""
    vendor: str = ""
    source: str = ""
    not_built: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class Seen(NamedTuple):
    """One thing that runs, or that would.

    ``names`` are the source and binary packages that an advisory may call it. ``runs`` is the version in force (None with the reason),
    ``next`` the version that the restart of ``disruption`` puts in force, ``installed`` every version on disk, ``offered`` what an update would
    bring; ``source`` is its source package where that is told. ``streams`` are those by which what runs is judged, the
    nearest first, ``order`` is the order of its versions. ``home`` is the host's os-release (ID, VERSION_ID), by which the streams of its other
    versions are told, and ``coming`` names what ``next`` is of where that is another package than what runs: (source, names). ``module`` is the
    module stream that it is a build of: '' for none, None where nobody says.
    """

    component: str
    names: tuple[str, ...]
    runs: Version
    next: Version
    installed: tuple[str, ...]
    disruption: str
    facts: tuple[str, ...]
    order: str = ""
    streams: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()
    system: str = ""
    release: str = ""
    offered: str = ""
    source: str = ""
    live: Live = Live()
    reach: Reach = Reach()
    mitigated: tuple[Mitigated, ...] = ()
    home: tuple[str, str] = ("", "")
    coming: tuple[str, tuple[str, ...]] = ("", ())
    module: str | None = ""


class Hanging(NamedTuple):
    """What hangs on a thing: containers that share the kernel, guests (of which so many may run guests of their own), sandboxes. None: not told."""

    containers: int | None = None
    guests: int | None = None
    nested: int | None = None
    sandboxes: int | None = None

    def plus(self, other: Hanging) -> Hanging:
        """Both together; what either does not tell is not told."""
        return Hanging(*(None if mine is None or theirs is None else mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def words(self) -> str:
        """In words, what there is of it; '' where nothing is."""
        told = [f"{count} {name}{'' if count == 1 else 's'}" for name, count in (
            ("container", self.containers), ("guest", self.guests), ("sandbox", self.sandboxes)) if count]
        text = ", ".join(told).replace("sandboxs", "sandboxes")
        return text + (f" ({self.nested} with vmx or svm)" if self.nested and self.guests else "")


class Placed(NamedTuple):
    """A thing on a host: which process it is, and what hangs on it."""

    seen: Seen
    where: str
    hanging: Hanging = Hanging()

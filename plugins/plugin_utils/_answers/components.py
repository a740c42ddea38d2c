# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a host an advisory can be about, read from its record: what runs of it, what would run after a restart or reboot, and by which names.

A component is seen once for each thing that runs: the kernel once, QEMU once for each process. What a record does not tell is None with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .._fleet.bounded import dig, mappings_at, text_at
from . import streams

# Binary packages of a kernel that Red Hat's and its relatives' advisories name, by the package that holds the image.
_KERNEL_PARTS = ("-core", "-modules", "-modules-core")


class Version(NamedTuple):
    """A version, or why there is none."""

    text: str | None
    why: str = ""


class Seen(NamedTuple):
    """One thing that runs, or that would.

    ``names`` are the source and binary packages that an advisory may call it. ``runs`` is the version in force (None with the reason),
    ``next`` the version that the restart of ``disruption`` puts in force, ``installed`` every version on disk. ``where`` says which process.
    """

    component: str
    names: tuple[str, ...]
    runs: Version
    next: Version
    installed: tuple[str, ...]
    disruption: str
    facts: tuple[str, ...]
    where: str = ""


def order_of(record: Mapping[str, Any]) -> str | None:
    """dpkg or rpm, by what the scan found; None where it found neither."""
    order = dig(record, "kernel.version_order")
    return order if order in ("dpkg", "rpm") else None


def streams_of(record: Mapping[str, Any], version: str) -> list[str]:
    """The streams by which a package of this version on this host is judged."""
    return streams.of_host(text_at(record, "os.id") or "", text_at(record, "os.version_id") or "", version)


def why(record: Mapping[str, Any], fact: str) -> str:
    """The reason that the scan gave for a fact it could not say."""
    for null in mappings_at(record, "nulls"):
        name = null.get("fact")
        if isinstance(name, str) and (fact == name or fact.startswith(f"{name}.")):
            return f"{fact}: {null.get('reason')}"
    return f"{fact}: not in the record"


def seen(record: Mapping[str, Any]) -> Iterator[Seen]:
    """Everything of the host that this can judge."""
    yield kernel(record)
    yield from _monitors(record)
    yield from _engines(record)


def kernel(record: Mapping[str, Any]) -> Seen:
    """The kernel: what runs, and what the next boot gives."""
    rows = [row for row in mappings_at(record, "kernel.installed") if row.get("complete") is not False]
    release = text_at(record, "kernel.running.release")
    package = text_at(record, "kernel.running.package")
    mine = next((row for row in rows if row.get("release") == release), {})
    runs = text_at(record, "kernel.running.package_version") or None
    following = text_at(record, "kernel.default_boot.release") or None
    coming = next((row.get("package_version") for row in rows if row.get("release") == following), None)
    # An update may remove the package of the kernel that still runs; the others of its line are built from the same source.
    flavour = dig(record, "kernel.running.flavour")
    line = [row.get("source") for row in rows if flavour is not None and row.get("flavour") == flavour] if runs and not mine else []
    names = {name for name in (mine.get("source"), *line, package, *_parts(package)) if isinstance(name, str) and name}
    versions = tuple(str(row["package_version"]) for row in rows if isinstance(row.get("package_version"), str))
    return Seen(
        "kernel", tuple(sorted(names)), Version(runs, "" if runs else why(record, "kernel.running.package_version")),
        Version(coming if isinstance(coming, str) else None, "" if coming else _why_next(record, following)), versions, "reboot",
        ("kernel.running.release", "kernel.running.package_version", "kernel.default_boot.release"), release or "")


def _parts(package: str | None) -> list[str]:
    """The other packages of a kernel by the one that holds its image: kernel-core belongs to kernel."""
    if not package or not package.endswith("-core"):
        return []
    head = package.removesuffix("-core")
    return [head, *(head + part for part in _KERNEL_PARTS)]


def _why_next(record: Mapping[str, Any], following: str | None) -> str:
    return f"no installed package holds the kernel {following} of the next boot" if following else why(record, "kernel.default_boot.release")


def _monitors(record: Mapping[str, Any]) -> Iterator[Seen]:
    """Machine monitors and their servants: each process, and each that is installed and runs nowhere."""
    components = list(mappings_at(record, "hypervisor.components"))
    processes = list(mappings_at(record, "hypervisor.processes"))
    for part in components:
        name, version = part.get("name"), part.get("version")
        if not isinstance(name, str):
            continue
        names = _names(part)
        installed = (version,) if isinstance(version, str) else ()
        following = Version(installed[0] if installed else None, "" if installed else f"hypervisor.components: no version of {name}")
        mine = [process for process in processes if process.get("component") == name]
        for process in mine:
            text = process.get("version")
            runs = Version(text if isinstance(text, str) else None, "" if isinstance(text, str) else str(process.get("reason") or "unknown")[:200])
            where = f"pid {process.get('pid')}" + (f", guest {process['guest']}" if process.get("guest") else "")
            yield Seen(name, names, runs, following, installed, "migrate_guest", ("hypervisor.processes",), where)
        if not mine:
            yield Seen(name, names, following, following, installed, "none", ("hypervisor.components",), "installed, runs nowhere")


def _names(part: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted({word for word in (part.get("name"), part.get("package"), part.get("source")) if isinstance(word, str) and word}))


def _engines(record: Mapping[str, Any]) -> Iterator[Seen]:
    for engine in mappings_at(record, "containers.engines"):
        name, version = engine.get("name"), engine.get("version")
        if not isinstance(name, str):
            continue
        installed = (version,) if isinstance(version, str) else ()
        known = Version(installed[0] if installed else None, "" if installed else f"containers.engines: no version of {name}")
        runs = known
        if engine.get("running") and engine.get("stale") is not False:
            runs = Version(None, f"the daemon runs another build than is installed: {engine.get('reason') or 'not told'}"[:200])
        where = "" if engine.get("running") else "runs nowhere"
        yield Seen(name, _names(engine), runs, known, installed, "restart_service", ("containers.engines",), where)

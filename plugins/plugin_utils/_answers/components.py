# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a host an advisory can be about, read from its record: what runs of it, what would run after a restart or reboot, and by which names.

A component is seen once for each thing that runs: the kernel once, QEMU once for each process. What a record does not tell is None with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .._fleet.bounded import dig, mappings_at, text_at, texts
from . import modularity, reach, streams
from .naming import names_of
from .seen import Hanging, Live, Patch, Placed, Seen, Version
from .virtual import monitors, sandboxes

# Binary packages of a kernel that Red Hat's and its relatives' advisories name, by the package that holds the image.
_KERNEL_PARTS = ("-core", "-modules", "-modules-core")
# What Red Hat's and Oracle's sources build beside the plain kernel: of a hole without a fix kernel, kernel-rt and kernel-uek alone are named.
_FLAVOURS = re.compile(r"(kernel(?:-rt|-uek)?)-(?:(?:64k|64k-debug|debug|zfcpdump)-core|uki-virt)\Z")
# Since 9.3 real-time kernels are built of the plain kernel's source, and their versions have no mark of their own (.rt14) any more.
_REALTIME = re.compile(r"kernel-rt(?:-.*)?\Z")
_PLAIN_BUILD = re.compile(r"[0-9.]+-[0-9.]+\.el(?:9|[1-9][0-9])(?![0-9])")
# Microcode of each maker of processors, by the packages of the families.
_MICROCODE = {"GenuineIntel": ("intel-microcode", "microcode_ctl", "ucode-intel"),
              "AuthenticAMD": ("amd64-microcode", "linux-firmware", "ucode-amd", "kernel-firmware-amd")}


def order_of(record: Mapping[str, Any]) -> str | None:
    """dpkg or rpm, by what the scan found; None where it found neither."""
    order = dig(record, "kernel.version_order")
    return order if order in ("dpkg", "rpm") else None


def why(record: Mapping[str, Any], fact: str) -> str:
    """The reason that the scan gave for a fact it could not say."""
    for null in mappings_at(record, "nulls"):
        name = null.get("fact")
        if isinstance(name, str) and (fact == name or fact.startswith(f"{name}.")):
            return f"{fact}: {null.get('reason')}"
    return f"{fact}: not in the record"


def placed(record: Mapping[str, Any]) -> list[Placed]:
    """Everything of the host that this can judge, the kernel first; empty where no order of versions is known."""
    order = order_of(record)
    if order is None:
        return []
    found = [Placed(judged_kernel(record), text_at(record, "kernel.running.release"), _on_kernel(record)),
             *monitors(record), *_engines(record), *_microcode(record)]
    return [one if one.seen.order else one._replace(seen=_in_stream(one.seen, record, order)) for one in (*found, *sandboxes(record))]


def _in_stream(seen: Seen, record: Mapping[str, Any], order: str) -> Seen:
    """A thing with the streams that a package of its version on this host is judged by."""
    home, version = (text_at(record, "os.id"), text_at(record, "os.version_id")), seen.runs.text or seen.next.text or ""
    near = streams.of_thing(seen.component, home, version, seen.names)
    beyond = tuple(streams.neighbours(version)) if near and near[0].startswith("redhat:") else ()
    return seen._replace(order=order, home=home, streams=near, neighbours=beyond, system=" ".join(home))


def kernel(record: Mapping[str, Any]) -> Seen:
    """The kernel: what runs, and what the next boot gives."""
    rows = [row for row in mappings_at(record, "kernel.installed") if row.get("complete") is not False]
    release = text_at(record, "kernel.running.release")
    package = text_at(record, "kernel.running.package")
    mine = next((row for row in rows if row.get("release") == release), {})
    runs = text_at(record, "kernel.running.package_version") or None
    following = text_at(record, "kernel.default_boot.release") or None
    after = next((row for row in rows if row.get("release") == following), {})
    coming = after.get("package_version")
    # An update may remove the package of the kernel that still runs; the others of its line are built from the same source.
    flavour = dig(record, "kernel.running.flavour")
    line = [row.get("source") for row in rows if flavour is not None and row.get("flavour") == flavour] if runs and not mine else []
    names = {name for name in (mine.get("source"), *line, package, *_parts(package), *_built_of(package, runs)) if isinstance(name, str) and name}
    alike = [row for row in rows if names & {*_names(row)}]
    versions = tuple(str(row["package_version"]) for row in alike if isinstance(row.get("package_version"), str))
    return Seen(
        "kernel", tuple(sorted(names)), Version(runs, "" if runs else why(record, "kernel.running.package_version")),
        Version(coming if isinstance(coming, str) else None, "" if coming else _why_next(record, following)), versions, "reboot",
        ("kernel.running.release", "kernel.running.package_version", "kernel.default_boot.release"), release=release, source=text_at(mine, "source"),
        offered=text_at(record, "kernel.available.package_version"), live=_live(record), reach=reach.of_record(record),
        coming=("", ()) if after in alike else (text_at(after, "source"), tuple(sorted(_names(after)))))


def _names(row: Mapping[str, Any]) -> set[str]:
    """By which names an advisory may call an installed kernel."""
    package = text_at(row, "package")
    return {name for name in (text_at(row, "source"), package, *_parts(package), *_built_of(package, text_at(row, "package_version"))) if name}


def _built_of(package: str | None, version: str | None) -> list[str]:
    """The source of a kernel that is built of another one than its name says."""
    is_plain = _REALTIME.match(package or "") and _PLAIN_BUILD.match((version or "").rpartition(":")[2])
    return ["kernel"] if is_plain else []


def judged_kernel(record: Mapping[str, Any]) -> Seen:
    """The kernel with the streams by which it is judged; none where no order of versions is known."""
    order, seen = order_of(record), kernel(record)
    return _in_stream(seen, record, order) if order else seen


def _parts(package: str | None) -> list[str]:
    """The other packages of a kernel by the one that holds its image, and what a flavour is built of: kernel-64k-core is kernel's."""
    flavour = _FLAVOURS.match(package or "")
    source = [flavour[1]] if flavour else []
    if not package or not package.endswith("-core"):
        return source
    head = package.removesuffix("-core")
    return [*source, head, *(head + part for part in _KERNEL_PARTS)]


def _why_next(record: Mapping[str, Any], following: str | None) -> str:
    return f"no installed package holds the kernel {following} of the next boot" if following else why(record, "kernel.default_boot.release")


def _live(record: Mapping[str, Any]) -> Live:
    """The live patches that are loaded."""
    patches = tuple(Patch(str(row["id"]), str(row.get("state")), text_at(row, "package"), text_at(row, "for_kernel"), text_at(row, "kind"))
                    for row in mappings_at(record, "live_patch.patches") if isinstance(row.get("id"), str))
    moving = dig(record, "live_patch.transition.in_progress")
    return Live(patches, tuple(sorted(texts(dig(record, "live_patch.cves.fixed")))), text_at(record, "live_patch.cves.basis"),
                moving if isinstance(moving, bool) else None, text_at(record, "live_patch.provider.id"))


def _on_kernel(record: Mapping[str, Any]) -> Hanging:
    """What one hole in the host's kernel opens: containers that share it, and guests that it keeps apart."""
    count = dig(record, "containers.counts.host_kernel")
    running = [guest for guest in mappings_at(record, "hypervisor.guests") if isinstance(guest.get("pid"), int)]
    told = dig(record, "hypervisor.guests") is not None
    nested = [guest.get("nested") for guest in running]
    live = dig(record, "kata.sandboxes")
    return Hanging(count if isinstance(count, int) else None, len(running) if told else None,
                   sum(map(bool, nested)) if told and None not in nested else None, len(live) if isinstance(live, list) else None)


def _engines(record: Mapping[str, Any]) -> Iterator[Placed]:
    """Engines, and the runtimes that they start containers with."""
    shared = dig(record, "containers.counts.host_kernel")
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
        hanging = Hanging(shared if isinstance(shared, int) else None)
        # What no package brought is of no stream of packages.
        order = "" if engine.get("package") else "dpkg"
        seen = Seen(name, names_of(engine), runs, known, installed, "restart_service", ("containers.engines",), order,
                    source=text_at(engine, "source"), module=modularity.of_part(engine, known.text))
        yield Placed(seen, where, hanging)
    for runtime in mappings_at(record, "containers.runtimes"):
        name, version = runtime.get("name"), runtime.get("version")
        if isinstance(name, str):
            # It runs for a moment, when a container is started: what is installed is what the next one gets.
            known = Version(version, "") if isinstance(version, str) else Version(None, f"containers.runtimes: no version of {name}")
            yield Placed(Seen(name, names_of(runtime), known, known, (version,) if isinstance(version, str) else (), "none",
                              ("containers.runtimes",), source=text_at(runtime, "source"), module=modularity.of_part(runtime, known.text)), "")


def _microcode(record: Mapping[str, Any]) -> Iterator[Placed]:
    """The microcode package, whose version says nothing of what runs where a newer revision lies on disk than some processor has."""
    names = _MICROCODE.get(text_at(record, "cpu.vendor"), ())
    package = next((row for row in mappings_at(record, "cpu.microcode.packages") if row.get("name") in names), None)
    version = package.get("version") if package else None
    if package is None or not isinstance(version, str):
        return
    pending = dig(record, "cpu.microcode.pending")
    runs = Version(version) if pending is False else Version(None, "a newer revision lies on disk than runs" if pending else
                                                             why(record, "cpu.microcode.pending"))
    yield Placed(Seen("microcode", (str(package["name"]),), runs, Version(version), (version,), "reboot",
                      ("cpu.microcode.packages", "cpu.microcode.pending")), "")

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""50,001 advisories against one host, beside Debian's own scanner: debsecan reads them anew each time, Firebreak asks what it compiled."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks._measuring import Cost, Goal, interleaved, run

_MEGABYTE = 1 << 20
_STANZA = "Package: {}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}\nMaintainer: x <x@example.org>\nDescription: x\n\n"


def _debsecan(folder: Path, advisories: int, environment: Mapping[str, str]) -> Callable[[], Cost]:
    """The same number of holes, every eighth one of the kernel, in the form of debsecan's server; and a host of 600 packages."""
    folder.mkdir(parents=True, exist_ok=True)
    names = "".join(f"CVE-2026-{10_000 + number},,hole {number}\n" for number in range(advisories))
    holes = "".join(f"{f'package-{number % 4000}' if number % 8 else 'linux'},{number},SHRF,6.{number % 18}.0-{number % 90}.1,6.1.{number % 200}-1\n"
                    for number in range(advisories))
    (folder / "bookworm").write_bytes(zlib.compress(f"VERSION 1\n{names}\n{holes}\nlinux,linux-libc-dev\n\n".encode()))
    packages = [(f"package-{number * 4}", "6.9.0-1") for number in range(600)]
    (folder / "status").write_text("".join(_STANZA.format(*one) for one in (*packages, ("linux", "6.1.153-1"))), encoding="utf-8")
    argv = ["debsecan", "--source", folder.as_uri(), "--suite", "bookworm", "--status", str(folder / "status"), "--format", "packages",
            "--config", "/dev/null"]
    return lambda: run(argv, folder, environment)


def compare(
    directory: Path, advisories: int, ours: Mapping[str, Callable[[], Cost]], environment: Mapping[str, str], repeats: int,
) -> Iterator[str | Goal]:
    """The lines and the goal of one host; ``ours`` asks for one CVE, and for all that are about kernels."""
    costs = interleaved({**ours, "debsecan": _debsecan(directory / "debsecan", advisories, environment)}, repeats)
    for name, cost in costs.items():
        what = f"1 host, {advisories} advisories: {name}"
        yield f"{what:48} {cost.wall:7.2f} s  {cost.cpu:7.2f} CPU-s  {cost.peak / _MEGABYTE:6.0f} MB at its peak"
    mine, theirs = costs["1 CVE"], costs["debsecan"]
    ratios = {f"{name}: {cost.cpu / theirs.cpu:.2f} of debsecan's CPU, {cost.peak / theirs.peak:.2f} of its memory" for name, cost in costs.items()}
    yield from sorted(ratios)
    yield Goal("1 CVE of them on 1 host, CPU-seconds / debsecan's for all", mine.cpu / theirs.cpu, 0.25)
    yield Goal("1 CVE of them on 1 host, memory / debsecan's", mine.peak / theirs.peak, 0.25)

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holes mean for a synthetic fleet, and the import of archives of the size of Debian's and Ubuntu's, each in a process of its own."""

from __future__ import annotations

import io
import json
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import _beside
from benchmarks._measuring import Cost, Goal, run

_QUESTION = Path(__file__).with_name("_question.py")
MEGABYTE = 1 << 20
# Advisories of osv.dev's Debian and Ubuntu archives at the end of 2026, by their order of magnitude: most are about other packages.
_ADVISORIES = 50_001
_UBUNTU_KERNELS = ("linux", "linux-aws", "linux-azure", "linux-gcp", "linux-oracle", "linux-hwe-6.8", "linux-lowlatency")


def _document(number: int) -> dict[str, object]:
    """One advisory: every eighth is about kernels of all releases, the others about one package."""
    kernel = number % 8 == 0
    names = _UBUNTU_KERNELS if kernel else (f"package-{number % 4000}",)
    affected = [{"package": {"ecosystem": ecosystem, "name": name}, "versions": [f"6.{minor}.0-{number % 60}" for minor in range(12)],
                 "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": f"6.{number % 18}.0-{number % 90}.1"}]}]}
                for ecosystem in ("Ubuntu:24.04:LTS", "Ubuntu:22.04:LTS", "Debian:12", "Debian:13") for name in names]
    cve = f"CVE-{2020 + number % 7}-{10_000 + number}"
    return {"id": f"UBUNTU-{cve}", "upstream": [cve], "published": f"2026-{number % 12 + 1:02}-01T00:00:00Z", "summary": f"hole {number}",
            "affected": affected}


def write_feed(folder: Path, count: int = _ADVISORIES) -> Path:
    """An archive of so many advisories."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "osv-all.tar.xz"
    with tarfile.open(path, "w:xz", preset=1) as archive:
        for number in range(count):
            data = json.dumps(_document(number)).encode()
            info = tarfile.TarInfo(f"osv/{number}.json")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def _case(directory: Path, environment: dict[str, str], count: int) -> Callable[[], Cost]:
    """So many CVEs of kernels; none is the import alone."""
    cves = [str(_document(number * 8)["upstream"][0]) for number in range(count)]  # type: ignore[index]
    place = directory.with_name(f"{directory.name}.{count}")
    place.write_text("\n".join(cves), encoding="ascii")
    return lambda: run([sys.executable, str(_QUESTION), str(directory), str(place)], directory.parent, environment)


def compare(hosts: int, directory: Path, environment: dict[str, str], advisories: int = _ADVISORIES) -> Iterator[str | Goal]:
    """The lines and goals of answers for a fleet of this size."""
    import synthetic_fleet

    fleet = directory / "answers" / "fleet"
    synthetic_fleet.write(fleet, hosts)
    write_feed(fleet.parent / "feed", advisories)
    costs = {name: case() for name, case in (
        ("compile", _case(fleet, environment, 0)), ("first", _case(fleet, environment, 1)),
        ("again", _case(fleet, environment, 1)), ("many", _case(fleet, environment, 1000)))}
    told = {"compile": f"import of {advisories} advisories", "first": f"1 CVE x {hosts} records, read for the first time",
            "again": f"1 CVE x {hosts} records", "many": f"1000 CVEs x {hosts} records"}
    for name, cost in costs.items():
        yield f"{told[name]:48} {cost.wall:7.2f} s  {cost.cpu:7.2f} CPU-s  {cost.peak / MEGABYTE:6.0f} MB at its peak"
    index = sum(path.stat().st_size for path in (fleet.parent / "feeds").glob("*.sqlite")) / MEGABYTE
    yield f"{'the compiled index':48} {index:7.1f} MB"
    for name, seconds, memory in (("compile", 60.0, 300), ("again", 1.0, 200), ("many", 30.0, 1024)):
        yield Goal(f"{told[name]}, CPU-seconds", costs[name].cpu, seconds)
        yield Goal(f"{told[name]}, MB", costs[name].peak / MEGABYTE, memory)
    yield Goal("the compiled index, MB", index, 30.0)
    one = fleet.with_name("one")
    synthetic_fleet.write(one, 1)
    ours = {"1 CVE": _case(one, environment, 1), "all CVEs of kernels": _case(one, environment, (advisories + 7) // 8)}
    yield from _beside.compare(directory, advisories, ours, environment, 3)


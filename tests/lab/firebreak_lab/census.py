# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is on this computer that a lab could leave behind: taken before and after, both must be equal."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from firebreak_lab.control_group import PREFIX
from firebreak_lab.processes import has_environment, start_ticks

Census = dict[str, set[str]]


def _bytes(path: Path) -> bytes:
    """A file of /proc; empty where its process is gone, or it is not ours to read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _environment(pid: int, seconds: float = 1) -> bytes:
    """A process's environment, as ``_bytes``; it is empty for a moment while one program takes another's place, which is waited for."""
    path = Path(f"/proc/{pid}/environ")
    until = time.monotonic() + seconds
    try:
        while not (environment := path.read_bytes()) and has_environment(pid) and time.monotonic() < until:
            time.sleep(0.01)
    except OSError:
        return b""
    return environment


def processes(marker: str) -> dict[int, str]:
    """Live processes (pid and command line) that have the marker in their command line or environment; all with an empty marker."""
    found = {}
    for pid in [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]:
        environment, command = _environment(pid), _bytes(Path(f"/proc/{pid}/cmdline"))
        wanted = marker.encode() in environment or marker.encode() in command
        if wanted and start_ticks(pid) is not None and pid != os.getpid():
            found[pid] = command.replace(b"\0", b" ").decode("utf-8", "replace").strip()
    return found


def namespaces(pids: set[int]) -> set[str]:
    """The namespaces that these processes live in."""
    found = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/ns").glob("*"):
            try:
                found.add(str(link.readlink()))
            except OSError:
                continue
    return found


def mounts() -> set[str]:
    """Where something is mounted in our mount namespace, and what."""
    rows = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return {f"{row[4]} {row[row.index('-') + 1]}" for row in rows}


def loops() -> set[str]:
    """The loop devices in use and their files."""
    return {f"{path.parts[3]} {path.read_text().strip()}" for path in Path("/sys/block").glob("loop*/loop/backing_file")}


def listening(ports: range) -> set[str]:
    """TCP ports of that range that somebody in our network namespace listens on."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {str(int(row[1].split(":")[1], 16)) for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) in ports}


def of_another_lab(group: str, lab: str) -> bool:
    """Whether a control group is that of a host of a lab with another name; such labs come and go as they like."""
    return any(part.startswith(PREFIX) and not part.startswith(f"{PREFIX}{lab}-") for part in group.split("/"))


def control_groups() -> set[str]:
    """The control groups below /sys/fs/cgroup."""
    return {folder for folder, _, _ in os.walk("/sys/fs/cgroup")}


def take(lab: str, ports: range, marker: str | None = None) -> Census:
    """The census of all that carries the marker (see processes), by default the lab's name, and of what cannot carry one."""
    seen = processes(lab if marker is None else marker)
    return {"processes": {f"{pid} {command}" for pid, command in seen.items()}, "namespaces": namespaces(set(seen)), "mounts": mounts(),
            "loops": loops(), "ports": listening(ports),
            "control groups": {group for group in control_groups() if not of_another_lab(group, lab)}}


def left_behind(before: Census, after: Census) -> list[str]:
    """One line for each thing that is there now and was not before."""
    return [f"{kind}: {item}" for kind in before for item in sorted(after[kind] - before[kind])]


def settle(before: Census, take_again: Callable[[], Census], seconds: float = 20) -> list[str]:
    """What is left behind once the kernel has taken away what is ending; it has that long for it."""
    until = time.monotonic() + seconds
    while (left := left_behind(before, take_again())) and time.monotonic() < until:
        time.sleep(0.2)
    return left

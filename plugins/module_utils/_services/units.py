# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd's units: which one a process belongs to by its control group, how it is replaced, and what systemctl says of all. All of it pure."""

import re
from typing import Dict, List, NamedTuple, Optional

SERVICE, MANAGER, UNTIL_REBOOT, SESSION, CARRIER = "service", "manager", "until_reboot", "session", "carrier"

# The bus has no successor that its clients would find again, and logind holds the devices of every session: only a reboot replaces them.
_UNTIL_REBOOT = ("dbus.service", "dbus-broker.service", "systemd-logind.service", "elogind.service")
_MANAGERS = ("systemd",)
_USER_MANAGER = re.compile(r"user@([0-9]{1,10})\.service\Z")
_SESSION = re.compile(r"session-[^/]+\.scope\Z")
_USER_SLICE = re.compile(r"/user-([0-9]{1,10})\.slice/")
_CONTAINER = re.compile(
    r"(?:docker|libpod|cri-containerd|crio|nerdctl)-(?!conmon)[0-9a-f]{12,64}|/docker/|/kubepods|/lxc[./]|/machine\.slice/systemd-nspawn@")

LIST_UNITS = ["systemctl", "list-units", "--all", "--full", "--plain", "--no-legend", "--no-pager", "--type=service,socket,timer"]
KINDS = (".service", ".socket", ".timer")


class Owner(NamedTuple):
    """``unit`` is None for a process outside of units; ``user`` is the one whose session or manager it belongs to, else None."""

    unit: Optional[str]
    user: Optional[int]
    in_container: bool


class Units(NamedTuple):
    """Names of units by their state, sorted."""

    active: List[str]
    failed: List[str]
    masked: List[str]


def control_group(text: str) -> str:
    """The path of /proc/PID/cgroup that systemd gave; '' where there is none. A path may itself hold colons."""
    found: Dict[str, str] = {}
    for line in text.splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3:
            found[parts[1]] = parts[2]
    return found.get("name=systemd") or found.get("", "")


def owner_of(text: str) -> Owner:
    """Whose a process is, by its /proc/PID/cgroup."""
    path = control_group(text)
    segments = path.split("/")
    in_container = bool(_CONTAINER.search(path))
    manager = next((place for place, segment in enumerate(segments) if _USER_MANAGER.match(segment)), None)
    if manager is not None:
        inner = [segment for segment in segments[manager + 1:] if segment.endswith((".service", ".scope"))]
        user = _USER_MANAGER.match(segments[manager])
        return Owner(inner[-1] if inner else segments[manager], int(user.group(1)) if user else None, in_container)
    unit = next((segment for segment in segments if segment.endswith((".service", ".scope"))), None)
    slice_of = _USER_SLICE.search(path)
    if unit and (_SESSION.match(unit) or slice_of):
        return Owner(unit, int(slice_of.group(1)) if slice_of else None, in_container)
    return Owner(unit, None, in_container)


def kind_of(pid: int, program: str, owner: Owner, is_carrier: bool) -> str:
    """How a process is replaced: with its service, by systemd itself, at a reboot, with its session, or with the container or guest it carries."""
    name = program.rpartition("/")[2]
    if pid == 1:
        return MANAGER if name in _MANAGERS else UNTIL_REBOOT
    if is_carrier:
        return CARRIER
    if owner.user is not None or _SESSION.match(owner.unit or ""):
        return SESSION
    return UNTIL_REBOOT if owner.unit in _UNTIL_REBOOT else SERVICE


def is_foreign(same_root: bool, same_mounts: Optional[bool], same_processes: Optional[bool], owner: Owner) -> bool:
    """Whether a process runs in a container, whose files are its image's business.

    A service that has shut itself into a folder (chroot) sees the host's mounts, and one with RootDirectory= the host's processes.
    """
    if same_root or same_mounts:
        return False
    return same_processes is not True or owner.in_container or owner.unit is None or not owner.unit.endswith(".service")


def parse_units(text: str) -> Units:
    """The output of LIST_UNITS; ValueError for a line that is not understood."""
    states: Dict[str, List[str]] = {"active": [], "failed": [], "masked": []}
    for line in text.splitlines():
        words = line.lstrip("\u25cf\u00d7* ").split(None, 4)
        if not words:
            continue
        if len(words) < 4 or not words[0].endswith(KINDS):
            raise ValueError("not a line of systemctl: %r" % line[:80])
        for state, is_it in (("active", words[2] in ("active", "reloading", "refreshing")), ("failed", words[2] == "failed"),
                             ("masked", words[1] == "masked")):
            if is_it:
                states[state].append(words[0])
    return Units(sorted(states["active"]), sorted(states["failed"]), sorted(states["masked"]))

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd's units: which one a process belongs to by its control group, how it is replaced, and what systemctl says of all. All of it pure."""

import re
from shlex import quote
from typing import Dict, List, NamedTuple, Optional

SERVICE, SCOPE, MANAGER, UNTIL_REBOOT, SESSION, CARRIER = "service", "scope", "manager", "until_reboot", "session", "carrier"

# The bus has no successor that its clients would find again; elogind, unlike systemd-logind, does not keep the devices of sessions over a restart.
_UNTIL_REBOOT = ("dbus.service", "dbus-broker.service", "elogind.service")
_MANAGERS = ("systemd",)
_USER_MANAGER = re.compile(r"user@([0-9]{1,10})\.service\Z")
# Units that hold processes, of which the first is the owner; a mount has those of its file system's helper (FUSE).
_HOLDERS = (".service", ".scope", ".mount")
_SESSION = re.compile(r"session-([^/]+)\.scope\Z")
_USER_SLICE = re.compile(r"/user-([0-9]{1,10})\.slice/")
_CONTAINER = re.compile(
    r"(?:docker|libpod|cri-containerd|crio|nerdctl)-(?!conmon)[0-9a-f]{12,64}|/docker/|/kubepods|/lxc[./]|/machine\.slice/systemd-nspawn@")
# Control groups of one guest or container each: of machined (libvirt, nspawn), Proxmox, LXC and Incus, and of Kata's sandboxes. Whatever runs
# there on the host's own files serves it: its monitor, its TPM, its network, its file server.
_CARRYING = re.compile(
    r"/machine\.slice/|/machine-[^/]+\.scope|/machine/[^/]+\.libvirt-|/qemu\.slice/[^/]+\.scope|/lxc\.monitor[./]|/kata_overhead/"
    r"|/systemd-nspawn@[^/]+\.service")
_CARRYING_PROGRAMS = ("systemd-nspawn", "lxc-start", "swtpm", "passt", "pasta", "slirp4netns", "qemu-storage-daemon", "qemu-nbd",
                      "libvirt_lxc", "VBoxHeadless", "VirtualBoxVM", "VBoxSDL", "vmware-vmx", "fuse-overlayfs", "rootlessport", "rootlesskit",
                      "aardvark-dns")
_CARRYING_HELPERS = re.compile(r"vhost-(?:user|device)-[a-z0-9-]+\Z")

LIST_UNITS = ["systemctl", "list-units", "--all", "--full", "--plain", "--no-legend", "--no-pager", "--type=service,socket,timer"]
SHOW_UNITS = ["systemctl", "show", "--no-pager", "--property=Id,KillMode,RefuseManualStop", "--"]
KINDS = (".service", ".socket", ".timer")
# Engines leave what carries their containers and guests alone when they are restarted; what another service carries ends and begins with it.
_ENGINES = re.compile(
    r"(?:containerd|docker|crio|cri-o|podman|buildkit|kubelet|k3s|rke2|k0s|microk8s|snap\.|libvirt|virt|lx[cd]|incus|machined|pve|nomad)")

WORKS, REFUSED, LEAVES = "works", "refused", "leaves_processes"


class Owner(NamedTuple):
    """``unit`` is None for a process outside of units; ``user`` is the one whose session or manager it belongs to, else None."""

    unit: Optional[str]
    user: Optional[int]
    in_container: bool
    carries: bool = False


class Units(NamedTuple):
    """Names of units by their state, sorted."""

    active: List[str]
    failed: List[str]
    masked: List[str]


def control_group(text: str) -> str:
    """The path of /proc/PID/cgroup that systemd gave; '' where there is none. A path may itself hold colons.

    Where systemd keeps both hierarchies, version 2 is its own and the other a copy that it may fail to make (systemd 252, cgroup.c). A user names the
    groups below his manager, and the kernel refuses him a line feed alone (kernfs, cgroup_mkdir): nothing else ends a line.
    """
    found: Dict[str, str] = {}
    for line in text.split("\n"):
        parts = line.split(":", 2)
        if len(parts) == 3:
            found[parts[1]] = parts[2]
    own = found.get("", "")
    return own if own not in ("", "/") else found.get("name=systemd") or own


def owner_of(text: str) -> Owner:
    """Whose a process is, by its /proc/PID/cgroup."""
    path = control_group(text)
    segments = path.split("/")
    in_container, carries = bool(_CONTAINER.search(path)), bool(_CARRYING.search(path))
    manager = next((place for place, segment in enumerate(segments) if _USER_MANAGER.match(segment)), None)
    if manager is not None:
        # The manager's own group has the name that the one of process 1 has.
        inner = [segment for segment in segments[manager + 1:] if segment.endswith(_HOLDERS) and segment != "init.scope"]
        user = _USER_MANAGER.match(segments[manager])
        return Owner(inner[-1] if inner else segments[manager], int(user.group(1)) if user else None, in_container, carries)
    unit = next((segment for segment in segments if segment.endswith(_HOLDERS)), None)
    slice_of = _USER_SLICE.search(path)
    if unit and (_SESSION.match(unit) or slice_of):
        return Owner(unit, int(slice_of.group(1)) if slice_of else None, in_container, carries)
    return Owner(unit, None, in_container, carries)


def kind_of(pid: int, program: str, owner: Owner, is_carrier: bool) -> str:
    """How a process is replaced: with its service, by systemd itself, at a reboot, with its session, or with the container or guest it carries."""
    name = program.rpartition("/")[2]
    if pid == 1:
        return MANAGER if name in _MANAGERS else UNTIL_REBOOT
    # passt and pasta come in builds for processors, such as pasta.avx2.
    if is_carrier or owner.carries or name.partition(".")[0] in _CARRYING_PROGRAMS or _CARRYING_HELPERS.match(name):
        return CARRIER
    if owner.user is not None or _SESSION.match(owner.unit or ""):
        return SESSION
    if (owner.unit or "").endswith(".scope") and owner.unit != "init.scope":
        return SCOPE
    # To stop init.scope is to stop the system.
    return UNTIL_REBOOT if owner.unit in _UNTIL_REBOOT or owner.unit == "init.scope" else SERVICE


def remedy_of(kind: str, owner: Owner) -> Optional[str]:
    """The command that ends the old processes, and starts new ones where systemd can; None where there is none."""
    unit = owner.unit or ""
    if kind in (MANAGER, UNTIL_REBOOT):
        return "systemctl daemon-reexec" if kind == MANAGER else "systemctl reboot"
    if kind == SESSION:
        return _remedy_of_a_user(unit, owner.user)
    if kind == SERVICE or (kind == CARRIER and unit.endswith(".service") and owner.user is None and not _ENGINES.match(unit)):
        return "systemctl restart %s" % quote(unit) if unit else None
    return "systemctl stop %s" % quote(unit) if kind == SCOPE else None


def _remedy_of_a_user(unit: str, user: Optional[int]) -> Optional[str]:
    session = _SESSION.match(unit)
    if session:
        return "loginctl terminate-session %s" % quote(session.group(1))
    if _USER_MANAGER.match(unit):
        # Its daemon-reexec leaves (sd-pam) as it was.
        return "systemctl restart %s" % quote(unit)
    if user is None or not unit:
        return None
    return "systemctl --user --machine=%d@.host %s %s" % (user, "stop" if unit.endswith(".scope") else "restart", quote(unit))


def is_foreign(same_processes: Optional[bool], owner: Owner) -> bool:
    """Whether a process with a root and mounts of its own runs in a container, whose files are its image's business.

    A service that has shut itself into a folder (RootDirectory=) sees the host's processes.
    """
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


def parse_restarts(text: str) -> Dict[str, str]:
    """Unit -> what a restart does there, by the output of SHOW_UNITS: one paragraph for each unit."""
    found: Dict[str, str] = {}
    for paragraph in text.split("\n\n"):
        said = dict(line.split("=", 1) for line in paragraph.splitlines() if "=" in line)
        if said.get("Id"):
            leaves = said.get("KillMode") in ("process", "none")
            found[said["Id"]] = REFUSED if said.get("RefuseManualStop") == "yes" else LEAVES if leaves else WORKS
    return found


def aliases_of(links: Dict[str, str]) -> Dict[str, str]:
    """Other name -> the unit that it stands for, by the unit files that are links: name -> where its link points.

    An instance that points to its template is the unit itself, and so is what points to a file of its own name elsewhere.
    """
    found: Dict[str, str] = {}
    for name in sorted(links):
        target, seen = name, {name}
        while target in links:
            target = links[target].rpartition("/")[2]
            if target in seen:
                break
            seen.add(target)
        same_kind = target.rpartition(".")[2] == name.rpartition(".")[2]
        if target != name and same_kind and ("@." in target) == ("@." in name):
            found[name] = target
    return found

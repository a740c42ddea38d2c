# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses a Kata tree now, and who else claims Kata on this host. Asks through _host.py only."""

from typing import Any, List, NamedTuple

from .._formats.processes import parse_exe
from .._handlers.containerd import BUNDLES

# Where kata-deploy and distributions leave their traces.
DEPLOYERS = (
    ("/etc/containerd/conf.d", "kata-deploy", "kata-deploy"),
    ("/etc/containerd/containerd.d", "kata-deploy", "kata-deploy"),
    ("/etc/k0s/containerd.d", "kata-deploy", "kata-deploy"),
    ("/etc/crio/crio.conf.d", "99-kata-deploy", "kata-deploy"),
    ("/usr/bin", "containerd-shim-kata-v2", "a distribution's package"),
    ("/usr/share/defaults", "kata-containers", "a distribution's package"),
)


class User(NamedTuple):
    """What keeps a tree from being removed: a process id (or a container's bundle) and why."""

    who: str
    why: str


def other_owners(host: Any) -> List[str]:
    """'path (of whom)' for each trace of another installer."""
    found = []
    for folder, beginning, owner in DEPLOYERS:
        for name in host.listdir(folder).value or []:
            if name.startswith(beginning):
                found.append("%s/%s (of %s)" % (folder, name, owner))
    return found


def users(host: Any, prefixes: List[str]) -> List[User]:
    """Processes whose binary, command line or open files are below one of the prefixes, and containers whose shim is."""
    found = []
    listed = host.listdir("/proc")
    if listed.problem:
        return [User("/proc", "cannot be read: %s" % listed.detail)]
    for name in listed.value:
        if name.isdigit():
            why = _why_in_use(host, "/proc/" + name, prefixes)
            if why:
                found.append(User("process " + name, why))
    return found + _bundles(host, prefixes)


def _below(path: str, prefixes: List[str]) -> bool:
    return any(path == prefix or path.startswith(prefix + "/") for prefix in prefixes)


def _why_in_use(host: Any, folder: str, prefixes: List[str]) -> str:
    exe = host.readlink(folder + "/exe").value
    if exe and _below(parse_exe(exe).path, prefixes):
        return "runs %s" % exe
    if not exe:
        # A thread of the kernel: it has neither a binary nor open files.
        return ""
    for word in (host.read(folder + "/cmdline").value or "").split("\0")[1:]:
        if _below(word, prefixes):
            return "was started with %s" % word
    for name in host.listdir(folder + "/fd").value or []:
        target = host.readlink("%s/fd/%s" % (folder, name)).value
        if target and _below(parse_exe(target).path, prefixes):
            return "has %s open" % target
    return ""


def _bundles(host: Any, prefixes: List[str]) -> List[User]:
    found = []
    for space in host.listdir(BUNDLES).value or []:
        for name in host.listdir("%s/%s" % (BUNDLES, space)).value or []:
            shim = (host.read("%s/%s/%s/shim-binary-path" % (BUNDLES, space, name)).value or "").strip()
            real = host.realpath(shim).value if shim else None
            if _below(shim, prefixes) or _below(real or "", prefixes):
                found.append(User("container %s/%s" % (space, name), "its shim is %s" % shim))
    return found

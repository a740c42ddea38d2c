# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses a Kata tree now, and who else claims Kata on this host. Asks through _host.py only."""

from typing import Any, List, NamedTuple, Optional

from .._containers import engines, processes
from .._formats.processes import parse_exe, real_user
from .._handlers import containerd_files
from .._handlers.containerd_config import outside_block

# Of k3s and rke2, whose folder may be elsewhere.
_BESIDE_MAIN = ("config*.toml.d/*kata-deploy*", "*.kata-deploy-created")
_RANCHER = "/var/lib/rancher/*/agent/etc/containerd/"
# Where kata-deploy and distributions leave their traces, by the layouts that it knows; since 4.0.0 it may be installed several times by suffixes.
TRACES = tuple((pattern, "kata-deploy") for pattern in (
    "/etc/containerd/conf.d/*kata-deploy*", "/etc/containerd/containerd.d/*kata-deploy*", "/etc/k0s/containerd.d/*kata-deploy*",
    "/etc/crio/crio.conf.d/99-kata-deploy*", "/opt/kata*/containerd/config.d/*kata-deploy*", "/etc/containerd/*.kata-deploy-created",
    *(_RANCHER + pattern for pattern in _BESIDE_MAIN),
    "/var/snap/microk8s/current/args/*.kata-deploy-created", "/var/snap/microk8s/current/args/containerd-template.toml.bak",
)) + (("/usr/bin/containerd-shim-kata-v2*", "a distribution's package"), ("/usr/share/defaults/kata-containers*", "a distribution's package"),
      ("/usr/share/kata-containers/defaults", "a distribution's package"))
# What kata-deploy copies aside where it writes its handlers into the file itself (containerd 1.x).
_ASIDE = ("config.toml", "config.toml.tmpl", "config-v3.toml.tmpl")


class User(NamedTuple):
    """What keeps a tree from being removed: a process id (or a container's bundle) and why."""

    who: str
    why: str


def other_owners(host: Any, found: Optional[processes.Found] = None) -> List[str]:
    """'path (of whom)' for each trace of another installer, in the usual places and where the containerds that run read."""
    owners = ["%s (of %s)" % (path, owner) for pattern, owner in TRACES for path in _paths(host, pattern)]
    for main in engines.containerds_files(host, found):
        folder = main.rpartition("/")[0] + "/"
        paths = [path for pattern in _BESIDE_MAIN for path in _paths(host, folder + pattern)]
        paths += ["%s.bak" % path for path in sorted({folder + name for name in _ASIDE} | {main}) if _was_copied_aside(host, path)]
        paths += [file.path for file in containerd_files.read(host, main).files if "kata-deploy" in file.path]
        owners += ["%s (of kata-deploy)" % path for path in paths]
    return sorted(set(owners), key=owners.index)


def _was_copied_aside(host: Any, path: str) -> bool:
    """Whether a file has handlers of Kata's that are not the role's own, and a copy beside it that has none."""
    if host.stat(path + ".bak").problem:
        return False
    now, before = (host.read(name, containerd_files.BYTES).if_there("") for name in (path, path + ".bak"))
    return "kata" in outside_block(now) and "kata" not in before


def _paths(host: Any, pattern: str) -> List[str]:
    return list(containerd_files.matching(host, pattern))


def users(host: Any, prefixes: List[str]) -> List[User]:
    """Processes of root's whose binary, command line or open files are below one of the prefixes, and containers whose shim is."""
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
    owner = host.stat(folder)
    if (owner.value is not None and owner.value.uid != 0) or real_user(host.read(folder + "/status").if_there("")) not in (None, 0):
        # Anyone can start a program with a release's path, or open a file of it. What a sandbox is made of is root's, or has a shim that is.
        return ""
    exe = host.readlink(folder + "/exe").value
    if exe and _below(parse_exe(exe).path, prefixes):
        return "runs %s" % exe
    if not exe:
        # A thread of the kernel: it has neither a binary nor open files.
        return ""
    for word in host.read(folder + "/cmdline").if_there("").split("\0")[1:]:
        if _below(word, prefixes):
            return "was started with %s" % word
    for name in host.listdir(folder + "/fd").if_there([]):
        target = host.readlink("%s/fd/%s" % (folder, name)).value
        if target and _below(parse_exe(target).path, prefixes):
            return "has %s open" % target
    return ""


def _bundles(host: Any, prefixes: List[str]) -> List[User]:
    found = []
    for space in host.listdir(containerd_files.BUNDLES).if_there([]):
        for name in host.listdir("%s/%s" % (containerd_files.BUNDLES, space)).if_there([]):
            shim = host.read("%s/%s/%s/shim-binary-path" % (containerd_files.BUNDLES, space, name)).if_there("").strip()
            real = host.realpath(shim).value if shim else None
            if _below(shim, prefixes) or _below(real or "", prefixes):
                found.append(User("container %s/%s" % (space, name), "its shim is %s" % shim))
    return found

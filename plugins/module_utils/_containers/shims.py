# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which container a shim serves, what it started for it, and shims that are not called so."""

import re
from typing import Any, Dict, List, Tuple

from .._host.witness import apart
from . import processes

# The working folder of a shim is the bundle that it was started for, wherever its engine keeps its state.
BUNDLE = re.compile(r"(/.{1,1024}/io\.containerd\.runtime\.v(?:2\.task|1\.linux))/([^/]{1,128})/([^/]{1,128})\Z")


def key_of(process: processes.Process) -> Tuple[str, str]:
    """(namespace, container or pod) of a shim's words."""
    # The shim of the first kind (containerd before 1.4, Docker before 20.10) is told its container by the folder that it works in.
    name = processes.one_option(process.argv, "id") or processes.one_option(process.argv, "workdir").rpartition("/")[2]
    return processes.one_option(process.argv, "namespace"), name


def runtime_of(shim: processes.Process) -> str:
    """'runc' of containerd-shim-runc-v2, and of the shim of the first kind, which starts nothing else by itself."""
    name = shim.exe.rpartition("/")[2] or shim.name
    return re.sub(r"\A(?:docker-|balena-engine-)?containerd-shim-?|-v[0-9]+\Z", "", name) or "runc"


def is_kata(shim: processes.Process) -> bool:
    """Whether a shim is one of Kata's by its name."""
    return "kata" in (shim.exe.rpartition("/")[2] or shim.name)


def copies_of(found: processes.Found, shim: processes.Process) -> List[int]:
    """The processes that a shim forked to fork containers from them (runwasi's zygotes)."""
    return [process.pid for process in found.named(processes.SHIM) if processes.is_copy(shim, process)]


def begun_by(host: Any, found: processes.Found, shim: processes.Process) -> List[int]:
    """What a shim started, itself or by its copies, without other carriers of containers."""
    carried = {process.pid for process in found.processes}
    return [child for parent in [shim.pid] + copies_of(found, shim) for child in processes.children_of(host, found, parent) if child not in carried]


def working(host: Any, found: processes.Found) -> Dict[str, List[processes.Process]]:
    """{bundle: processes} of root's own processes that see the host's root and work in a bundle, be it a shell of who looks around there."""
    places: Dict[str, List[processes.Process]] = {}
    for pid in sorted(found.lives):
        with apart(host):
            place = host.readlink("%s/%d/cwd" % (processes.PROC, pid)).value
        process = processes.examine(host, pid, found.lives[pid]) if place and BUNDLE.match(place) else None
        if process and process.own_root is False and processes.is_roots(host, process):
            places.setdefault(place, []).append(process)
    return places

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which shims are Kata's: by their programs' names, else by the sandboxes that they carry, for a handler may name any program as its shim."""

import re
from typing import Any, List, Set

from . import machines, processes, shims

_CALLED = re.compile(r"containerd-shim-kata(?:-[A-Za-z0-9_.+-]{1,60})?\Z")
# Whose sandbox a monitor's word is about.
_ABOUT = re.compile(r"(?:\Asandbox-|/run/(?:vc/(?:vm|sbs|firecracker)|kata)/|/shared/sandboxes/)([0-9A-Za-z][0-9A-Za-z_.-]{0,127})")
_WORD = 4096
_SANDBOXES_LIMIT = 20000


def find(host: Any, found: processes.Found) -> List[processes.Process]:
    """Kata's shims that are root's own and see the host's root, by rising process id."""
    own = [process for process in found.named(processes.SHIM) if process.nested is not True and process.user == 0]
    called = [process for process in own if _CALLED.match(process.exe.rpartition("/")[2])]
    unserved = _told(host, found) - {shims.key_of(shim)[1] for shim in called}
    if not unserved:
        return called
    others = {process.pid: process for process in own + _working(host, found, unserved)
              if process not in called and shims.key_of(process)[1] in unserved}
    return sorted(called + [shim for shim in others.values() if _carries_katas(host, found, shim)], key=lambda shim: shim.pid)


def _carries_katas(host: Any, found: processes.Found, shim: processes.Process) -> bool:
    sandbox = shims.key_of(shim)[1]
    carried = machines.of(host, found, sandbox, shim)
    # Another namespace may have a container of the same name, which has no machine.
    serves = carried.vmm or carried.virtiofsd or carried.within is not False or not processes.children_of(host, found, shim.pid)
    return bool(serves) and machines.is_katas(host, sandbox, carried)


def _told(host: Any, found: processes.Found) -> Set[str]:
    """The sandboxes of which there are files of Kata's, or monitors in Kata's words."""
    kept = {name for folder in machines.STATES for name in host.listdir(folder.rstrip("/"), _SANDBOXES_LIMIT).if_there([])}
    words = (word[:_WORD] for process in found.named(processes.MONITOR) for word in process.argv[1:])
    return kept | {match.group(1) for match in map(_ABOUT.search, words) if match}


def _working(host: Any, found: processes.Found, sandboxes: Set[str]) -> List[processes.Process]:
    """Processes of root's that work in the bundle of one of these sandboxes, and were told so."""
    return [process for place, there in shims.working(host, found).items() for process in there
            if place.rpartition("/")[2] in sandboxes and shims.key_of(process)[1] == place.rpartition("/")[2]]

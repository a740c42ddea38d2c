# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers without a shim: a daemon of its own (a sandboxer, as Kuasar's) serves all sandboxes of a kind, and each bundle names its socket.

containerd, core/runtime/v2/shim_manager.go: of a container in such a sandbox it notes where the sandboxer said that its tasks are served.
"""

import json
import re
from typing import Any, Optional

# hvsock:///run/kuasar-vmm/ID/task.vsock:1024
_PATH = re.compile(r"[a-z+]+://(/[^:\s]{1,1024})")
# Where shims listen that containerd started itself (pkg/shim/util_unix.go).
_OF_A_SHIM = re.compile(r"/s/[0-9a-f]{64}\Z")


def address_of(bootstrap: Optional[str], address: Optional[str]) -> str:
    """Where a bundle's tasks are served, of the texts of its bootstrap.json, or of its address before there was one; '' where neither tells."""
    try:
        said = json.loads(bootstrap or "{}")
    except (ValueError, RecursionError):
        said = {}
    told = said.get("address") if isinstance(said, dict) else None
    return (told if isinstance(told, str) and told else address or "").strip()[:1024]


def serves(host: Any, address: str) -> bool:
    """Whether something that is no shim of containerd's own may serve at an address: one that is no socket's path cannot be looked at."""
    path = _PATH.match(address)
    if path is None:
        return bool(address)
    socket = host.stat(path.group(1))
    return not _OF_A_SHIM.search(path.group(1)) and (socket.value.kind == "socket" if not socket.problem else socket.problem != "absent")

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a FleetLock client sends and how it reads the answer. Pure: text in, text out."""

import json
from typing import Any, Optional, Tuple

HEADERS = {"fleet-lock-protocol": "true", "Content-Type": "application/json"}
ENDPOINTS = {"held": "v1/pre-reboot", "released": "v1/steady-state"}
_SHOWN = 300


def url_of(base: str, state: str) -> str:
    """The endpoint below a base URL, which may have a path of its own."""
    return base.rstrip("/") + "/" + ENDPOINTS[state]


def body_of(group: str, name: str) -> str:
    """A request's body."""
    return json.dumps({"client_params": {"group": group, "id": name}})


def rejection(status: int, text: str) -> Optional[Tuple[str, str]]:
    """(kind, value) of a request that failed, None for one that did not. An answer that is not of the protocol has a kind of its own."""
    if status == 200:
        return None
    try:
        said: Any = json.loads(text)
    except ValueError:
        said = None
    if isinstance(said, dict) and isinstance(said.get("kind"), str) and isinstance(said.get("value"), str) and said["kind"]:
        return said["kind"][:_SHOWN], said["value"][:_SHOWN]
    if status <= 0:
        return "no_answer", " ".join(text.split())[:_SHOWN] or "the server cannot be reached"
    return "generic_http_%d" % status, "the server answered %d and did not say why in the protocol's words" % status

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FleetLock, version 1: what a request says, what is answered, and who holds a slot after it. Pure: bytes and state in, answer and state out.

The protocol: https://coreos.github.io/zincati/development/fleetlock/protocol/ (read 2026-11). It is a counting semaphore for each group; locks are
owned and recursive, so that a client that asks twice holds one slot, and releasing what is not held succeeds. No lock expires: a host that failed
keeps its slot until it comes back or somebody releases it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

PRE_REBOOT, STEADY_STATE = "/v1/pre-reboot", "/v1/steady-state"
HEADER = "fleet-lock-protocol"
BODY_LIMIT = 4096
DEFAULT_GROUP = "default"
ANY_GROUP = "*"
SCHEMA = "firebreak.fleet_lock/1"

_ID_LIMIT = 256
# Nobody has to be known to ask, and no lock expires: what clients can have kept is bounded, all of it (10,000 ids of the longest, escaped, are
# 30 MiB of the file), and in groups that they name themselves.
HOLDERS_LIMIT, GROUPS_LIMIT = 10_000, 1_000
# A server must keep its kinds few: clients count them.
KINDS = ("missing_protocol_header", "bad_request", "body_too_large", "length_required", "unknown_endpoint", "method_not_allowed", "unknown_group",
         "failed_lock_semaphore_full", "too_many_locks", "state_unavailable", "too_many_connections")
_GROUP = re.compile(r"[a-zA-Z0-9.-]{1,128}")
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SLOTS = re.compile(r"([a-zA-Z0-9.-]{1,128}|\*)=([0-9]{1,6})")
_SHOWN = 5


class Rejected(Exception):  # noqa: N818
    """A request that is refused: the HTTP status, one of KINDS, and a sentence for a person."""

    def __init__(self, status: int, kind: str, value: str) -> None:
        super().__init__(value)
        self.status = status
        self.kind = kind
        self.value = value

    def body(self) -> bytes:
        """The answer's JSON."""
        return json.dumps({"kind": self.kind, "value": self.value}).encode()


class Order(NamedTuple):
    """Who asks, in which group."""

    group: str
    id: str


# group -> id -> since when it holds a slot, in UTC.
Holders = Mapping[str, Mapping[str, str]]


def check_endpoint(method: str, path: str, prefix: str = "") -> str:
    """The endpoint that a request is for; ``prefix`` is the path of the base URL that clients were given."""
    wanted = path.partition("?")[0]
    found = next((endpoint for endpoint in (PRE_REBOOT, STEADY_STATE) if wanted == prefix.rstrip("/") + endpoint), None)
    if found is None:
        raise Rejected(404, "unknown_endpoint", f"no such endpoint; wanted: {PRE_REBOOT} or {STEADY_STATE}")
    if method != "POST":
        raise Rejected(405, "method_not_allowed", "wanted: POST")
    return found


def check_header(value: str | None) -> None:
    """The header that tells a request that was meant from one that was led here."""
    if value is None or value.strip() != "true":
        raise Rejected(400, "missing_protocol_header", f"wanted: the header {HEADER} with the value true")


def check_length(value: str | None, encoding: str | None) -> int:
    """How many bytes of body to read, before any of them is."""
    if value is None or encoding is not None:
        raise Rejected(411, "length_required", "wanted: a body with a Content-Length")
    if not re.fullmatch(r"[0-9]{1,9}", value.strip(), re.ASCII):
        raise Rejected(400, "bad_request", "Content-Length is no number")
    if int(value) > BODY_LIMIT:
        raise Rejected(413, "body_too_large", f"the body has more than {BODY_LIMIT} bytes")
    return int(value)


def order_of(body: bytes, length: int | None = None) -> Order:
    """What a body of this length asks for, any length where it is None. Members that the protocol does not name are passed over."""
    if length is not None and len(body) != length:
        # Whoever broke off hears no answer, and must not hold a slot that he does not know of.
        raise Rejected(400, "bad_request", f"the body broke off after {len(body)} of {length} bytes")
    try:
        said: Any = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Rejected(400, "bad_request", "the body is no JSON") from None
    client = said.get("client_params") if isinstance(said, dict) else None
    if not isinstance(client, dict):
        raise Rejected(400, "bad_request", "wanted: an object client_params")
    group, name = client.get("group"), client.get("id")
    if not isinstance(group, str) or not _GROUP.fullmatch(group):
        raise Rejected(400, "bad_request", "client_params.group: wanted: letters, digits, dots and dashes")
    if not isinstance(name, str) or not name or len(name) > _ID_LIMIT or _HIDDEN.search(name):
        raise Rejected(400, "bad_request", f"client_params.id: wanted: text of 1 to {_ID_LIMIT} characters without control characters")
    return Order(group, name)


def slots_of(words: Collection[str]) -> dict[str, int]:
    """``GROUP=N`` words as a mapping; ``*`` is every other group. ValueError for another word. Without any, one host of the group ``default``."""
    found: dict[str, int] = {}
    for word in words:
        match = _SLOTS.fullmatch(word)
        if not match:
            raise ValueError(f"{word!r}; wanted: GROUP=N, such as workers=2, or *=1 for every other group")
        found[match.group(1)] = int(match.group(2))
    return found or {DEFAULT_GROUP: 1}


def lock(held: Holders, slots: Mapping[str, int], order: Order, now: str) -> dict[str, dict[str, str]]:
    """The holders after the client got its slot; Rejected where there is none left."""
    capacity = slots.get(order.group, slots.get(ANY_GROUP))
    if capacity is None:
        raise Rejected(404, "unknown_group", f"there are no slots for the group {order.group}")
    own = dict(held.get(order.group, {}))
    if order.id in own:
        return _with(held, order.group, own)
    busy = sorted(own)
    if len(busy) >= capacity:
        shown = ", ".join(busy[:_SHOWN]) + (", ..." if len(busy) > _SHOWN else "")
        raise Rejected(409, "failed_lock_semaphore_full", f"all {capacity} slots of {order.group} are held: {shown}")
    _check_room(held, slots, order.group)
    own[order.id] = now
    return _with(held, order.group, own)


def _check_room(held: Holders, slots: Mapping[str, int], group: str) -> None:
    """Rejected where one more holder, or one more group that nobody configured, would be too many."""
    if sum(map(len, held.values())) >= HOLDERS_LIMIT:
        raise Rejected(409, "too_many_locks", f"{HOLDERS_LIMIT} clients hold slots already: release those that do not come back")
    if group not in held and group not in slots and sum(name not in slots for name in held) >= GROUPS_LIMIT:
        raise Rejected(409, "too_many_locks", f"{GROUPS_LIMIT} groups that are not configured hold slots already: release those that nobody needs, "
                                              f"or give this one slots of its own (--slots {group}=N)")


def unlock(held: Holders, order: Order) -> dict[str, dict[str, str]]:
    """The holders after the client gave its slot back, which it may not have held."""
    own = {name: since for name, since in held.get(order.group, {}).items() if name != order.id}
    return _with(held, order.group, own)


def _with(held: Holders, group: str, own: Mapping[str, str]) -> dict[str, dict[str, str]]:
    made = {name: dict(holders) for name, holders in held.items()}
    made[group] = dict(own)
    return {name: holders for name, holders in made.items() if holders}


def parse_state(text: str) -> dict[str, dict[str, str]]:
    """The holders of a state file; ValueError for what is none: a state that was lost is not one in which nobody holds anything."""
    said: Any = json.loads(text)
    if not isinstance(said, dict) or said.get("schema") != SCHEMA or not isinstance(said.get("groups"), dict):
        raise ValueError(f"it is no {SCHEMA}")
    groups: dict[str, dict[str, str]] = {}
    for group, holders in said["groups"].items():
        if not isinstance(holders, dict) or not all(isinstance(since, str) for since in holders.values()):
            raise ValueError(f"the holders of {group!r} are none")
        groups[group] = holders
    return groups


def render_state(held: Holders) -> str:
    """The state file's text."""
    return json.dumps({"schema": SCHEMA, "groups": held}, indent=1, sort_keys=True) + "\n"

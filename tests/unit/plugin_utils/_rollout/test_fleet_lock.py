# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FleetLock by its own description (coreos.github.io/zincati/development/fleetlock/protocol, 2026-11) and by what Zincati's client sends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout import fleet_lock_file
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.fleet_lock import (
    GROUPS_LIMIT,
    HOLDERS_LIMIT,
    KINDS,
    Order,
    Rejected,
    check_endpoint,
    check_header,
    check_length,
    lock,
    order_of,
    parse_state,
    render_state,
    slots_of,
    unlock,
)

NOW = "2026-11-28T10:00:00Z"
ZINCATI = b'{\n  "client_params": {\n    "id": "e0f3745b108f471cbd4883c6fbed8cdd",\n    "group": "mock-workers"\n  }\n}\n'


def kind_of(call: Any, *arguments: Any) -> tuple[int, str]:
    """(status, kind) of a refusal, which is one that clients may count and says something."""
    with pytest.raises(Rejected) as refused:
        call(*arguments)
    said = json.loads(refused.value.body())
    assert set(said) == {"kind", "value"} and said["value"]
    assert said["kind"] in KINDS
    return refused.value.status, said["kind"]


def test_the_body_that_zincati_sends() -> None:
    assert order_of(ZINCATI) == Order("mock-workers", "e0f3745b108f471cbd4883c6fbed8cdd")


def test_members_that_the_protocol_does_not_name_are_passed_over() -> None:
    body = {"client_params": {"id": "a", "group": "g", "node_uuid": "b"}, "more": [1]}
    assert order_of(json.dumps(body).encode()) == Order("g", "a")


@pytest.mark.parametrize("body", [
    b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"[" * 4000, b'{"client_params": []}', b'{"client_params": {"id": "a"}}',
    b'{"client_params": {"group": "g"}}', b'{"client_params": {"id": "", "group": "g"}}', b'{"client_params": {"id": "a", "group": ""}}',
    b'{"client_params": {"id": 1, "group": "g"}}', b'{"client_params": {"id": "a", "group": "two words"}}',
    b'{"client_params": {"id": "a", "group": "g\\n"}}', b'{"client_params": {"id": "a\\u0000b", "group": "g"}}',
    b'{"client_params": {"id": "a\\u001b[2J", "group": "g"}}', b'{"client_params": {"id": "\\ud800", "group": "g"}}',
    b'{"client_params": {"id": "' + b"a" * 257 + b'", "group": "g"}}', '{"client_params": {"id": "a", "group": "gr\u00fcn"}}'.encode(),
])
def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    assert kind_of(order_of, body) == (400, "bad_request")


@pytest.mark.parametrize(("value", "refused"), [("true", False), (" true ", False), (None, True), ("false", True), ("True", True), ("", True)])
def test_a_request_must_say_that_it_is_meant(value: str | None, refused: bool) -> None:
    if refused:
        assert kind_of(check_header, value) == (400, "missing_protocol_header")
    else:
        check_header(value)


@pytest.mark.parametrize(("method", "path", "prefix", "wanted"), [
    ("POST", "/v1/pre-reboot", "", "/v1/pre-reboot"),
    ("POST", "/v1/steady-state", "", "/v1/steady-state"),
    ("POST", "/base/v1/pre-reboot", "/base/", "/v1/pre-reboot"),
    ("POST", "/v1/pre-reboot?x=1", "", "/v1/pre-reboot"),
    ("POST", "/v1/pre-reboot/", "", (404, "unknown_endpoint")),
    ("POST", "/v1/pre-reboot", "/base", (404, "unknown_endpoint")),
    ("POST", "/v2/pre-reboot", "", (404, "unknown_endpoint")),
    ("GET", "/v1/pre-reboot", "", (405, "method_not_allowed")),
    ("GET", "/", "", (404, "unknown_endpoint")),
])
def test_endpoints(method: str, path: str, prefix: str, wanted: Any) -> None:
    if isinstance(wanted, str):
        assert check_endpoint(method, path, prefix) == wanted
    else:
        assert kind_of(check_endpoint, method, path, prefix) == wanted


@pytest.mark.parametrize(("value", "encoding", "wanted"), [
    ("12", None, 12), ("0", None, 0), ("4096", None, 4096), ("4097", None, (413, "body_too_large")), ("99999999999", None, (400, "bad_request")),
    ("-1", None, (400, "bad_request")), ("1e3", None, (400, "bad_request")), ("\u0661", None, (400, "bad_request")),
    (None, None, (411, "length_required")), ("12", "chunked", (411, "length_required")),
])
def test_nothing_is_read_before_its_length_is_known(value: str | None, encoding: str | None, wanted: Any) -> None:
    if isinstance(wanted, int):
        assert check_length(value, encoding) == wanted
    else:
        assert kind_of(check_length, value, encoding) == wanted


def test_a_semaphore_is_counted_owned_and_recursive() -> None:
    slots = {"workers": 2}
    first = lock({}, slots, Order("workers", "a"), NOW)
    again = lock(first, slots, Order("workers", "a"), "later")
    assert again == first == {"workers": {"a": NOW}}
    both = lock(first, slots, Order("workers", "b"), NOW)
    assert kind_of(lock, both, slots, Order("workers", "c"), NOW) == (409, "failed_lock_semaphore_full")
    assert unlock(both, Order("workers", "c")) == both
    assert lock(unlock(both, Order("workers", "a")), slots, Order("workers", "c"), NOW) == {"workers": {"b": NOW, "c": NOW}}


def test_groups_do_not_share_slots_and_only_known_groups_have_any() -> None:
    assert lock({"one": {"a": NOW}}, {"one": 1, "two": 1}, Order("two", "a"), NOW) == {"one": {"a": NOW}, "two": {"a": NOW}}
    assert kind_of(lock, {}, {"one": 1}, Order("other", "a"), NOW) == (404, "unknown_group")
    assert lock({}, {"*": 1}, Order("other", "a"), NOW) == {"other": {"a": NOW}}


def test_groups_that_clients_name_are_bounded_and_those_that_are_configured_are_not() -> None:
    slots = {"*": 2, "workers": 2}
    held = {f"g{number}": {"a": NOW} for number in range(GROUPS_LIMIT - 1)}
    held = lock({**held, "workers": {"a": NOW}}, slots, Order("last", "a"), NOW)
    assert kind_of(lock, held, slots, Order("more", "a"), NOW) == (409, "too_many_locks")
    with pytest.raises(Rejected, match=r"^1000 groups .*\(--slots more=N\)$"):
        lock(held, slots, Order("more", "a"), NOW)
    for order in (Order("workers", "b"), Order("g1", "b"), Order("g1", "a")):
        assert order.id in lock(held, slots, order, NOW)[order.group]
    assert "more" in lock(unlock(held, Order("g1", "a")), slots, Order("more", "a"), NOW)


def test_the_state_of_the_most_that_clients_can_have_kept_is_one_that_can_be_read() -> None:
    longest = "\U0001f512" * 250
    held = {"-" * 128: {f"{longest}{number:06}": NOW for number in range(HOLDERS_LIMIT)}}
    slots = {"*": 999_999}
    for group in (*held, "other"):
        assert kind_of(lock, held, slots, Order(group, "one more"), NOW) == (409, "too_many_locks")
        assert lock(held, slots, Order("-" * 128, f"{longest}000000"), NOW) == held
    assert len(render_state(held).encode()) < fleet_lock_file._LIMIT


def test_who_holds_a_slot_keeps_it_though_the_slots_became_fewer() -> None:
    held = {"g": {"a": NOW, "b": NOW}}
    assert lock(held, {"g": 1}, Order("g", "a"), "later") == held


def test_releasing_leaves_the_state_as_it_was_handed_in() -> None:
    held = {"g": {"a": NOW}}
    assert unlock(held, Order("g", "a")) == {}
    assert held == {"g": {"a": NOW}}


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": "other/1", "groups": {}}', '{"schema": "firebreak.fleet_lock/1", "groups": []}',
                                  '{"schema": "firebreak.fleet_lock/1", "groups": {"g": ["a"]}}',
                                  '{"schema": "firebreak.fleet_lock/1", "groups": {"g": {"a": 1}}}'])
def test_a_state_that_was_lost_is_not_one_that_is_empty(text: str) -> None:
    with pytest.raises(ValueError):
        parse_state(text)


def test_a_state_is_read_as_it_was_written() -> None:
    held = {"g": {"a": NOW, "b\u2028": NOW}}
    assert parse_state(render_state(held)) == held


def test_slots() -> None:
    assert slots_of(["workers=2", "*=1", "x=0"]) == {"workers": 2, "*": 1, "x": 0}
    assert slots_of([]) == {"default": 1}
    for word in ("workers", "workers=", "workers=-1", "a b=1", "=1"):
        with pytest.raises(ValueError, match="wanted: GROUP=N"):
            slots_of([word])

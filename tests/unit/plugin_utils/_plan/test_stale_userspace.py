# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs replaced files is restarted in order, waits or becomes a reboot, each for its reason; and a restart in vain is told."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan.stale_userspace import Asked, in_order, left, parse_after, plan
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import promises
from golden_record import golden

TODAY = date(2026, 11, 28)


def row(unit: str | None, kind: str = "service", **more: Any) -> dict[str, Any]:
    return {"unit": unit, "kind": kind, "user": None, "program": "/usr/sbin/x", "pid": 7, "restart": "works" if kind == "service" else None,
            "remedy": None, "names": ["x"], "started_at": None, "processes": 1, "replaced": ["/usr/lib/libx.so"], "deleted": [], **more}


def planned(*rows: dict[str, Any], asked: Asked | None = None, standard: dict[str, Any] | None = None,
            after: dict[str, list[str]] | None = None) -> dict[str, Any]:
    return plan(golden({"services.stale": list(rows)}), promises(standard or {}), asked or Asked(), after or {}, TODAY)


NOTHING = {"restart": [], "leaves": [], "reexec": False, "end": [], "waits": [], "reboot": []}


def test_a_host_without_stale_processes_is_left_alone() -> None:
    assert planned() == NOTHING


@pytest.mark.parametrize(("stale", "wanted"), [
    (row("cron.service"), {"restart": ["cron.service"]}),
    (row("odd.service", restart=None), {"restart": ["odd.service"]}),
    (row("ssh.service", restart="leaves_processes"), {"restart": ["ssh.service"], "leaves": ["ssh.service"]}),
    (row("auditd.service", restart="refused"), {"reboot": ["auditd.service: it refuses a restart by hand"]}),
    (row("init.scope", "manager"), {"reexec": True}),
    (row("dbus.service", "until_reboot"), {"reboot": ["dbus.service: nothing else replaces it"]}),
    (row("NetworkManager.service"), {"waits": ["NetworkManager.service: its restart cuts off network; it waits for its window"]}),
    (row("gdm.service"), {"waits": ["gdm.service: its restart cuts off users; it waits for its window"]}),
    (row("docker.service"), {"waits": ["docker.service: its restart cuts off containers; it waits for its window"]}),
    (row("session-3.scope", "session", user=1000, remedy="loginctl terminate-session 3"),
     {"waits": ["session-3.scope of user 1000: it ends when its user's session ends"]}),
    (row("machine-qemu.scope", "carrier"), {"waits": ["machine-qemu.scope: the guest or container that it carries must be started anew"]}),
    (row("job.scope", "scope", remedy="systemctl stop job.scope"),
     {"waits": ["job.scope: nothing would start it again by itself (systemctl stop job.scope)"]}),
    (row(None), {"waits": ["process 7 /usr/sbin/x: it belongs to no unit; restart it by what started it"]}),
])
def test_each_kind_has_its_own_remedy(stale: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert planned(stale) == {**NOTHING, **wanted}


@pytest.mark.parametrize(("asked", "wanted"), [
    (Asked({"web-*": "leave"}), {"waits": ["web-1.service: the policy leaves it alone"]}),
    (Asked({"web-*": "reboot"}), {"reboot": ["web-1.service: the policy says so"]}),
    (Asked({"web-*": "window"}), {"waits": ["web-1.service: its restart cuts off more than itself; it waits for its window"]}),
    (Asked({"web-*": "window"}, window=True), {"restart": ["web-1.service"]}),
    (Asked({"web-1*": "restart", "*": "leave"}), {"restart": ["web-1.service"]}),
])
def test_the_first_pattern_of_the_policy_counts(asked: Asked, wanted: dict[str, Any]) -> None:
    assert planned(row("web-1.service"), asked=asked) == {**NOTHING, **wanted}


def test_in_its_window_what_cuts_off_is_restarted_and_the_policy_wins_over_the_table() -> None:
    assert planned(row("NetworkManager.service"), asked=Asked(window=True))["restart"] == ["NetworkManager.service"]
    assert planned(row("NetworkManager.service"), asked=Asked({"NetworkManager.service": "restart"}))["restart"] == ["NetworkManager.service"]
    # What is restarted in its window may cost no more than is allowed; a policy of the operator's is his own word.
    told = "corosync.service: its restart cuts off cluster, which is migrate_guest, and restart_sandbox is allowed"
    assert planned(row("corosync.service"), asked=Asked(window=True, max_disruption="restart_sandbox")) == {**NOTHING, "waits": [told]}
    for allowed in (Asked(window=True, max_disruption="migrate_guest"), Asked({"corosync.*": "restart"}, max_disruption="restart_service")):
        assert planned(row("corosync.service"), asked=allowed)["restart"] == ["corosync.service"]
    assert planned(row("web.service"), asked=Asked({"web.*": "window"}, True, max_disruption="restart_service"))["restart"] == ["web.service"]
    # No policy makes a unit take a restart that systemd refuses.
    assert planned(row("auditd.service", restart="refused"), asked=Asked({"*": "restart"}))["restart"] == []


def test_sessions_end_only_when_asked_and_only_by_known_commands() -> None:
    rows = [row("session-3.scope", "session", user=1000, remedy="loginctl terminate-session 3"),
            row("x.service", "session", user=1000, remedy="systemctl --user --machine=1000@.host restart x.service")]
    made = planned(*rows, asked=Asked(sessions="end"))
    assert made["end"] == ["loginctl terminate-session 3"] and len(made["waits"]) == 1


def test_what_the_standard_lets_be_stale_whole_is_spared_until_its_day() -> None:
    def standard(expires: str, path: str = "*") -> dict[str, Any]:
        one = {"unit": "cron*", "path": path, "owner": "team", "reason": "r", "expires": expires}
        return {"services": {"stale": "forbidden", "stale_exceptions": [one]}}

    assert planned(row("cron.service"), standard=standard("2026-11-28"))["restart"] == []
    assert planned(row("cron.service"), standard=standard("2026-11-27"))["restart"] == ["cron.service"]
    assert planned(row("cron.service"), standard=standard("2026-11-28", "/usr/lib/liby.so"))["restart"] == ["cron.service"]


def test_what_is_not_known_is_no_plan_and_what_cannot_be_read_is_said() -> None:
    with pytest.raises(Refused, match="needs_root"):
        plan(golden(nulls={"services.stale": "needs_root"}), {}, Asked(), {}, TODAY)
    record = golden({"services.unread": [{"pid": 9, "program": None, "reason": "unreadable"}]})
    assert plan(record, {}, Asked(), {}, TODAY)["waits"] == ["of 1 process it cannot be said what is run: process 9, unreadable"]
    for asked in (Asked({"x": "kill"}), Asked(sessions="kill")):
        with pytest.raises(Refused, match="wanted: restart, window"):
            planned(asked=asked)
    with pytest.raises(Refused, match="stale_userspace_max_disruption is all; wanted: one of none, restart_service"):
        planned(asked=Asked(max_disruption="all"))


@pytest.mark.parametrize(("units", "after", "wanted"), [
    (["web", "db"], {"web": ["db", "network.target"]}, ["db", "web"]),
    (["a", "b", "c"], {"a": ["b"], "b": ["c"]}, ["c", "b", "a"]),
    (["a", "b"], {"a": ["b"], "b": ["a"]}, ["b", "a"]),
    (["a", "a"], {}, ["a"]),
    (["a", "z"], {"a": ["online.target"], "online.target": ["m"], "m": ["z"]}, ["z", "a"]),
    (["u0", "u2999"], {f"u{number}": [f"u{number + 1}"] for number in range(2999)}, ["u2999", "u0"]),
    (["b", "a"], {}, ["a", "b"]),
])
def test_the_order_of_dependencies(units: list[str], after: dict[str, list[str]], wanted: list[str]) -> None:
    assert in_order(units, after) == wanted


def test_what_systemctl_says_of_the_order() -> None:
    # systemd 252: one paragraph for each unit.
    text = "Id=web.service\nAfter=db.service system.slice basic.target\n\nId=db.service\nAfter=system.slice\n"
    assert parse_after(text) == {"web.service": ["db.service", "system.slice", "basic.target"], "db.service": ["system.slice"]}
    assert parse_after("") == {}


def test_a_restart_in_vain_is_told() -> None:
    before = {**NOTHING, "restart": ["a.service", "b.service", "ssh.service"], "leaves": ["ssh.service"], "reexec": True}
    assert list(left(before, NOTHING, golden())) == []
    after = {**NOTHING, "restart": ["a.service", "new.service", "ssh.service"], "reexec": True}
    assert list(left(before, after, golden({"services.failed": ["b.service", "other.service"]}))) == [
        "restarted, and on replaced files still: a.service", "restarted, with old processes that go on by themselves: ssh.service",
        "systemd runs replaced files still", "restarted, and failed: b.service"]
    assert "cannot be said" in next(left(before, NOTHING, golden(nulls={"services.failed": "deadline"})))

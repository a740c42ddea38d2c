# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of services: each kind of stale process has a finding of its own, and what could not be read is never good."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import Evaluation, evaluate
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import effective
from golden_record import NOW, golden

KINDS = {"service": "services.stale", "manager": "services.stale_manager", "until_reboot": "services.stale_until_reboot",
         "session": "services.stale_sessions", "carrier": "services.stale_carriers"}
ALL = {name.partition(".")[2]: "forbidden" for name in KINDS.values()}


def row(kind: str = "service", **changes: Any) -> dict[str, Any]:
    return {"unit": "ssh.service", "kind": kind, "user": None, "program": "/usr/sbin/sshd", "pid": 42, "started_at": None, "processes": 1,
            "replaced": ["/usr/lib/libssl.so.3"], "deleted": [], **changes}


def judged(promised: dict[str, Any], changes: dict[str, Any] | None = None, nulls: dict[str, str] | None = None) -> Evaluation:
    return evaluate(golden(changes, nulls), effective({"firebreak_standard": {"services": promised}}), NOW)


def test_a_host_without_stale_services_is_compliant() -> None:
    assert judged({**ALL, "failed": "forbidden", "required": ["ssh.service"]}).verdict == "compliant"


@pytest.mark.parametrize(("kind", "finding"), KINDS.items())
def test_each_kind_is_a_finding_of_its_own(kind: str, finding: str) -> None:
    seen = judged(ALL, {"services.stale": [row(kind)]})
    assert [one["id"] for one in seen.findings] == [finding]
    assert seen.findings[0]["observed"] == ["ssh.service, process 42 /usr/sbin/sshd: /usr/lib/libssl.so.3 (replaced)"]


def test_the_remedy_costs_what_it_costs() -> None:
    seen = judged({}, {"services.stale": [row(kind) for kind in KINDS]})
    assert {one["id"]: one["disruption"] for one in seen.findings} == {
        "services.stale": "restart_service", "services.stale_manager": "none", "services.stale_until_reboot": "reboot",
        "services.stale_sessions": "restart_service", "services.stale_carriers": "restart_sandbox"}
    assert all(one["promise"] is None for one in seen.findings)


def test_a_long_list_and_a_user_are_told_in_a_line() -> None:
    seen = judged(ALL, {"services.stale": [row("session", unit=None, user=1000, deleted=["/a.so", "/b.so", "/c.so"])]})
    assert seen.findings[0]["observed"] == [
        "no unit of user 1000, process 42 /usr/sbin/sshd: /usr/lib/libssl.so.3 (replaced), /a.so (deleted), /b.so (deleted), ..."]


@pytest.mark.parametrize(("pid", "unknown"), [
    (1, {"stale_manager", "stale_until_reboot"}), (60, {"stale", "stale_until_reboot", "stale_sessions", "stale_carriers"})])
def test_a_process_that_could_not_be_read_may_be_stale(pid: int, unknown: set[str]) -> None:
    changes = {"services.unread": [{"pid": pid, "program": None, "reason": "unreadable"}]}
    assert {key for key in ALL if judged({key: "forbidden"}, changes).verdict == "unknown"} == unknown


def test_null_is_never_good() -> None:
    seen = judged({"stale": "forbidden"}, nulls={"services.stale": "needs_root"})
    assert (seen.verdict, seen.reasons) == ("unknown", ["services.stale: needs_root (a detail)"])


@pytest.mark.parametrize(("changes", "observed"), [
    ({"services.active": []}, ["ssh.service is not active"]),
    ({"services.masked": ["ssh.service"]}, ["ssh.service is masked"]),
    ({"services.active": [], "services.failed": ["ssh.service"], "services.masked": ["ssh.service"]}, ["ssh.service is failed and masked"]),
])
def test_a_required_unit_must_be_active_and_must_come_back(changes: dict[str, Any], observed: list[str]) -> None:
    seen = judged({"required": ["ssh.service"]}, changes)
    assert [(one["id"], one["observed"]) for one in seen.findings if one["promise"]] == [("services.required", observed)]


def test_failed_units_are_named() -> None:
    assert judged({"failed": "forbidden"}, {"services.failed": ["a.service"]}).findings[0]["observed"] == ["a.service"]


@pytest.mark.parametrize("value", [None, "x", [1, None], [{"kind": "service", "replaced": "x", "user": "y", "pid": {}}], {"a": 1}])
def test_any_record_is_survived(value: Any) -> None:
    assert judged(ALL, {"services.stale": value}).verdict in ("compliant", "drifted", "unknown")

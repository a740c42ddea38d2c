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

KINDS = {"service": "services.stale", "scope": "services.stale_scopes", "manager": "services.stale_manager",
         "until_reboot": "services.stale_until_reboot",
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
        "services.stale": "restart_service", "services.stale_scopes": "restart_service",
        "services.stale_manager": "none", "services.stale_until_reboot": "reboot",
        "services.stale_sessions": "restart_service", "services.stale_carriers": "restart_sandbox"}
    assert all(one["promise"] is None for one in seen.findings)


def test_a_long_list_and_a_user_are_told_in_a_line() -> None:
    seen = judged(ALL, {"services.stale": [row("session", unit=None, user=1000, deleted=["/a.so", "/b.so", "/c.so"])]})
    assert seen.findings[0]["observed"] == [
        "no unit of user 1000, process 42 /usr/sbin/sshd: /usr/lib/libssl.so.3 (replaced), /a.so (deleted), /b.so (deleted), ..."]


@pytest.mark.parametrize(("pid", "unknown"), [
    (1, {"stale_manager", "stale_until_reboot"}), (60, {"stale", "stale_scopes", "stale_until_reboot", "stale_sessions", "stale_carriers"})])
def test_a_process_that_could_not_be_read_may_be_stale(pid: int, unknown: set[str]) -> None:
    changes = {"services.unread": [{"pid": pid, "program": None, "reason": "unreadable"}]}
    assert {key for key in ALL if judged({key: "forbidden"}, changes).verdict == "unknown"} == unknown


@pytest.mark.parametrize(("kind", "unknown"), [
    ("session", {"stale_sessions"}), ("service", {"stale"}), ("carrier", {"stale_carriers"}), ("scope", {"stale_scopes"}),
    ("until_reboot", {"stale_until_reboot"}), (None, {"stale", "stale_scopes", "stale_until_reboot", "stale_sessions", "stale_carriers"}),
    ("another", {"stale", "stale_scopes", "stale_until_reboot", "stale_sessions", "stale_carriers"})])
def test_a_process_that_could_not_be_read_costs_its_own_kind(kind: str | None, unknown: set[str]) -> None:
    changes = {"services.unread": [{"pid": 60, "program": "/home/u/x", "reason": "too_large", "kind": kind, "user": 1000}]}
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


@pytest.mark.parametrize(("unit", "cuts_off", "disruption"), [
    ("gdm3.service", "users", "restart_sandbox"), ("getty@tty1.service", "users", "restart_sandbox"),
    ("xrdp-sesman.service", "users", "restart_sandbox"),
    ("NetworkManager.service", "network", "restart_sandbox"), ("wg-quick@wg0.service", "network", "restart_sandbox"),
    ("docker.service", "containers", "restart_sandbox"), ("lxcfs.service", "containers", "restart_sandbox"),
    ("libvirtd.service", "guests", "migrate_guest"), ("xendomains.service", "guests", "migrate_guest"),
    ("plasmalogin.service", "users", "restart_sandbox"), ("ly@tty2.service", "users", "restart_sandbox"),
    ("ovsdb-server.service", "network", "restart_sandbox"), ("ppp@wan.service", "network", "restart_sandbox"),
    ("nebula@site.service", "network", "restart_sandbox"), ("netfilter-persistent.service", "network", "restart_sandbox"),
    ("xenstored.service", "guests", "migrate_guest"), ("open-iscsi.service", "storage", "migrate_guest"),
    ("srv-data.mount", "storage", "migrate_guest"),
    ("ceph-osd@3.service", "storage", "migrate_guest"), ("corosync.service", "cluster", "migrate_guest"),
])
def test_a_restart_that_cuts_off_more_than_its_own_clients_costs_more(unit: str, cuts_off: str, disruption: str) -> None:
    seen = judged({"stale": "forbidden"}, {"services.stale": [row(unit=unit), row(pid=43)]})
    assert {one["id"]: one["disruption"] for one in seen.findings} == {
        "services.stale": "restart_service", "services.stale_disruptive": disruption}
    found = next(one for one in seen.findings if one["id"] == "services.stale_disruptive")
    assert (found["promise"], found["observed"]) == (
        "services.stale", [f"{unit}, process 42 /usr/sbin/sshd: /usr/lib/libssl.so.3 (replaced); cuts off {cuts_off}"])


def test_each_thing_that_is_cut_off_is_a_finding_with_a_subject_of_its_own() -> None:
    units = ("gdm3.service", "libvirtd.service", "docker.service", "lightdm.service")
    seen = judged({"stale": "forbidden"}, {"services.stale": [row(pid=number, unit=unit) for number, unit in enumerate(units)]})
    assert sorted((one["subject"], len(one["observed"])) for one in seen.findings) == [
        ("services.stale.containers", 1), ("services.stale.guests", 1), ("services.stale.users", 2)]


def test_programs_that_are_many_in_one_binary_are_told_by_their_names() -> None:
    seen = judged(ALL, {"services.stale": [row(program="/usr/bin/coreutils", names=["sleep", "tail"]), row(pid=43, names=["sshd"])]})
    assert [text.split(":")[0] for text in seen.findings[0]["observed"]] == [
        "ssh.service, process 42 /usr/bin/coreutils (sleep, tail)", "ssh.service, process 43 /usr/sbin/sshd"]


@pytest.mark.parametrize(("changes", "tail"), [
    ({"kind": "session", "unit": "user@1000.service", "remedy": "systemctl restart user@1000.service"}, "; systemctl restart user@1000.service"),
    ({"kind": "scope", "unit": "a.scope", "remedy": "systemctl stop a.scope"}, "; systemctl stop a.scope"),
    ({"remedy": "systemctl restart ssh.service", "restart": "works"}, ""),
    ({"restart": "leaves_processes"}, "; a restart leaves its old processes running"),
    ({"restart": "refused"}, "; it refuses a restart by hand"),
])
def test_a_finding_names_what_replaces_a_process_where_that_is_no_plain_restart(changes: dict[str, Any], tail: str) -> None:
    observed = judged(ALL, {"services.stale": [row(**changes)]}).findings[0]["observed"][0]
    assert observed.endswith(f"/usr/lib/libssl.so.3 (replaced){tail}")


def exception(**changes: Any) -> dict[str, Any]:
    return {"unit": "wazuh-*.service", "path": "/var/lib/wazuh-indexer/tmp/*", "owner": "search", "reason": "unpacked", "expires": "2999-01-01",
            **changes}


UNPACKED = "/var/lib/wazuh-indexer/tmp/libzstd-jni.so"


@pytest.mark.parametrize(("excepted", "files", "left"), [
    (exception(), {"deleted": [UNPACKED], "replaced": []}, None),
    (exception(), {"deleted": [UNPACKED]}, "/usr/lib/libssl.so.3 (replaced)"),
    (exception(unit="other.service"), {"deleted": [UNPACKED], "replaced": []}, UNPACKED),
    (exception(path="*"), {"deleted": [UNPACKED]}, None),
    # Twenty files of a state may be all that the record holds, not all that there are.
    (exception(), {"deleted": [f"{UNPACKED}.{number}" for number in range(20)], "replaced": []}, UNPACKED),
    (exception(expires="2020-01-01"), {"deleted": [UNPACKED], "replaced": []}, UNPACKED),
])
def test_what_the_standard_excepts_is_not_stale(excepted: dict[str, Any], files: dict[str, Any], left: str | None) -> None:
    seen = judged({"stale": "forbidden", "stale_exceptions": [excepted]}, {"services.stale": [row(unit="wazuh-indexer.service", **files)]})
    stale = [one for one in seen.findings if one["id"] == "services.stale"]
    assert (seen.verdict, bool(stale)) == (("drifted", True) if left else ("compliant", False))
    assert left is None or left in stale[0]["observed"][0]


def test_an_exception_that_has_expired_is_told() -> None:
    seen = judged({"stale": "forbidden", "stale_exceptions": [exception(expires="2020-01-01")]})
    assert (seen.verdict, [(one["id"], one["promise"]) for one in seen.findings]) == ("compliant", [("services.exception_expired", None)])


@pytest.mark.parametrize("wrong", [
    {"owner": None}, {"expires": "soon"}, {"program": "x"}, {"unit": 5}, "x",
])
def test_an_exception_has_an_owner_and_an_end(wrong: Any) -> None:
    entry = {name: value for name, value in {**exception(), **wrong}.items() if value is not None} if isinstance(wrong, dict) else wrong
    with pytest.raises(ValueError, match="stale_exceptions"):
        judged({"stale": "forbidden", "stale_exceptions": [entry]})


@pytest.mark.parametrize(("required", "changes", "verdict"), [
    ("sshd.service", {}, "compliant"),
    ("autovt@tty1.service", {"services.active": ["getty@tty1.service"]}, "compliant"),
    ("sshd.service", {"services.masked": ["ssh.service"]}, "drifted"),
    ("sshd.service", {"services.active": [], "services.failed": ["ssh.service"]}, "drifted"),
    ("sshd.service", {"services.aliases": {}}, "drifted"),
    ("sshd.service", {"services.aliases": None}, "drifted"),
])
def test_a_required_unit_may_be_named_by_its_alias(required: str, changes: dict[str, Any], verdict: str) -> None:
    """Debian 12: list-units has ssh.service and not its alias sshd.service, which is-active calls active."""
    aliases = {"services.aliases": {"sshd.service": "ssh.service", "autovt@.service": "getty@.service"}}
    assert judged({"required": [required]}, {**aliases, **changes}).verdict == verdict

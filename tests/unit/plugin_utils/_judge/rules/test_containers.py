# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of containers and of Kata: what each calls drift, what it accepts and what it does not know."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import evaluate
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import effective
from golden_record import NOW, golden

DRIFT, FINE, UNKNOWN = "drifted", "compliant", "unknown"

SHARING = {"id": "c2", "engine": "docker", "namespace": "moby", "is_pod": False, "name": "db", "image": "mysql:8", "runtime": "runc",
           "isolation": "host_kernel", "reason": "", "privileged": False, "host_pid": False}
OBSCURE = {**SHARING, "isolation": None, "reason": "only its shim (process 7) could be seen", "privileged": None, "host_pid": None}
POD = {**SHARING, "is_pod": True}
ITEMS = "containers.items"
ALLOW = "containers.shared_kernel_allowed"
NONE = {"containers.shared_kernel": {"maximum": 0}}
SANDBOX = {"id": "p1", "namespace": "k8s.io", "shim_pid": 9, "started_at": "x", "guest_kernel": "6.18.35-202", "stale": False, "reasons": []}
STALE = {**SANDBOX, "stale": True, "reasons": ["shim: it is of /opt/kata-4.0.0, in force is /opt/kata-4.1.0"], "guest_kernel": "6.12.42-150"}
HANDLER = {"engine": "containerd", "name": "kata", "source": "/etc/containerd/config.toml", "dead": "", "loaded": True}
CONFIGURATION = {"path": "/c.toml", "drop_ins": ["/config.d/50-x.toml"], "strays": [], "unknown_keys": [], "problem": "",
                 "unmet": {"baseline": [], "strict": ["runtime.sandbox_cgroup_only is false, wanted true"]}}
UNREAD = {**CONFIGURATION, "unmet": {}, "problem": "/c.toml: needs_root"}
SETTINGS = "kata.configurations"
FILES = "kata.files"
SHIM_FILE = {"path": "bin/shim", "sha256": 64 * "a", "problem": ""}
PROMISED = {FILES: [f"{64 * 'a'}  bin/shim"]}
ENGINE = {"name": "containerd", "version": "1.7.24~ds1-6", "running": True, "pid": 7, "stale": False, "reason": ""}


def judged(promise: dict[str, Any], changes: dict[str, Any] | None = None) -> Any:
    made = effective({"firebreak_standard": {}, "firebreak_standard_overrides": [{"set": promise, "reason": "test"}]})
    return evaluate(golden(changes), made, NOW)


@pytest.mark.parametrize(("promise", "changes", "verdict"), [
    (NONE, {}, FINE),
    (NONE, {ITEMS: [SHARING]}, DRIFT),
    ({"containers.shared_kernel": {"maximum": 1}}, {ITEMS: [SHARING]}, FINE),
    ({**NONE, ALLOW: ["image:mysql:*"]}, {ITEMS: [SHARING]}, FINE),
    ({**NONE, ALLOW: ["namespace:moby"]}, {ITEMS: [SHARING]}, FINE),
    ({**NONE, ALLOW: ["runtime:runc"]}, {ITEMS: [SHARING]}, FINE),
    ({**NONE, ALLOW: ["name:web", "engine:podman"]}, {ITEMS: [SHARING]}, DRIFT),
    (NONE, {ITEMS: [POD]}, FINE),
    (NONE, {ITEMS: [OBSCURE]}, UNKNOWN),
    (NONE, {ITEMS: [SHARING, OBSCURE]}, DRIFT),
    (NONE, {"containers.unlisted": 7, "containers.counts.host_kernel": None}, UNKNOWN),
    (NONE, {"containers.unlisted": 7, "containers.counts.host_kernel": 105}, DRIFT),
    ({"containers.shared_kernel": {"maximum": 200}}, {"containers.unlisted": 7, "containers.counts.host_kernel": 105}, FINE),
    ({"containers.shared_kernel": {"maximum": 9}, ALLOW: ["image:x"]}, {"containers.unlisted": 7, "containers.counts.host_kernel": 105}, UNKNOWN),
    ({"containers.privileged": "forbidden"}, {"containers.unlisted": 7, "containers.counts.privileged": 1}, DRIFT),
    ({"containers.host_pid": "forbidden"}, {"containers.unlisted": 7, "containers.counts.host_pid": 1}, DRIFT),
    ({"containers.unknown_isolation": "forbidden"}, {"containers.unlisted": 7, "containers.counts.unknown": 1}, DRIFT),
    (NONE, {"containers.counts.unexplained": 1}, UNKNOWN),
    ({"containers.shared_kernel": {"maximum": 1}}, {"containers.counts.unexplained": 1}, FINE),
    ({"containers.engines": ["containerd"]}, {ITEMS: [{**SHARING, "engine": "lxc"}]}, DRIFT),
    ({"containers.engines": ["containerd", "lxc"]}, {ITEMS: [{**SHARING, "engine": "lxc"}], "containers.engines": [ENGINE]}, FINE),
    ({"containers.engines": ["containerd"]}, {ITEMS: [{**SHARING, "engine": "lxc", "nested": True}], "containers.engines": [ENGINE]}, FINE),
    ({"kata.stale_sandboxes": "forbidden"}, {"kata.sandboxes": [], "kata.orphans": [{"pid": 7, "path": "/x", "name": "qemu"}]}, DRIFT),
    ({"kata.hardening": "baseline"}, {SETTINGS: [CONFIGURATION], "kata.sandboxes": [
        {**SANDBOX, "unmet": {"baseline": ["monitor_debug is true, wanted false"]}}]}, DRIFT),
    (NONE, {ITEMS: None}, UNKNOWN),
    ({"containers.privileged": "forbidden"}, {ITEMS: [SHARING]}, FINE),
    ({"containers.privileged": "forbidden"}, {ITEMS: [{**SHARING, "privileged": True}]}, DRIFT),
    ({"containers.privileged": "forbidden"}, {ITEMS: [{**SHARING, "privileged": True, "isolation": "kata"}]}, FINE),
    ({"containers.privileged": "forbidden"}, {ITEMS: [OBSCURE]}, UNKNOWN),
    ({"containers.host_pid": "forbidden"}, {ITEMS: [{**SHARING, "host_pid": True}]}, DRIFT),
    ({"containers.unknown_isolation": "forbidden"}, {ITEMS: [OBSCURE]}, DRIFT),
    ({"containers.unknown_isolation": "forbidden"}, {ITEMS: [SHARING]}, FINE),
    ({"containers.engines": ["containerd"]}, {}, FINE),
    ({"containers.engines": []}, {}, DRIFT),
    ({"containers.containerd.installed": {"minimum": "1.7.24~ds1-6"}}, {}, FINE),
    ({"containers.containerd.installed": {"minimum": "2.0.0"}}, {}, DRIFT),
    ({"containers.docker.installed": "1"}, {}, FINE),
    ({"containers.containerd.installed": "1"}, {"containers.engines": [{**ENGINE, "version": None}]}, UNKNOWN),
    ({"containers.engine_stale": "forbidden"}, {}, FINE),
    ({"containers.engine_stale": "forbidden"}, {"containers.engines": [{**ENGINE, "stale": True}]}, DRIFT),
    ({"containers.engine_stale": "forbidden"}, {"containers.engines": [{**ENGINE, "stale": None}]}, UNKNOWN),
    ({"containers.end_of_support": "forbidden"}, {"containers.engines": [{**ENGINE, "package": "containerd"}]}, FINE),
    ({"containers.end_of_support": "forbidden"}, {"containers.engines": [{**ENGINE, "package": "containerd.io", "version": "2.0.5-1"}]}, DRIFT),
    ({"containers.end_of_support": "forbidden"}, {"containers.engines": [{**ENGINE, "package": None, "version": "v2.3.0"}]}, FINE),
    ({"containers.end_of_support": "forbidden"}, {"containers.engines": [{**ENGINE, "package": None, "version": "v9.0.0"}]}, UNKNOWN),
    ({"containers.end_of_support": "forbidden"}, {"containers.engines": [{**ENGINE, "package": None, "version": None}]}, UNKNOWN),
    ({"containers.end_of_support": "forbidden"}, {"containers.engines": [ENGINE]}, UNKNOWN),
    ({"kata.end_of_support": "forbidden"}, {}, FINE),
    ({"kata.end_of_support": "forbidden"}, {"kata.version": "3.31.0"}, DRIFT),
    ({"kata.end_of_support": "forbidden"}, {"kata.version": "3.31.0", "kata.origin": "package"}, FINE),
    ({"kata.end_of_support": "forbidden"}, {"kata.version": None}, UNKNOWN),
    ({"kata.end_of_support": "forbidden"}, {"kata.version": "9.0.0"}, UNKNOWN),
    ({"kata.presence": "required"}, {}, FINE),
    ({"kata.presence": "forbidden"}, {}, DRIFT),
    ({"kata.presence": "required"}, {"kata.installed": False}, DRIFT),
    ({"kata.version": {"minimum": "3.31.0"}}, {}, FINE),
    ({"kata.version": {"minimum": "4.1.1"}}, {}, DRIFT),
    ({"kata.version": "4.1.0"}, {"kata.version": "4.0.0"}, DRIFT),
    ({"kata.version": "4.1.0"}, {"kata.version": None}, UNKNOWN),
    ({"kata.version": "4.1.0"}, {"kata.version": None, "kata.origin": "none"}, FINE),
    (PROMISED, {FILES: [SHIM_FILE]}, FINE),
    (PROMISED, {FILES: [{**SHIM_FILE, "sha256": 64 * "b"}]}, DRIFT),
    (PROMISED, {FILES: [{**SHIM_FILE, "sha256": None, "problem": "absent"}]}, DRIFT),
    (PROMISED, {FILES: [{**SHIM_FILE, "sha256": None, "problem": "too_large"}]}, UNKNOWN),
    (PROMISED, {FILES: []}, UNKNOWN),
    (PROMISED, {FILES: None}, UNKNOWN),
    (PROMISED, {FILES: None, "kata.origin": "none"}, FINE),
    ({"kata.isolation": ["kata"]}, {ITEMS: [{**SHARING, "runtime": "runc"}]}, FINE),
    ({"kata.isolation": ["kata"]}, {ITEMS: [{**SHARING, "runtime": "kata"}]}, DRIFT),
    ({"kata.isolation": ["kata"]}, {ITEMS: [{**SHARING, "runtime": "kata", "isolation": "kata"}]}, FINE),
    ({"kata.isolation": ["kata"]}, {ITEMS: [{**OBSCURE, "runtime": "kata"}]}, UNKNOWN),
    ({"kata.stale_sandboxes": "forbidden"}, {"kata.sandboxes": [SANDBOX]}, FINE),
    ({"kata.stale_sandboxes": "forbidden"}, {"kata.sandboxes": [SANDBOX, STALE]}, DRIFT),
    ({"kata.stale_sandboxes": "forbidden"}, {"kata.sandboxes": [{**SANDBOX, "stale": None}]}, UNKNOWN),
    ({"kata.stale_sandboxes": "forbidden"}, {"kata.sandboxes": None}, UNKNOWN),
    ({"kata.guest_kernel": {"minimum": "6.18.35-202"}}, {"kata.sandboxes": [SANDBOX]}, FINE),
    ({"kata.guest_kernel": {"minimum": "6.18.35-202"}}, {"kata.sandboxes": [STALE]}, DRIFT),
    ({"kata.guest_kernel": "6.18.35-202"}, {"kata.sandboxes": [{**SANDBOX, "guest_kernel": None}]}, UNKNOWN),
    ({"kata.handlers": ["kata"]}, {}, FINE),
    ({"kata.handlers": ["kata", "kata-clh"]}, {}, DRIFT),
    ({"kata.dead_handlers": "forbidden"}, {}, FINE),
    ({"kata.dead_handlers": "forbidden"}, {"kata.handlers": [{**HANDLER, "dead": "/x does not exist"}]}, DRIFT),
    ({"kata.unloaded_handlers": "forbidden"}, {}, FINE),
    ({"kata.unloaded_handlers": "forbidden"}, {"kata.handlers": [{**HANDLER, "loaded": False}]}, DRIFT),
    ({"kata.unloaded_handlers": "forbidden"}, {"kata.handlers": [{**HANDLER, "loaded": None}]}, DRIFT),
    ({"kata.hardening": "baseline"}, {SETTINGS: [CONFIGURATION]}, FINE),
    ({"kata.hardening": "strict"}, {SETTINGS: [CONFIGURATION]}, DRIFT),
    ({"kata.hardening": "strict"}, {SETTINGS: [UNREAD]}, UNKNOWN),
    ({"kata.hardening": "strict"}, {SETTINGS: None}, UNKNOWN),
    ({"kata.drop_ins": ["50-*.toml"]}, {SETTINGS: [CONFIGURATION]}, FINE),
    ({"kata.drop_ins": []}, {SETTINGS: [CONFIGURATION]}, DRIFT),
    ({"kata.stray_drop_ins": "forbidden"}, {SETTINGS: [CONFIGURATION]}, FINE),
    ({"kata.stray_drop_ins": "forbidden"}, {SETTINGS: [{**CONFIGURATION, "strays": ["/x~: why"]}]}, DRIFT),
    ({"kata.unknown_keys": "forbidden"}, {SETTINGS: [{**CONFIGURATION, "unknown_keys": ["/x: key y"]}]}, DRIFT),
    ({"kata.unknown_keys": "forbidden"}, {SETTINGS: [UNREAD]}, UNKNOWN),
    ({"kata.other_installers": "forbidden"}, {"kata.other_installers": ["/etc/x (of kata-deploy)"]}, DRIFT),
    ({"kata.other_installers": "forbidden"}, {"kata.other_installers": ["/usr/x (of a package)"], "kata.origin": "package"}, FINE),
])
def test_verdict(promise: dict[str, Any], changes: dict[str, Any], verdict: str) -> None:
    assert judged(promise, changes).verdict == verdict


def test_the_blast_radius_is_a_number_with_names() -> None:
    finding, = [found for found in judged(NONE, {ITEMS: [SHARING] * 30}).findings if found["promise"]]
    assert finding["observed"][:2] == ["30 share one kernel", "docker moby/db, image mysql:8"]
    assert len(finding["observed"]) == 22 and finding["observed"][-1] == "..."
    assert finding["disruption"] == "restart_sandbox"


def test_a_stale_sandbox_says_what_is_stale_and_where_that_was_seen() -> None:
    finding, = [found for found in judged({"kata.stale_sandboxes": "forbidden"}, {"kata.sandboxes": [SANDBOX, STALE]}).findings if found["promise"]]
    assert finding["observed"][0] == "1 of 2"
    assert "shim: it is of /opt/kata-4.0.0, in force is /opt/kata-4.1.0" in finding["observed"][1]
    assert {row["fact"] for row in finding["evidence"]} == {"kata.sandboxes", "kata.tree", "kata.version"}


def test_hostile_names_reach_nobody_as_they_are() -> None:
    nasty = {**SHARING, "name": "\x1b[31m" + "x" * 10_000, "image": "<script>\n"}
    finding, = [found for found in judged(NONE, {ITEMS: [nasty]}).findings if found["promise"]]
    assert all(len(text) <= 200 and text.isprintable() for text in finding["observed"])

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of the role rollout by real ansible-playbook runs, with a cluster and a server of locks of the test's own; no host is rebooted."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.fleet_lock_server import Server, State
from golden_record import golden
from playing import LOCAL, Done, play

# A cluster: the state of a node is a file, and so is what it was told.
KUBECTL = """#!/bin/sh
here=$(dirname "$0")
case "$1" in
get | annotate) node=$3 ;;
wait) node=${3#node/} ;;
*) node=$2 ;;
esac
[ "$1" = get ] || echo "$*" >>"$here/$node.told"
case "$1" in
get) cat "$here/$node.json" ;;
drain) [ "$node" != budget ] || { echo "Cannot evict pod as it would violate the pod's disruption budget." >&2; exit 1; } ;;
annotate)
  case "$*" in
  *drained-by-) echo '{"spec": {}, "metadata": {}}' >"$here/$node.json" ;;
  *) echo '{"spec": {"unschedulable": true}, "metadata": {"annotations": {"firebreak.fleet/drained-by": "x"}}}' >"$here/$node.json" ;;
  esac ;;
wait) [ "$node" != unready ] || { echo "timed out waiting for the condition" >&2; exit 1; } ;;
esac
"""
READY = {"room": {}, "packages": [], "lock_holders": [], "enabled": [], "systemd": 252, "kexec": False}


class Cluster:
    """A folder with the stand-in of kubectl and what it was told."""

    def __init__(self, folder: Path, *nodes: str) -> None:
        self.folder = folder
        (folder / "kubectl").write_text(KUBECTL)
        (folder / "kubectl").chmod(0o755)
        for node in nodes:
            spec = {"unschedulable": True} if node == "foreign" else {}
            (folder / f"{node}.json").write_text(json.dumps({"spec": spec, "metadata": {"annotations": {}}}))

    def told(self, node: str) -> list[str]:
        """What was to be changed of a node, in order."""
        path = self.folder / f"{node}.told"
        return path.read_text().splitlines() if path.exists() else []

    def mark(self, node: str) -> Any:
        """What the host says of its drain, None where it is in service."""
        path = self.folder / f"state/{node}.json"
        return json.loads(path.read_text()) if path.exists() else None


def run(folder: Path, hosts: dict[str, dict[str, Any]], *steps: str, arguments: tuple[str, ...] = (), **variables: Any) -> Done:
    """Run task files of the role, one after the other, on hosts that were looked at already."""
    tasks = [{"name": f"Step {step}", "ansible.builtin.include_role": {"name": "firebreak.fleet.rollout", "tasks_from": f"{step}.yml"}}
             for step in steps]
    (folder / "play.yml").write_text(yaml.safe_dump([{"name": "Steps", "hosts": "all", "gather_facts": False, "tasks": tasks}]))
    record = golden({"hypervisor.guests": [], "containers.items": [], "boot.boot_id": "11111111-1111-1111-1111-111111111111"})
    before = {"scan": {"record": {"record": record}, "standard": None}, "readiness": READY}
    given = {"rollout_mark": f"{folder}/state/{{{{ inventory_hostname }}}}.json", "rollout_kubectl": [str(folder / "kubectl")],
             "rollout_by": "wave 2", **variables}
    seen = {name: {**LOCAL, "rollout_before": before, **more} for name, more in hosts.items()}
    return play(folder, seen, *arguments, playbook=str(folder / "play.yml"), **given)


def flat(output: str) -> str:
    return " ".join(output.split())


def test_nodes_are_drained_and_come_back_and_none_is_left_drained_unnamed(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, "plain", "budget", "foreign", "unready")
    (tmp_path / "away.yml").write_text("- name: Take it out of the balancer\n  ansible.builtin.fail:\n    msg: the balancer is gone\n")
    (tmp_path / "back.yml").write_text(f'- name: Put it back\n  ansible.builtin.file:\n    path: "{tmp_path}/back"\n    state: directory\n')
    # An earlier run left a mark: what it took out is to come back too.
    (tmp_path / "state").mkdir()
    (tmp_path / "state/plain.json").write_text('{"by": "wave 1", "since": "2026-11-28T10:00:00Z", "start": [], "migrated": ["vm1"], "node": ""}')
    on = {"rollout_kubernetes": True}
    hook = {"rollout_drain_tasks": [str(tmp_path / "away.yml")], "rollout_undrain_tasks": [str(tmp_path / "back.yml")]}
    done = run(tmp_path, {"plain": on, "budget": on, "foreign": on, "unready": on, "hooked": hook}, "drain")
    said = flat(done.output)

    assert cluster.told("plain") == ["annotate node plain --overwrite firebreak.fleet/drained-by=wave 2", "cordon plain",
                                     "drain plain --timeout=600s --ignore-daemonsets"], said
    assert cluster.mark("plain") == {"by": "wave 1", "since": "2026-11-28T10:00:00Z", "start": [], "migrated": ["vm1"], "node": "plain"}
    # Its pods may not go: it was not rebooted, so it is in service again.
    assert "budget: the drain failed, and the host is back in service. Evict its pods" in said
    assert cluster.told("budget")[-2:] == ["uncordon budget", "annotate node budget firebreak.fleet/drained-by-"]
    assert "Take it out of the balancer: the balancer is gone" in said and (tmp_path / "back").exists()
    assert cluster.mark("budget") is None and cluster.mark("hooked") is None

    # Another run brings them back: what is to come back is known by the host, not by the run that drained it.
    done = run(tmp_path, {"plain": {}, "foreign": {}, "unready": {}}, "undrain")
    said = flat(done.output)
    assert cluster.told("plain")[3:] == ["wait --for=condition=Ready node/plain --timeout=300s", "uncordon plain",
                                         "annotate node plain firebreak.fleet/drained-by-"], said
    # Whoever cordoned it has reasons of his own.
    assert cluster.told("foreign") == ["drain foreign --timeout=600s --ignore-daemonsets"]
    assert "unready is left drained (by wave 2, since " in said
    assert cluster.mark("plain") is None and cluster.mark("foreign") is None and cluster.mark("unready")["by"] == "wave 2"


def test_a_drain_that_hangs_ends_and_is_taken_back(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, "hooked")
    (tmp_path / "kubectl").write_text(KUBECTL.replace("drain) [", "drain) sleep 60; ["))
    (tmp_path / "hang.yml").write_text("- name: Hang\n  ansible.builtin.command: sleep 60\n")
    hosts: dict[str, dict[str, Any]] = {
        "hooked": {"rollout_drain_tasks": [str(tmp_path / "hang.yml")]}, "mute": {"rollout_kubernetes": True, "rollout_node": "hooked"}}
    said = flat(run(tmp_path, hosts, "drain", rollout_drain_seconds=8, rollout_settle_seconds=1).output)
    for host, task in (("hooked", "Hang"), ("mute", "Evict its pods")):
        assert f"{host}: the drain failed, and the host is back in service. {task}: " in said and cluster.mark(host) is None, said
    assert said.count("Timed out after 10 second(s)") >= 2 and cluster.told("hooked")[-2] == "uncordon hooked", said


def test_under_check_mode_nothing_is_drained_and_a_second_return_changes_nothing(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, "plain")
    done = run(tmp_path, {"plain": {"rollout_kubernetes": True}}, "drain", "undrain", arguments=("--check",))
    assert done.status == 0 and "changed=0" not in done.output, done.output
    assert cluster.told("plain") == [] and cluster.mark("plain") is None


def test_what_speaks_against_a_step_is_named_before_anything_is_changed(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, "full", "lacking")
    off = ["packages", "lock", "modules", "next_boot", "kexec", "guests"]
    hosts = {"full": {"rollout_free_mb": {str(tmp_path): 10**12}, "rollout_gates_off": off},
             "lacking": {"rollout_release": "9.9-none", "rollout_free_mb": {}, "rollout_gates_off": off}}
    done = run(tmp_path, hosts, "gates", "reboot")
    assert f"full: disk: {tmp_path} has " in flat(done.output), done.output
    # What it is depends on where this runs, and a reboot is refused in any case.
    assert "lacking: kernel 9.9-none is to come up, and no package holds it" in flat(done.output) or "lacking: what the reboot" in flat(done.output)
    assert cluster.told("full") == cluster.told("lacking") == []


@pytest.fixture
def locks(tmp_path: Path) -> Iterator[str]:
    """The URL of a FleetLock server with one slot in each of two groups."""
    server = Server(("127.0.0.1", 0), State(tmp_path / "locks.json", {"default": 1, "workers": 1}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_hosts_of_a_rollout_wait_in_the_same_queue_as_others(tmp_path: Path, locks: str) -> None:
    (tmp_path / "locks.json").write_text('{"schema": "firebreak.fleet_lock/1", "groups": {"default": {"zincati": "2026-11-28T10:00:00Z"}}}')
    hosts = {"waits": {"rollout_lock_url": locks}, "goes": {"rollout_lock_url": locks, "rollout_lock_group": "workers"},
             "alone": {"rollout_lock_url": "http://127.0.0.1:1"}}
    done = run(tmp_path, hosts, "lock", rollout_lock_state="held", rollout_lock_seconds=1)
    said = flat(done.output)
    assert "all 1 slots of default are held: zincati (failed_lock_semaphore_full)" in said, said
    assert "FleetLock at http://127.0.0.1:1, group default, id alone: " in said and "(no_answer)" in said
    held = json.loads((tmp_path / "locks.json").read_text())["groups"]
    assert list(held["workers"]) == ["goes"] and list(held["default"]) == ["zincati"]

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drain of the role rollout by a real kubectl, against a cluster whose budgets of disruption allow one eviction after the other, or none."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from golden_record import golden
from kubernetes_api import Cluster, Server
from playing import LOCAL, Done, play

READY = {"room": {}, "packages": [], "lock_holders": [], "enabled": [], "systemd": 252, "kexec": False}


def run(folder: Path, server: Server, nodes: tuple[str, ...], step: str) -> Done:
    """One step of the role on nodes that were looked at already."""
    book = [{"name": "Step", "hosts": "all", "gather_facts": False, "tasks": [
        {"name": step, "ansible.builtin.include_role": {"name": "firebreak.fleet.rollout", "tasks_from": f"{step}.yml"}}]}]
    (folder / "play.yml").write_text(yaml.safe_dump(book))
    record = golden({"hypervisor.guests": [], "containers.items": []})
    given = {"rollout_before": {"scan": {"record": {"record": record}, "standard": None}, "readiness": READY}, "rollout_kubernetes": True}
    kubectl = ["kubectl", "--kubeconfig", str(server.kubeconfig(folder / "kubeconfig")), "--cache-dir", str(folder / "cache")]
    return play(folder, {node: {**LOCAL, **given} for node in nodes}, playbook=str(folder / "play.yml"), rollout_kubectl=kubectl,
                rollout_drain_seconds=60, rollout_mark=f"{folder}/marks/{{{{ inventory_hostname }}}}.json")


def test_pods_go_as_their_budgets_allow_and_a_node_that_cannot_be_drained_serves_again(tmp_path: Path) -> None:
    cluster = Cluster(["free", "kept"], {"web": 1, "ledger": 2})
    for name, app, node in (("web-1", "web", "free"), ("web-2", "web", "free"), ("ledger-1", "ledger", "kept"), ("ledger-2", "ledger", "kept")):
        cluster.add(name, app, node)
    server = Server(cluster)
    done = run(tmp_path, server, ("free", "kept"), "drain")
    said = " ".join(done.output.split())

    # One after the other, with the one before it ready elsewhere: never fewer than the budget keeps.
    assert (cluster.on("free"), cluster.on("other"), cluster.fewest["web"]) == ([], ["web-1-again", "web-2-again"], 1), said
    assert cluster.refused > 0 and cluster.nodes["free"]["spec"] == {"unschedulable": True}, said
    assert cluster.nodes["free"]["metadata"]["annotations"] == {"firebreak.fleet/drained-by": "Firebreak"}
    assert json.loads((tmp_path / "marks/free.json").read_text())["node"] == "free"
    # Its budget never lets one go: nobody was taken from it, and it takes pods again.
    assert "kept: the drain failed, and the host is back in service. Evict its pods" in said and "ledger-1" in said, said
    assert cluster.on("kept") == ["ledger-1", "ledger-2"] and not (tmp_path / "marks/kept.json").exists()
    assert (cluster.nodes["kept"]["spec"], cluster.nodes["kept"]["metadata"]["annotations"]) == ({}, {})

    done = run(tmp_path, server, ("free",), "undrain")
    assert done.status == 0 and (cluster.nodes["free"]["spec"], cluster.nodes["free"]["metadata"]["annotations"]) == ({}, {}), done.output
    assert not (tmp_path / "marks/free.json").exists()

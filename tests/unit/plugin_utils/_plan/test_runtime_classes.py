# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RuntimeClasses of the handlers: upstream's overhead, and no guess where there is none."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan.runtime_classes import node_labels, overhead, runtime_classes


@pytest.mark.parametrize(
    ("config", "memory"),
    [
        ("configuration-qemu.toml", "320Mi"),
        ("runtime-rs/configuration-qemu-runtime-rs.toml", "320Mi"),
        ("configuration-qemu-snp.toml", "2048Mi"),
        ("configuration-qemu-nvidia-cpu.toml", "320Mi"),
        ("configuration-qemu-nvidia-gpu-snp-runtime-rs.toml", "10240Mi"),
        ("configuration-clh-azure-runtime-rs.toml", "130Mi"),
        ("configuration-rs-fc.toml", "130Mi"),
        ("configuration-remote.toml", "120Mi"),
        # kata-deploy's chart, values.yaml: the shim in Go alone costs less there.
        ("configuration-qemu-coco-dev.toml", "160Mi"),
        ("runtime-rs/configuration-qemu-coco-dev-runtime-rs.toml", "320Mi"),
    ],
)
def test_overhead(config: str, memory: str) -> None:
    """By the configuration's name, the longest one first."""
    assert overhead({"name": "k", "config": "/opt/kata/" + config})["memory"] == memory


@pytest.mark.parametrize("config", ["", "/opt/kata/configuration-qemuu.toml", "/opt/kata/configuration.toml"])
def test_no_overhead_is_made_up(config: str) -> None:
    """It is asked for."""
    with pytest.raises(Refused, match="handler k: no overhead is known"):
        overhead({"name": "k", "config": config})


def test_manifest() -> None:
    """Pods run on nodes with both labels only (kata-deploy's chart since 4.1.0); an overhead of the operator's own wins."""
    labels = {"katacontainers.io/kata-runtime": "true", "kata-deploy.katacontainers.io/firebreak": "true"}
    made, = runtime_classes([{"name": "kata", "overhead": {"memory": "1Mi", "cpu": "1m"}}])
    assert made == {
        "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "kata", "labels": {"app.kubernetes.io/managed-by": "firebreak"}},
        "handler": "kata", "overhead": {"podFixed": {"memory": "1Mi", "cpu": "1m"}},
        "scheduling": {"nodeSelector": labels}}
    assert node_labels(["a"])[0]["metadata"] == {"name": "a", "labels": labels}

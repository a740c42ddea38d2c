# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes' side of the handlers: a RuntimeClass each, with the overhead that upstream gives its machine monitor. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...module_utils._host.errors import Refused

# The label that all installations share, and the mark of ours among them: Kata's own installer leaves the first to a node that has another's mark.
LABEL, MARK = "katacontainers.io/kata-runtime", "kata-deploy.katacontainers.io/firebreak"
# By the part of the configuration's name between configuration- and .toml, without -runtime-rs: the first that it begins with. Memory, processor.
_OVERHEADS = (
    ("qemu-nvidia-gpu", "10240Mi", "1"),
    ("qemu-snp", "2048Mi", "1"),
    ("qemu-tdx", "2048Mi", "1"),
    ("qemu-se", "1024Mi", "1"),
    ("qemu", "320Mi", "250m"),
    ("clh", "130Mi", "250m"),
    ("openvmm", "130Mi", "250m"),
    ("dragonball", "130Mi", "250m"),
    ("rs-fc", "130Mi", "250m"),
    ("fc", "130Mi", "250m"),
    ("stratovirt", "130Mi", "250m"),
    ("remote", "120Mi", "250m"),
)


def overhead(handler: Mapping[str, Any]) -> dict[str, str]:
    """What a sandbox of a handler costs beside its containers, as upstream has it."""
    name = posixpath.basename(str(handler.get("config") or ""))
    full = name.removeprefix("configuration-").removesuffix(".toml")
    # The one configuration whose sandboxes cost less under the shim in Go.
    if full == "qemu-coco-dev":
        return {"memory": "160Mi", "cpu": "250m"}
    kind = re.sub(r"-runtime-rs\Z", "", full)
    for beginning, memory, processor in _OVERHEADS:
        if kind == beginning or kind.startswith(beginning + "-"):
            return {"memory": memory, "cpu": processor}
    raise Refused(f"handler {handler.get('name')}: no overhead is known for configuration {name or 'of no name'}: give it overhead: "
                  "{memory: 320Mi, cpu: 250m}")


def runtime_classes(handlers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One RuntimeClass for each handler, for nodes with the shared label and our own mark only: another's nodes need not have these handlers."""
    return [
        {
            "apiVersion": "node.k8s.io/v1",
            "kind": "RuntimeClass",
            "metadata": {"name": str(handler["name"]), "labels": {"app.kubernetes.io/managed-by": "firebreak"}},
            "handler": str(handler["name"]),
            "overhead": {"podFixed": dict(handler.get("overhead") or overhead(handler))},
            "scheduling": {"nodeSelector": {LABEL: "true", MARK: "true"}},
        }
        for handler in handlers
    ]


def node_labels(nodes: Sequence[str]) -> list[dict[str, Any]]:
    """The nodes with both labels, to be applied on the server's side, where it leaves all else of a node."""
    return [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": node, "labels": {LABEL: "true", MARK: "true"}}} for node in nodes]

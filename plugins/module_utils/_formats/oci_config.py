# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a container was started with, out of its OCI bundle's config.json: a pure parser for a document whose annotations a tenant may write."""

import json
from typing import Any, Dict, List, NamedTuple, Optional

_TEXT_LIMIT = 512
# A container that has both may do all that root may: engines give them for "privileged" alone.
_TELLING_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SYS_MODULE")
_IMAGES = ("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName", "nerdctl/image-ref", "org.opencontainers.image.ref.name")
_NAMES = ("io.kubernetes.cri.container-name", "io.kubernetes.container.name", "nerdctl/name")
_SANDBOXES = ("io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID")
_TYPES = ("io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType")
_PODS = ("io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name")
_POD_NAMESPACES = ("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace")
_HANDLERS = ("io.kubernetes.cri-o.RuntimeHandler", "io.containerd.cri.runtime-handler")


class Spec(NamedTuple):
    """``is_pod`` is the sandbox of a pod itself, which runs no program of a user's."""

    image: Optional[str]
    name: Optional[str]
    sandbox: Optional[str]
    is_pod: bool
    pod: Optional[str]
    pod_namespace: Optional[str]
    handler: Optional[str]
    privileged: bool
    host_pid: bool
    host_network: bool


def parse(text: str) -> Spec:
    """The parts that matter of a config.json; ValueError where it is no such document."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("no JSON: %s" % str(error)[:100]) from None
    if not isinstance(document, dict) or not isinstance(document.get("ociVersion"), str):
        raise ValueError("no configuration of a container")
    notes = _mapping(document.get("annotations"))
    kinds = _own_namespaces(document)
    return Spec(
        _first(notes, _IMAGES), _first(notes, _NAMES), _first(notes, _SANDBOXES), _first(notes, _TYPES) == "sandbox", _first(notes, _PODS),
        _first(notes, _POD_NAMESPACES), _first(notes, _HANDLERS), _is_privileged(document), "pid" not in kinds, "network" not in kinds)


def _mapping(value: Any) -> Dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> List[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _first(notes: Dict[str, Any], keys: Any) -> Optional[str]:
    for key in keys:
        value = notes.get(key)
        if isinstance(value, str) and value:
            return value[:_TEXT_LIMIT]
    return None


def _own_namespaces(document: Dict[str, Any]) -> List[str]:
    """The kinds of namespaces that are not the host's. One that is joined by its path is the pod's."""
    listed = _mapping(document.get("linux")).get("namespaces")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    return [str(row.get("type")) for row in rows if row.get("path") not in ("/proc/1/ns/pid", "/proc/1/ns/net")]


def _is_privileged(document: Dict[str, Any]) -> bool:
    """Whether it has all capabilities and sees all of /proc: what engines make of "privileged"."""
    bounding = _texts(_mapping(_mapping(document.get("process")).get("capabilities")).get("bounding"))
    masked = _texts(_mapping(document.get("linux")).get("maskedPaths"))
    return not masked and all(name in bounding for name in _TELLING_CAPABILITIES)

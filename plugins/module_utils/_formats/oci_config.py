# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a container was started with, out of its OCI bundle's config.json: a pure parser for a document whose annotations a tenant may write."""

import json
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

_TEXT_LIMIT = 512
# A container that has both may do all that root may: engines give them for "privileged" alone.
_TELLING_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SYS_MODULE")
_IMAGES = ("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName", "nerdctl/image-ref", "org.opencontainers.image.ref.name")
_NAMES = ("io.kubernetes.cri.container-name", "io.kubernetes.container.name", "nerdctl/name")
_SANDBOXES = ("io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID")
_TYPES = ("io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType")
_PODS = ("io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name")
_POD_NAMESPACES = ("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace")
_ASKS_FOR = "run.oci.handler"
_HANDLERS = ("io.kubernetes.cri-o.RuntimeHandler", "io.containerd.cri.runtime-handler")


# What an engine runs to keep a pod's namespaces: Kubernetes' pause, and catatonit as Podman starts it.
_PAUSES = (["/pause"], ["/usr/bin/pod"], ["/catatonit", "-P"], ["/usr/libexec/catatonit/catatonit", "-P"],
           ["/usr/libexec/podman/catatonit", "-P"])
_PODMANS_POD = re.compile(r"(?:libpod_pod_|libpod_parent/|/pod_)([0-9a-f]{64})(?![0-9a-f])")


class Spec(NamedTuple):
    """``is_pod`` is the sandbox of a pod itself, which runs no program of a user's; ``pauses`` is whether its program does nothing.

    ``joined`` are the kinds of namespaces that it takes from another process; ``asks_for`` is the handler within crun that it is to be run by.
    """

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
    joined: Tuple[str, ...] = ()
    asks_for: Optional[str] = None
    pauses: bool = False


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
    # Podman 4 notes its infra container there, Podman 5 nothing: the pod itself is what all of its containers have.
    sandbox = _podmans_pod(document) or _first(notes, _SANDBOXES)
    return Spec(
        _first(notes, _IMAGES), _first(notes, _NAMES), sandbox, _first(notes, _TYPES) == "sandbox", _first(notes, _PODS),
        _first(notes, _POD_NAMESPACES), _first(notes, _HANDLERS), _is_privileged(document), "pid" not in kinds, "network" not in kinds,
        _joined(document), _first(notes, (_ASKS_FOR,)), _texts(_mapping(document.get("process")).get("args")) in _PAUSES)


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


def _podmans_pod(document: Dict[str, Any]) -> Optional[str]:
    """The pod of Podman's that a container's control group is below: its configuration may say so nowhere else."""
    group = _mapping(document.get("linux")).get("cgroupsPath")
    match = _PODMANS_POD.search(group) if isinstance(group, str) else None
    return match.group(1) if match else None


def _namespaces(document: Dict[str, Any]) -> List[Dict[str, Any]]:
    listed = _mapping(document.get("linux")).get("namespaces")
    return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []


def _own_namespaces(document: Dict[str, Any]) -> List[str]:
    """The kinds of namespaces that are not plainly the host's. Whose one is that is joined by its path, only the process it names can tell."""
    return [str(row.get("type")) for row in _namespaces(document) if row.get("path") not in ("/proc/1/ns/pid", "/proc/1/ns/net")]


def _joined(document: Dict[str, Any]) -> Tuple[str, ...]:
    return tuple(sorted({str(row.get("type"))[:40] for row in _namespaces(document) if row.get("path")}))


def _is_privileged(document: Dict[str, Any]) -> bool:
    """Whether it has all capabilities and sees all of /proc: what engines make of "privileged"."""
    bounding = _texts(_mapping(_mapping(document.get("process")).get("capabilities")).get("bounding"))
    masked = _texts(_mapping(document.get("linux")).get("maskedPaths"))
    return not masked and all(name in bounding for name in _TELLING_CAPABILITIES)

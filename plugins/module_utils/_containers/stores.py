# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Docker, Podman and CRI-O write down of their containers beside the bundles: names and images, in files of root's."""

import json
import re
from typing import Any, Dict, List, Optional

from .._formats import processes as proc
from . import processes

_DAEMON_JSON = "/etc/docker/daemon.json"
# Where Docker keeps its data unless it is told otherwise, as a package and as a snap.
_DOCKERS_DATA = ("/var/lib/docker", "/var/snap/docker/common/var-lib-docker")
# With user namespaces Docker keeps everything a folder deeper, called as the first user and group of the range.
_REMAPPED = re.compile(r"[0-9]{1,10}\.[0-9]{1,10}\Z")
_SANDBOX_LABEL = ("io.kubernetes.docker.type", "podsandbox")
# The containers that outlive a reboot, and those that do not: what --rm and Quadlet start.
_INDEXES = ("containers.json", "volatile-containers.json")
_BUNDLE = re.compile(r"(/.{1,1024}/[a-z0-9]{1,40}-containers)/[^/]{1,128}/userdata\Z")
_DEFAULT_STORES = ("/var/lib/containers/storage/overlay-containers", "/var/lib/containers/storage/vfs-containers")
# What keeps a pod, and what keeps all pods of a file of Kubernetes' that a unit plays (podman kube play --service-container).
_PODMANS_INFRA = re.compile(r"[0-9a-f]{12}-(?:infra|service)\Z")
_CONFIG_BYTES = 1024 * 1024
_INDEX_BYTES = 16 * 1024 * 1024
_ENTRIES = 1000


def document(text: Optional[str]) -> Dict[str, Any]:
    """The mapping that a text of JSON is; empty for anything else."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def parse_storage(text: str) -> Dict[str, Dict[str, Any]]:
    """{container id: {image, name}} of containers.json of containers/storage."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    found = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and isinstance(row.get("id"), str):
            kept = document(row["metadata"] if isinstance(row.get("metadata"), str) else None)
            names = {"image": kept.get("image-name"), "name": kept.get("name")}
            found[row["id"]] = {key: value[:512] for key, value in names.items() if isinstance(value, str) and value}
    return found


def is_podmans_pause(name: str, image: str) -> bool:
    """Whether a container that does nothing is the one that keeps a pod of Podman's: by the name it gets, or the image that is made for it."""
    return bool(_PODMANS_INFRA.match(name)) or "/podman-pause:" in image


def own_text(host: Any, path: str, limit: int) -> Optional[str]:
    """A plain file of root's, not a link."""
    stat = host.stat(path, False)
    if stat.problem or stat.value.kind != "file" or stat.value.uid != 0:
        return None
    value: Optional[str] = host.read(path, limit).value
    return value


class Stores:
    """The engines' own files, each read once."""

    def __init__(self, host: Any, found: processes.Found) -> None:
        self._host = host
        self._daemons = [process for process in found.named(processes.ENGINE) if process.name == "docker" and process.nested is not True]
        self._data: Optional[List[str]] = None
        self._indexes: Dict[str, Dict[str, Dict[str, Any]]] = {}

    def dockers(self, name: str) -> Dict[str, Any]:
        """Image and name of a container of Docker's, and whether it is the sandbox of a pod of Kubernetes'."""
        for folder in self._dockers_data():
            kept = document(own_text(self._host, "%s/containers/%s/config.v2.json" % (folder, name), _CONFIG_BYTES))
            if kept:
                return _dockers(kept)
        return {}

    def _dockers_data(self) -> List[str]:
        """Every folder that a Docker of this host may keep its data in."""
        if self._data is None:
            told = [value for process in self._daemons for value in proc.option_values(process.argv, "data-root", "graph", "g")]
            files = [value for process in self._daemons for value in proc.option_values(process.argv, "config-file")]
            for path in files + [_DAEMON_JSON]:
                settings = document(own_text(self._host, path, _CONFIG_BYTES))
                told += [settings[key] for key in ("data-root", "graph") if isinstance(settings.get(key), str)]
            folders = [path.rstrip("/") for path in told if path.startswith("/") and len(path) < 1024] + list(_DOCKERS_DATA)
            self._data = []
            for folder in sorted(set(folders), key=folders.index):
                names = self._host.listdir(folder, _ENTRIES).if_there([])
                self._data += [folder] + ["%s/%s" % (folder, name) for name in names if _REMAPPED.match(name)]
        return self._data

    def stored(self, bundle: str) -> Dict[str, Dict[str, Any]]:
        """{id: image and name} of what Podman and CRI-O keep in the storage that a bundle is in."""
        match = _BUNDLE.match(bundle)
        folders = ([match.group(1)] if match else []) + list(_DEFAULT_STORES)
        found: Dict[str, Dict[str, Any]] = {}
        for folder in folders:
            if folder not in self._indexes:
                self._indexes[folder] = {}
                for name in _INDEXES:
                    self._indexes[folder].update(parse_storage(own_text(self._host, "%s/%s" % (folder, name), _INDEX_BYTES) or "[]"))
            for key, names in self._indexes[folder].items():
                found.setdefault(key, names)
        return found


def _dockers(kept: Dict[str, Any]) -> Dict[str, Any]:
    config = kept.get("Config")
    config = config if isinstance(config, dict) else {}
    named = {"image": config.get("Image"), "name": kept.get("Name")}
    found: Dict[str, Any] = {key: value.lstrip("/")[:512] for key, value in named.items() if isinstance(value, str)}
    labels = config.get("Labels")
    labels = labels if isinstance(labels, dict) else {}
    if labels.get(_SANDBOX_LABEL[0]) == _SANDBOX_LABEL[1] and str(found.get("name")).startswith("k8s_POD_"):
        found["is_pod"] = True
    sandbox = labels.get("io.kubernetes.sandbox.id")
    if isinstance(sandbox, str) and sandbox:
        found["sandbox"] = sandbox[:128]
    return found

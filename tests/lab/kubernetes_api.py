# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of a Kubernetes API server as a real kubectl needs to drain nodes: nodes, pods, and budgets of disruption that evictions are held to.

A pod that is evicted ends at once, and its controller has another one ready on node ``other`` after a while, as a Deployment would.
"""

from __future__ import annotations

import http.server
import json
import threading
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

_NODES, _PODS = "/api/v1/nodes", "/api/v1/namespaces/default/pods"
_ROLLING_SECONDS = 2.0
_VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


def _resources(group: str, *rows: tuple[str, str, bool]) -> dict[str, Any]:
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": [
        {"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": _VERBS,
         **({"group": "policy", "version": "v1"} if kind == "Eviction" else {})} for name, kind, namespaced in rows]}


_DISCOVERY: dict[str, dict[str, Any]] = {
    "/version": {"major": "1", "minor": "30", "gitVersion": "v1.30.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
        {"name": "policy", "versions": [{"groupVersion": "policy/v1", "version": "v1"}],
         "preferredVersion": {"groupVersion": "policy/v1", "version": "v1"}}]},
    "/api/v1": _resources("v1", ("nodes", "Node", False), ("pods", "Pod", True), ("pods/eviction", "Eviction", True)),
    "/apis/policy/v1": _resources("policy/v1", ("poddisruptionbudgets", "PodDisruptionBudget", True)),
}


def _node(name: str) -> dict[str, Any]:
    return {"kind": "Node", "apiVersion": "v1", "metadata": {"name": name, "uid": f"n-{name}", "annotations": {}}, "spec": {},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}}


class Cluster:
    """The nodes and pods. ``least`` says of an application how many of its pods its budget keeps; ``refused`` are evictions that it did not allow."""

    def __init__(self, nodes: list[str], least: dict[str, int]) -> None:
        self.nodes: dict[str, dict[str, Any]] = {name: _node(name) for name in [*nodes, "other"]}
        self.pods: dict[str, dict[str, Any]] = {}
        self.least, self.refused, self.fewest = least, 0, dict.fromkeys(least, 10 ** 6)
        self.lock = threading.RLock()

    def add(self, name: str, app: str, node: str, ready_at: float = 0.0) -> None:
        """A pod of a ReplicaSet."""
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": app, "uid": f"r-{app}", "controller": True}
        self.pods[name] = {"kind": "Pod", "apiVersion": "v1", "status": {"phase": "Running"}, "spec": {"nodeName": node, "containers": []},
                           "metadata": {"name": name, "namespace": "default", "uid": f"p-{name}", "labels": {"app": app, "ready_at": str(ready_at)},
                                        "ownerReferences": [owner]}}

    def ready(self, app: str) -> int:
        """How many pods of an application serve at this moment."""
        labels = [pod["metadata"]["labels"] for pod in self.pods.values()]
        return sum(one["app"] == app and float(one["ready_at"]) <= time.monotonic() for one in labels)

    def evict(self, name: str) -> bool:
        """Whether its budget lets the pod go (policy/v1: never below minAvailable of healthy pods)."""
        with self.lock:
            app = self.pods[name]["metadata"]["labels"]["app"]
            if self.ready(app) - 1 < self.least.get(app, 0):
                self.refused += 1
                return False
            del self.pods[name]
            self.add(f"{name}-again", app, "other", time.monotonic() + _ROLLING_SECONDS)
            self.fewest[app] = min(self.fewest.get(app, 10**6), self.ready(app))
            return True

    def on(self, node: str) -> list[str]:
        """The pods of a node."""
        return sorted(name for name, pod in self.pods.items() if pod["spec"]["nodeName"] == node)


def _merged(old: Any, patch: Any) -> Any:
    """RFC 7386, which is what these patches of kubectl amount to: they hold no lists."""
    if not isinstance(patch, dict):
        return patch
    kept = old if isinstance(old, dict) else {}
    return {name: _merged(kept.get(name), patch[name]) if name in patch else kept[name]
            for name in [*kept, *(name for name in patch if name not in kept)] if name not in patch or patch[name] is not None}


def _status(code: int, reason: str, message: str) -> dict[str, Any]:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code}


class Server(http.server.ThreadingHTTPServer):
    """The API on an address of loopback."""

    daemon_threads = True

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cluster = cluster
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def kubeconfig(self, path: Path) -> Path:
        """A file that leads kubectl here."""
        named = {"clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.server_address[1]}"}}],
                 "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}], "users": [{"name": "u", "user": {}}]}
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "c", **named}))
        return path


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        """Discovery, nodes and pods."""
        url, cluster = urlsplit(self.path), self.server.cluster
        name = url.path.rpartition("/")[2]
        fields = parse_qs(url.query).get("fieldSelector", [""])[0].partition("=")[2]
        if url.path in _DISCOVERY:
            self._answer(200, _DISCOVERY[url.path])
        elif url.path == _NODES and "watch" in parse_qs(url.query):
            # What is watched for is so already, and nothing more will happen to it.
            self._answer(200, {"type": "MODIFIED", "object": cluster.nodes[fields]})
        elif url.path == _NODES:
            self._list("NodeList", [node for key, node in cluster.nodes.items() if fields in ("", key)])
        elif url.path == "/api/v1/pods":
            self._list("PodList", [pod for pod in cluster.pods.values() if pod["spec"]["nodeName"] == fields])
        else:
            found = {f"{_NODES}/{name}": cluster.nodes, f"{_PODS}/{name}": cluster.pods}.get(url.path, {}).get(name)
            self._answer(200 if found else 404, found or _status(404, "NotFound", f"{name} not found"))

    def do_PATCH(self) -> None:
        """Annotations and cordons of nodes."""
        name = urlsplit(self.path).path.rpartition("/")[2]
        patch = self._body()
        with self.server.cluster.lock:
            self.server.cluster.nodes[name] = _merged(self.server.cluster.nodes[name], patch)
        self._answer(200, self.server.cluster.nodes[name])

    def do_POST(self) -> None:
        """Evictions."""
        self._body()
        name = urlsplit(self.path).path.split("/")[-2]
        if self.server.cluster.evict(name):
            self._answer(201, {"kind": "Status", "apiVersion": "v1", "status": "Success"})
        else:
            self._answer(429, _status(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget."))

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _list(self, kind: str, items: list[dict[str, Any]]) -> None:
        self._answer(200, {"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items})

    def _answer(self, code: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(HTTPStatus(code))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

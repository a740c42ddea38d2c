# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of AWX's API as configure_awx.yml meets: it keeps what it is given, and answers as AWX 24.6.1 does by its sources (awx/api, awx/main).

It is no AWX: nothing is run, nobody is refused, and what is not asked here is not there (404).
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# Kind of object by its list; what an object has that nobody gave; lists of others that it leads to.
KINDS: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "organizations": ("organization", {}, ()),
    "credentials": ("credential", {}, ()),
    "execution_environments": ("execution_environment", {"organization": None, "credential": None, "pull": ""}, ()),
    "projects": ("project", {"scm_revision": "", "scm_branch": "", "status": "successful", "credential": None}, ()),
    "inventories": ("inventory", {"kind": "", "host_filter": None, "variables": ""}, ()),
    "inventory_sources": ("inventory_source", {"source_vars": ""}, ()),
    "notification_templates": ("notification_template", {"messages": None}, ()),
    "job_templates": ("job_template", {}, ("credentials", "notification_templates_success", "notification_templates_error", "labels")),
    "workflow_job_templates": ("workflow_job_template", {}, ("notification_templates_success", "notification_templates_error")),
    "workflow_job_template_nodes": ("workflow_job_template_node", {"unified_job_template": None, "extra_data": {}},
                                    ("success_nodes", "failure_nodes", "always_nodes", "credentials")),
    "workflow_approval_templates": ("workflow_approval_template", {"timeout": 0, "description": ""}, ()),
    "schedules": ("schedule", {"enabled": True, "extra_data": {}}, ()),
}
UNIFIED = ("projects", "inventory_sources", "job_templates", "workflow_job_templates", "workflow_approval_templates")
# awx/main/notifications/webhook_backend.py: what a webhook's configuration has, and the values of what was not given.
WEBHOOK = {"url": None, "http_method": "POST", "disable_ssl_verification": False, "username": "", "password": "", "headers": None}
EVENTS = ("started", "success", "error", "workflow_approval")
QUESTION_DEFAULTS = {"integer": int, "float": float}

Object = dict[str, Any]
Answer = tuple[int, Any]


class RefusedError(Exception):
    """What AWX answers with 400: errors by field."""


class Store:
    """All objects by their list and number."""

    def __init__(self, playbooks: list[str]) -> None:
        self.objects: dict[str, dict[int, Object]] = {name: {} for name in KINDS}
        self.linked: dict[str, list[int]] = {}
        self.surveys: dict[int, Any] = {}
        self.writes: list[str] = []
        self._playbooks = playbooks
        self._last = 0

    def make(self, name: str, given: Object) -> Object:
        """A new object. Raises RefusedError."""
        kind, fields, lists = KINDS[name]
        self._last += 1
        url = f"/api/v2/{name}/{self._last}/"
        made: Object = {"description": "", **json.loads(json.dumps(fields)), **given, "id": self._last, "type": kind, "url": url,
                        "summary_fields": {}, "related": {each: f"{url}{each}/" for each in lists}}
        if name.endswith("job_templates"):
            made["related"]["survey_spec"] = f"{url}survey_spec/"
        self._check(name, made)
        if any(self._same(name, made, other) for other in self.objects[name].values()):
            raise RefusedError({"__all__": [f"{kind} with this name already exists."]})
        self.objects[name][self._last] = made
        return made

    def change(self, name: str, number: int, given: Object) -> Object:
        """A changed object. Raises RefusedError."""
        old = self.objects[name][number]
        new: Object = {**old, **given}
        self._check(name, new)
        if name == "notification_templates" and old["messages"] and new["messages"]:
            new["messages"] = {event: new["messages"].get(event) or old["messages"].get(event) for event in EVENTS}
        self.objects[name][number] = new
        return new

    @staticmethod
    def _same(name: str, one: Object, other: Object) -> bool:
        if name == "workflow_job_template_nodes":
            keys: tuple[str, ...] = ("workflow_job_template", "identifier")
        elif name == "inventory_sources":
            keys = ("inventory", "name")
        else:
            keys = ("organization", "name") if "organization" in one else ("name",)
        return name != "workflow_approval_templates" and all(one.get(key) == other.get(key) for key in keys)

    def _check(self, name: str, made: Object) -> None:
        if name == "notification_templates":
            configuration = {**WEBHOOK, **made["notification_configuration"]}
            missing = [field for field, value in configuration.items() if value is None]
            if made["notification_type"] != "webhook" or missing:
                raise RefusedError({"__all__": [f"Missing required fields for Notification Configuration: {missing}."]})
            made["notification_configuration"] = configuration
        if name == "job_templates" and made["playbook"] not in self._playbooks:
            raise RefusedError({"playbook": ["Playbook not found for project."]})
        if name == "schedules" and not re.match(r"DTSTART(;TZID=[\w/]+)?:\d{8}T\d{6}Z? RRULE:FREQ=\w+;.*INTERVAL=\d", made["rrule"]):
            raise RefusedError({"rrule": ["INTERVAL required in rrule."]})

    def find(self, name: str, query: Object) -> list[Object]:
        """A list by AWX's filters: fields by their values, ``or__`` ones by any."""
        rows = [row for each in (UNIFIED if name == "unified_job_templates" else (name,)) for row in self.objects[each].values()]
        either = {key[4:]: value for key, value in query.items() if key.startswith("or__")}
        every = {key: value for key, value in query.items() if not key.startswith("or__")}
        return [row for row in rows if all(str(row.get(key)) == value for key, value in every.items())
                and (not either or any(str(row.get(key)) == value for key, value in either.items()))]

    def link(self, path: str, given: Object) -> None:
        """Associate, or the opposite."""
        known = self.linked.setdefault(path, [])
        if given.get("disassociate"):
            known.remove(given["id"])
        elif given["id"] not in known:
            known.append(given["id"])

    def survey(self, number: int, spec: Any) -> Answer:
        """Take a survey as awx/api/views checks it."""
        if any(not isinstance(spec.get(field), kind) for field, kind in (("name", str), ("description", str), ("spec", list))) or not spec["spec"]:
            return 400, {"error": "a field is missing from survey spec"}
        for question in spec["spec"]:
            if any(field not in question for field in ("type", "question_name", "variable", "required")):
                return 400, {"error": f"a field is missing from {question}"}
            default = question.get("default", "")
            if default != "" and not isinstance(default, QUESTION_DEFAULTS.get(question["type"], str)):
                return 400, {"error": f"Default value {default} in survey question {question['variable']}"}
            if question["type"] == "multiplechoice" and default.strip() not in question["choices"]:
                return 400, {"error": "Default choice must be answered from the choices listed."}
        self.surveys[number] = spec
        return 200, {}

    def approval(self, number: int, given: Object) -> Object:
        """An approval's template, and the node that leads to it."""
        made = self.make("workflow_approval_templates", given)
        node = self.objects["workflow_job_template_nodes"][number]
        node["unified_job_template"] = made["id"]
        node["related"]["unified_job_template"] = made["url"]
        return made


def answer(store: Store, method: str, path: str, query: Object, given: Object) -> Answer:
    """AWX's answer to a request below /api/v2."""
    words = [word for word in path.removeprefix("/api/v2/").split("/") if word]
    name, number = words[0], int(words[1]) if len(words) > 1 else 0
    if method != "GET":
        store.writes.append(f"{method} {path}")
    if name not in KINDS and name != "unified_job_templates":
        return 404, {"detail": "Not found."}
    if not number:
        return (201, store.make(name, given)) if method == "POST" else (200, _page(store.find(name, query)))
    if number not in store.objects[name]:
        return 404, {"detail": "Not found."}
    if len(words) == 2:
        return 200, store.change(name, number, given) if method == "PATCH" else store.objects[name][number]
    return _below(store, method, path, given, (name, number, words[2]))


def _below(store: Store, method: str, path: str, given: Object, place: tuple[str, int, str]) -> Answer:
    name, number, last = place
    if last == "survey_spec":
        return store.survey(number, given) if method == "POST" else (200, store.surveys.get(number, {}))
    if last == "create_approval_template":
        return 201, store.approval(number, given)
    if last not in KINDS[name][2]:
        return 404, {"detail": "Not found."}
    if method == "POST":
        store.link(path, given)
        return 204, None
    return 200, _page([{"id": each} for each in store.linked.get(path, [])])


def _page(rows: list[Object]) -> Object:
    return {"count": len(rows), "next": None, "previous": None, "results": rows}


def _handler(store: Store) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                status, said = answer(store, self.command, parts.path, dict(parse_qsl(parts.query)), json.loads(body) if body else {})
            except RefusedError as error:
                status, said = 400, error.args[0]
            data = b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("X-API-Product-Name", "AWX")
            self.send_header("X-API-Product-Version", "24.6.1")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PATCH(self) -> None:
            self._serve()

        def log_message(self, *_: Any) -> None:
            """Silence."""

    return Handler


@contextmanager
def serving(store: Store) -> Iterator[str]:
    """The API on a port of loopback: its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(store)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-rulebook for real: an advisory is dropped as a file and nobody does anything. Exposed hosts, reached by a real ssh, get the standard's
mitigation in waves, are proved and answered again; it is told; an event that comes meanwhile waits; who is unknown is left alone and named; the
mitigation goes when its fix is in force; journal, tickets and history tell it all. Needs root and Java. The tests run in this order.
"""

from __future__ import annotations

import http.server
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history import questions, upgrade
from namespace_host import NamespaceHost
from running_rulebook import PATIENCE, Rulebook

BIN = Path(sys.executable).parent
CVE, SYSCTL = "CVE-2026-31431", "net.ipv4.conf.all.accept_redirects"
MITIGATION = {"advisory": [CVE], "reason": "there is no fix yet", "owner": "the test", "expires": "2099-12-31", "sysctls": {SYSCTL: 0}}
EXPOSED = ("web1", "web2")


class Hook(http.server.BaseHTTPRequestHandler):
    """Whoever is told."""

    heard: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()


class World:
    """A fleet, its controller's folder, and the rulebook that runs there."""

    def __init__(self, folder: Path, hook: str) -> None:
        self.folder = folder
        self.hosts = {name: NamespaceHost(folder / name, f"127.0.1.{number}") for number, name in enumerate(EXPOSED, 1)}
        python = os.path.realpath(sys.executable)
        reached = {name: {**host.variables(), "ansible_python_interpreter": python} for name, host in self.hosts.items()}
        reached["odd"] = {**reached["web1"], "ansible_python_interpreter": "/nonexistent/python3"}
        self.have(True, {"status": "open"})
        variables = {
            "firebreak_standard": {"os": {"id": "debian"}}, "firebreak_feeds": [str(folder / "feed.json")],
            "firebreak_mitigations_eda": f"{{{{ lookup('ansible.builtin.file', '{folder / 'mitigations.json'}') | from_json }}}}",
            "firebreak_heal": True, "firebreak_waves": [1, "100%"], "firebreak_heal_per_day": 20, "firebreak_heal_tickets": str(folder / "tickets"),
            "firebreak_heal_webhook": hook}
        (folder / "inventory.yml").write_text(yaml.safe_dump({"all": {"vars": variables, "hosts": reached}}), encoding="utf-8")
        self.rulebook = Rulebook(folder, BIN)

    def have(self, is_mitigated: bool, state: dict[str, str]) -> None:
        """What the standard and the feed say from now on."""
        (self.folder / "mitigations.json").write_text(json.dumps([MITIGATION] if is_mitigated else []), encoding="ascii")
        (self.folder / "feed.json").write_text(json.dumps({"containerd": {CVE: {"releases": {"bookworm": state}}}}), encoding="ascii")

    def sysctls(self) -> list[str]:
        """What is in force on the hosts."""
        return [host.run(f"cat /proc/sys/{SYSCTL.replace('.', '/')}") for host in self.hosts.values()]

    def end(self) -> None:
        """Stop what was started."""
        self.rulebook.end()
        for host in self.hosts.values():
            host.end()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = World(tmp_path_factory.mktemp("world"), f"http://127.0.0.1:{server.server_address[1]}/")
        yield found
        found.end()
        server.shutdown()


def test_an_advisory_is_answered_and_the_next_events_wait(world: World) -> None:
    assert world.sysctls() == ["1", "1"]
    world.rulebook.drop("dsa-1", {"id": "dsa-1", "details": f"A hole in containerd: {CVE}", "hosts": "odd", "meta": {"hosts": "odd"}})
    world.rulebook.wait("begun", "dsa-1")
    world.rulebook.drop("while-busy", {"kind": "drift", "id": "while-busy"})
    event = json.dumps({"firebreak_event": {"kind": "drift", "id": "by-hand"}, "firebreak_heal_dir": str(world.rulebook.heal)})
    by_hand = world.rulebook.start("ansible-playbook", "-i", "inventory.yml", "firebreak.fleet.heal_fleet", "-e", event)
    for name in ("dsa-1", "while-busy", "by-hand"):
        world.rulebook.wait_for_end(name)
    assert by_hand.wait(PATIENCE) == 0, world.rulebook.told()
    rows = world.rulebook.journal()
    order = list(dict.fromkeys(row["event"] for row in rows))
    assert order[0] == "dsa-1"
    assert [row["event"] for row in rows] == [row["event"] for name in order for row in rows if row["event"] == name], "two runs at once"
    of_first = world.rulebook.said_of("dsa-1")
    for name in EXPOSED:
        assert of_first[name, "healed"] == "seen healed by a scan of its own, and proved", rows
    assert of_first["odd", "left_alone"].startswith("unknown: python_too_old")
    assert of_first[None, "ended"] == "2 healed"
    assert world.sysctls() == ["0", "0"]


def test_it_went_in_waves_and_touched_no_other_host(world: World) -> None:
    path, = (world.folder / "rollout").glob("*.jsonl")
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert sorted(event["hosts"] for event in events if event["event"] == "wave") == [["web1"], ["web2"]]
    assert {event["host"] for event in events if event["event"] == "step"} == set(EXPOSED)


def test_it_is_told(world: World) -> None:
    assert {"event": {"kind": "advisory", "id": "dsa-1", "cves": CVE}, "healed": list(EXPOSED), "not_healed": []} in Hook.heard
    ticket = json.loads((world.folder / "tickets/dsa-1.json").read_text(encoding="utf-8"))
    assert [row["what"] for row in ticket["journal"] if row.get("host") == "odd"] == ["left_alone"]


def test_the_mitigation_goes_when_the_fix_is_in_force(world: World) -> None:
    world.have(False, {"status": "resolved", "fixed_version": "1.0-1"})
    world.rulebook.drop("dsa-1-fixed", {"id": "dsa-1-fixed", "details": f"Fixed: {CVE}"})
    world.rulebook.wait_for_end("dsa-1-fixed")
    healed = {row["host"]: row["why"] for row in world.rulebook.journal() if (row["event"], row["what"]) == ("dsa-1-fixed", "healed")}
    assert healed == dict.fromkeys(EXPOSED, "seen healed by a scan of its own, and proved"), world.rulebook.told()
    assert world.sysctls() == ["1", "1"]
    assert [host.run("ls /var/lib/firebreak 2>/dev/null || true") for host in world.hosts.values()] == ["", ""]


def test_the_history_tells_the_story(world: World) -> None:
    history = upgrade.opened(str(world.folder / "firebreak_history/history.sqlite"))
    with history.reading() as connection:
        hole, = questions.holes(connection, int(time.time()))
        moved = questions.moved(connection)
        events = questions.events(connection, 0)
        kinds = {part.kind for part in questions.parts(connection)}
    history.close()
    assert hole.name == CVE
    assert hole.hosts == len(EXPOSED)
    assert sum(count for _run, count in hole.closers) >= len(EXPOSED)
    assert [one.hosts for one in moved] == [2, 2]
    assert {"scan", "answer", "proof"} <= kinds
    assert {(one["run"], one["subject"], one["decision"]) for one in events if one["kind"] == "heal"} >= {
        ("dsa-1", "web1", "healed"), ("dsa-1", "odd", "left_alone"), ("dsa-1-fixed", "web2", "healed")}

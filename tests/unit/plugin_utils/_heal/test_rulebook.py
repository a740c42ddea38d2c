# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebook, its source and its filter: what reaches the playbook of an event, by the files that are shipped."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.firebreak.fleet.plugins.plugin_utils._heal import deciding

ROOT = Path(__file__).resolve().parents[4]
EDA = ROOT / "extensions/eda"


def plugin(path: str) -> Any:
    """One of the plugins of ansible-rulebook, which loads them by their file."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, EDA / "plugins" / path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLAIN = plugin("event_filter/plain.py")
DROP = plugin("event_source/drop.py")


@pytest.mark.parametrize(("event", "kind", "cves"), [
    ({"payload": {"id": "dsa-1", "details": "fixes CVE-2026-31431"}}, "advisory", "CVE-2026-31431"),
    ({"payload": {"schema_version": "1.6", "id": "DSA-1-1", "aliases": ["CVE-2026-31431"], "upstream": ["UBUNTU-CVE-2026-31431"]}}, "advisory",
     "CVE-2026-31431"),
    ({"payload": {"kind": "drift", "id": "x"}}, "drift", ""),
    ({"payload": {"status": "firing", "commonLabels": {"alertname": "Drift", "firebreak_kind": "drift"}, "alerts": []}}, "drift", ""),
    ({"payload": {"alerts": [{"labels": {"cve": "CVE-2026-31431"}}], "commonLabels": {}}}, "advisory", "CVE-2026-31431"),
    ({"payload": {"kind": "reboot", "id": "x"}}, "other", ""), ({"payload": ["CVE-2026-31431"]}, "other", ""), ({}, "other", ""),
    ({"payload": {"id": 7, "kind": 1.0}}, "other", ""), ({"payload": None}, "other", ""),
])
def test_events_become_plain_texts(event: dict[str, Any], kind: str, cves: str) -> None:
    found = PLAIN.main({**event, "meta": {"hosts": ["db1"], "limit": "all"}})
    assert (set(found), found["kind"], found["cves"]) == ({"kind", "id", "cves"}, kind, cves)
    assert all(isinstance(value, str) for value in found.values())
    if kind != "other":
        assert deciding.event(found).kind == kind


@pytest.mark.parametrize("name", ["a b", "{{ lookup('pipe', 'id') }}", "../../etc", "é" * 300, ""])
def test_a_name_is_never_more_than_a_name(name: str) -> None:
    found = PLAIN.main({"payload": {"kind": "drift", "id": name}})
    assert re.fullmatch(r"[A-Za-z0-9_.:-]{1,100}", found["id"])


def test_dropped_files_are_taken_in_order_and_once(tmp_path: Path) -> None:
    for number, (name, text) in enumerate({"b.json": '{"kind": "drift"}', "a.txt": "see CVE-2026-31431", "c.json": "[1"}.items()):
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (1000 + number, 1000 + number))
    (tmp_path / ".part").write_text("x")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "large").write_text("x" * (DROP._LIMIT + 1))
    queue: asyncio.Queue[Any] = asyncio.Queue()
    for _again in range(2):
        asyncio.run(DROP.main(queue, {"folder": str(tmp_path), "once": True}))
    found = [queue.get_nowait()["payload"] for _event in range(queue.qsize())]
    assert found == [{"id": "b", "kind": "drift"}, {"id": "a", "text": "see CVE-2026-31431"}, {"id": "c", "text": "[1"}]
    assert sorted(path.name for path in (tmp_path / "taken").iterdir()) == ["a.txt", "b.json", "c.json"]


def test_a_file_that_still_grows_waits(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    now = (tmp_path / "a").stat().st_mtime
    assert DROP.waiting(tmp_path, now + 0.5) == []
    assert len(DROP.waiting(tmp_path, now + 1.5)) == 1


def test_the_rulebook_keeps_to_the_traps_of_its_engine() -> None:
    rule_set, = yaml.safe_load((EDA / "rulebooks/heal_fleet.yml").read_text(encoding="utf-8"))
    assert rule_set["execution_strategy"] == "sequential"
    # Its hosts are the limit of the playbook, whose plays on localhost would vanish under all alone.
    assert rule_set["hosts"] == "all,localhost"
    assert all(source["filters"] == [{"firebreak.fleet.plain": None}] for source in rule_set["sources"])
    for rule in rule_set["rules"]:
        named = set(re.findall(r"event\.(\w+)", rule["condition"]))
        assert named == set(re.findall(r"event\.(\w+) is defined", rule["condition"]))
        # A literal of another type would never match, and rules of one set share the first one's.
        assert re.findall(r"[!=]= *([^\s]+)", rule["condition"])
        assert all(literal.startswith('"') for literal in re.findall(r"[!=]= *([^\s]+)", rule["condition"]))
        action = rule["action"]["run_playbook"]
        assert set(action["extra_vars"]) == {"firebreak_event", "firebreak_heal_dir"}
        assert "default('/var/lib/" in action["extra_vars"]["firebreak_heal_dir"]
        assert set(action["extra_vars"]["firebreak_event"]) <= {"kind", "id", "cves"}
        assert (ROOT / "playbooks" / f"{action['name'].rpartition('.')[2]}.yml").is_file()


def test_the_unit_stops_all_of_it_together_and_never_cuts_a_rollout_short() -> None:
    unit = (EDA / "systemd/firebreak-heal.service").read_text(encoding="utf-8")
    assert "KillMode=control-group" in unit
    assert int(re.findall(r"--shutdown-delay (\d+)", unit)[0]) >= 12 * 3600

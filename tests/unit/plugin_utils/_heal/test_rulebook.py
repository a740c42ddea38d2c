# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebook, its source and its filter: what reaches the playbook of an event, by the files that are shipped."""

from __future__ import annotations

import asyncio
import gzip
import importlib.util
import json
import os
import re
import zipfile
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
FEED = plugin("event_source/feed.py")


@pytest.mark.parametrize(("event", "kind", "cves"), [
    ({"payload": {"id": "dsa-1", "details": "fixes CVE-2026-31431"}}, "advisory", "CVE-2026-31431"),
    ({"payload": {"schema_version": "1.6", "id": "DSA-1-1", "aliases": ["CVE-2026-31431"], "upstream": ["UBUNTU-CVE-2026-31431"]}}, "advisory",
     "CVE-2026-31431"),
    ({"payload": {"kind": "drift", "id": "x"}}, "drift", ""),
    ({"payload": {"status": "firing", "commonLabels": {"alertname": "Drift", "firebreak_kind": "drift"}, "alerts": []}}, "drift", ""),
    ({"payload": {"alerts": [{"labels": {"cve": "CVE-2026-31431"}}], "commonLabels": {}}}, "advisory", "CVE-2026-31431"),
    ({"payload": {"kind": "reboot", "id": "x"}}, "other", ""), ({}, "other", ""),
    ({"payload": {"id": 7, "kind": 1.0}}, "other", ""), ({"payload": None}, "other", ""),
    # A list of advisories, one text alone, a name in small letters (Red Hat's files), the longest number that CVE's own schema allows.
    ({"payload": ["CVE-2026-31431"]}, "advisory", "CVE-2026-31431"), ({"payload": "see CVE-2026-31431"}, "advisory", "CVE-2026-31431"),
    ({"payload": {"id": "x", "url": "https://example.org/vex/2026/cve-2026-31431.json"}}, "advisory", "CVE-2026-31431"),
    ({"payload": {"id": "x", "cve": "CVE-2026-1234567890"}}, "advisory", "CVE-2026-1234567890"),
    ({"payload": {"id": "x", "cve": "CVE-2026-12345678901234567890"}}, "other", ""), ({"payload": {"cve": "CVE-2026-١٢٣٤"}}, "other", ""),
    # Debian's tracker has the holes as keys (https://security-tracker.debian.org/tracker/data/json).
    ({"payload": {"linux": {"CVE-2026-31431": {"scope": "local"}}}}, "advisory", "CVE-2026-31431"),
    # Alertmanager's version 4 tells what is over as well (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
    ({"payload": {"status": "resolved", "commonLabels": {"firebreak_kind": "drift"}, "alerts": [{"status": "resolved"}]}}, "other", ""),
    ({"payload": {"status": "resolved", "commonLabels": {"cve": "CVE-2026-31431"}, "alerts": [{"status": "resolved"}]}}, "other", ""),
    ({"payload": {"status": "firing", "commonLabels": {}, "alerts": [{"status": "resolved", "labels": {"cve": "CVE-2026-31431"}},
                                                                     {"status": "firing", "labels": {"cve": "CVE-2026-31432"}}]}},
     "advisory", "CVE-2026-31432"),
    ({"payload": {"status": "firing", "commonLabels": {}, "alerts": [{"status": "firing", "labels": {"firebreak_kind": "drift"}},
                                                                     {"status": "firing", "labels": {"alertname": "Other"}}]}}, "drift", ""),
])
def test_events_become_plain_texts(event: dict[str, Any], kind: str, cves: str) -> None:
    found = PLAIN.main({**event, "meta": {"hosts": ["db1"], "limit": "all"}})
    assert found == PLAIN.main({**event, "meta": {"hosts": "db1"}})
    assert (set(found), found["kind"], found["cves"]) == ({"kind", "id", "cves"}, kind, cves)
    assert all(isinstance(value, str) for value in found.values())
    if kind != "other":
        assert deciding.event(found).kind == kind


def test_a_notice_that_names_hundreds_of_holes_is_whole_or_refused() -> None:
    """Notices of Ubuntu's and Debian's kernels do; the names stand behind lists of packages."""
    names = [f"CVE-2026-{number}" for number in range(1000, 3000)]
    found = PLAIN.main({"payload": {"id": "usn-1", "text": f"{'linux-image ' * 20000}{' '.join(names)}"}})
    assert deciding.event(found).cves == tuple(names)
    with pytest.raises(deciding.EventError, match="at most 2000"):
        deciding.event(PLAIN.main({"payload": {"id": "usn-1", "list": [*names, "CVE-2026-3000", "CVE-2026-3001"]}}))


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
    assert dropped(tmp_path) == [{"id": "b", "kind": "drift"}, {"id": "a", "text": "see CVE-2026-31431"}, {"id": "c", "text": "[1"}]
    assert sorted(path.name for path in (tmp_path / "taken").iterdir()) == ["a.txt", "b.json", "c.json"]


def dropped(folder: Path) -> list[Any]:
    """What is heard of a folder that is looked at twice."""
    queue: asyncio.Queue[Any] = asyncio.Queue()
    for _again in range(2):
        asyncio.run(DROP.main(queue, {"folder": str(folder), "once": True}))
    return [queue.get_nowait()["payload"] for _event in range(queue.qsize())]


@pytest.mark.parametrize(("content", "expected"), [
    pytest.param(b'\xef\xbb\xbf{"kind": "drift"}', {"id": "odd", "kind": "drift"}, id="a byte order mark"),
    pytest.param(b"[" * 100000, {"id": "odd", "text": "[" * 100000}, id="too deep for JSON"),
    pytest.param(b"1" * 5000, {"id": "odd", "text": "1" * 5000}, id="a number too long for Python"),
    pytest.param(b"\xff\xfe\x00", {"id": "odd", "text": "\ufffd\ufffd\x00"}, id="no UTF-8"), pytest.param(b"", {"id": "odd", "text": ""}, id="empty"),
])
def test_no_file_ends_the_watch(tmp_path: Path, content: bytes, expected: dict[str, Any]) -> None:
    (tmp_path / "odd.json").write_bytes(content)
    (tmp_path / "z.json").write_text('{"kind": "drift"}')
    for number, name in enumerate(("odd.json", "z.json")):
        os.utime(tmp_path / name, (1000 + number, 1000 + number))
    found = dropped(tmp_path)
    assert found == [expected, {"id": "z", "kind": "drift"}]
    assert all(set(PLAIN.main({"payload": payload})) == {"kind", "id", "cves"} for payload in found)


def test_a_file_that_cannot_be_taken_is_left_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "taken").write_text("no folder")
    (tmp_path / "large.json").touch()
    os.truncate(tmp_path / "large.json", DROP._LIMIT + 1)
    for name in ("large.json", "taken"):
        os.utime(tmp_path / name, (1000, 1000))
    assert dropped(tmp_path) == []
    said = [record.getMessage().partition(" is left")[0] for record in caplog.records]
    assert sorted(set(said)) == [str(tmp_path / name) for name in ("large.json", "taken")]


def test_a_name_that_comes_again_takes_no_earlier_file_away(tmp_path: Path) -> None:
    for text in ("CVE-2026-1001", "CVE-2026-1002", "CVE-2026-1003"):
        (tmp_path / "new.txt").write_text(text)
        os.utime(tmp_path / "new.txt", (1000, 1000))
        dropped(tmp_path)
    assert {path.name: path.read_text()[-1] for path in (tmp_path / "taken").iterdir()} == {"new.txt": "1", "new-2.txt": "2", "new-3.txt": "3"}


def test_a_file_that_still_grows_waits(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    now = (tmp_path / "a").stat().st_mtime
    assert DROP.waiting(tmp_path, now + 0.5) == []
    assert len(DROP.waiting(tmp_path, now + 1.5)) == 1
    # Copied with a time that is yet to come.
    assert len(DROP.waiting(tmp_path, now - 1000)) == 1


OSV = {"id": "DSA-1-1", "upstream": ["CVE-2026-1001"], "affected": []}
OTHER = {"id": "DSA-2-1", "aliases": ["CVE-2026-1002"]}
TRACKER = {"linux": {"CVE-2026-1001": {"releases": {"bookworm": {"status": "open"}}}, "CVE-2026-1002": {}}}
FIXED = {"linux": {**TRACKER["linux"], "CVE-2026-1001": {"releases": {"bookworm": {"status": "resolved"}}}}}
KEV = {"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2026-1001"}, {"cveID": "CVE-2026-1002"}]}
KEV_LATER = {"catalogVersion": "2", "vulnerabilities": [*KEV["vulnerabilities"], {"cveID": "CVE-2026-1003"}]}


@pytest.mark.parametrize(("before", "now", "expected"), [
    pytest.param({"a.json": OSV}, {"a.json": OSV}, [], id="as it was"),
    pytest.param({"a.json": OSV}, {"a.json": OSV, "b.json": OTHER}, ["CVE-2026-1002"], id="a new advisory"),
    pytest.param({"a.json": OSV, "b.json": OTHER}, {"a.json": {**OSV, "modified": "later"}, "b.json": OTHER}, ["CVE-2026-1001"], id="a changed one"),
    pytest.param({"a.json": OSV, "b.json": OTHER}, {"a.json": OSV}, [], id="one that is gone"),
    pytest.param({"t.json": TRACKER}, {"t.json": FIXED}, ["CVE-2026-1001"], id="Debian's tracker: a fix came out"),
    pytest.param({"kev.json": KEV}, {"kev.json": KEV_LATER}, ["CVE-2026-1003"], id="CISA's catalogue: a row more"),
    pytest.param({"a.zip": [OSV]}, {"a.zip": [OSV, OTHER]}, ["CVE-2026-1002"], id="OSV's archive"),
    pytest.param({"l.txt.gz": "cve-2026-1001"}, {"l.txt.gz": "cve-2026-1001 cve-2026-1002"}, ["CVE-2026-1002"], id="a packed list"),
    pytest.param({"t.json": TRACKER}, {"t.json": "{" + json.dumps(FIXED)[:40]}, [], id="half written"),
    pytest.param({"a.zip": [OSV]}, {"a.zip": "PK no archive"}, [], id="a broken archive"),
    pytest.param({}, {"a.json": OSV}, ["CVE-2026-1001"], id="the first file of an empty folder"),
])
def test_what_is_new_in_feeds_is_heard_once(tmp_path: Path, before: dict[str, Any], now: dict[str, Any], expected: list[str]) -> None:
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    said = []
    for content in (before, now, now):
        for path in feeds.iterdir():
            path.unlink()
        for name, document in content.items():
            packed(feeds / name, document)
        queue: asyncio.Queue[Any] = asyncio.Queue()
        asyncio.run(FEED.main(queue, {"feeds": f"{feeds}, {tmp_path / 'none'}", "state": str(tmp_path / "state/feeds.json"), "once": True}))
        said.append([queue.get_nowait() for _event in range(queue.qsize())])
    assert [[event["payload"]["cves"] for event in events] for events in said] == [[], [",".join(expected)] if expected else [], []]
    assert all(deciding.event(PLAIN.main(event)).kind == "advisory" for events in said for event in events)


def test_a_feed_that_cannot_be_looked_at_is_told_once_and_the_others_are_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A folder of another user's, a name that no file system takes, a link to itself, and one to a file that was removed just now."""
    closed = tmp_path / "closed"
    closed.mkdir()
    packed(closed / "c.json", OTHER)
    packed(tmp_path / "a.json", OSV)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "gone").symlink_to("nowhere")
    closed.chmod(0)
    failing: set[str] = set()
    try:
        looks = [FEED.files([closed / "c.json", tmp_path, tmp_path / ("x" * 300), tmp_path / "none"], failing) for _look in range(2)]
    finally:
        closed.chmod(0o700)
    read = {str(tmp_path / "a.json")} | ({str(closed / "c.json")} if os.geteuid() == 0 else set())
    assert [set(look) for look in looks] == [read, read]
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == len(set(told)) == (2 if os.geteuid() == 0 else 4)
    assert any("loop" in text for text in told)
    assert not any("nowhere" in text or "none" in text for text in told)
    FEED.files([tmp_path / "a.json"], failing)
    assert failing == set()


@pytest.mark.parametrize("spoil", ["password", "method", "bits"])
def test_an_archive_that_cannot_be_unpacked_ends_nothing(tmp_path: Path, spoil: str, caplog: pytest.LogCaptureFixture) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("0.json", json.dumps(OSV))
    data = bytearray(archive.read_bytes())
    central = data.index(b"PK\x01\x02")
    for start in {"password": (6, central + 8), "method": (8, central + 10), "bits": ()}[spoil]:
        data[start] = 1 if spoil == "password" else 99
    if spoil == "bits":
        data[36:40] = b"\xff\xff\xff\xff"
    archive.write_bytes(data)
    memory = FEED.Memory(tmp_path / "state.json")
    assert memory.changes(FEED.files([archive], set())) == []
    assert "is not read as it is now" in caplog.text


def packed(path: Path, content: Any) -> None:
    """A file of a feed."""
    if path.suffix == ".zip" and isinstance(content, list):
        with zipfile.ZipFile(path, "w") as archive:
            for number, document in enumerate(content):
                archive.writestr(f"{number}.json", json.dumps(document))
        return
    data = (content if isinstance(content, str) else json.dumps(content)).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


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
        action = rule["action"].get("run_playbook")
        if action is None:
            assert set(rule["action"]) == {"debug"}
            continue
        assert set(action["extra_vars"]) == {"firebreak_event", "firebreak_heal_dir"}
        assert "default('/var/lib/" in action["extra_vars"]["firebreak_heal_dir"]
        assert set(action["extra_vars"]["firebreak_event"]) <= {"kind", "id", "cves"}
        assert (ROOT / "playbooks" / f"{action['name'].rpartition('.')[2]}.yml").is_file()


def test_the_unit_stops_all_of_it_together_and_never_cuts_a_rollout_short() -> None:
    unit = (EDA / "systemd/firebreak-heal.service").read_text(encoding="utf-8")
    assert "KillMode=control-group" in unit
    # ansible-rulebook 1.3.2 ends with status 0 whatever its playbooks and sources did.
    assert "Restart=always" in unit
    # It leaves folders with the inventory and the variables behind where it is stopped.
    assert "PrivateTmp=yes" in unit
    assert int(re.findall(r"--shutdown-delay (\d+)", unit)[0]) >= 12 * 3600


@pytest.mark.parametrize("kept", ["", "1", "[]", '"x"', '{"x": null}', '{"x": {"state": [1, 2]}}', '{"x": {"state": [], "said": []}}',
                                  '{"x": {"state": [], "said": {"CVE-2026-1": [1]}}}', "[" * 100000])
def test_a_memory_that_was_damaged_is_told_and_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture, kept: str) -> None:
    (tmp_path / "state.json").write_text(kept)
    (tmp_path / "feed.json").write_text('{"CVE-2026-31431": {}}')
    memory = FEED.Memory(tmp_path / "state.json")
    assert "what the feeds said before is forgotten" in caplog.text
    assert memory.changes(FEED.files([tmp_path / "feed.json"], set())) == []
    memory.keep()
    (tmp_path / "feed.json").write_text('{"CVE-2026-31431": {"fixed": 1}}')
    assert FEED.Memory(tmp_path / "state.json").changes(FEED.files([tmp_path / "feed.json"], set())) == ["CVE-2026-31431"]

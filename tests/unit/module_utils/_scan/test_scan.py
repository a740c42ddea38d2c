# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A section that hangs, crashes or dies costs itself, never the record."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host import host as host_seam
from ansible_collections.firebreak.fleet.plugins.module_utils._host import record as host_record
from ansible_collections.firebreak.fleet.plugins.module_utils._scan import scan
from recorded_host import RecordedHost

FACTS = [host_record.Fact("first", "str", ""), host_record.Fact("second.part", "str", ""), host_record.Fact("items[].name", "str", "")]


def _module(collect: Callable[[Any, Any, Any], None]) -> Any:
    return SimpleNamespace(FACTS=FACTS, collect=collect)


def _good(host: Any, section: Any, options: Any) -> None:
    section.put("first", "1", "here")
    section.put("second.part", "2", "there")
    section.put("items", [{"name": "3"}], "everywhere")


def _crash(host: Any, section: Any, options: Any) -> None:
    section.put("first", "1", "here")
    raise KeyError("nobody thought of this")


def _hang(host: Any, section: Any, options: Any) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    time.sleep(600)


def _die(host: Any, section: Any, options: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _nonsense(host: Any, section: Any, options: Any) -> None:
    section.put("first", object(), "here")


def _scan_live(*collects: Callable[[Any, Any, Any], None], **options: float) -> dict[str, Any]:
    return scan.collect(host_seam.LiveHost(), [(collect.__name__, _module(collect)) for collect in collects], dict(options))


def _in_time(wanted: Callable[[dict[str, Any]], bool], *collects: Callable[[Any, Any, Any], None]) -> dict[str, Any]:
    """The record of a scan with a hung section, with as long a deadline as a busy machine needs for what is ``wanted`` of it."""
    for seconds in (1, 4, 16, 64):
        record = _scan_live(*collects, section_deadline=seconds)
        if wanted(record):
            break
    return record


def _reasons(record: dict[str, Any], section: str) -> dict[str, str]:
    return {null["fact"]: null["reason"] for null in record["nulls"] if null["fact"].startswith(section + ".")}


def test_all_sections_in_one_record() -> None:
    record = _scan_live(_good)
    assert record["_good"] == {"first": "1", "second": {"part": "2"}, "items": [{"name": "3"}]}
    assert record["schema"] == "firebreak.record/1"
    assert record["evidence"]["_good.first"] == "here"
    assert record["nulls"] == []
    assert record["scanner"]["uid"] == os.geteuid()


def test_a_crash_keeps_what_was_said_and_names_the_line() -> None:
    record = _scan_live(_crash, _good)
    assert record["_crash"] == {"first": "1", "second": {"part": None}, "items": None}
    assert _reasons(record, "_crash") == {"_crash.second.part": "section_failed", "_crash.items": "section_failed"}
    assert record["nulls"][0]["detail"].startswith("KeyError at test_scan.py:")
    assert record["_good"]["first"] == "1"


def test_a_hung_section_is_given_up_and_the_rest_goes_on() -> None:
    record = _in_time(lambda seen: seen["_good"]["first"] == seen["_crash"]["first"] == "1", _good, _hang, _crash)
    assert set(_reasons(record, "_hang").values()) == {"deadline"}
    assert record["_good"]["first"] == record["_crash"]["first"] == "1"
    assert record["seconds"]["_hang"] > 1


def test_what_a_hung_section_had_said_is_kept() -> None:
    def late(host: Any, section: Any, options: Any) -> None:
        section.put("first", "1", "here")
        section.cannot_say("second.part", "absent", "there")
        _hang(host, section, options)

    record = _in_time(lambda seen: seen["late"]["first"] == "1", late, _good)
    assert record["late"] == {"first": "1", "second": {"part": None}, "items": None}
    assert _reasons(record, "late") == {"late.second.part": "absent", "late.items": "deadline"}
    assert record["evidence"]["late.first"] == "here"


def test_a_lost_answer_is_no_answer_to_any_section() -> None:
    def careless(host: Any, section: Any, options: Any) -> None:
        section.put("first", host.uname()[0], "uname")
        section.put("items", host.listdir("/proc/self/fd").value or [], "/proc/self/fd")
        section.put("second.part", host.read("/proc/self/mem").value or "", "/proc/self/mem")

    record = _scan_live(careless)
    assert record["careless"]["first"] == "Linux"
    assert record["careless"]["second"]["part"] is None
    assert _reasons(record, "careless") == {"careless.second.part": "unreadable"}


def test_a_section_that_kills_its_process() -> None:
    record = _scan_live(_die, _good)
    assert set(_reasons(record, "_die").values()) == {"section_failed"}
    assert record["nulls"][0]["detail"].endswith("signal 9")
    assert record["_good"]["first"] == "1"


def test_the_hosts_deadline_ends_all() -> None:
    record = _scan_live(_hang, _good, deadline=0.2)
    assert set(_reasons(record, "_hang").values()) == set(_reasons(record, "_good").values()) == {"deadline"}


def test_no_process_outlives_a_hung_section(tmp_path: Path) -> None:
    pid = tmp_path / "pid"

    def deaf(host: Any, section: Any, options: Any) -> None:
        host.asked.deadline = None
        host.run(["sh", "-c", f"echo $$ > {pid}; exec sleep 600"], timeout=600)

    record = _in_time(lambda _seen: pid.exists() and bool(pid.read_text()), deaf)
    assert set(_reasons(record, "deaf").values()) == {"deadline"}
    end = time.monotonic() + 120
    while Path(f"/proc/{pid.read_text().strip()}").exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()


def test_a_section_sees_its_deadline() -> None:
    def patient(host: Any, section: Any, options: Any) -> None:
        section.put_answer("first", host.run(["sleep", "600"]), "sleep")

    record = _scan_live(patient, _good, section_deadline=2)
    [null] = record["nulls"]
    assert (null["fact"], null["reason"]) == ("patient.first", "deadline")
    assert "sleep: no answer in " in null["detail"]  # its own words: it was not given up


def test_a_value_that_is_no_json_is_a_failed_section() -> None:
    record = _scan_live(_nonsense)
    assert record["_nonsense"]["first"] is None
    assert record["nulls"][0]["detail"].startswith("TypeError at")


def test_a_recorded_host_is_scanned_in_process() -> None:
    seen: list[int] = []

    def look(host: Any, section: Any, options: Any) -> None:
        seen.append(os.getpid())
        _good(host, section, options)

    record = scan.collect(RecordedHost({"now": 0, "uid": 7}), [("look", _module(look)), ("_crash", _module(_crash))], {})
    assert seen == [os.getpid()]
    assert record["scanned_at"] == "1970-01-01T00:00:00Z"
    assert record["scanner"]["uid"] == 7
    assert _reasons(record, "_crash")["_crash.items"] == "section_failed"


def test_an_unknown_section_is_one_clear_error() -> None:
    with pytest.raises(ValueError, match="sections: kernal: no such section; there are os, boot, kernel"):
        scan.scan(RecordedHost({}), ["os", "kernal"], {})


def test_only_the_sections_asked_for_in_their_own_order() -> None:
    record = scan.scan(RecordedHost({}), ["boot", "os"], {})
    assert list(record["seconds"]) == ["os", "boot"]
    assert "cpu" not in record

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is as it was says so in less than a kilobyte, and its document is as whole as after a first look."""

from __future__ import annotations

import binascii
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
import replay_hosts
from ansible_collections.firebreak.fleet.plugins.module_utils._host import look
from ansible_collections.firebreak.fleet.plugins.module_utils._scan.sections import SECTIONS
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport import last_look
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.last_look import ForgottenError, Kept

RECORDS = {path.name: replay_hosts.expected(path) for path in replay_hosts.hosts()}


def _later(record: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The record of a look some time later, at which all that passes has passed."""
    found: dict[str, Any] = json.loads(json.dumps({**record, "scanned_at": "2026-12-01T00:00:00Z", "seconds": {"os": 0.25}, **changed}))
    for path in look.passing(found):
        *keys, last = path.split(".")
        place = found
        for key in keys:
            place = place[key]
        place[last] += 4711
    return found


def _kept(folder: Path, record: dict[str, Any], digest: str) -> Kept:
    path = folder / "host.json"
    stored = {**record, "scanner": {**record["scanner"], "version": "1.0.0"}}
    path.write_text(json.dumps({"host": "host", "record": stored}))
    return Kept(digest, str(path))


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_an_unchanged_host(name: str, tmp_path: Path) -> None:
    first = look.answer(RECORDS[name], "", hashlib.sha256)
    later = _later(RECORDS[name], seconds=dict.fromkeys(SECTIONS, 0.1234))
    short = look.answer(later, first["digest"], hashlib.sha256)
    assert len(binascii.b2a_base64(zlib.compress(json.dumps(short).encode(), 6))) < 1000
    whole = last_look.whole(short, _kept(tmp_path, RECORDS[name], first["digest"]))
    assert {**whole, "scanner": {**whole["scanner"], "version": None}} == later


def test_what_passes_is_what_sections_declare() -> None:
    declared = {f"{name}.{fact.path}": fact.kind for name, section in SECTIONS.items() for fact in section.FACTS}
    assert {declared[path] for path in look.PASSING} == {"int"}


@pytest.mark.parametrize("change", [
    {"os": {"id": "other"}}, {"nulls": []}, {"evidence": {}},
    {"scanner": {"version": None, "python": "3.6.8", "uid": 1000, "deadline_seconds": 60.0}},
])
def test_a_changed_host_says_all_of_it(change: dict[str, Any]) -> None:
    record = {**next(iter(RECORDS.values())), "nulls": [{"fact": "os.id", "reason": "absent", "detail": ""}]}
    digest = look.answer(record, "", hashlib.sha256)["digest"]
    answer = look.answer(_later(record, **change), digest, hashlib.sha256)
    assert "same" not in answer
    assert answer["digest"] != digest


def test_what_passes_counts_where_it_becomes_null() -> None:
    record = next(record for record in RECORDS.values() if look.passing(record))
    path = next(iter(look.passing(record)))
    section, _dot, fact = path.partition(".")
    without = {**record, section: {**record[section], fact.split(".")[0]: None}, "nulls": [*record["nulls"], {"fact": path, "reason": "absent"}]}
    assert look.digest_of(record, hashlib.sha256) != look.digest_of(without, hashlib.sha256)


@pytest.mark.parametrize("document", ['{"record": null}', '{"record": {}}', "[]", "", "{", '{"record": [1]}', None])
def test_what_is_not_the_known_record_is_forgotten(document: str | None, tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    if document is not None:
        path.write_text(document)
    answer = {"same": "0" * 64, "scanned_at": "", "seconds": {}, "passing": {}}
    for kept in (Kept("0" * 64, str(path)), None):
        with pytest.raises(ForgottenError):
            last_look.whole(answer, kept)


def test_a_record_that_was_changed_since_is_forgotten(tmp_path: Path) -> None:
    record = next(iter(RECORDS.values()))
    digest = look.answer(record, "", hashlib.sha256)["digest"]
    short = look.answer(_later(record), digest, hashlib.sha256)
    with pytest.raises(ForgottenError):
        last_look.whole(short, _kept(tmp_path, {**record, "os": {**record["os"], "id": "forged"}}, digest))


def test_what_an_earlier_run_keeps(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "one.json").write_text("{}")
    (tmp_path / "records" / "two.json").write_text("{}")
    asked = {"one": {"by": "fleet_scan", "digest": "a" * 64}, "two": {"by": "fleet_scan", "digest": "b"}, "gone": {"digest": "c" * 64}, "left": 7}
    (tmp_path / "asked.json").write_text(json.dumps(asked))
    assert last_look.kept_by(tmp_path) == {"one": Kept("a" * 64, str(tmp_path / "records" / "one.json"))}


@pytest.mark.parametrize("asked", [None, "", "[]", '{"one": null}', "\x00"])
def test_a_run_that_keeps_nothing(asked: str | None, tmp_path: Path) -> None:
    if asked is not None:
        (tmp_path / "asked.json").write_text(asked)
        (tmp_path / "records").mkdir()
    assert last_look.kept_by(tmp_path) == {}

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records packed into one text: nothing is lost in silence, and no text makes the reader grow without bound."""

from __future__ import annotations

import base64
import json
import lzma
import random
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.packed import File, PackedError, pack, unpack


def record(host: str, filler: str = "") -> File:
    return File("records", f"{host}.json", json.dumps({"schema": "firebreak.host/1", "host": host, "filler": filler}))


def test_what_is_packed_comes_out_again() -> None:
    files = [File("standards", "ab.json", "{}"), *[record(f"web{number}") for number in range(50)]]
    packed = pack(files)
    assert (packed["hosts"], packed["left_out"]) == (50, [])
    assert list(unpack(json.loads(json.dumps(packed)))) == files


def test_what_does_not_fit_is_named_by_its_host() -> None:
    source = random.Random(7)
    noise = [base64.b64encode(source.randbytes(3000)).decode() for _ in range(20)]
    files = [record(f"../web{number}", text) for number, text in enumerate(noise)]
    packed = pack(files, 6000)
    assert len(packed["packed"]) <= 6000
    kept = [json.loads(file.text)["host"] for file in unpack(packed)]
    assert len(kept) == packed["hosts"] and sorted(kept + packed["left_out"]) == sorted(f"../web{number}" for number in range(20))
    assert packed["left_out"]


def _packed(content: bytes) -> dict[str, Any]:
    return {"schema": "firebreak.records/1", "packed": base64.b64encode(lzma.compress(content)).decode()}


@pytest.mark.parametrize("artifact", [
    None, "text", {}, {"schema": "firebreak.records/1"}, {"schema": "other/1", "packed": ""},
    {"schema": "firebreak.records/1", "packed": "***"}, {"schema": "firebreak.records/1", "packed": ""},
    {"schema": "firebreak.records/1", "packed": base64.b64encode(b"no xz").decode()},
    {"schema": "firebreak.records/1", "packed": base64.b64encode(lzma.compress(b"[1]\n" * 99)[:40]).decode()},
    _packed(b"not json\n"), _packed(b'["elsewhere","a.json","{}"]\n'), _packed(b'["records","a.json"]\n'), _packed(b'["records",1,"{}"]\n'),
])
def test_what_is_no_packed_record_is_refused(artifact: Any) -> None:
    with pytest.raises(PackedError):
        list(unpack(artifact))

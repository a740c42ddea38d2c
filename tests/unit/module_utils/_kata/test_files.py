# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a release are hashed: those that were asked for, within bounds, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._kata import files
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.promised_files import of_standard

HASH = "50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c"


def collected(wanted: list[str] | None, tree: Path | None) -> Section:
    section = Section("kata")
    files.collect(LiveHost(), section, wanted, str(tree) if tree else None)
    return section


def test_files_are_hashed_in_order_and_once(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/shim").write_bytes(b"example")
    assert collected(["bin/shim", "VERSION", "bin/shim"], tmp_path).facts["files"] == [
        {"path": "VERSION", "sha256": None, "problem": "absent"}, {"path": "bin/shim", "sha256": HASH, "problem": ""}]


def test_what_is_beyond_the_bytes_of_all_together_is_not_read(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"example")
    assert [row["problem"] for row in files.hashes(LiveHost(), str(tmp_path), ["a", "b"], 10)] == ["", "too_large"]


@pytest.mark.parametrize(("wanted", "tree", "reason"), [(None, Path("/opt/kata"), "not_asked"), ([], Path("/opt/kata"), "not_asked"),
                                                        (["VERSION"], None, "not_applicable")])
def test_why_nothing_was_hashed_is_said(wanted: list[str] | None, tree: Path | None, reason: str) -> None:
    section = collected(wanted, tree)
    assert section.facts["files"] is None
    assert section.nulls[0]["reason"] == reason


@pytest.mark.parametrize(("standard", "paths"), [
    (None, []), ({}, []), ({"kata": {"version": "4.1.0"}}, []), ({"kata": {"files": [f"{HASH}  b", f"{HASH}  a"]}}, ["a", "b"]),
    ({"kata": {"files": None}, "platforms": [{"match": {"id": ["debian"]}, "kata": {"files": [f"{HASH}  c"]}}]}, ["c"])])
def test_the_standard_says_which(standard: dict[str, Any] | None, paths: list[str]) -> None:
    assert of_standard(standard) == paths

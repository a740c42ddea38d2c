# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every recorded host gives the record that is kept beside it, and each record keeps the promises of its layout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import replay_hosts
from ansible_collections.firebreak.fleet.plugins.module_utils._host import record as host_record
from ansible_collections.firebreak.fleet.plugins.module_utils._scan import sections

HOSTS = replay_hosts.hosts()


def _paths(value: Any, path: str = "") -> Iterator[str]:
    """The path of every value of a section in the notation of FACTS as far as it can be seen: dotted, with [] for list items."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        for item in value:
            yield from _paths(item, path + "[]")
    else:
        yield path


def _declared(section: str) -> list[re.Pattern[str]]:
    """Patterns of the declared facts; a mapping or list of plain values covers what is in it."""
    patterns = []
    for fact in sections.SECTIONS[section].FACTS:
        pattern = re.escape(fact.path).replace(r"\{\}", r"\.[^\[\]]+?")
        patterns.append(re.compile(pattern + (r"(?:\..+)?" if fact.kind == "mapping" else "")))
    return patterns


@pytest.fixture(params=HOSTS, ids=lambda path: path.stem)
def host(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_there_are_recorded_hosts() -> None:
    assert len(HOSTS) >= 2


def test_record_is_the_one_that_is_kept(host: Path) -> None:
    assert list(replay_hosts.differences(replay_hosts.replay(host), replay_hosts.expected(host))) == []


def test_every_fact_is_declared(host: Path) -> None:
    record = replay_hosts.replay(host)
    for section in sections.SECTIONS:
        patterns = _declared(section)
        undeclared = sorted({path for path in _paths(record[section]) if not any(pattern.fullmatch(path) for pattern in patterns)})
        assert undeclared == [], section


def test_every_null_has_a_reason_of_the_list(host: Path) -> None:
    record = replay_hosts.replay(host)
    assert {null["reason"] for null in record["nulls"]} <= set(host_record.REASONS) - {"section_failed"}
    explained = {null["fact"] for null in record["nulls"]}
    for section in sections.SECTIONS:
        for path, value in _leaves(record[section], section):
            assert value is not None or any(path == fact or path.startswith(fact + ".") for fact in explained), path


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value that is not inside a list: those of list items need no reason of their own."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}")
    else:
        yield path, value


def test_every_value_has_its_source(host: Path) -> None:
    record = replay_hosts.replay(host)
    for section in sections.SECTIONS:
        for path, value in _leaves(record[section], section):
            known = any(path == fact or path.startswith(fact + ".") for fact in record["evidence"])
            assert value is None or known or value == {}, path

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scan on every kind of sandboxes, handlers and engines; ``tests/system/test_kata_by_the_proof.py`` holds the proof against the same tables."""

from __future__ import annotations

import pytest
from engine_kinds import ENGINES
from engine_kinds import Kind as EngineKind
from kata_handler_kinds import HANDLERS
from kata_handler_kinds import Kind as HandlerKind
from kata_kinds import SANDBOXES, Kind


@pytest.mark.parametrize("kind", SANDBOXES.values(), ids=list(SANDBOXES))
def test_every_sandbox(kind: Kind) -> None:
    facts = kind.build().kata().facts
    rows = facts["sandboxes"]
    assert (len(rows), len(facts["orphans"])) == (0 if kind.stale == "none" else 1, kind.orphans), facts
    for row in rows:
        assert (row["stale"], frozenset(reason.partition(":")[0] for reason in row["reasons"])) == (kind.stale, kind.parts), row
        assert row["guest_kernel"] == kind.kernel


@pytest.mark.parametrize("kind", HANDLERS.values(), ids=list(HANDLERS))
def test_every_handler(kind: HandlerKind) -> None:
    facts = kind.build().kata().facts
    assert [(row["name"], row["reads"], bool(row["dead"])) for row in facts["handlers"]] == [(kind.name, kind.reads, kind.dead)] * bool(kind.name)
    assert [row["path"] for row in facts["configurations"]] == [kind.reads] * bool(kind.name)


@pytest.mark.parametrize("kind", ENGINES.values(), ids=list(ENGINES))
def test_every_engine(kind: EngineKind) -> None:
    host = kind.build()
    handlers = host.kata().facts["handlers"]
    assert [row["loaded"] for row in handlers] == [kind.loaded]
    engines = host.containers().facts["engines"]
    assert {row["name"]: row["stale"] for row in engines if row["running"]} == kind.running, engines

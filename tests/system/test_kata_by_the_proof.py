# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof on every kind of sandboxes, handlers and engines, by its own shell in folders that hold all files: the same tables as the scan's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import test_kata as promises_of_kata
from engine_kinds import ENGINES
from engine_kinds import Kind as EngineKind
from firebreak_proof.promises import BrokenPromiseError, Wanted
from firebreak_proof.proof import Proof
from firebreak_proof.questions.containers import CONTAINERS, KATA
from firebreak_proof.questions.kata import KATA_FILES
from firebreak_proof.views import configurations, sandboxes
from kata_handler_kinds import HANDLERS
from kata_handler_kinds import Kind as HandlerKind
from kata_kinds import SANDBOXES, Kind
from whole_folder import WholeFolder

QUESTIONS = tuple(question for question in (*KATA, *KATA_FILES) if question.name in ("kata", "handlers", "configurations", "sandboxes"))


@pytest.mark.parametrize("kind", SANDBOXES.values(), ids=list(SANDBOXES))
def test_every_sandbox(kind: Kind, tmp_path: Path) -> None:
    host = kind.build()
    proof = WholeFolder(tmp_path / "host", host.recording, host.tools).proof(QUESTIONS)
    assert [answer.err for answer in proof.answers.values() if answer.status or answer.err] == []
    found = sandboxes.judged(proof)
    assert (len(found), len(sandboxes.orphans(proof))) == (0 if kind.stale == "none" else 1, kind.orphans), proof.says("sandboxes")
    for one in found:
        said = {sandboxes.CURRENT: False, sandboxes.STALE: True, sandboxes.UNKNOWN: None}[one.state]
        assert (said, frozenset(one.reasons)) == (kind.stale, kind.parts), (one, proof.answers)
        assert (one.version or None) == kind.kernel


ENGINE_QUESTIONS = tuple(question for question in (*CONTAINERS, *KATA, *KATA_FILES) if question.name in (
    "daemons", "handlers", "configurations", "engine_state"))


def holds(test: Callable[[Proof, Wanted], None], proof: Proof, key: str) -> bool:
    try:
        test(proof, Wanted(key, "forbidden"))
    except BrokenPromiseError:
        return False
    return True


@pytest.mark.parametrize("kind", ENGINES.values(), ids=list(ENGINES))
def test_every_engine(kind: EngineKind, tmp_path: Path) -> None:
    host = kind.build()
    proof = WholeFolder(tmp_path / "host", host.recording, host.tools).proof(ENGINE_QUESTIONS)
    assert [answer.err for answer in proof.answers.values() if answer.status or answer.err] == []
    assert {name: state != "installed" for name, _pid, _program, state in proof.rows("daemons")} == kind.running
    assert len(configurations.handlers(proof)) == 1, proof.answers
    assert holds(promises_of_kata.test_the_engines_have_read_their_handlers, proof, "kata.unloaded_handlers") is (kind.loaded is True), proof.answers


HANDLER_QUESTIONS = tuple(question for question in (*KATA, *KATA_FILES) if question.name in ("kata", "handlers", "handler_files", "configurations"))


@pytest.mark.parametrize("kind", HANDLERS.values(), ids=list(HANDLERS))
def test_every_handler(kind: HandlerKind, tmp_path: Path) -> None:
    host = kind.build()
    proof = WholeFolder(tmp_path / "host", host.recording, host.tools).proof(HANDLER_QUESTIONS)
    assert [answer.err for answer in proof.answers.values() if answer.status or answer.err] == []
    works = holds(promises_of_kata.test_the_handlers_of_kata_lead_somewhere, proof, "kata.dead_handlers")
    assert ([path for _shim, path in configurations.read_by_handlers(proof)], works) == (
        [kind.reads or ""] * bool(kind.name), not kind.dead), proof.answers

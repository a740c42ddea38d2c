# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof on hosts with every kind of Kata's sandboxes, by its own shell in folders that hold all their files: the same table as the scan's."""

from __future__ import annotations

from pathlib import Path

import pytest
import test_kata as promises_of_kata
from firebreak_proof.promises import BrokenPromiseError, Wanted
from firebreak_proof.proof import Proof
from firebreak_proof.questions.containers import KATA
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


HANDLER_QUESTIONS = tuple(question for question in (*KATA, *KATA_FILES) if question.name in ("kata", "handlers", "handler_files", "configurations"))


def is_dead(proof: Proof) -> bool:
    try:
        promises_of_kata.test_the_handlers_of_kata_lead_somewhere(proof, Wanted("kata.dead_handlers", "forbidden"))
    except BrokenPromiseError:
        return True
    return False


@pytest.mark.parametrize("kind", HANDLERS.values(), ids=list(HANDLERS))
def test_every_handler(kind: HandlerKind, tmp_path: Path) -> None:
    host = kind.build()
    proof = WholeFolder(tmp_path / "host", host.recording, host.tools).proof(HANDLER_QUESTIONS)
    assert [answer.err for answer in proof.answers.values() if answer.status or answer.err] == []
    assert ([path for _shim, path in configurations.read_by_handlers(proof)], is_dead(proof)) == (
        [kind.reads or ""] * bool(kind.name), kind.dead), proof.answers

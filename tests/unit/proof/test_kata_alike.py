# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scan and proof on the same hosts with every kind of Kata's sandboxes, handlers and keys: both say what is true, each by its own ways."""

from __future__ import annotations

from pathlib import Path

import pytest
from firebreak_proof.questions.containers import KATA
from firebreak_proof.questions.kata import KATA_FILES
from firebreak_proof.views import sandboxes
from kata_kinds import SANDBOXES, Kind
from whole_folder import WholeFolder

QUESTIONS = tuple(question for question in (*KATA, *KATA_FILES) if question.name in ("kata", "handlers", "configurations", "sandboxes"))


@pytest.mark.parametrize("kind", SANDBOXES.values(), ids=list(SANDBOXES))
def test_the_scan_judges_every_sandbox(kind: Kind) -> None:
    rows = kind.build().kata().facts["sandboxes"]
    assert len(rows) == (0 if kind.stale == "none" else 1), rows
    for row in rows:
        assert (row["stale"], {reason.partition(":")[0] for reason in row["reasons"]}) == (kind.stale, kind.parts), row
        assert row["guest_kernel"] == kind.kernel


@pytest.mark.parametrize("kind", SANDBOXES.values(), ids=list(SANDBOXES))
def test_the_proof_judges_every_sandbox(kind: Kind, tmp_path: Path) -> None:
    host = kind.build()
    proof = WholeFolder(tmp_path / "host", host.recording, host.tools).proof(QUESTIONS)
    assert [answer.err for answer in proof.answers.values() if answer.status or answer.err] == []
    found = sandboxes.judged(proof)
    assert len(found) == (0 if kind.stale == "none" else 1), proof.says("sandboxes")
    for one in found:
        said = {sandboxes.CURRENT: False, sandboxes.STALE: True, sandboxes.UNKNOWN: None}[one.state]
        assert (said, set(one.reasons)) == (kind.stale, kind.parts), (one, proof.answers)
        assert (one.version or None) == kind.kernel

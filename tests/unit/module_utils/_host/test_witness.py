# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fact that was said after an answer was lost is null, whatever the reader made of the loss."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import UnansweredError
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._host.witness import Loss, Witness, apart, count, refusals_told
from recorded_host import RecordedHost

LOST: dict[str, Any] = {"uid": 0, "read": {"/a": "text", "/lost": {"problem": "unreadable", "detail": "Input/output error"}},
                        "run": {"killed": [-9, "", ""], "failed": [1, "", ""]},
                        "listdir": {"/late": {"problem": "deadline", "detail": "/late"}, "/large": {"problem": "too_large", "detail": "many"},
                                    "/refused": {"problem": "needs_root", "detail": "Permission denied"}}}


def asked(uid: int = 0) -> tuple[Witness, Section]:
    witness = Witness(RecordedHost({**LOST, "uid": uid}))
    return witness, Section("os", lambda: witness.losses)


def test_what_was_said_before_stays_and_what_is_said_after_is_null_with_the_reason() -> None:
    witness, section = asked()
    section.put("id", witness.read("/a").value, "/a")
    section.put("name", witness.read("/lost").if_there(""), "/lost")
    section.put("family", "other", "the name")
    assert section.facts == {"id": "text", "name": None, "family": None}
    assert [null["reason"] for null in section.nulls] == ["unreadable", "unreadable"]
    assert section.nulls[1]["detail"] == "read /lost: Input/output error"
    assert "os.name" not in section.evidence


@pytest.mark.parametrize(("question", "argument", "reason"), [
    ("listdir", "/late", "deadline"), ("listdir", "/large", "too_large"), ("listdir", "/refused", "unreadable"), ("run", ["killed"], "tool_failed")])
def test_each_kind_of_loss(question: str, argument: Any, reason: str) -> None:
    witness, section = asked()
    getattr(witness, question)(argument)
    section.put("id", "x", "there")
    assert [null["reason"] for null in section.nulls] == [reason]


@pytest.mark.parametrize(("question", "argument"), [("read", "/nowhere"), ("run", ["missing"]), ("run", ["failed"]), ("stat", "/nowhere")])
def test_what_is_not_there_is_knowledge(question: str, argument: Any) -> None:
    witness, section = asked()
    getattr(witness, question)(argument)
    section.put("id", "x", "there")
    assert section.facts == {"id": "x"}


def test_a_user_who_may_not_read_loses_what_may_rest_on_it() -> None:
    witness, section = asked(uid=65534)
    section.put("id", witness.listdir("/refused").if_there([]), "/refused")
    assert (section.facts, section.nulls[0]["reason"]) == ({"id": None}, "needs_root")


@pytest.mark.parametrize(("path", "said"), [("/refused", {"id": None, "name": "y"}), ("/late", {"id": None, "name": None})])
def test_a_reader_may_answer_for_what_he_was_refused_but_for_no_other_loss(path: str, said: dict[str, Any]) -> None:
    witness, section = asked(uid=65534)
    with refusals_told(witness):
        witness.listdir(path)
        section.put("id", "x", "there")
    section.put("name", "y", "there")
    assert section.facts == said


@pytest.mark.parametrize(("path", "said"), [("/a", "text"), ("/nowhere", "")])
def test_what_is_not_there_is_nothing_to_anyone(path: str, said: str) -> None:
    assert RecordedHost(LOST).read(path).if_there("") == asked()[0].read(path).if_there("") == said


@pytest.mark.parametrize("path", ["/late", "/large", "/refused"])
def test_without_a_witness_a_lost_answer_is_taken_for_nothing_by_nobody(path: str) -> None:
    with pytest.raises(UnansweredError):
        RecordedHost(LOST).listdir(path).if_there([])


@pytest.mark.parametrize(("reason", "said"), [
    ("absent", "unreadable"), ("not_applicable", "unreadable"), ("unparsable", "unparsable"), ("needs_root", "needs_root")])
def test_that_something_has_no_meaning_cannot_be_said_either(reason: str, said: str) -> None:
    witness, section = asked()
    witness.read("/lost")
    section.cannot_say("id", reason)
    assert section.nulls[0]["reason"] == said


def test_a_loss_that_a_reader_answers_for_counts_for_nothing_else() -> None:
    witness, section = asked()
    with apart(witness) as lost:
        witness.read("/lost")
    section.put("id", "x", "there")
    assert (section.facts["id"], [loss.reason for loss in lost]) == ("x", ["unreadable"])
    count(witness, lost)
    section.put("name", "y", "there")
    assert section.facts["name"] is None


def test_a_deadline_counts_even_where_a_reader_answers_for_it() -> None:
    witness, section = asked()
    with apart(witness):
        witness.listdir("/late")
    section.put("id", "x", "there")
    assert section.facts["id"] is None


def test_a_host_that_remembers_nothing_can_be_asked_apart() -> None:
    host = RecordedHost(LOST)
    with apart(host) as lost:
        host.read("/lost")
    count(host, [Loss("unreadable", "")])
    assert lost == []

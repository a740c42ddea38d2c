# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the password and the payload are sent."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.dialogue import Dialogue, Escalation, EscalationError

PROMPT = b"[sudo via ansible, key=abc] password:"
DONE = b"BECOME-SUCCESS-abc"


def _sudo(password: bytes | None = b"word", prompt: bytes = PROMPT) -> Escalation:
    return Escalation("sudo", DONE, prompt, password, lambda said: b"Password:" in said, lambda said: b"Sorry, try again." in said,
                      lambda said: b"a password is required" in said)


def test_without_another_user_the_payload_goes_first() -> None:
    dialogue = Dialogue(None)
    assert dialogue.opening(b"payload") == b"payload"
    assert dialogue.answer(b"anything", b"", b"payload") == b""


@pytest.mark.parametrize("asked", [PROMPT, b"[sudo: " + PROMPT + b"] Password: "], ids=["sudo", "sudo-rs 0.2"])
def test_the_password_is_typed_once_and_the_payload_only_where_the_right_user_listens(asked: bytes) -> None:
    dialogue = Dialogue(_sudo())
    assert dialogue.opening(b"payload") == b""
    assert dialogue.answer(b"firebreak-here\n", b"", b"payload") == b""
    assert dialogue.answer(b"firebreak-here\n", asked, b"payload") == b"word\n"
    assert dialogue.answer(b"firebreak-here\n", asked + b"\n", b"payload") == b""
    assert dialogue.answer(b"firebreak-here\n" + DONE, asked, b"payload") == b"payload"
    assert dialogue.is_over


def test_a_become_plugin_whose_prompt_is_in_the_hosts_language_is_asked() -> None:
    assert Dialogue(_sudo(prompt=b"")).answer(b"", b"Password: ", b"payload") == b"word\n"


@pytest.mark.parametrize(("said", "password", "words"), [
    (b"Sorry, try again.", b"word", "Incorrect sudo password"),
    (PROMPT + b"\n" + PROMPT, b"word", "Incorrect sudo password"),
    (b"sudo: a password is required", None, "Missing sudo password"),
    (PROMPT, None, "Missing sudo password"),
])
def test_what_nothing_will_come_of(said: bytes, password: bytes | None, words: str) -> None:
    dialogue = Dialogue(_sudo(password))
    with pytest.raises(EscalationError, match=words):
        for part in (said[:len(PROMPT)], said):
            dialogue.answer(b"", part, b"payload")

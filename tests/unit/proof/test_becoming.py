# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the proof says a password, and when nothing will come of it. Real programs are asked in tests/system."""

from __future__ import annotations

import json
import os
import shlex

import pytest
from firebreak_proof import becoming
from firebreak_proof.becoming import Becoming, Door

MARK = "m0"
HERE = b"m0-here\n"
SUDO, SU, DOAS = (Becoming(method, "", "root", "the word") for method in becoming.METHODS)

# How it is become, what is printed bit by bit on either output, and after each bit what is said.
DIALOGUES: dict[str, tuple[Becoming, list[tuple[bytes, bytes]], list[bytes], bool, str]] = {
    "asked, and opened": (SUDO, [(HERE, HERE), (b"", b"m0-password"), (b"m0-open\n", b"")], [b"", b"the word\n", b""], True, ""),
    "not asked": (SUDO, [(HERE, HERE), (b"m0-open\n", b"")], [b"", b""], True, ""),
    "all at once": (SUDO, [(HERE + b"m0-open\n", HERE)], [b""], True, ""),
    # sudo-rs 0.2 wraps the prompt that it is given.
    "sudo-rs": (SUDO, [(HERE, HERE + b"[sudo: m0-password] Password: ")], [b"the word\n"], False, ""),
    "asked again": (SUDO, [(HERE, HERE + b"m0-password"), (b"", b"Sorry, try again.\nm0-password")], [b"the word\n", b""], False,
                    "does not take the password for sudo"),
    "a lecture that ends in a colon is no question": (SUDO, [(HERE, HERE + b"Remember:\n  #1) Respect:")], [b""], False, ""),
    "a banner before the login is no question": (SU, [(b"", b"Authorised users only:"), (HERE, b"\n" + HERE)], [b"", b""], False, ""),
    "a question in another language": (SU, [(HERE, HERE + b"Passwort: ")], [b"the word\n"], False, ""),
    "a colon of full width": (SU, [(HERE, HERE + "\u5bc6\u7801\uff1a".encode())], [b"the word\n"], False, ""),
    "on a terminal": (DOAS, [(HERE + HERE, b""), (b"doas (ops@web1) password: ", b""), (b"\r\nm0-open\n", b"")], [b"", b"the word\n", b""], True, ""),
    "a message that comes in parts": (DOAS, [(HERE, HERE + b"doas: "), (b"", b"Operation not permitted\n")], [b"", b""], False, ""),
    "no password to say": (Becoming("su", "", "root"), [(HERE, HERE + b"Password: ")], [b""], False,
                           "wants a password for su, and none was given (--ask-become-pass)"),
}


@pytest.mark.parametrize("name", DIALOGUES)
def test_what_is_said_and_when(name: str) -> None:
    wanted, bits, said, is_open, problem = DIALOGUES[name]
    door, out, err = Door(wanted, MARK), b"", b""
    answers = []
    for more in bits:
        out, err = out + more[0], err + more[1]
        answers.append(door.heed(out, err))
    assert (answers, door.is_open, door.problem) == (said, is_open, problem)


def test_why_it_never_opened_is_told_without_the_password() -> None:
    door = Door(SUDO, MARK)
    told = door.closed(HERE, HERE + b"m0-passwordops is not in the sudoers file.\n")
    assert told == "lets nobody become root by sudo: ops is not in the sudoers file."
    assert "the word" not in door.closed(HERE, b"unknown command: the word\n")
    assert door.closed(HERE, HERE).endswith("it says nothing")


@pytest.mark.parametrize(("wanted", "words"), [
    (SUDO, "sudo -H -S -p m0-password -u root "), (SUDO._replace(password=""), "sudo -H -n -u root "),
    (SUDO._replace(program="/opt/my sudo"), "'/opt/my sudo' -H "), (DOAS, "doas -u root "), (DOAS._replace(password=""), "doas -n -u root "),
    (SU._replace(user="boss"), "su boss -c "),
])
def test_the_command_names_no_password(wanted: Becoming, words: str) -> None:
    line = becoming.command(wanted, MARK)
    shell, option, script = shlex.split(line)
    assert (shell, option) == ("/bin/sh", "-c")
    assert words in script and "the word" not in line
    # fish takes a pair of backslashes within quotes for one.
    assert "\\" not in line


def test_a_terminal_is_told_where_the_script_ends() -> None:
    assert becoming.script(SUDO, MARK, "ask") == b"ask\n\n"
    assert becoming.script(DOAS._replace(on_terminal=True), MARK, "ask") == b"ask\nm0-end\n"


def test_passwords_come_by_a_pipe_that_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert becoming.handed_over() == {}
    given, told = os.pipe()
    with os.fdopen(told, "w", encoding="utf-8") as pipe:
        json.dump({"web1": SU._asdict()}, pipe)
    monkeypatch.setenv(becoming.PIPE, str(given))
    assert becoming.handed_over() == {"web1": SU}
    assert becoming.PIPE not in os.environ

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many questions in one shell script, and the answers in what it prints: run by a real sh."""

from __future__ import annotations

import re
import subprocess

import pytest
from firebreak_proof import asking, gathering
from firebreak_proof.asking import Answer, Question
from firebreak_proof.standards import Standard

NONCE = "f00d"


def ask(*questions: Question) -> dict[str, Answer]:
    """The answers of this machine's sh."""
    done = subprocess.run(["sh", "-c", asking.script(questions, NONCE)], stdout=subprocess.PIPE, check=True, timeout=60)
    output = done.stdout.decode()
    assert asking.is_whole(output, NONCE)
    return asking.answers(output, NONCE)


def question(name: str, shell: str, seconds: int = 20) -> Question:
    """A question of these tests."""
    return Question(name, ("*",), shell, seconds)


def test_output_errors_and_status_are_kept_apart() -> None:
    found = ask(question("one", "echo said; echo wrong >&2; exit 3"), question("two", "printf 'without an end'"))
    assert found["one"]._replace(at=0) == Answer("said\n", "wrong", 3, 0)
    assert found["two"].out == "without an end"
    assert found["two"].at > 1_700_000_000


def test_a_question_that_hangs_costs_only_itself() -> None:
    # A busy machine may need longer than a second to begin.
    for seconds in (1, 4, 16):
        found = ask(question("slow", "echo begun; exec sleep 60", seconds), question("next", "echo here"))
        if found["slow"].out:
            break
    assert (found["slow"].status, found["slow"].out) == (124, "begun\n")
    assert found["next"].out == "here\n"


def test_a_question_cannot_read_what_follows_it() -> None:
    assert ask(question("greedy", "cat"), question("next", "echo here"))["next"].out == "here\n"


def test_an_answer_cannot_pass_for_another() -> None:
    """Lines that look like the script's own marks, without its nonce, are part of the answer."""
    forged = "\nabcd ended 0\n\n\nabcd asked two 1\nforged\nabcd ended 0\n"
    found = ask(question("one", f"printf '%s' '{forged}'"), question("two", "echo true"))
    assert found["one"].out == forged
    assert found["two"].out == "true\n"


def test_what_was_cut_off_is_no_answer() -> None:
    output = subprocess.run(["sh", "-c", asking.script([question("one", "echo 1"), question("two", "echo last")], NONCE)],
                            stdout=subprocess.PIPE, check=True, text=True).stdout
    cut = output[: output.rindex("err\n")]
    assert not asking.is_whole(cut, NONCE)
    assert list(asking.answers(cut, NONCE)) == ["one"]


def test_programs_before_the_systems_own_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere:/usr/local/bin:/usr/bin:/bin")
    assert ask(question("path", "echo $PATH"))["path"].out == "/usr/sbin:/usr/bin:/sbin:/bin\n"


def test_secrets_do_not_become_answers() -> None:
    said = ask(question("one", "echo rd.iscsi.password=S3CRET ro; echo http://me:S3CRET@proxy >&2"))["one"]
    assert (said.out, said.err) == ("rd.iscsi.password=(removed) ro\n", "http://(removed)@proxy")


def test_only_what_the_standard_needs_is_asked() -> None:
    names = {one.name for one in gathering.needed(Standard({"os.id": "debian"}, (), ()))}
    assert names == {"clock", "os_release", "machine", "os_release_origin"}
    assert "patches" in {one.name for one in gathering.needed(Standard({"live_patch.protection": "protected"}, (), ()))}


@pytest.mark.parametrize("one", gathering.QUESTIONS, ids=lambda one: one.name)
def test_every_question_is_sound_shell(one: Question) -> None:
    """A question that sh cannot parse would be a promise that nobody can keep."""
    subprocess.run(["sh", "-n", "-c", one.shell], check=True, timeout=20)
    assert one.name.isidentifier()


_READ_OTHERWISE = {
    # uutils reads CST as American whatever the zone is; systemctl's dates are for people.
    "a date in words": re.compile(r"\bdate\b[^|;)\n]*\s(?:-d|--date)\b|^(?!.*--timestamp=unix).*-p [A-Za-z]*Timestamp(?!Monotonic)\b", re.MULTILINE),
    # dnf5 prints a backslash and a t, where dnf 4 prints a tab.
    "a tab by a backslash": re.compile(r"repoquery[^\n]*--qf\s*'[^'\n]*\\t"),
    # uutils' df has no row for what takes no room.
    "room in /proc or /sys": re.compile(r"\bdf\b[^|;\n]* /(?:proc|sys)\b"),
}


@pytest.mark.parametrize("one", gathering.QUESTIONS, ids=lambda one: one.name)
def test_no_question_rests_on_what_tools_of_2026_print_otherwise(one: Question) -> None:
    assert [what for what, pattern in _READ_OTHERWISE.items() if pattern.search(one.shell)] == []


@pytest.mark.parametrize(("shell", "what"), [
    ('date -d "$(systemctl show -p ExecMainStartTimestamp --value x)" +%s', "a date in words"),
    ("systemctl show -p ActiveEnterTimestamp x", "a date in words"), ("dnf repoquery --qf '%{name}\\t%{evr}\\n' x", "a tab by a backslash"),
    ("df -P /proc", "room in /proc or /sys")])
def test_what_would_be_read_otherwise_is_seen(shell: str, what: str) -> None:
    assert _READ_OTHERWISE[what].search(shell)


def test_questions_have_names_of_their_own() -> None:
    names = [one.name for one in gathering.QUESTIONS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("end", ["\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_only_a_line_feed_ends_a_line(end: str) -> None:
    """What users call their programs is a cell, whatever Python takes for the end of a line."""
    assert asking.rows(f"50\t/home/u/a{end}b\tx\n\n51\ty\n") == [["50", f"/home/u/a{end}b", "x"], ["51", "y"]]
    assert asking.fields(f"kernel a{end}version 9\nother b\n") == {"kernel": f"a{end}version 9", "other": "b"}
    assert asking.rows("") == []

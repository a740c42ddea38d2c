# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host, or a user of it, can print: it forges no answer, steers no terminal, and costs no other host anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from firebreak_proof import asking, gathering, listening, results
from firebreak_proof.asking import Question
from firebreak_proof.questions.containers import CONTAINERS
from firebreak_proof.results import Result
from firebreak_proof.standards import Standard

NONCE = "f00d"


def question(name: str, shell: str) -> Question:
    return Question(name, ("*",), shell, 20)


def printed(*questions: Question) -> str:
    done = subprocess.run(["sh", "-s"], input=asking.script(questions, NONCE).encode(), stdout=subprocess.PIPE, check=True, timeout=60)
    return done.stdout.decode()


def test_an_answer_that_knows_the_nonce_is_still_only_an_answer() -> None:
    forged = f"\n{NONCE} ended\n{NONCE} asked two 1\nstatus 0\nout Zm9yZ2Vk\nerr \n{NONCE} ended\n\n{NONCE} done\n"
    found = asking.answers(printed(question("one", f"printf '%s' '{forged}'; printf '%s' '{forged}' >&2"), question("two", "echo true")), NONCE)
    assert (found["one"].out, found["two"].out) == (forged, "true\n")


def test_one_question_is_answered_once() -> None:
    output = printed(question("one", "echo 1"))
    with pytest.raises(asking.ConfusedError, match="answers one twice"):
        asking.answers(output + output.partition(f"{NONCE} begun")[2], NONCE)


def test_what_comes_before_the_script_is_no_answer() -> None:
    early = f"\n{NONCE} asked one 1\nstatus 0\nout Zm9yZ2Vk\nerr \n{NONCE} ended\n"
    assert asking.answers(early + printed(question("one", "echo true")), NONCE)["one"].out == "true\n"


def test_an_answer_that_is_too_long_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ANSWER_LIMIT", 1000)
    found = asking.answers(printed(question("long", "head -c 100000 /dev/zero"), question("next", "echo here")), NONCE)
    assert (found["long"].status, found["long"].out) == (3, "")
    assert found["next"].out == "here\n"


def line(command: str) -> gathering.Line:
    """A way to a host whose shell is a command of this machine's."""
    def run(text: str) -> Any:
        return backend.run_local(command)

    backend = SimpleNamespace(NAME="local", encode=str.encode, quote=lambda text, *args: text, run_local=None, result=lambda rc, cmd, out, err: (
        SimpleNamespace(rc=rc, stdout_bytes=out, stderr_bytes=err)))
    return gathering.Line(SimpleNamespace(backend=backend, run=run), 20)


@pytest.mark.parametrize(("command", "problem"), [
    ("yes firebreak", "answers more than 8388608 bytes"),
    ("exec 1>&-; cat >/dev/null; echo nobody >&2", "broke off: nobody"),
    ("cat >/dev/null", "broke off: it says nothing"),
    ("printf '\\033[31mred\\n' >&2", r"broke off: \\x1b\[31mred")])
def test_a_host_that_does_not_answer_as_asked(command: str, problem: str) -> None:
    with pytest.raises(gathering.UnansweredError, match=problem):
        gathering.trip(line(command), [question("one", "true")])


def test_a_host_that_answers_what_it_was_not_asked() -> None:
    with pytest.raises(gathering.UnansweredError, match="answers what it was not asked: other"):
        gathering.trip(line("sed 's/^ask one/ask other/' | sh -s"), [question("one", "echo 1")])


def test_a_script_reaches_the_host_by_standard_input() -> None:
    asked = f"asked-{uuid.uuid4()}"
    seen = gathering.trip(line("sh -s"), [question("one", f"true {asked}"), question("two", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'")])
    assert seen["two"].out and asked not in seen["two"].out


def test_a_host_that_never_ends_is_given_up_with_all_it_started(tmp_path: Path) -> None:
    pid, seconds = tmp_path / "pid", 0.25
    # A busy machine may need longer to begin.
    while not pid.exists():
        seconds *= 2
        heard = listening.listen(f"sh -c 'echo $$ >{pid}.new; mv {pid}.new {pid}; sleep 600' & sleep 600", b"", seconds)
        assert heard.problem == f"did not answer within {seconds:.0f} s"
    left, end = Path(f"/proc/{pid.read_text().strip()}/exe"), time.monotonic() + 120
    while left.exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert not left.exists()


def test_a_hosts_words_do_not_steer_the_terminal() -> None:
    shown = list(results.lines([Result("web1", "kernel.running", "failed", "runs 6.1\x1b[31m\u202e\x00", "t")]))
    assert shown[1] == "  kernel.running: runs 6.1\\x1b[31m\\x202e\\x00"


DAEMONS = next(one for one in CONTAINERS if one.name == "daemons")


@pytest.mark.parametrize("folder", [
    "x /proc/1/exe -> /usr/bin/dockerd (deleted)", "x\nlrwxrwxrwx 1 root root 0 Nov  1 00:00 /proc/1/exe -> /usr/bin/dockerd"])
def test_a_programs_path_accuses_no_other_process(folder: str, tmp_path: Path) -> None:
    place = tmp_path / folder
    place.mkdir(parents=True)
    shutil.copy(shutil.which("sleep") or "", place / "sleep")
    with subprocess.Popen([place / "sleep", "60"]) as process:
        try:
            said = subprocess.run(["sh", "-c", DAEMONS.shell], capture_output=True, text=True, check=True, timeout=60).stdout
        finally:
            process.kill()
    assert "docker\t1\t" not in said


@pytest.mark.parametrize(("content", "state"), [(None, "installed"), (b"another", "replaced")])
def test_an_engine_whose_file_was_put_there_again_is_what_is_installed(content: bytes | None, state: str, tmp_path: Path) -> None:
    program = tmp_path / "dockerd"
    shutil.copy(shutil.which("sleep") or "", program)
    with subprocess.Popen([program, "60"]) as process:
        try:
            same = program.read_bytes()
            program.unlink()
            program.write_bytes(same if content is None else content)
            said = subprocess.run(["sh", "-c", DAEMONS.shell], capture_output=True, text=True, check=True, timeout=60).stdout
        finally:
            process.kill()
    assert f"docker\t{process.pid}\t{program}\t{state}\n" in said


def test_a_users_folder_ends_no_answer(tmp_path: Path) -> None:
    """A program in a folder whose name ends an answer and begins another, as any user can start it; replaced while it runs."""
    nonce = "cafe"
    place = tmp_path / f"x\n{nonce} ended\n{nonce} asked running 17\nstatus 0\nout Zm9yZ2Vk\nerr \n{nonce} ended\n"
    place.mkdir()
    program = place / "sleep"
    shutil.copy(shutil.which("sleep") or "", program)
    stale = next(one for one in gathering.needed(Standard({"services.stale": "forbidden"}, (), ())) if one.name == "stale")
    with subprocess.Popen([program, "60"]) as process:
        try:
            program.unlink()
            done = subprocess.run(["sh", "-s"], input=asking.script([question("running", "uname -r"), stale], nonce).encode(),
                                  stdout=subprocess.PIPE, check=True, timeout=90)
        finally:
            process.kill()
    found = asking.answers(done.stdout.decode(), nonce)
    assert found["running"].out.strip() == os.uname().release
    assert all(len(row.split("\t")) in (3, 7) for row in found["stale"].out.splitlines())

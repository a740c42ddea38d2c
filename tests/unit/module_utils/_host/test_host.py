# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live host answers everything with a value or a reason, within its bounds, and leaves no process behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.firebreak.fleet.plugins.module_utils._host import host as host_seam


def _alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _soon_dead(pid: int) -> bool:
    end = time.monotonic() + 120
    while _alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not _alive(pid)


def _overdue(ask: Callable[[float], host_seam.Answer], has_begun: Callable[[host_seam.Answer], bool]) -> host_seam.Answer:
    """The answer of what takes longer than it may, with as long a time as a busy machine needs to begin it."""
    for seconds in (0.5, 2, 8, 32):
        answer = ask(seconds)
        if has_begun(answer):
            break
    return answer


def test_reads_text_and_says_absent(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x\xffy")
    host = host_seam.LiveHost()
    assert host.read(str(tmp_path / "a")).value == "x\\xffy"
    assert host.read(str(tmp_path / "b")).problem == "absent"
    assert host.read(str(tmp_path)).problem == "unreadable"
    assert host.read("a\0b").problem == "unreadable"


def test_never_opens_a_pipe_or_a_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert host_seam.LiveHost().read(str(tmp_path / "pipe")) == (None, "unreadable", "not a regular file")
    assert host_seam.LiveHost().read("/dev/zero").problem == "unreadable"


def test_a_file_that_is_linked_to_nothing_is_an_empty_one(tmp_path: Path) -> None:
    """As administrators switch off a file of apt.conf.d, modprobe.d or sysctl.d (systemd.unit(5), sysctl.d(5))."""
    (tmp_path / "20auto-upgrades").symlink_to("/dev/null")
    path, host = str(tmp_path / "20auto-upgrades"), host_seam.LiveHost()
    assert (host.read(path), host.read_bytes(path).value) == (("", None, ""), b"")
    assert host.sha256(path, 7).value == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_large_file_is_never_cut_in_silence(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 101)
    assert host_seam.LiveHost().read(str(tmp_path / "large"), limit=100).problem == "too_large"
    assert host_seam.LiveHost().read_bytes(str(tmp_path / "large"), 10, 95).value == b"x" * 6


def test_a_file_is_hashed_within_bounds(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"example")
    host = host_seam.LiveHost()
    assert host.sha256(str(tmp_path / "a"), 7).value == "50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c"
    assert host.sha256(str(tmp_path / "a"), 6).problem == "too_large"
    assert host.sha256(str(tmp_path / "b"), 7).problem == "absent"
    assert host.sha256("/dev/zero", 7).problem == "unreadable"
    assert host_seam.LiveHost(deadline=time.monotonic()).sha256(str(tmp_path / "a"), 7).problem == "deadline"


def test_a_folder_with_too_many_names(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).touch()
    assert host_seam.LiveHost().listdir(str(tmp_path)).value == ["a", "b", "c"]
    assert host_seam.LiveHost().listdir(str(tmp_path), limit=2).problem == "too_large"


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/n\xff"))).touch()
    assert host_seam.LiveHost().listdir(str(tmp_path)).value == ["n\\xff"]


def test_links_and_stat(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "l").symlink_to("a")
    host = host_seam.LiveHost()
    assert host.readlink(str(tmp_path / "l")).value == "a"
    assert host.realpath(str(tmp_path / "l")).value == str((tmp_path / "a").resolve())
    assert host.realpath(str(tmp_path / "no")).problem == "absent"
    assert host.stat(str(tmp_path / "l")).value.kind == "file"
    assert host.stat(str(tmp_path / "l"), follow=False).value.kind == "link"


def test_a_file_and_its_folder_are_in_one_mount_and_proc_is_another(tmp_path: Path) -> None:
    (tmp_path / "pipe").touch()
    host = host_seam.LiveHost()
    number = host.mount_id(str(tmp_path / "pipe"))
    assert isinstance(number.value, int) and number == host.mount_id(str(tmp_path))
    assert host.mount_id("/proc/self/stat").value != number.value
    assert host.mount_id(str(tmp_path / "none")).problem == "absent"


class Late(host_seam.LiveHost):
    """Its deadline passes before anything is read."""

    def read(self, path: str, limit: int = 0) -> host_seam.Answer:
        return host_seam.Answer(None, "deadline", path)


def test_a_deadline_in_the_middle_of_a_question_is_an_answer(tmp_path: Path) -> None:
    assert Late().mount_id(str(tmp_path)).problem == "deadline"


def test_a_command_and_its_exit_status() -> None:
    host = host_seam.LiveHost()
    assert host.run(["sh", "-c", "echo out; echo err >&2; exit 3"]).value == (3, "out\n", "err\n")
    assert host.run(["sh", "-c", "echo $LC_ALL; read a; pwd"]).value.out == "C\n/\n"
    assert host.run(["no-such-command"]) == (None, "tool_missing", "no-such-command")
    assert host.run(["sh", "-c", "kill -9 $$"]).value.rc == -9


def test_a_slow_command_ends_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    argv = ["sh", "-c", f"sleep 600 & echo $! > {pid}; wait"]
    answer = _overdue(lambda seconds: host_seam.LiveHost().run(argv, timeout=seconds), lambda _answer: pid.exists() and bool(pid.read_text()))
    assert answer.problem == "deadline"
    assert _soon_dead(int(pid.read_text()))


def test_what_a_command_leaves_behind_is_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    assert host_seam.LiveHost().run(["sh", "-c", f"sleep 600 >/dev/null 2>&1 & echo $! > {pid}"]).value.rc == 0
    assert _soon_dead(int(pid.read_text()))


def test_output_is_bounded_while_it_is_read() -> None:
    answer = host_seam.LiveHost().run(["cat", "/dev/zero"], timeout=60, limit=1 << 20)
    assert answer == (None, "too_large", "cat: more than 1048576 bytes")


def test_errors_are_dropped_past_their_bound() -> None:
    run = host_seam.LiveHost().run(["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' e >&2; echo done"]).value
    assert run.out == "done\n"
    assert len(run.err) == host_seam.ERROR_LIMIT


def test_a_program_is_overheard_until_it_says_what_is_waited_for_and_then_ends(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    answer = host_seam.LiveHost().overhear(["sh", "-c", f"echo $$ > {pid}; echo one; echo two >&2; echo up; sleep 600; echo three"], "up", 120)
    assert answer.value == ("one\ntwo\nup\n", "said what was waited for")
    assert _soon_dead(int(pid.read_text()))


def test_a_program_that_never_says_it_is_ended_and_what_it_said_is_kept(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    argv = ["sh", "-c", f"echo $$ > {pid}; echo one; sleep 600"]
    answer = _overdue(lambda seconds: host_seam.LiveHost().overhear(argv, "up", seconds), lambda answer: bool(answer.value[0]))
    assert answer.value[0] == "one\n" and answer.value[1].startswith("no end in ")
    assert _soon_dead(int(pid.read_text()))


def test_an_overheard_program_does_not_outlive_a_listener_that_is_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    listener = os.fork()
    if listener == 0:
        host_seam.LiveHost().overhear(["sh", "-c", f"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 600"], "up", 600)
        os._exit(0)
    end = time.monotonic() + 120
    while not pid.exists() and time.monotonic() < end:
        time.sleep(0.01)
    program = int(pid.read_text())
    assert _alive(program)
    os.kill(listener, signal.SIGKILL)
    os.waitpid(listener, 0)
    assert _soon_dead(program)


def test_an_overheard_program_that_ends_floods_or_is_not_there() -> None:
    host = host_seam.LiveHost()
    assert host.overhear(["sh", "-c", "echo no >&2; exit 3"], "up", 30).value == ("no\n", "ended with status 3")
    assert host.overhear(["cat", "/dev/zero"], "up", 30, limit=100).value == ("\0" * 100, "more than 100 bytes")
    assert host.overhear(["no-such-command"], "up", 30) == (None, "tool_missing", "no-such-command")


def test_after_the_deadline_nothing_is_asked() -> None:
    host = host_seam.LiveHost(deadline=time.monotonic() - 1)
    answers = [host.read("/proc/version"), host.listdir("/"), host.stat("/"), host.run(["true"]), host.readlink("/proc/self/exe"),
               host.overhear(["true"], "", 1),
               host.realpath("/"), host.ioctl("/dev/null", 0)]
    assert {answer.problem for answer in answers} == {"deadline"}


def test_watch_hears_of_every_command() -> None:
    heard: list[tuple[int, bool]] = []
    host = host_seam.LiveHost(watch=lambda group, running: heard.append((group, running)))
    host.run(["true"])
    assert [running for _, running in heard] == [True, False]
    assert len({group for group, _ in heard}) == 1


def test_what_is_no_link_is_an_answer_and_not_a_loss(tmp_path: Path) -> None:
    """readlink(2) says EINVAL of a file and of a folder: it is known that no link is there."""
    (tmp_path / "file").write_text("")
    answers = [host_seam.LiveHost().readlink(str(path)) for path in (tmp_path / "file", tmp_path)]
    assert [(answer.value, answer.problem, answer.detail) for answer in answers] == [(None, "absent", "not a link")] * 2

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place where Firebreak touches a host.

Everything else on the host side is a pure function over what :class:`LiveHost` answers, so a host can as well be a
recorded machine (``tests/recorded_host.py``). Every question is answered by an :class:`Answer`: a value, or ``None`` with
the reason why it cannot be had. No question raises for what a host can do to it.
"""

import ctypes
import errno
import fcntl
import hashlib
import os
import select
import signal
import stat as _stat
import subprocess
import time
from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence, Tuple

from . import kvm_guest
from .errors import UnansweredError

PROBLEMS = ("absent", "needs_root", "unreadable", "too_large", "deadline", "tool_missing")
# These two are knowledge; after the others it is not known what is there.
NOT_THERE = ("absent", "tool_missing")


class Answer(NamedTuple):
    """``value`` is None if and only if ``problem`` is one of PROBLEMS; ``detail`` is text for a person."""

    value: Any
    problem: Optional[str]
    detail: str

    def if_there(self, nothing: Any) -> Any:
        """The value, or ``nothing`` of what is not there; UnansweredError where that is not known, unless a witness remembers it."""
        if self.problem and self.problem not in NOT_THERE:
            raise UnansweredError(self.problem, self.detail)
        return nothing if self.problem else self.value


class Run(NamedTuple):
    """What a command did: exit status (negative: the signal that ended it), standard output and standard error as text."""

    rc: int
    out: str
    err: str


class Overheard(NamedTuple):
    """What a program said, output and errors together, and how it came to its end, for a person."""

    said: str
    ended: str


class Stat(NamedTuple):
    """kind is file|directory|link|character|block|fifo|socket|other; mtime and ctime in seconds since 1970; device and inode name the file."""

    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    mtime: float
    ctime: float
    device: int
    inode: int


READ_LIMIT = 4 * 1024 * 1024
ENTRIES_LIMIT = 100000
OUTPUT_LIMIT = 16 * 1024 * 1024
ERROR_LIMIT = 64 * 1024
CHUNK = 64 * 1024
COMMAND_SECONDS = 20.0
COMMAND_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

GUEST_SECONDS = 10.0
CONSOLE_LIMIT = 1024 * 1024

# Documentation/admin-guide/devices.txt: /dev/null.
NULL_DEVICE = os.makedev(1, 3)

# linux/prctl.h: the signal that a process gets when its parent ends.
PR_SET_PDEATHSIG = 1

# linux/kvm.h: _IO(KVMIO, 0x01); it returns a new file descriptor.
KVM_CREATE_VM = 0xAE01

_KINDS = (
    (_stat.S_ISREG, "file"),
    (_stat.S_ISDIR, "directory"),
    (_stat.S_ISLNK, "link"),
    (_stat.S_ISCHR, "character"),
    (_stat.S_ISBLK, "block"),
    (_stat.S_ISFIFO, "fifo"),
    (_stat.S_ISSOCK, "socket"),
)


def _refused(error: Exception) -> Answer:
    """The Answer for an OSError: absent, needs_root or unreadable; also for the ValueError of a path that holds a NUL."""
    if not isinstance(error, OSError):
        return Answer(None, "unreadable", str(error))
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESRCH, errno.ENXIO, errno.ENODEV):
        problem = "absent"
    elif error.errno in (errno.EACCES, errno.EPERM) and os.geteuid() != 0:
        problem = "needs_root"
    else:
        problem = "unreadable"
    return Answer(None, problem, os.strerror(error.errno) if error.errno else str(error))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


class LiveHost:
    """This machine. ``deadline`` is a time.monotonic() value after which every question is answered with 'deadline'.

    ``watch`` is told of every command that is started (its process group, True) and ended (False), so that whoever gives up on this
    process can end the command too.
    """

    def __init__(self, deadline: Optional[float] = None, watch: Optional[Callable[[int, bool], None]] = None) -> None:
        self.deadline = deadline
        self.watch = watch or (lambda group, running: None)

    def uid(self) -> int:
        """The effective user id that asks."""
        return os.geteuid()

    def now(self) -> float:
        """Seconds since 1970 by the host's own clock."""
        return time.time()

    def uname(self) -> Tuple[str, ...]:
        """(sysname, nodename, release, version, machine) of the running kernel."""
        return tuple(os.uname())

    def remaining(self) -> Optional[float]:
        """Seconds left before the deadline, or None without one."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    def _late(self) -> bool:
        left = self.remaining()
        return left is not None and left <= 0

    def read_bytes(self, path: str, size: int = READ_LIMIT, offset: int = 0) -> Answer:
        """At most ``size`` bytes of a regular file from ``offset`` on. Devices, pipes and sockets are never opened."""
        return self._of_file(path, lambda handle: self._read_fully(handle, path, size, offset), b"")

    def sha256(self, path: str, limit: int) -> Answer:
        """The SHA-256 of a regular file, hexadecimal; a file longer than ``limit`` bytes is answered with 'too_large' and not read."""
        return self._of_file(path, lambda handle: self._digest(handle, path, limit), hashlib.sha256().hexdigest())

    def _of_file(self, path: str, act: Callable[[int], Answer], nothing: Any) -> Answer:
        if self._late():
            return Answer(None, "deadline", path)
        try:
            there = os.stat(path)
            if _stat.S_ISCHR(there.st_mode) and there.st_rdev == NULL_DEVICE:
                # A file of a configuration that is linked to /dev/null is an empty one.
                return Answer(nothing, None, "")
            if not _stat.S_ISREG(there.st_mode):
                return Answer(None, "unreadable", "not a regular file")
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            return _refused(error)
        try:
            # The name may have been given to something else since it was looked at.
            if not _stat.S_ISREG(os.fstat(handle).st_mode):
                return Answer(None, "unreadable", "not a regular file")
            return act(handle)
        except OSError as error:
            return _refused(error)
        finally:
            os.close(handle)

    def _read_fully(self, handle: int, path: str, size: int, offset: int) -> Answer:
        if offset:
            os.lseek(handle, offset, os.SEEK_SET)
        parts = []
        while size > 0:
            part = os.read(handle, min(size, CHUNK))
            if not part:
                break
            parts.append(part)
            size -= len(part)
            if self._late():
                return Answer(None, "deadline", path)
        return Answer(b"".join(parts), None, "")

    def _digest(self, handle: int, path: str, limit: int) -> Answer:
        if os.fstat(handle).st_size > limit:
            return Answer(None, "too_large", "more than %d bytes" % limit)
        digest = hashlib.sha256()
        for part in iter(lambda: os.read(handle, 16 * CHUNK), b""):
            digest.update(part)
            if self._late():
                return Answer(None, "deadline", path)
        return Answer(digest.hexdigest(), None, "")

    def read(self, path: str, limit: int = READ_LIMIT) -> Answer:
        """The text of a regular file; a file longer than ``limit`` bytes is answered with 'too_large', never cut in silence."""
        answer = self.read_bytes(path, limit + 1)
        if answer.problem:
            return answer
        if len(answer.value) > limit:
            return Answer(None, "too_large", "more than %d bytes" % limit)
        return Answer(_text(answer.value), None, "")

    def listdir(self, path: str, limit: int = ENTRIES_LIMIT) -> Answer:
        """The sorted names in a directory; more than ``limit`` is answered with 'too_large'."""
        if self._late():
            return Answer(None, "deadline", path)
        names = []
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    names.append(entry.name)
                    if len(names) > limit:
                        return Answer(None, "too_large", "more than %d entries" % limit)
        except (OSError, ValueError) as error:
            return _refused(error)
        # A name that is no UTF-8 must not stop the record from being written as JSON.
        return Answer(sorted(_text(os.fsencode(name)) for name in names), None, "")

    def readlink(self, path: str) -> Answer:
        """Where a symbolic link points, as written in the link; 'absent' also where something else than a link is there."""
        if self._late():
            return Answer(None, "deadline", path)
        try:
            return Answer(_text(os.fsencode(os.readlink(path))), None, "")
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) == errno.EINVAL:
                return Answer(None, "absent", "not a link")
            return _refused(error)

    def realpath(self, path: str) -> Answer:
        """The path with every link resolved; 'absent' where it does not exist."""
        if self._late():
            return Answer(None, "deadline", path)
        try:
            real = os.path.realpath(path)
            return Answer(real, None, "") if os.path.lexists(real) else Answer(None, "absent", real)
        except (OSError, ValueError) as error:
            return _refused(error)

    def stat(self, path: str, follow: bool = True) -> Answer:
        """The Stat of a path, of the link itself with ``follow=False``."""
        if self._late():
            return Answer(None, "deadline", path)
        try:
            seen = os.stat(path) if follow else os.lstat(path)
        except (OSError, ValueError) as error:
            return _refused(error)
        kind = next((name for test, name in _KINDS if test(seen.st_mode)), "other")
        return Answer(
            Stat(kind, _stat.S_IMODE(seen.st_mode), seen.st_uid, seen.st_gid, seen.st_size,
                 seen.st_mtime, seen.st_ctime, seen.st_dev, seen.st_ino), None, "")

    def mount_id(self, path: str) -> Answer:
        """The number of the mount that holds what is at a path. On an overlay, unlike the device, it is that of all files and folders."""
        if self._late():
            return Answer(None, "deadline", path)
        try:
            # It names the file without opening it, so that no device and no pipe notices.
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            return _refused(error)
        try:
            lines = self.read("/proc/self/fdinfo/%d" % handle, CHUNK)
        finally:
            os.close(handle)
        if lines.problem:
            return lines
        numbers = [line.split(":", 1)[1].strip() for line in lines.value.splitlines() if line.startswith("mnt_id:")]
        return Answer(int(numbers[0]), None, "") if numbers else Answer(None, "unreadable", "/proc/self/fdinfo names no mnt_id")

    def run(self, argv: Sequence[str], timeout: float = COMMAND_SECONDS, limit: int = OUTPUT_LIMIT) -> Answer:
        """Run a read-only command: C locale, no input, fixed PATH, bounded time and output. A non-zero rc is an answer, not a problem."""
        if self._late():
            return Answer(None, "deadline", " ".join(argv))
        return self._started(argv, None, subprocess.PIPE, lambda process: _listen(process, argv[0], self._within(timeout), limit))

    def overhear(self, argv: Sequence[str], until: str, timeout: float, limit: int = CONSOLE_LIMIT) -> Answer:
        """The Overheard of a program that runs until it says ``until``, has said ``limit`` bytes, ends or is too slow, and is then killed.

        The caller must have been asked for it. It does not outlive this process either, whatever ends that.
        """
        if self._late():
            return Answer(None, "deadline", " ".join(argv))
        return self._started(argv, _die_with_parent, subprocess.STDOUT,
                             lambda process: _overhear(process, until.encode("utf-8"), self._within(timeout), limit))

    def _within(self, seconds: float) -> float:
        left = self.remaining()
        return seconds if left is None else min(seconds, left)

    def _started(
        self, argv: Sequence[str], first: Optional[Callable[[], None]], errors: int, follow: Callable[["subprocess.Popen[bytes]"], Answer],
    ) -> Answer:
        """What ``follow`` says of a command, which does not outlive it: C locale, no input, fixed PATH, a process group of its own."""
        environment = {"PATH": COMMAND_PATH, "LC_ALL": "C", "LANGUAGE": "C", "HOME": "/nonexistent"}
        try:
            process = subprocess.Popen(
                list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                env=environment, cwd="/", close_fds=True, start_new_session=True, preexec_fn=first)
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) == errno.ENOENT:
                return Answer(None, "tool_missing", argv[0])
            return _refused(error)
        self.watch(process.pid, True)
        try:
            return follow(process)
        finally:
            _end(process)
            self.watch(process.pid, False)

    def ioctl(self, path: str, request: int, argument: int = 0) -> Answer:
        """The integer that an ioctl on a character device returns. The caller must know that the device's driver is loaded."""
        return self._control(path, lambda handle: fcntl.ioctl(handle, request, argument))

    def create_vm(self, path: str) -> Answer:
        """0 when KVM made a virtual machine, which is destroyed at once. The caller must have been asked for it."""
        return self._control(path, _create_and_destroy)

    def run_guest(self, path: str) -> Answer:
        """0 when KVM ran one instruction in a virtual machine, which is destroyed at once. The caller must have been asked for it."""
        if os.uname().machine != "x86_64":
            return Answer(None, "unreadable", "no program to run is known for a machine %s" % os.uname().machine)
        return self._control(path, lambda kvm: _in_a_child(lambda: kvm_guest.run(kvm), GUEST_SECONDS))

    def _control(self, path: str, act: Callable[[int], int]) -> Answer:
        if self._late():
            return Answer(None, "deadline", path)
        try:
            handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            return _refused(error)
        try:
            return Answer(act(handle), None, "")
        except OSError as error:
            return _refused(error)
        finally:
            os.close(handle)


def _in_a_child(act: Callable[[], int], seconds: float) -> int:
    """0 when it returned 0 in a process of its own, which is killed when it takes too long; OSError else. A virtual processor may never come back."""
    child = os.fork()
    if child == 0:
        code = errno.EIO
        try:
            code = act()
        except OSError as error:
            code = error.errno or code
        finally:
            os._exit(code)
    try:
        if not _ended(child, seconds):
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
    finally:
        try:
            os.kill(child, signal.SIGKILL)
        except OSError:
            pass
        status = os.waitpid(child, 0)[1]
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else errno.EIO
    if code:
        raise OSError(code, os.strerror(code))
    return 0


def _create_and_destroy(kvm: int) -> int:
    os.close(fcntl.ioctl(kvm, KVM_CREATE_VM, 0))
    return 0


def _listen(process: "subprocess.Popen[bytes]", name: str, seconds: float, limit: int) -> Answer:
    """What a command says until it ends, is too slow, or says more than ``limit`` bytes; standard error past ERROR_LIMIT is dropped."""
    end = time.monotonic() + seconds
    out, err = process.stdout.fileno(), process.stderr.fileno()  # type: ignore[union-attr]
    said: Dict[int, bytearray] = {out: bytearray(), err: bytearray()}
    waiting = select.poll()
    for handle in said:
        waiting.register(handle, select.POLLIN)
    speaking = len(said)
    while speaking:
        left = end - time.monotonic()
        ready = waiting.poll(left * 1000) if left > 0 else []
        if not ready:
            return Answer(None, "deadline", "%s: no answer in %.0f s" % (name, seconds))
        for handle, _events in ready:
            part = os.read(handle, CHUNK)
            if not part:
                waiting.unregister(handle)
                speaking -= 1
            elif handle == out or len(said[err]) < ERROR_LIMIT:
                said[handle] += part
        if len(said[out]) > limit:
            return Answer(None, "too_large", "%s: more than %d bytes" % (name, limit))
    if not _ended(process.pid, max(end - time.monotonic(), 0.05)):
        return Answer(None, "deadline", "%s: no end in %.0f s" % (name, seconds))
    # Only now may the number of the process be given to another: what the command left behind is killed by it.
    kill_group(process.pid)
    process.wait()
    return Answer(Run(process.returncode, _text(bytes(said[out])), _text(bytes(said[err][:ERROR_LIMIT]))), None, "")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _overhear(process: "subprocess.Popen[bytes]", until: bytes, seconds: float, limit: int) -> Answer:
    """The Overheard of a command whose errors are in its output."""
    end = time.monotonic() + seconds
    out = process.stdout.fileno()  # type: ignore[union-attr]
    said = bytearray()
    waiting = select.poll()
    waiting.register(out, select.POLLIN)
    while until not in said:
        left = end - time.monotonic()
        if left <= 0 or not waiting.poll(left * 1000):
            return Answer(Overheard(_text(bytes(said)), "no end in %.0f s" % seconds), None, "")
        part = os.read(out, CHUNK)
        said += part
        if not part:
            return Answer(Overheard(_text(bytes(said)), _how_it_ended(process)), None, "")
        if len(said) > limit:
            return Answer(Overheard(_text(bytes(said[:limit])), "more than %d bytes" % limit), None, "")
    return Answer(Overheard(_text(bytes(said)), "said what was waited for"), None, "")


def _how_it_ended(process: "subprocess.Popen[bytes]") -> str:
    """How a command that has closed its output ended."""
    if not _ended(process.pid, 1.0):
        return "its output was closed"
    kill_group(process.pid)
    return "ended with status %d" % process.wait()


def _ended(pid: int, seconds: float) -> bool:
    """Whether a child ends within so many seconds; it is left unreaped."""
    end = time.monotonic() + seconds
    pause = 0.0005
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
    return True


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill what is left of a command and its children; one that sleeps in the kernel is left behind after a second."""
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    if process.returncode is not None:
        return
    kill_group(process.pid)
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        pass


def kill_group(group: int) -> None:
    """Kill every process of a process group, as far as there still are any."""
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        pass

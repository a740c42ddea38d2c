# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private, atomic files of a run: 0600 files in 0700 directories, names that no host can choose, and the link to the latest run.

Everything here takes paths of the controller. Errors are :class:`StoreError` with one message for a person.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

LATEST = "latest"
# Who writes to a run's directory at this moment.
RUNNING = ".running"
REPORT = "fleet.json"
# The other forms of a report, and the folder of its limit files; where the report before this one waits to be compared with.
FORMS = ("fleet.html", "fleet.prom", "junit.xml", "fleet.sarif", "findings.csv", "findings.jsonl")
LIMITS = "limit"
# What the proof writes beside a report, and into which folder.
PROOF, PROOF_FORMS = "proof", ("proof.json", "proof.html", "junit.xml")
BEFORE = ".before"
_REPORT_MARK = '"firebreak.fleet/'

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
# A report says it before anything that grows with the fleet.
_PARTIAL = re.compile(r'"partial":\s*true')
_HEAD = 1024
_RUN_NAME = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
_RECORD_LIMIT = 64 * 1024 * 1024
_HELD_SECONDS = 24 * 3600
_WRITE_SIZE = 256 * 1024


class StoreError(Exception):
    """A directory or file of the run cannot be read or written; the message names the path, the cause and what is wanted."""


class GoneError(StoreError):
    """There is no such file, or not any more: other runs take old files away at any moment."""


class HeldError(StoreError):
    """Another job, which cannot be seen from here, may still write to a directory."""


def safe_name(name: str) -> str:
    """A file name for ``name``: itself when it is plain, else its plain letters and a hash, so that two names never share a file."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:64]
    return f"{plain or '_'}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def private_directory(path: Path) -> Path:
    """Make ``path`` and what is missing above it, mode 0700; a directory that exists keeps its mode."""
    try:
        missing = [part for part in (path, *path.parents) if not part.exists()]
        for part in reversed(missing):
            part.mkdir(mode=0o700, exist_ok=True)
        if not path.is_dir():
            raise NotADirectoryError(20, "it is not a directory")
    except OSError as error:
        raise StoreError(f"cannot create the directory {path}: {error.strerror}; wanted a directory this user may write to") from error
    return path


def check_private(path: Path) -> None:
    """StoreError where somebody else could lead what is removed from a directory, or written to it, elsewhere: by a link, or by owning it."""
    try:
        seen = path.lstat()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    if stat.S_ISLNK(seen.st_mode):
        raise StoreError(f"{path} is a link; wanted a directory")
    if seen.st_uid not in (0, os.geteuid()):
        raise StoreError(f"{path} belongs to user {seen.st_uid}; wanted a directory of this user's own")
    if seen.st_mode & 0o002 or (seen.st_mode & 0o020 and seen.st_gid not in (0, os.getegid())):
        raise StoreError(f"others may write to {path} (mode {stat.S_IMODE(seen.st_mode):04o}); wanted a directory that only this user may write to")


def hold(directory: Path, process: int, job: str = "") -> None:
    """Note that the run of a process writes to a directory; StoreError with its number where another that still runs does.

    Of a job of AWX nobody in another container can see whether it still runs: HeldError where one may, which is for at most a day.
    """
    note, own = directory / RUNNING, [str(process), started(process), boot(), _processes(), job or "-"]
    try:
        with _alone_with(note) as stream:
            words, age = stream.read(512).split(), time.time() - os.fstat(stream.fileno()).st_mtime
            if len(words) >= 3 and words != own and words[2] == own[2] and words[0].isdigit() and words[1] == started(int(words[0])):
                raise StoreError(f"another run, of process {words[0]}, writes to {directory}; wait for it, or name another directory")
            if job and len(words) == 5 and words[2:4] != own[2:4] and words[4] not in ("-", job) and age < _HELD_SECONDS:
                raise HeldError(f"the job {words[4]} may still write to {directory}")
            stream.seek(0)
            stream.truncate()
            stream.write(" ".join(own))
    except OSError as error:
        raise StoreError(f"cannot write {note}: {error.strerror}; wanted a directory this user may write to") from error


@contextlib.contextmanager
def _alone_with(note: Path) -> Iterator[IO[str]]:
    """A note, for one process at a time. Who waited for one that was taken away meanwhile has nobody's, and takes the next of its name."""
    while True:
        descriptor = os.open(note, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "r+", encoding="utf-8", errors="replace") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if _is_at(note, descriptor):
                yield stream
                return


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def is_held(directory: Path) -> bool:
    """Whether a run may still write to a directory: one that lives here, or one that cannot be seen from here and said so within a day."""
    note = directory / RUNNING
    with contextlib.suppress(OSError, StoreError):
        words = read(note, 512).split()
        if words[2:4] == [boot(), _processes()]:
            return words[0].isdigit() and words[1] == started(int(words[0])) != "-"
        return len(words) >= 3 and time.time() - note.stat().st_mtime < _HELD_SECONDS
    return False


def release(directory: Path) -> None:
    """Note that a run no longer writes to a directory."""
    with contextlib.suppress(OSError):
        (directory / RUNNING).unlink()


def _processes() -> str:
    """The namespace whose processes this one can see."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return "-"


def started(process: int) -> str:
    """When a process began, in ticks; '-' where there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "-"


def boot() -> str:
    """The id of this machine's present boot; '-' where it cannot be read."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return "-"


def write(path: Path, chunks: Iterable[str], mode: int = 0o600) -> Path:
    """Write text atomically to a new file of mode 0600, unless others are to read it: readers see the old or all of the new, never a part."""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name[:64]}.", dir=path.parent)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; wanted a directory this user may write to") from error
    try:
        # Lone surrogates, which JSON can carry, have no UTF-8 form: they become question marks rather than an error.
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="\n", buffering=_WRITE_SIZE) as stream:
            stream.writelines(chunks)
            stream.flush()
            os.fsync(stream.fileno())
            os.fchmod(stream.fileno(), mode)
        Path(temporary).replace(path)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; wanted room and the right to write there") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
    return path


def gather(runs: Iterable[Path], directory: Path) -> None:
    """Have the records of runs, the latest of each host, and the standards that they were judged by in one directory, for those who read on."""
    for folder in ("records", "standards"):
        place = private_directory(directory / folder)
        newest: dict[str, tuple[int, Path]] = {}
        for path in (path for run in runs if run != directory for path in listed(run / folder, ".json")):
            at = written(path)
            if at is not None and newest.get(path.name, (at, path))[0] <= at:
                newest[path.name] = (at, path)
        for name, (_at, path) in newest.items():
            # What cannot be had is in the report as unreadable.
            with contextlib.suppress(StoreError):
                _link(path, place / name)


def _link(path: Path, place: Path) -> None:
    """The same file under another name, or a copy of it where that cannot be: on another file system, or of another user."""
    try:
        place.unlink(missing_ok=True)
        place.hardlink_to(path)
    except OSError:
        write(place, [read(path, _RECORD_LIMIT)])


def read(path: Path, limit: int) -> str:
    """The text of a regular file of at most ``limit`` bytes; bytes that are not UTF-8 are replaced."""
    try:
        # O_NONBLOCK: a fifo in the place of a record must not hang the report of the others.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            data = stream.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise GoneError(f"cannot read {path}: {error.strerror}") from error
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > limit:
        raise StoreError(f"cannot read {path}: it is larger than {limit} bytes")
    return data.decode("utf-8", "replace")


def read_if_there(path: Path, limit: int) -> str | None:
    """What ``read`` says; None where there is no file. Whoever looks first and then reads meets a file that is taken away in between."""
    try:
        return read(path, limit)
    except GoneError:
        return None


def listed(folder: Path, ending: str = "") -> list[Path]:
    """What lies in a folder under names that end so, in order; nothing where there is no folder, or not any more."""
    try:
        return sorted((path for path in folder.iterdir() if path.name.endswith(ending)), key=lambda path: path.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StoreError(f"cannot list {folder}: {error.strerror}") from error


def written(path: Path) -> int | None:
    """When a regular file was last written to, in nanoseconds since 1970; None where there is none, or not any more."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns if stat.S_ISREG(seen.st_mode) else None


def new_run(reports: Path, now: datetime) -> Path:
    """Make a new directory for one run below ``reports``, named by its UTC second; a number follows when that second is taken."""
    private_directory(reports)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    for name in _numbered(stamp):
        run = reports / name
        try:
            run.mkdir(mode=0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise StoreError(f"cannot create the directory {run}: {error.strerror}; wanted a directory this user may write to") from error
        return run
    raise StoreError(f"cannot create a directory for this run in {reports}: every name from {stamp} on is taken")


def _numbered(stamp: str) -> Iterator[str]:
    yield stamp
    for number in range(2, 1000):
        yield f"{stamp}-{number}"


def clear(directory: Path, mark: bytes = b"") -> None:
    """Remove the JSON files of an earlier run from ``directory``, so that an old record never passes for a new one.

    A file that has no ``mark`` in it is somebody else's, and neither removed nor read as a record: the run ends.
    """
    try:
        for path in listed(directory, ".json"):
            with contextlib.suppress(FileNotFoundError):
                if mark not in path.read_bytes():
                    raise StoreError(f"{path} is no file of an earlier run; move it away, or name another directory")
                path.unlink()
    except OSError as error:
        raise StoreError(f"cannot remove an earlier run's record from {directory}: {error.strerror}") from error


def set_aside(run: Path) -> None:
    """Take an earlier run's report out of a directory, and the proof beside it, so that neither passes for today's; what to compare with is kept."""
    report = run / REPORT
    try:
        if not report.is_file() or _REPORT_MARK not in read_head(report):
            return
        for path in [*(run / name for name in FORMS), *(run / LIMITS).glob("*"), *(run / PROOF / name for name in PROOF_FORMS)]:
            if path.is_file() or path.is_symlink():
                path.unlink(missing_ok=True)
        report.replace(private_directory(run / BEFORE) / REPORT)
    except OSError as error:
        raise StoreError(f"cannot take an earlier run's report out of {run}: {error.strerror}") from error


def read_head(path: Path) -> str:
    """The first words of a file, in which it says what it is."""
    with path.open(encoding="utf-8", errors="replace") as stream:
        return stream.read(_HEAD)


def check_own(path: Path, mark: bytes) -> None:
    """StoreError where a file that a report would replace is somebody else's."""
    try:
        with path.open("rb") as stream:
            own = mark in stream.read(_HEAD)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    if not own:
        raise StoreError(f"{path} is no file of an earlier report; move it away, or name another directory")


def publish(run: Path, shelf: Path | None = None) -> Path:
    """Point ``latest`` beside ``run``, or on the ``shelf`` above it, at it, atomically: the link always leads to a whole report."""
    place = shelf or run.parent
    link = place / LATEST
    temporary = place / f".{LATEST}.{run.name}"
    if link.exists() and not link.is_symlink():
        raise StoreError(f"cannot replace {link}: it is not a link; move it away")
    try:
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(run.relative_to(place), target_is_directory=True)
        temporary.replace(link)
    except OSError as error:
        raise StoreError(f"cannot replace the link {link}: {error.strerror}") from error
    return link


def runs(reports: Path) -> list[Path]:
    """The directories of earlier runs, oldest first; links and other people's directories are not among them."""
    try:
        found = [path for path in reports.iterdir() if _RUN_NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink()]
    except OSError as error:
        raise StoreError(f"cannot list {reports}: {error.strerror}") from error
    return sorted(found, key=_run_order)


def _run_order(path: Path) -> tuple[str, int]:
    stamp, _separator, number = path.name.partition("-")
    return stamp, int(number or 1)


def is_whole(run: Path) -> bool:
    """Whether a run ended with a report of the whole fleet; one that broke off, or was of a part (``--limit``), is no baseline of another."""
    try:
        return _PARTIAL.search(read_head(run / REPORT)) is None
    except OSError:
        return False


def prune(reports: Path, keep: int) -> list[Path]:
    """Remove all but the ``keep`` newest whole reports and the ``keep`` newest runs (0 keeps all), and say which.

    A run that broke off takes no whole report's place; the run that ``latest`` leads to always stays, and so does one that is still written to.
    """
    if keep <= 0:
        return []
    found = runs(reports)
    kept = {*found[-keep:], *[path for path in found if is_whole(path)][-keep:]}
    current = (reports / LATEST).resolve()
    old = [path for path in found if path not in kept and path.resolve() != current and not is_held(path)]
    for path in old:
        try:
            _remove(path)
        except OSError as error:
            raise StoreError(f"cannot remove the old report {path}: {error.strerror}") from error
    return old


def _remove(folder: Path) -> None:
    """Another run that ends at this moment may take the same folder away: what it has taken is gone as well."""
    while folder.exists():
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)

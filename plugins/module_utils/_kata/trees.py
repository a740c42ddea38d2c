# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trees of Kata releases on a host: the only place that writes them. Every change is a rename, so there is no half-done state.

``/opt/kata-<version>`` is a whole release or absent; ``/opt/kata`` is a link that says which one is in force.
"""

import errno
import gzip
import hashlib
import json
import lzma
import os
import shutil
import stat
import subprocess
import tarfile
import tempfile
import zlib
from typing import Any, Dict, Iterator, List, Optional, Tuple

from .._host.errors import Refused
from .archive import MARKER, SHIMS, Entry, compression, hard_link_source, link_target, place

CHUNK = 1024 * 1024
# Written while it is not yet a release: never taken for one, removed by the next run.
UNFINISHED = ".kata-unfinished-"


def opened(path: str) -> int:
    """A descriptor of an archive that nobody but root and the user of this process can change. What is checked and unpacked is what it leads to."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused("archive %s: %s" % (path, "no such file on this host" if error.errno == errno.ENOENT else error.strerror)) from None
    seen = os.fstat(handle)
    why = ""
    if not stat.S_ISREG(seen.st_mode):
        why = "it is no file"
    elif seen.st_uid not in (0, os.geteuid()):
        why = "it belongs to user %d, wanted root's own: whoever owns it can change it at any moment" % seen.st_uid
    elif seen.st_mode & 0o022:
        why = "others may write to it (mode %04o), wanted 0644 or less" % stat.S_IMODE(seen.st_mode)
    if why:
        os.close(handle)
        raise Refused("archive %s: %s" % (path, why))
    return handle


def check_archive(path: str, wanted: str) -> None:
    """Refused unless the archive is there and is the pinned one."""
    handle = opened(path)
    try:
        _check(handle, path, wanted)
    finally:
        os.close(handle)


def _check(handle: int, path: str, wanted: str) -> None:
    digest = hashlib.sha256()
    for part in iter(lambda: os.read(handle, CHUNK), b""):
        digest.update(part)
    if digest.hexdigest() != wanted:
        raise Refused("archive %s: sha256 is %s, wanted %s" % (path, digest.hexdigest(), wanted))
    os.lseek(handle, 0, os.SEEK_SET)


def _sync(path: str) -> None:
    """Have what a file or folder holds on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Trees(object):
    """The releases below ``root`` (/opt), and the link ``root``/kata."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.link = os.path.join(root, "kata")

    def tree(self, version: str) -> str:
        """The folder of a version."""
        return os.path.join(self.root, "kata-" + version)

    def marker(self, version: str) -> Optional[Dict[str, Any]]:
        """What was noted when a version was unpacked; None where the version is not there."""
        path = self.tree(version)
        if not os.path.lexists(path):
            return None
        try:
            with open(os.path.join(path, MARKER), encoding="utf-8") as handle:
                noted = json.load(handle)
        except (OSError, ValueError) as error:
            raise Refused("%s was not made by this role (%s): remove it, or choose another version" % (path, error)) from None
        return dict(noted)

    def current(self) -> Optional[str]:
        """The version that the link names; None without a link. Refused where /opt/kata is not ours."""
        if not os.path.lexists(self.link):
            return None
        if not os.path.islink(self.link):
            raise Refused("%s is a directory of another installer (kata-deploy, or an archive unpacked by hand), wanted a link to %s: "
                          "take its sandboxes away and remove it first" % (self.link, self.tree("<version>")))
        name = os.path.basename(os.path.normpath(os.readlink(self.link)))
        if not name.startswith("kata-") or self.marker(name[5:]) is None:
            raise Refused("%s leads to %s, which this role did not make" % (self.link, os.readlink(self.link)))
        return name[5:]

    def versions(self) -> List[Tuple[float, str]]:
        """(made at, version) of every release of ours."""
        found = []
        for name in sorted(os.listdir(self.root)) if os.path.isdir(self.root) else []:
            path = os.path.join(self.root, name, MARKER)
            if name.startswith("kata-") and os.path.isfile(path):
                found.append((os.stat(path).st_mtime, name[5:]))
        return found

    def unpack(self, version: str, archives: List[Tuple[str, str]]) -> None:
        """Make the tree of a version from (path, sha256) of its archives, whole or not at all."""
        if not os.path.isdir(self.root):
            os.makedirs(self.root, 0o755)
            os.chmod(self.root, 0o755)
        self.clean()
        work = tempfile.mkdtemp(prefix=UNFINISHED, dir=self.root)
        try:
            for path, wanted in archives:
                _unpack(path, wanted, work)
            _check_release(work, version)
            _check_links(work, self.link)
            with open(os.path.join(work, MARKER), "w", encoding="utf-8") as handle:
                os.fchmod(handle.fileno(), 0o644)
                json.dump({"version": version, "sha256": sorted(wanted for _path, wanted in archives)}, handle, sort_keys=True)
            os.chmod(work, 0o755)
            # A name that is on the disk before its content would be, after a power cut, a whole release of empty files.
            for folder, _folders, names in os.walk(work):
                for path in [os.path.join(folder, name) for name in names] + [folder]:
                    if not os.path.islink(path):
                        _sync(path)
            os.rename(work, self.tree(version))
            _sync(self.root)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise

    def clean(self) -> None:
        """Remove what a run that was killed left."""
        for name in os.listdir(self.root):
            if name.startswith(UNFINISHED):
                shutil.rmtree(os.path.join(self.root, name), ignore_errors=True)

    def activate(self, version: str) -> None:
        """Let the link name a version, in one step."""
        fresh = os.path.join(self.root, UNFINISHED + "link")
        if os.path.lexists(fresh):
            os.unlink(fresh)
        os.symlink("kata-" + version, fresh)
        os.rename(fresh, self.link)
        _sync(self.root)

    def remove(self, version: str) -> None:
        """Remove a version: out of sight in one step, then for good."""
        away = tempfile.mkdtemp(prefix=UNFINISHED, dir=self.root)
        os.rename(self.tree(version), os.path.join(away, "tree"))
        shutil.rmtree(away)

    def unlink(self) -> None:
        """Remove the link."""
        if os.path.islink(self.link):
            os.unlink(self.link)
            _sync(self.root)


def _check_links(work: str, link: str) -> None:
    """Refused where a link leads out of the release by way of another one, which its own text does not show."""
    inside = (os.path.realpath(work) + os.sep, link + os.sep)
    for folder, folders, names in os.walk(work):
        for path in (os.path.join(folder, name) for name in folders + names):
            if os.path.islink(path) and not (os.path.realpath(path) + os.sep).startswith(inside):
                raise Refused("link %r leads to %r, outside the release" % (os.path.relpath(path, work), os.path.realpath(path)[:200]))


def _check_release(work: str, version: str) -> None:
    try:
        with open(os.path.join(work, "VERSION"), encoding="utf-8") as handle:
            seen = handle.read(200).strip()
    except (OSError, UnicodeDecodeError):
        raise Refused("the archives hold no ./opt/kata/VERSION: this is no static release of Kata Containers") from None
    if seen != version:
        raise Refused("the archives are of version %r (./opt/kata/VERSION), wanted %s" % (seen, version))
    if not any(os.path.isfile(os.path.join(work, shim)) for shim in SHIMS):
        raise Refused("the archives hold no shim, wanted one of %s" % ", ".join(SHIMS))


def _unpack(path: str, wanted: str, work: str) -> None:
    """Unpack the archive that was checked: by one descriptor, for its name may lead elsewhere at any moment."""
    handle = opened(path)
    try:
        _check(handle, path, wanted)
        packed = compression(os.read(handle, 16))
        os.lseek(handle, 0, os.SEEK_SET)
        if packed == "zst":
            _unpack_zstd(handle, work)
        else:
            with os.fdopen(os.dup(handle), "rb") as file, (lzma.open(file) if packed == "xz" else gzip.open(file)) as stream:
                _write_stream(stream, work)
    except Refused as error:
        raise Refused(str(error) if str(error).startswith("archive ") else "archive %s: %s" % (path, error)) from None
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError) as error:
        raise Refused("archive %s: cannot be unpacked: %s" % (path, error)) from None
    finally:
        os.close(handle)


def _write_stream(stream: Any, work: str) -> None:
    """Write what a stream of tar holds, and read it to its end: only there does a truncated archive show."""
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member, entry in _entries(archive):
            inside = place(entry)
            if inside is not None:
                _make_folder(work, os.path.dirname(inside))
                _write(archive, member, entry, work, inside)
    while stream.read(CHUNK):
        pass


def _unpack_zstd(handle: int, work: str) -> None:
    """Python has no zstd before 3.14, so the tool unpacks it into a pipe."""
    try:
        process = subprocess.Popen(["zstd", "--decompress", "--stdout", "--quiet"], stdin=handle,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise Refused("zstd cannot be run (%s): install the package zstd" % error.strerror) from None
    try:
        _write_stream(process.stdout, work)
        said = process.stderr.read() if process.stderr is not None else b""
        if process.wait() != 0:
            raise Refused("zstd: %s" % said.decode("utf-8", "replace").strip())
    finally:
        process.kill()
        process.communicate()


def _entries(archive: "tarfile.TarFile") -> Iterator[Tuple["tarfile.TarInfo", Entry]]:
    for member in archive:
        kind = "other"
        for test, name in ((member.isreg, "file"), (member.isdir, "directory"), (member.issym, "link"), (member.islnk, "hard_link")):
            if test():
                kind = name
        yield member, Entry(member.name, kind, member.linkname)


def _make_folder(work: str, inside: str) -> None:
    """Make a folder and those above it. A link in its place would lead what follows out of the tree."""
    path = work
    for part in inside.split("/") if inside else []:
        path = os.path.join(path, part)
        if not os.path.lexists(path):
            os.mkdir(path, 0o755)
            # The session's umask decides nothing here: a monitor that runs without root must get in.
            os.chmod(path, 0o755)
        elif not stat.S_ISDIR(os.lstat(path).st_mode):
            raise Refused("%r is a folder, and was something else before" % inside)


def _write(archive: "tarfile.TarFile", member: "tarfile.TarInfo", entry: Entry, work: str, inside: str) -> None:
    path = os.path.join(work, inside)
    if entry.kind == "directory":
        _make_folder(work, inside)
        return
    if os.path.lexists(path):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            raise Refused("%r was a folder before" % inside)
        # Two archives of one release repeat files such as VERSION; the later wins, and never through a link.
        os.unlink(path)
    if entry.kind == "link":
        os.symlink(link_target(inside, entry.target), path)
    elif entry.kind == "hard_link":
        source = os.path.join(work, hard_link_source(inside, entry.target))
        if os.path.realpath(source) != os.path.join(os.path.realpath(work), os.path.relpath(source, work)) or not os.path.isfile(source):
            raise Refused("hard link %r leads to %r, which is no file of the release" % (inside, entry.target[:200]))
        os.link(source, path)
    else:
        data = archive.extractfile(member)
        if data is None:
            raise Refused("%r has no content" % inside)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(data, file, CHUNK)
        # No set-user-id, no file that others may write.
        os.chmod(path, (member.mode & 0o755) | 0o400)

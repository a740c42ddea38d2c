# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a bundle of live patches from a folder or from a tar archive. Nothing is unpacked to disk."""

import hashlib
import os
import posixpath
import tarfile
from typing import Any, Callable, List, Tuple

from ..._formats.kernel_module import ModuleFile, parse
from ..._host.errors import Refused
from .manifest import MANIFEST, MANIFEST_LIMIT, MODULE_LIMIT, Entry, KernelView, check_module, choose, parse_manifest

_MEMBERS_LIMIT = 10000

# read(name, limit) gives the bytes of a file of the bundle.
Reader = Callable[[str, int], bytes]


def _limited(stream: Any, name: str, limit: int) -> bytes:
    data: bytes = stream.read(limit + 1)
    if len(data) > limit:
        raise Refused("%s of the bundle is bigger than %d bytes" % (name, limit))
    return data


def folder_reader(path: str) -> Reader:
    """A bundle that is a folder."""
    def read(name: str, limit: int) -> bytes:
        try:
            with open(os.path.join(path, name), "rb") as stream:
                return _limited(stream, name, limit)
        except FileNotFoundError:
            raise Refused("the bundle %s has no %s" % (path, name)) from None
    return read


def _members(archive: tarfile.TarFile, name: str) -> List[tarfile.TarInfo]:
    """The regular files of that name at the archive's top or in its one folder."""
    found = []
    for number, member in enumerate(archive):
        if number >= _MEMBERS_LIMIT:
            raise Refused("the bundle has more than %d entries" % _MEMBERS_LIMIT)
        clean = posixpath.normpath(member.name)
        if member.isreg() and posixpath.basename(clean) == name and clean.count("/") <= 1 and not clean.startswith(("/", "..")):
            found.append(member)
    return found


def archive_reader(path: str) -> Reader:
    """A bundle that is a tar archive, packed with gzip, bzip2 or xz, or not at all."""
    def read(name: str, limit: int) -> bytes:
        try:
            with tarfile.open(path) as archive:
                members = _members(archive, name)
                if len(members) != 1:
                    raise Refused("the bundle %s has %d files %s, wanted one" % (os.path.basename(path), len(members), name))
                return _limited(archive.extractfile(members[0]), name, limit)
        except (tarfile.TarError, EOFError) as error:
            raise Refused("the bundle %s is no whole tar archive: %s" % (os.path.basename(path), error)) from None
    return read


def open_bundle(path: str) -> Reader:
    """The reader for a folder or an archive; Refused where there is neither."""
    if os.path.isdir(path):
        return folder_reader(path)
    if os.path.isfile(path):
        return archive_reader(path)
    raise Refused("there is no bundle at %s" % path)


def check_archive(path: str, wanted: str) -> None:
    """Refused for an archive that is not the pinned one; without a pin everything is the right one."""
    if not wanted:
        return
    if not os.path.isfile(path):
        raise Refused("the bundle %s is no file, so it cannot have sha256 %s" % (path, wanted))
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for part in iter(lambda: stream.read(1 << 20), b""):
            digest.update(part)
    if digest.hexdigest() != wanted:
        raise Refused("the bundle %s has sha256 %s, wanted %s" % (os.path.basename(path), digest.hexdigest(), wanted))


def releases(path: str) -> List[str]:
    """The kernel releases that a bundle has patches for."""
    return sorted({entry.release for entry in _entries(open_bundle(path))})


def _entries(read: Reader) -> List[Entry]:
    return parse_manifest(read(MANIFEST, MANIFEST_LIMIT).decode("utf-8", "replace"))


def take(path: str, kernel: KernelView) -> Tuple[Entry, ModuleFile, bytes]:
    """The bundle's patch for this kernel, wholly verified; Refused where there is none or it is not what the manifest says."""
    read = open_bundle(path)
    entry = choose(_entries(read), kernel)
    data = read(entry.module, MODULE_LIMIT)
    try:
        module = parse(data)
    except ValueError as error:
        digest = hashlib.sha256(data).hexdigest()
        raise Refused("%s: %s (sha256 %s, the manifest says %s)" % (entry.module, error, digest, entry.sha256)) from None
    check_module(entry, module, hashlib.sha256(data).hexdigest(), kernel)
    return entry, module, data

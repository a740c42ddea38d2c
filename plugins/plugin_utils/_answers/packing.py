# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How feeds are packed: gzip, bzip2, xz, Zstandard, zip and tar, read as they come and never unpacked to disk."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

from .model import FeedError

Opener = Callable[[], IO[bytes]]
_SHORT = {".tgz": ".tar.gz", ".txz": ".tar.xz", ".tbz": ".tar.bz2", ".tbz2": ".tar.bz2", ".tzst": ".tar.zst"}
_PACKINGS = (".gz", ".xz", ".bz2", ".zst")


def _full_name(name: str) -> str:
    lower = name.lower()
    return next((lower.removesuffix(short) + full for short, full in _SHORT.items() if lower.endswith(short)), lower)


def plain_name(name: str) -> str:
    """A file's name in lower case without its packing."""
    full = _full_name(name)
    return next((full.removesuffix(packing) for packing in _PACKINGS if full.endswith(packing)), full)


def opened(path: Path) -> IO[bytes]:
    """The unpacked bytes of a file."""
    full = _full_name(path.name)
    if full.endswith(".zst"):
        return _zstandard(path)
    openers: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
    opener = next((found for packing, found in openers.items() if full.endswith(packing)), None)
    # The three openers have types of their own, which agree on reading bytes only.
    source: Any = opener(path, "rb") if opener else path.open("rb")
    found: IO[bytes] = source
    return found


class _Zstandard(io.RawIOBase):
    """A file packed with Zstandard; what its library raises becomes a FeedError."""

    def __init__(self, source: IO[bytes], broken: type[Exception]) -> None:
        self._source, self._broken = source, broken

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._source.read(len(buffer))
        except self._broken as error:
            raise FeedError(f"no Zstandard that can be read: {error}") from None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._source.close()
        super().close()


def _zstandard(path: Path) -> IO[bytes]:
    """Python has Zstandard from 3.14 on; before it, the package zstandard."""
    for name in ("compression.zstd", "zstandard"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        return io.BufferedReader(_Zstandard(module.open(path, "rb"), module.ZstdError), 1024 * 1024)
    raise FeedError("it is packed with Zstandard, which this Python reads with the package zstandard only (the extra firebreak[zstd]); or unpack it")


def bounded(source: IO[bytes], limit: int) -> bytes:
    """All bytes, at most ``limit``."""
    data = source.read(limit + 1)
    if len(data) > limit:
        raise FeedError(f"longer than {limit} bytes")
    return data


def zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Opener:
    """What opens one file of a zip."""
    return partial(archive.open, info)


def tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Opener:
    """What opens one file of a tar."""
    return lambda: archive.extractfile(info) or io.BytesIO()


class Whole(io.RawIOBase):
    """A tar as it is read, whose end is looked for: tarfile takes one that breaks off between two files for a whole one."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._last = source, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._last = (self._last + data)[-2 * tarfile.BLOCKSIZE:]
        return data

    def check(self) -> None:
        """FeedError where what was read, and what is left, does not end as a tar does."""
        while self.read(1024 * 1024):
            pass
        if len(self._last) < 2 * tarfile.BLOCKSIZE or any(self._last):
            raise FeedError("the archive has no end: it broke off")

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records in one text of bounded size, for what carries texts only: the artifact of a job. Hosts of one fleet are alike and pack well."""

from __future__ import annotations

import base64
import binascii
import json
import lzma
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

SCHEMA = "firebreak.records/1"
# Sixteen slices stay below 64 MB: artifacts of 20 MB arrived whole in a controller and cost each later node seconds; 100 MB broke one.
BYTES_LIMIT = 4_000_000
UNPACKED_LIMIT = 2 * 1024 * 1024 * 1024
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 8 * 1024 * 1024}]
# Better than this was never seen, so nothing beyond it need be kept while packing.
_BEST_RATIO = 60
_CHUNK = 1024 * 1024


class PackedError(ValueError):
    """A text is no packed records; the message says why."""


class File(NamedTuple):
    """A file of a run: its folder (``records`` or ``standards``), its name and its text."""

    folder: str
    name: str
    text: str


def pack(files: Iterable[File], limit: int = BYTES_LIMIT) -> dict[str, Any]:
    """The files as one mapping whose text is at most ``limit`` bytes; the names of the records that did not fit are in it."""
    lines: list[bytes] = []
    names: list[str | None] = []
    left: list[str] = []
    room = limit * _BEST_RATIO
    for file in files:
        line = (json.dumps(list(file), separators=(",", ":")) + "\n").encode()
        room -= len(line)
        if room < 0:
            left.append(_host(file) or file.name)
            continue
        lines.append(line)
        names.append(_host(file))
    kept, text = len(lines), _text(lines)
    while len(text) > limit and kept:
        kept = min(kept - 1, int(kept * limit / len(text) * 0.95))
        text = _text(lines[:kept])
    return {"schema": SCHEMA, "hosts": sum(name is not None for name in names[:kept]), "left_out": [name for name in names[kept:] if name] + left,
            "packed": text}


def _host(file: File) -> str | None:
    """The host of a record, by the document itself: the file's name may be a hash."""
    if file.folder != "records":
        return None
    try:
        return str(json.loads(file.text)["host"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return file.name.removesuffix(".json")


def _text(lines: list[bytes]) -> str:
    return base64.b64encode(lzma.compress(b"".join(lines), format=lzma.FORMAT_XZ, filters=_FILTERS)).decode()


def unpack(artifact: Any) -> Iterator[File]:
    """The files of a packed mapping; PackedError where it is none, or where it would grow without bound."""
    if not isinstance(artifact, Mapping) or artifact.get("schema") != SCHEMA or not isinstance(artifact.get("packed"), str):
        raise PackedError(f"no packed records; wanted a mapping of the schema {SCHEMA}")
    rest, total = b"", 0
    try:
        unpacker = lzma.LZMADecompressor(format=lzma.FORMAT_XZ)
        data = base64.b64decode(artifact["packed"], validate=True)
        while not unpacker.eof:
            chunk = unpacker.decompress(data, max_length=_CHUNK)
            data = b""
            total += len(chunk)
            if total > UNPACKED_LIMIT or (not chunk and unpacker.needs_input):
                raise PackedError("the packed records are cut short" if total <= UNPACKED_LIMIT else f"larger than {UNPACKED_LIMIT} bytes")
            *lines, rest = (rest + chunk).split(b"\n")
            yield from map(_file, lines)
    except (binascii.Error, lzma.LZMAError, ValueError) as error:
        raise error if isinstance(error, PackedError) else PackedError(f"the packed records cannot be read: {error}") from None


def _file(line: bytes) -> File:
    words = json.loads(line)
    if not (isinstance(words, list) and len(words) == 3 and all(isinstance(word, str) for word in words) and words[0] in ("records", "standards")):
        raise PackedError("the packed records hold something else")
    return File(*words)

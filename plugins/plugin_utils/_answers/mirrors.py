# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds from mirrors: fetched on the controller into a cache, anew only where the mirror has another copy, within limits of bytes and time.

A copy has the mirror's own date (Last-Modified): a mirror that stands still is as old as what it holds, however often it is asked. One that cannot
be reached leaves the copy of last time, which ages.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from .._fleet import store
from . import repository
from .feeds import REPOSITORY, Feed, Problem, is_address
from .model import FeedError

_NAME = re.compile(r"[^A-Za-z0-9._+-]")
# What the first bytes of a document say where its address has no ending (Debian's tracker: .../tracker/data/json).
_BEGINNINGS = ((b"{", ".json"), (b"[", ".json"), (b"<", ".xml"), (b"PK", ".zip"))
_ENDINGS = (".json", ".jsonl", ".ndjson", ".xml", ".csv", ".zip", ".tar", ".gz", ".xz", ".bz2", ".zst", ".tgz", ".txz", ".tbz",
            ".tbz2", ".tzst", ".asc", ".sig")
_PIECE = 256 * 1024


class Limits(NamedTuple):
    """How much may be fetched from one address, how long it may take altogether, and how long nothing may come."""

    size: int = 2 * 1024 * 1024 * 1024
    seconds: float = 900.0
    stall: float = 30.0


LIMITS = Limits()


def brought(wanted: Sequence[Feed], folder: Path, problems: list[Problem], limits: Limits = LIMITS) -> list[Feed]:
    """The feeds with local copies of what is on mirrors. What cannot be fetched is a problem: without an older copy its feed is missing."""
    found = []
    for feed in wanted:
        path = _copy(feed.url, folder, problems, limits) if feed.url else feed.path
        signature = feed.signature or (f"{feed.url}.asc" if feed.url and feed.keyring else "")
        if is_address(signature):
            beside = _copy(signature, folder, problems, limits)
            signature = str(beside or folder / "none")
        if path is not None:
            part = _named(feed.url, path, folder, problems, limits) if feed.url and path.name == REPOSITORY else None
            found.append(feed._replace(path=path, signature=signature, part=str(part or "")))
    return found


def _copy(address: str, folder: Path, problems: list[Problem], limits: Limits) -> Path | None:
    """The newest copy of an address that can be had."""
    place = store.private_directory(folder / hashlib.sha256(address.encode()).hexdigest()[:32])
    kept = _kept(place)
    try:
        checked(address)
        return _fetch(address, place, kept, limits)
    except (FeedError, OSError, HTTPException, ValueError) as error:
        why = str(getattr(error, "reason", error) or type(error).__name__)[:200]
        told = f"it cannot be fetched: {why}" + ("; the copy of last time is asked" if kept else "")
        problems.append(Problem(shown(address), told, partial=not kept))
    return place / kept["name"] if kept else None


def _named(address: str, index: Path, folder: Path, problems: list[Problem], limits: Limits) -> Path | None:
    """The copy of what a repository's index names, which is fetched from beside it; None where that cannot be: whoever reads the index says why."""
    parts = urlsplit(address)
    try:
        href = repository.updateinfo(index).href
    except (FeedError, OSError):
        return None
    root = parts.path.removesuffix(f"repodata/{REPOSITORY}")
    return _copy(urlunsplit(parts._replace(path=root + href)), folder, problems, limits)


def _kept(place: Path) -> dict[str, str]:
    """What is known of the copy of last time; nothing where there is none."""
    try:
        about = json.loads((place / "about").read_text(encoding="utf-8"))
        return about if isinstance(about, dict) and (place / str(about["name"])).is_file() else {}
    except (OSError, ValueError, KeyError):
        return {}


def checked(address: str) -> None:
    """FeedError where an address is none that is fetched."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FeedError("want an address with http:// or https://")
    if parts.username is not None:
        raise FeedError("want an address without a user: it would stand in reports")


def shown(address: str) -> str:
    """An address as it may be shown: without a user, and without what is asked behind a question mark."""
    return re.sub(r"://[^/?#]*@", "://", address).partition("?")[0][:300]


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Goes on by http and https only, and never from https to http."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        checked(newurl)
        if urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https":
            raise FeedError("the mirror sends from https to http")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """What fetches by http and https and by nothing else."""
    opener = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(), _Redirects(),
                    urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPErrorProcessor()):
        opener.add_handler(handler)
    return opener


def _fetch(address: str, place: Path, kept: dict[str, str], limits: Limits) -> Path:
    headers = {"User-Agent": "firebreak", "Accept-Encoding": "identity"}
    headers |= {name: kept[key] for name, key in (("If-None-Match", "etag"), ("If-Modified-Since", "modified")) if kept.get(key)}
    try:
        with _opener().open(urllib.request.Request(address, headers=headers), timeout=limits.stall) as answer:
            return _written(address, place, answer, limits)
    except urllib.error.HTTPError as error:
        if error.code == 304 and kept:
            return place / kept["name"]
        raise FeedError(f"the mirror answers {error.code}") from None


def _written(address: str, place: Path, answer: HTTPResponse, limits: Limits) -> Path:
    """The answer as a file with the mirror's date; the copy of last time gives way only to a whole one."""
    modified, name = answer.headers.get("Last-Modified", ""), _NAME.sub("_", urlsplit(address).path.rpartition("/")[2])[-100:].lstrip(".") or "feed"
    if answer.headers.get("Content-Encoding", "identity") not in ("identity", "gzip" if name.endswith(".gz") else "identity"):
        raise FeedError("the mirror packs what was asked for unpacked")
    with tempfile.NamedTemporaryFile(dir=place, delete=False) as target:
        try:
            first = _save(answer, target, limits)
            name += "" if name.lower().endswith(_ENDINGS) else next((ending for start, ending in _BEGINNINGS if first.startswith(start)), "")
            written = _date(modified)
            os.utime(target.name, (written, written))
            Path(target.name).replace(place / name)
        except BaseException:
            Path(target.name).unlink(missing_ok=True)
            raise
    about = {"address": shown(address), "name": name, "etag": answer.headers.get("ETag", ""), "modified": modified}
    store.write(place / "about", iter([json.dumps(about)]))
    return place / name


def _save(answer: HTTPResponse, target: IO[bytes], limits: Limits) -> bytes:
    """Write what comes, within the limits; its first bytes."""
    length, until, total, first = answer.headers.get("Content-Length"), time.monotonic() + limits.seconds, 0, b""
    if length and length.isdecimal() and int(length) > limits.size:
        raise FeedError(f"longer than {limits.size} bytes")
    for piece in _pieces(answer):
        total += len(piece)
        if total > limits.size:
            raise FeedError(f"longer than {limits.size} bytes")
        if time.monotonic() > until:
            raise FeedError(f"not here after {limits.seconds:.0f} s")
        first = first or piece[:64].lstrip()
        target.write(piece)
    target.flush()
    if length and length.isdecimal() and total != int(length):
        raise FeedError(f"it broke off: {total} of {length} bytes")
    return first


def _pieces(answer: HTTPResponse) -> Iterator[bytes]:
    """What comes, as it comes: a mirror that lets it drip is seen."""
    while piece := answer.read1(_PIECE):
        yield piece


def _date(modified: str) -> float:
    """The mirror's own date; now where it tells none, or one of the future."""
    now = time.time()
    try:
        return min(parsedate_to_datetime(modified).timestamp(), now) if modified else now
    except (ValueError, TypeError, OverflowError):
        return now

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds from a mirror, one on loopback: what is fetched, what is kept, how old it is, and what a hostile or broken mirror costs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import asking, feeds, mirrors, reading
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.feeds import Feed, Problem
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.mirrors import Limits
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.model import Advisory, FeedError

TRACKER = json.dumps({"linux": {"CVE-2025-40300": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "6.1.158-1"}}}}}).encode()
UPDATEINFO = b"""<updates><update type="security"><id>ELSA-2026-1</id><references><reference type="cve" id="CVE-2026-31431"/></references>
<pkglist><collection><package name="kernel-uek" version="5.15.0" release="300.el9uek" epoch="0"/></collection></pkglist></update></updates>"""
DAY = "Sat, 28 Nov 2026 06:00:00 GMT"
SEEN = datetime(2026, 11, 28, 6, tzinfo=timezone.utc).timestamp()


class _Mirror(BaseHTTPRequestHandler):
    """Answers by a script for each path, and notes what it was asked with."""

    scripts: dict[str, Callable[[Any], None]]
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("If-None-Match")))
        self.scripts[self.path](self)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def gives(data: bytes, status: int = 200, cut: int = 0, **headers: str) -> Callable[[Any], None]:
    """A script that gives so many bytes, ``cut`` of them fewer than it says."""
    def script(handler: Any) -> None:
        handler.send_response(status)
        for name, text in {"Content-Length": str(len(data) + cut), **{key.replace("_", "-"): text for key, text in headers.items()}}.items():
            handler.send_header(name, text)
        handler.end_headers()
        handler.wfile.write(data)
    return script


def twice(handler: Any) -> None:
    """The tracker, once: who has it is told so."""
    if handler.headers.get("If-None-Match") == '"1"':
        handler.send_response(304)
        handler.end_headers()
    else:
        gives(TRACKER, ETag='"1"', Last_Modified=DAY)(handler)


def drips(handler: Any) -> None:
    """A byte now and then, without an end."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" ")
            threading.Event().wait(0.01)
    except OSError:
        handler.close_connection = True


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, type[_Mirror]]]:
    """A mirror's address, and its handler with the scripts; no proxy is asked for it."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    kind = type("Mirror", (_Mirror,), {"scripts": {}, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", kind
    finally:
        server.shutdown()
        server.server_close()


def brought(address: str, folder: Path, limits: Limits = mirrors.LIMITS) -> tuple[list[Feed], list[Problem]]:
    problems: list[Problem] = []
    return mirrors.brought([Feed(Path(), url=address)], folder / "mirrors", problems, limits), problems


def test_a_mirror_is_asked_again_only_for_what_changed_and_its_date_counts(mirror: tuple[str, type[_Mirror]], tmp_path: Path) -> None:
    """Debian's tracker has an address without an ending; a mirror that stands still is as old as what it holds."""
    address, kind = mirror
    kind.scripts["/tracker/data/json"] = twice
    for known in (None, '"1"'):
        (feed,), problems = brought(f"{address}/tracker/data/json", tmp_path)
        assert (problems, kind.asked[-1]) == ([], ("/tracker/data/json", known))
        assert (feed.path.name, feed.path.read_bytes(), feed.path.stat().st_mtime) == ("json.json", TRACKER, SEEN)
    assert [item.rows[0].fixed for item in reading.read(feed, problems) if isinstance(item, Advisory)] == ["6.1.158-1"]
    now = datetime(2026, 11, 29, 12, tzinfo=timezone.utc)
    assert asking.distrusted([feed], [(now.timestamp() - feed.path.stat().st_mtime) / 3600], 24) == (
        "the feed json is 30 hours old, 24 hours are allowed")
    # What changes once a week at its source, such as a repository, is not old after a day.
    assert asking.distrusted([feed._replace(max_age=240)], [30.0], 24) == ""


def test_what_a_mirror_that_is_gone_left_is_asked_and_said(mirror: tuple[str, type[_Mirror]], tmp_path: Path) -> None:
    address, kind = mirror
    kind.scripts["/all.json"] = twice
    brought(f"{address}/all.json", tmp_path)
    kind.scripts["/all.json"] = gives(b"", 503)
    (feed,), (problem,) = brought(f"{address}/all.json", tmp_path)
    assert (feed.path.read_bytes(), problem) == (TRACKER, Problem(
        f"{address}/all.json", "it cannot be fetched: the mirror answers 503; the copy of last time is asked", False))
    none, (problem,) = brought(f"{address}/other.json".replace(address, "http://127.0.0.1:1"), tmp_path)
    assert (none, problem.partial) == ([], True)


@pytest.mark.parametrize(("script", "words"), [
    (gives(b"x" * 2000), "longer than 1000 bytes"),
    (gives(b"x" * 10, cut=5), "it broke off: 10 of 15 bytes"),
    (gives(b"", 302, Location="file:///etc/passwd"), "the mirror answers 302"),
    (gives(b"", 302, Location="ftp://127.0.0.1/x"), "want an address with http:// or https://"),
    (gives(b"", 404), "the mirror answers 404"),
    (gives(b"x", Content_Encoding="br"), "packs what was asked for unpacked"),
    (drips, "not here after 0 s"),
])
def test_what_is_no_whole_copy_leaves_nothing(mirror: tuple[str, type[_Mirror]], tmp_path: Path, script: Any, words: str) -> None:
    address, kind = mirror
    kind.scripts["/all.zip"] = script
    found, (problem,) = brought(f"{address}/all.zip", tmp_path, Limits(1000, 0.2 if script is drips else 120.0, 120.0))
    assert (found, problem.partial, words in problem.why) == ([], True, True), problem
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("address", ["ftp://mirror.example.org/x.json", "file:///etc/passwd", "https://", "https://ops:secret@mirror.example.org/x.json?t=1"])
def test_other_addresses_are_not_asked_and_no_secret_is_shown(tmp_path: Path, address: str) -> None:
    found, (problem,) = brought(address, tmp_path)
    assert (found, problem.partial) == ([], True)
    assert "secret" not in repr(problem)


@pytest.mark.parametrize(("given", "wanted"), [
    ("https://m.example.org/a.zip", Feed(Path(), url="https://m.example.org/a.zip")),
    ({"url": "https://m.example.org/u.xml.gz", "stream": "oracle:9"}, Feed(Path(), "oracle:9", "https://m.example.org/u.xml.gz")),
    ({"path": "/srv/a.json", "keyring": "/k.gpg", "signature": "/s"}, Feed(Path("/srv/a.json"), signature="/s", keyring="/k.gpg")),
    ({"path": "/srv/a.json", "url": "https://m.example.org/a.zip"}, None), ({"path": "/srv/a.json", "signature": "/s"}, None), ({}, None),
    ({"path": "/srv/a.json", "stream": 9}, None), ({"url": ""}, None), ({"path": "/a", "max_age_hours": 0}, None),
    ({"path": "/srv/kev.json", "max_age_hours": "240"}, Feed(Path("/srv/kev.json"), max_age=240)), ({"path": "/a", "max_age_hours": -1}, None),
])
def test_a_feed_is_a_path_or_an_address(given: Any, wanted: Feed | None) -> None:
    if wanted is None:
        with pytest.raises(FeedError, match="want"):
            feeds.of_setting(given)
    else:
        assert feeds.of_setting([given]) == [wanted]


def test_what_a_repositorys_index_names_is_fetched_from_beside_it(mirror: tuple[str, type[_Mirror]], tmp_path: Path) -> None:
    address, kind = mirror
    index = f'''<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="updateinfo"><location href="repodata/u.xml"/>
        <checksum type="sha256">{hashlib.sha256(UPDATEINFO).hexdigest()}</checksum></data></repomd>'''
    kind.scripts |= {"/ol9/repodata/repomd.xml": gives(index.encode()), "/ol9/repodata/u.xml": gives(UPDATEINFO)}
    (feed,), problems = brought(f"{address}/ol9/repodata/repomd.xml", tmp_path)
    assert [item.id for item in reading.read(feed._replace(stream="oracle:9"), problems) if isinstance(item, Advisory)] == ["ELSA-2026-1"]
    assert problems == []
    kind.scripts["/ol9/repodata/u.xml"] = gives(UPDATEINFO + b" ")
    (feed,), problems = brought(f"{address}/ol9/repodata/repomd.xml", tmp_path)
    assert list(reading.read(feed._replace(stream="oracle:9"), problems)) == []
    assert [problem.why for problem in problems] == ["repodata/u.xml is not the file that it names: another sha256"]

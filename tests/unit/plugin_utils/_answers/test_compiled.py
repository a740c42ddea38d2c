# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A compiled index is asked again only while nothing changed on which it rests, and by any number of questions at once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import asking, compiled
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import feeds as edge
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.feeds import Feed
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.model import FeedError
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet import store

UPDATEINFO = b"<updates/>"
INDEX = f"""<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="updateinfo"><location href="repodata/updateinfo.xml"/>
<checksum type="sha256">{hashlib.sha256(UPDATEINFO).hexdigest()}</checksum></data></repomd>"""


def problems(feed: Feed, directory: Path) -> list[str]:
    """Why a feed is read in part only."""
    opened = compiled.opened([feed], directory)
    try:
        return [problem.why for problem in opened.problems()]
    finally:
        opened.close()


def test_a_file_that_a_repository_names_is_read_when_it_comes(tmp_path: Path) -> None:
    place = tmp_path / "repository/repodata"
    place.mkdir(parents=True)
    (place / "repomd.xml").write_text(INDEX, encoding="utf-8")
    feed = Feed(place / "repomd.xml", "oracle:9")
    assert problems(feed, tmp_path / "report") == ["repodata/updateinfo.xml, which it names, is not there"]
    (place / "updateinfo.xml").write_bytes(UPDATEINFO)
    assert problems(feed, tmp_path / "report") == []


def test_a_digest_that_comes_later_is_held_against_its_file(tmp_path: Path) -> None:
    for path in (tmp_path / "feed/updateinfo.xml", tmp_path / "alone/updateinfo.xml"):
        path.parent.mkdir()
        path.write_bytes(UPDATEINFO)
    for feed in (Feed(tmp_path / "feed", "oracle:9"), Feed(tmp_path / "alone/updateinfo.xml", "oracle:9")):
        assert problems(feed, tmp_path / "report") == []
        beside = (feed.path if feed.path.is_dir() else feed.path.parent) / "updateinfo.xml.sha256"
        beside.write_text("0" * 64, encoding="ascii")
        assert problems(feed, tmp_path / "report") == ["its SHA-256 is not the one in updateinfo.xml.sha256"]
        beside.write_text(hashlib.sha256(UPDATEINFO).hexdigest() + "\n", encoding="ascii")
        assert problems(feed, tmp_path / "report") == []


def feeds_of(place: Path, count: int) -> list[Feed]:
    """So many feeds, each of which says something else."""
    place.mkdir()
    for number in range(count):
        (place / f"{number}.xml").write_bytes(UPDATEINFO + b"\n" * number)
    return [Feed(place / f"{number}.xml", "oracle:9") for number in range(count)]


def test_questions_about_other_feeds_at_once_take_no_index_from_each_other(tmp_path: Path) -> None:
    wanted = feeds_of(tmp_path / "feed", compiled.KEPT + 3)
    first = compiled.opened([wanted[0]], tmp_path / "report")
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(lambda number: problems(wanted[number % len(wanted)], tmp_path / "report"), range(60))) == [[]] * 60
    for feed in wanted[1:]:
        assert problems(feed, tmp_path / "report") == []
    assert first.about()["advisories"] == "0"
    first.close()
    assert len(list((tmp_path / "feeds").glob("*.sqlite"))) == compiled.KEPT


def test_places_of_others_may_go_while_given_up_ones_are_looked_for(tmp_path: Path) -> None:
    store.private_directory(tmp_path / "feeds")

    def come_and_go(number: int) -> None:
        for turn in range(100):
            place = tmp_path / "feeds" / f".making-{number}-{turn}"
            place.mkdir()
            place.rmdir()

    with ThreadPoolExecutor(2) as threads:
        others = [threads.submit(come_and_go, number) for number in range(2)]
        while not all(other.done() for other in others):
            compiled.sweep(tmp_path / "feeds")
    assert [other.result() for other in others] == [None, None]


def test_files_and_folders_of_feeds_may_go_while_they_are_looked_at(tmp_path: Path) -> None:
    """As when the mirror's copy is brought up to date meanwhile."""
    (feed,), now = feeds_of(tmp_path / "feed", 1), datetime.now(timezone.utc)
    folder = feed._replace(path=feed.path.parent)

    def come_and_go() -> None:
        for turn in range(80):
            place = folder.path / f"a{turn % 7}"
            place.mkdir()
            (place / "one.json").touch()
            (place / "one.json").unlink()
            place.rmdir()

    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(come_and_go)
        while not other.done():
            assert asking._age(folder, now) is not None and compiled._digest([folder])
    assert other.result() is None and edge.files(folder) == [feed.path]


def test_what_is_not_its_own_is_left_alone_and_what_killed_questions_left_is_not(tmp_path: Path) -> None:
    wanted, folder = feeds_of(tmp_path / "feed", compiled.KEPT + 2), tmp_path / "feeds"
    old, fresh = folder / ".making-old", folder / ".making-fresh"
    for place in (old, fresh):
        place.mkdir(parents=True)
        (place / "index").write_bytes(b"half")
    long_ago = time.time() - 2 * 86400
    os.utime(old, (long_ago, long_ago))
    own = [folder / name for name in ("feed.json", "notes.sqlite")]
    for path in own:
        path.write_text("the operator's own")
    for feed in wanted:
        problems(feed, tmp_path / "report")
    assert [path.exists() for path in (*own, old, fresh)] == [True, True, False, True]


@pytest.mark.parametrize("damaged", [b"", b"these are no rows\n" * 400, b"SQLite format 3\0" + b"\0" * 84])
def test_an_index_that_lost_its_rows_with_the_power_is_made_anew(tmp_path: Path, damaged: bytes) -> None:
    feed, = feeds_of(tmp_path / "feed", 1)
    problems(feed, tmp_path / "report")
    path, = (tmp_path / "feeds").glob("*.sqlite")
    path.write_bytes(damaged)
    assert problems(feed, tmp_path / "report") == []
    assert path.stat().st_size > 10_000


@contextlib.contextmanager
def a_file_ends_at(size: int) -> Iterator[None]:
    """As a full disk does it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path: Path) -> None:
    feed, = feeds_of(tmp_path / "feed", 1)
    with a_file_ends_at(8192), pytest.raises(FeedError, match=r"^/\S+[0-9a-f]{64}\.sqlite: the index of the feeds cannot be made: disk I/O error"):
        compiled.opened([feed], tmp_path / "report")
    assert [path.name for path in (tmp_path / "feeds").iterdir()] == [".lock"]
    assert problems(feed, tmp_path / "report") == []

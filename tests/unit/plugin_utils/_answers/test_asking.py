# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A compiled index is asked again only while nothing changed on which it rests."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import asking, index
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.feeds import Feed

UPDATEINFO = b"<updates/>"
INDEX = f"""<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="updateinfo"><location href="repodata/updateinfo.xml"/>
<checksum type="sha256">{hashlib.sha256(UPDATEINFO).hexdigest()}</checksum></data></repomd>"""


def problems(feed: Feed, directory: Path) -> list[str]:
    """Why a feed is read in part only."""
    opened = index.Index(asking.compiled([feed], directory))
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

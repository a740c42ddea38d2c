# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""repomd.xml by its definition, and what must not be followed. createrepo_c's own is read in tests/system/test_signed_feeds.py."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import reading
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.feeds import Feed, Problem
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.model import Advisory

# Without the time, so that each process that collects these tests gives them the same names.
UPDATEINFO = gzip.compress(b"""<updates><update type="security"><id>ELSA-2026-1</id>
<references><reference type="cve" id="CVE-2026-31431"/></references><pkglist><collection>
<package name="kernel-uek-core" version="5.15.0" release="300.163.18.1.el9uek" epoch="0" arch="x86_64"/></collection></pkglist>
</update></updates>""", mtime=0)
HREF = "repodata/1-updateinfo.xml.gz"
LOCATION, CHECKSUM = f'<location href="{HREF}"/>', f'<checksum type="sha256">{hashlib.sha256(UPDATEINFO).hexdigest()}</checksum>'
INDEX = f"""<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm"><revision>1764000000</revision>
<data type="primary"><checksum type="sha256">00</checksum><location href="repodata/2-primary.xml.gz"/></data>
<data type="updateinfo">{CHECKSUM}{LOCATION}<size>1</size></data></repomd>"""


def read(root: Path, index: str = INDEX, data: bytes = UPDATEINFO) -> tuple[list[str], list[Problem]]:
    """The ids of a repository's advisories, and what was passed over."""
    (root / "repodata").mkdir()
    (root / "repodata/repomd.xml").write_text(index, encoding="utf-8")
    (root / HREF).write_bytes(data)
    problems: list[Problem] = []
    feed = Feed(root / "repodata/repomd.xml", "oracle:9")
    return [item.id for item in reading.read(feed, problems) if isinstance(item, Advisory)], problems


def test_a_repository_is_read_by_its_index(tmp_path: Path) -> None:
    assert read(tmp_path) == (["ELSA-2026-1"], [])


@pytest.mark.parametrize(("old", "new", "words"), [
    ('type="updateinfo"', 'type="updateinfo_zck"', "names no updateinfo"),
    (HREF, "../../etc/passwd", "want a path below the repository"),
    (HREF, "/etc/passwd", "want a path below the repository"),
    (HREF, "https://elsewhere.example.org/updateinfo.xml.gz", "want a path below the repository"),
    ("<location href", '<location xml:base="https://elsewhere.example.org/" href', "want a path below the repository"),
    (HREF, "repodata/3-updateinfo.xml.gz", "is not there"),
    (CHECKSUM, '<checksum type="sha">da39a3ee5e6b4b0d3255bfef95601890afd80709</checksum>', "digest of the kind 'sha'"),
    (CHECKSUM, "", "digest of the kind ''"),
    (CHECKSUM, CHECKSUM.replace("sha256", "sha512"), "another sha512"),
    ("<repomd", "<!DOCTYPE x><repomd", "declares types or entities"),
    ("</repomd>", "", "no XML"),
    ('encoding="UTF-8"', 'encoding="bogus"', "no XML that can be read: unknown encoding"),
    ('encoding="UTF-8"', 'encoding="shift_jis"', "no XML that can be read: multi-byte encodings"),
])
def test_what_an_index_may_not_say_makes_the_feed_partial(tmp_path: Path, old: str, new: str, words: str) -> None:
    index = INDEX.replace(old, new)
    assert index != INDEX
    found, (problem,) = read(tmp_path, index)
    assert (found, words in problem.why, problem.partial) == ([], True, True), problem


def test_another_file_than_the_index_names_is_not_read(tmp_path: Path) -> None:
    found, (problem,) = read(tmp_path, data=gzip.compress(b"<updates></updates>"))
    assert (found, problem.why) == ([], f"{HREF} is not the file that it names: another sha256")

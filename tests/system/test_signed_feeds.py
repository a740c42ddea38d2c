# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds that must be signed, with signatures that gpg and ssh-keygen themselves made: what holds is read, nothing else."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import reading
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.feeds import Feed, Problem

FEED = {"linux": {"CVE-2025-40300": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "6.1.158-1"}}}}}

UPDATEINFO = """<updates><update type="security"><id>ELSA-2026-1</id><references><reference type="cve" id="CVE-2026-31431"/></references>
<pkglist><collection><package name="kernel-uek" version="5.15.0" release="300.el9uek" epoch="0"/></collection></pkglist></update></updates>"""


def run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two keys of each kind: the one that signs, and another one."""
    folder = tmp_path_factory.mktemp("k")
    for name in ("ours", "other"):
        home = folder / name
        home.mkdir(mode=0o700)
        gpg = ("gpg", "--homedir", str(home), "--batch", "--passphrase", "", "--pinentry-mode", "loopback")
        run(*gpg, "--quick-generate-key", name, "ed25519", "sign", "never")
        run(*gpg, "--output", str(folder / f"{name}.gpg"), "--export", name)
        run(*gpg, "--armor", "--output", str(folder / f"{name}.txt"), "--export", name)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / f"{name}.key"))
        (folder / f"{name}.allowed").write_text(f"{name} {(folder / f'{name}.key.pub').read_text(encoding='utf-8')}", encoding="utf-8")
    return folder


def signed(folder: Path, keys: Path, kind: str) -> Path:
    """A feed with a signature beside it."""
    path = folder / "tracker.json"
    path.write_text(json.dumps(FEED), encoding="utf-8")
    if kind == "ssh":
        run("ssh-keygen", "-q", "-Y", "sign", "-f", str(keys / "ours.key"), "-n", "file", str(path))
    else:
        armor, ending = (["--armor"], ".asc") if kind == "armoured" else ([], ".sig")
        run("gpg", "--homedir", str(keys / "ours"), "--batch", *armor, "--output", f"{path}{ending}", "--detach-sign", str(path))
    return path


def problems_of(feed: Feed) -> list[Problem]:
    """What reading a feed says; it is read whole, or not at all."""
    problems: list[Problem] = []
    assert len(list(reading.read(feed, problems))) == (0 if any(one.partial for one in problems) else 1)
    return problems


@pytest.mark.parametrize(("kind", "keyring"), [("armoured", "gpg"), ("armoured", "txt"), ("plain", "txt"), ("ssh", "allowed")])
def test_a_signature_holds_of_one_file_and_one_key(keys: Path, tmp_path: Path, kind: str, keyring: str) -> None:
    path = signed(tmp_path, keys, kind)
    assert problems_of(Feed(path, keyring=str(keys / f"ours.{keyring}"))) == []
    (other,) = problems_of(Feed(path, keyring=str(keys / f"other.{keyring}")))
    assert (other.partial, "its signature does not hold: by a key" in other.why) == (True, True), other
    assert [one.partial for one in problems_of(Feed(path))] == [False]
    path.write_text(json.dumps({**FEED, "qemu": {}}), encoding="utf-8")
    (changed,) = problems_of(Feed(path, keyring=str(keys / f"ours.{keyring}")))
    assert (changed.partial, "it is another file's" in changed.why) == (True, True), changed


def test_what_is_not_signed_is_not_read(keys: Path, tmp_path: Path) -> None:
    path = tmp_path / "tracker.json"
    path.write_text(json.dumps(FEED), encoding="utf-8")
    (problem,) = problems_of(Feed(path, keyring=str(keys / "ours.gpg")))
    assert problem == Problem(str(path), "it is not signed, and a keyring is named for it")
    (tmp_path / "tracker.json.sig").write_bytes(b"no signature")
    (problem,) = problems_of(Feed(path, keyring=str(keys / "ours.gpg")))
    assert problem.why == "its signature does not hold: no signature that gpgv can read"
    (problem,) = problems_of(Feed(path, keyring=str(keys / "none.gpg")))
    assert "there is no keyring" in problem.why


def test_a_repository_is_signed_by_its_index(keys: Path, tmp_path: Path) -> None:
    """As createrepo_c makes it and its owner signs it: what the index names is held by its digest."""
    (tmp_path / "updateinfo.xml").write_text(UPDATEINFO, encoding="utf-8")
    run("createrepo_c", "--quiet", str(tmp_path))
    run("modifyrepo_c", str(tmp_path / "updateinfo.xml"), str(tmp_path / "repodata"))
    index = tmp_path / "repodata/repomd.xml"
    run("gpg", "--homedir", str(keys / "ours"), "--batch", "--armor", "--detach-sign", str(index))
    feed = Feed(index, "oracle:9", keyring=str(keys / "ours.txt"))
    assert problems_of(feed) == []
    (other,) = problems_of(feed._replace(keyring=str(keys / "other.txt")))
    assert "its signature does not hold: by a key" in other.why
    packed, = (tmp_path / "repodata").glob("*updateinfo.xml*")
    packed.write_bytes(packed.read_bytes() + b"x")
    (changed,) = problems_of(feed)
    assert "is not the file that it names" in changed.why

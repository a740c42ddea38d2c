# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release hands out: the same bytes from every clone, nothing that git does not track, and a wheel that its sources give again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tarfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from distributions import build
from workshop import INSIDE, REPOSITORY, clean_environment, repository_files, run

SCRIPTS = Path(sys.executable).parent


def _clone(root: Path) -> Path:
    for path in repository_files():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / path, root / path, follow_symlinks=False)
    identity = ["-c", "user.name=Contract", "-c", "user.email=contract@example.invalid"]
    run(["git", "init", "--quiet", "--initial-branch=main", root])
    run(["git", "-C", root, "add", "--all"])
    dated = {**os.environ, "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z"}
    run(["git", "-C", root, *identity, "commit", "--quiet", "--message=Snapshot"], env=dated)
    (root / "plugins/module_utils/_left_behind.py").write_text("SECRET = 1\n", encoding="utf-8")
    (root / ".env").write_text("TOKEN=1\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What is built from a clone in which something was left lying about."""
    return build(tmp_path_factory.mktemp("made"), _clone(tmp_path_factory.mktemp("clone") / "firebreak"))


def _contents(path: Path) -> set[str]:
    with tarfile.open(path) as archive:
        return {member.name for member in archive if member.isfile()}


def test_two_clones_give_the_same_bytes(made: list[Path], tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        again = build(tmp_path / "made", _clone(tmp_path / "another/firebreak"))
    finally:
        os.umask(before)
    assert {path.name: path.read_bytes() == other.read_bytes() for path, other in zip(made, again, strict=True)} == {path.name: True for path in made}


def test_what_git_does_not_track_is_not_shipped(made: list[Path]) -> None:
    collection, wheel, source = made[:3]
    assert not [name for path in (collection, source) for name in _contents(path) if "_left_behind" in name or name.endswith(".env")]
    assert "_left_behind" not in run([sys.executable, "-m", "zipfile", "-l", wheel])


def test_the_sources_give_the_wheel_again(made: list[Path], tmp_path: Path) -> None:
    wheel, source = made[1:3]
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.glob("firebreak_fleet-*")
    dated = {**os.environ, "SOURCE_DATE_EPOCH": "1767323045"}
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "again"], cwd=unpacked, env=dated)
    assert (tmp_path / "again" / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_archive_written_anew_is_one_that_ansible_verifies(made: list[Path], tmp_path: Path) -> None:
    env = clean_environment(tmp_path)
    run([SCRIPTS / "ansible-galaxy", "collection", "install", "--offline", "-p", tmp_path / "here", made[0]], cwd=tmp_path, env=env)
    installed = tmp_path / "here" / INSIDE
    listed = json.loads((installed / "FILES.json").read_text(encoding="utf-8"))["files"]
    wrong = [file["name"] for file in listed if file["ftype"] == "file"
             and hashlib.sha256((installed / file["name"]).read_bytes()).hexdigest() != file["chksum_sha256"]]
    assert listed and wrong == []


def test_bills_of_materials_are_what_their_format_wants(made: list[Path]) -> None:
    collection, wheel = made[:2]
    for path, bill in zip((collection, wheel), made[3:5], strict=True):
        text = bill.read_text(encoding="utf-8")
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
        document = json.loads(text)
        assert document["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}]
        assert [one["name"] for one in document["components"]] == ["ansible-core", "jinja2", "pyyaml"]


def test_the_digests_are_of_all_that_was_made(made: list[Path]) -> None:
    said = {name: digest for digest, name in (line.split("  ") for line in made[-1].read_text(encoding="utf-8").splitlines())}
    assert said == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in made[:-1]}

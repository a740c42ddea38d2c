# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole repository keeps the rules of the house, and each rule can tell a breach."""

from __future__ import annotations

import collections
import fnmatch
import re
from pathlib import Path

import pytest
import yaml
from house_rules import HEADER, breaches
from workshop import REPOSITORY, repository_files, run


def _text(path: Path) -> str | None:
    """A file's text; None for a link or for what is not text."""
    if (REPOSITORY / path).is_symlink():
        return None
    try:
        return (REPOSITORY / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def test_every_file_keeps_the_rules() -> None:
    """Licence, length, and no word of the machine that it was written on. Recordings of real hosts say what the hosts said."""
    files = [path for path in repository_files() if "fixtures" not in path.parts]
    assert [problem for path in files if (text := _text(path)) is not None for problem in breaches(path, text)] == []


def test_test_files_have_names_of_their_own() -> None:
    """Two test files of one name make an error message ambiguous; in the wings the folder tells them apart."""
    wings = ("tests/unit/module_utils", "tests/unit/plugin_utils")
    names = collections.Counter(
        path.name for path in repository_files()
        if path.parts[0] == "tests" and path.name.startswith("test_") and not str(path).startswith(wings))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_link_leads_out_of_the_repository() -> None:
    links = [path for path in repository_files() if (REPOSITORY / path).is_symlink()]
    assert [str(path) for path in links if not (REPOSITORY / path).resolve().is_relative_to(REPOSITORY)] == []


def test_links_lead_to_the_root() -> None:
    """The collection below collections/ is made of links to the root's own files, and none is broken or leads elsewhere."""
    folder = REPOSITORY / "collections/ansible_collections/firebreak/fleet"
    assert {path.name: path.resolve() for path in folder.iterdir()} == {path.name: REPOSITORY / path.name for path in folder.iterdir()}
    assert [path.name for path in folder.iterdir() if not path.is_symlink()] == []


def test_what_make_makes_here_is_neither_shipped_nor_kept_by_git_and_goes_when_it_cleans() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    environments = sorted(set(re.findall(r"(?<!\S)(\.venv[\w-]*)/", makefile)) | {".venv"})
    ignored = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]
    cleaned = re.findall(r"(?m)^\t@rm -rf (.*)$", makefile)
    assert len(environments) > 1
    assert [name for name in environments if not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)] == []
    assert [name for name in environments if not any(name in line.split() for line in cleaned)] == []
    assert run(["git", "-C", REPOSITORY, "check-ignore", *environments]).split() == environments


LONG = "def long():\n" + "    pass\n" * 60


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        ("a.py", "import os\n", "a.py: does not begin with the licence header of three lines"),
        ("a.py", HEADER + LONG, "a.py: long has 61 lines, wanted fewer than 60"),
        ("a.py", HEADER + "\n" * 500, "a.py: 503 lines, wanted at most 500"),
        ("a.js", "\n" * 501, "a.js: 501 lines, wanted at most 500"),
        ("roles/kernel/tasks/main.yml", "\n" * 81, "roles/kernel/tasks/main.yml: 81 lines, wanted at most 80"),
        ("README.md", "see /work/" + "main/x", "README.md: contains /work/" + "main, a path of one machine"),
        ("README.md", "https://pypi." + "org/simple", "README.md: contains pypi." + "org, a registry's host name"),
    ],
)
def test_a_breach_is_named(path: str, text: str, problem: str) -> None:
    """One line, with the file and the limit."""
    assert breaches(Path(path), text) == [problem]


@pytest.mark.parametrize("text", [HEADER, "", "#!/usr/bin/env python3\n" + HEADER, HEADER + "def short():\n    return 1\n"])
def test_what_is_fine(text: str) -> None:
    """The header alone, an empty file, a script."""
    assert breaches(Path("a.py"), text) == []

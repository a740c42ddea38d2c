# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof shares nothing with the scan, and knows every key of the standard."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.keys import KEYS
from firebreak_proof import promises, standards
from workshop import REPOSITORY

SUITE = REPOSITORY / "tests/platform"
ALLOWED = {"firebreak_proof", "pytest", "testinfra"}
STANDARD_LIBRARY = {"__future__", "base64", "collections", "concurrent", "configparser", "contextlib", "dataclasses", "datetime", "fnmatch",
                    "functools", "gzip", "hashlib", "html", "io", "itertools", "json", "operator", "os", "pathlib", "re", "secrets", "selectors",
                    "shlex", "signal", "stat", "subprocess", "sys", "tarfile", "tempfile", "time", "tomllib", "typing"}


def _imports(path: Path) -> set[str]:
    """The first name of everything that a file imports; a relative import counts as the package's own."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            stays = node.level <= len(path.relative_to(SUITE).parts) - 1
            found.add(str(node.module).split(".")[0] if not node.level else "firebreak_proof" if stays else "outside")
    return found


@pytest.mark.parametrize("path", sorted(SUITE.rglob("*.py")), ids=lambda path: str(path.relative_to(SUITE)))
def test_nothing_of_the_scan_is_imported(path: Path) -> None:
    """Neither the collection nor Ansible: what the scan gets wrong, the proof does not get wrong by the same line."""
    assert _imports(path) <= ALLOWED | STANDARD_LIBRARY
    text = path.read_text(encoding="utf-8")
    assert "ansible_collections" not in text
    assert not re.search(r"\b(importlib|__import__|exec\()", text)


def _is_proven(key: str) -> bool:
    return any(fnmatchcase(key, pattern) for pattern in promises.PROVEN)


@pytest.mark.parametrize("key", [key for key in KEYS if key.promise], ids=lambda key: key.path)
def test_every_promise_is_proven_or_said_not_to_be(key: object) -> None:
    """A key that promises something has a test, or a reason why there is none; never both."""
    path = re.sub(r"<\w+>", "name", key.path)  # type: ignore[attr-defined]
    assert _is_proven(path) != (path in promises.UNPROVEN)


def test_settings_are_those_that_promise_nothing() -> None:
    """A setting must not become a test, nor a promise be taken for a setting."""
    assert set(standards.SETTINGS) == {key.path for key in KEYS if not key.promise}


def test_no_listed_key_is_unknown_to_the_standard() -> None:
    """What the suite lists has not been taken out of the standard meanwhile."""
    paths = [re.sub(r"<\w+>", "name", key.path) for key in KEYS]
    assert [pattern for pattern in (*promises.PROVEN, *promises.UNPROVEN) if not any(fnmatchcase(path, pattern) for path in paths)] == []


def test_every_proven_key_has_a_test_of_its_own() -> None:
    """The list that a host's standard is held against is what the test files really do."""
    said = set()
    for path in SUITE.glob("test_*.py"):
        for call in re.findall(r"^@promise\(([^)]*)\)\ndef test_", path.read_text(encoding="utf-8"), re.MULTILINE):
            said |= set(re.findall(r'(?<!=)"([^"]+)"', call))
    assert said == set(promises.PROVEN)


def test_waivers_reach_the_findings_of_the_report() -> None:
    """What the report calls a breach is what the tests call it, so that a waiver means the same to both."""
    findings = {key.path: key.findings for key in KEYS}
    for path in SUITE.glob("test_*.py"):
        for call in re.findall(r"^@promise\(([^)]*)\)\ndef test_", path.read_text(encoding="utf-8"), re.MULTILINE):
            named = re.search(r'finding="([^"]+)"', call)
            for key in re.findall(r'(?<!=)"([^"]+)"', call):
                if "*" not in key:
                    assert (named.group(1) if named else key) in findings[key], f"{path.name}: {call}"

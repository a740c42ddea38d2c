# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules are compiled once, and what was compiled of another source is not believed."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.bytecode import kept_bytecode

PACKAGE = "firebreak_test_of_bytecode"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / PACKAGE / "inner" / "room.py"
    path.parent.mkdir(parents=True)
    for folder in (path.parent, path.parent.parent):
        (folder / "__init__.py").touch()
    path.write_text("from . import __name__ as parent\nVALUE = 1\n")
    yield path
    _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    importlib.invalidate_caches()


def _value(kept: Path) -> int:
    _forget()
    importlib.import_module(PACKAGE)
    before = list(sys.meta_path)
    with kept_bytecode(PACKAGE, str(kept)):
        module = importlib.import_module(f"{PACKAGE}.inner.room")
    assert sys.meta_path == before and module.parent == f"{PACKAGE}.inner"
    return int(module.VALUE)


def test_bytecode_is_kept_apart_from_its_source_and_believed_while_that_is_the_same(source: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert _value(kept) == 1
    (compiled,) = kept.rglob("room.*.pyc")
    written = compiled.stat().st_mtime_ns
    assert _value(kept) == 1 and compiled.stat().st_mtime_ns == written
    source.write_text("from . import __name__ as parent\nVALUE = 23\n")
    assert _value(kept) == 23
    assert not (source.parent / "__pycache__").exists()


def test_where_nothing_can_be_kept_modules_are_compiled_each_time(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert _value(tmp_path / "file" / "below") == 1


def test_a_place_of_the_users_own_is_kept_to(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "own"))
    assert _value(tmp_path / "kept") == 1
    assert not (tmp_path / "kept").exists() and sys.pycache_prefix == os.fspath(tmp_path / "own")

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix's own decisions: which pairs, which interpreters, and that what is missing is said."""

from __future__ import annotations

import stat
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from interpreters import ask, find
from plan import all_pairs, split
from workshop import REPOSITORY

MATRIX: dict[str, Any] = tomllib.loads((REPOSITORY / "tests/matrix/matrix.toml").read_text(encoding="utf-8"))


def _script(path: Path, text: str) -> Path:
    """An executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(stat.S_IRWXU)
    return path


def test_the_required_pairs_come_first() -> None:
    """The four that the supported range promises, each marked."""
    pairs = all_pairs(MATRIX)
    assert [(pair.python, pair.core) for pair in pairs if pair.required] == [("3.11", "2.16"), ("3.11", "2.19"), ("3.12", "2.21"), ("3.13", "newest")]
    assert [pair.required for pair in pairs] == sorted((pair.required for pair in pairs), reverse=True)


def test_a_required_pair_that_no_core_supports_is_an_error() -> None:
    """A typing error in the file must not make a required pair vanish."""
    with pytest.raises(ValueError, match=r"required pairs that no core lists: \[\('3.9', '2.16'\)\]"):
        all_pairs({**MATRIX, "required": [["3.9", "2.16"]]})


def test_unit_tests_run_from_3_11() -> None:
    """On Python 3.10 the plugins are only run."""
    assert {pair.python for pair in all_pairs(MATRIX) if not pair.unit_tests} == {"3.10"}


def test_pairs_without_interpreter_are_kept_apart() -> None:
    """So that each can be named."""
    here, absent = split(all_pairs(MATRIX), {"3.11"})
    assert {pair.python for pair in here} == {"3.11"}
    assert {pair.python for pair in absent} == {"3.10", "3.12", "3.13", "3.14"}


def test_an_interpreter_says_what_it_is() -> None:
    """The one that runs this test."""
    found = ask(sys.executable)
    assert found is not None
    assert found.version == ".".join(str(number) for number in sys.version_info[:3])


@pytest.mark.parametrize("text", ["#!/bin/sh\necho 'command not found' >&2\nexit 127\n", "#!/bin/sh\necho hello\n", "#!/nonexistent\n"])
def test_a_dead_shim_is_no_interpreter(text: str, tmp_path: Path) -> None:
    """It is on PATH and executable, and does not run Python."""
    assert ask(_script(tmp_path / "python3.13", text)) is None


def test_an_interpreter_behind_a_dead_shim_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH has a shim that fails; the version manager's own folder has the real one, and the newest of its series is taken by number."""
    _script(tmp_path / "shims/python9.9", "#!/bin/sh\nexit 127\n")
    for version in ("9.9.9", "9.9.10"):
        _script(tmp_path / f"pyenv/versions/{version}/bin/python9.9", f"#!/bin/sh\necho {version} /there/{version}\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}:/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    found = find("9.9")
    assert found is not None
    assert (found.version, found.path) == ("9.9.10", Path("/there/9.9.10"))

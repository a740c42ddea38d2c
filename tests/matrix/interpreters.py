# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the Python interpreters of this machine. Each is run, since a version manager's shim may exist and fail."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_ASK = "import sys; print('.'.join(map(str, sys.version_info[:3])), sys.executable)"


class Interpreter(NamedTuple):
    """A Python that was run: its series such as 3.11, its full version and its own path."""

    series: str
    version: str
    path: Path


def ask(path: Path | str) -> Interpreter | None:
    """What an interpreter says of itself; None if it does not start within 10 s or answers with anything else."""
    try:
        done = subprocess.run([str(path), "-c", _ASK], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.fullmatch(r"(\d+\.\d+)(\.\d+) (/.+)\n", done.stdout)
    return Interpreter(match[1], match[1] + match[2], Path(match[3])) if done.returncode == 0 and match else None


def _below(root: Path, series: str) -> list[Path]:
    """Interpreters of one series below a version manager's folder, newest first (by number, so 3.11.10 is after 3.11.9)."""
    found = [path for path in root.glob(f"*{series}.*/bin/python{series}") if re.search(rf"(?<![\d.]){re.escape(series)}\.\d", path.parts[-3])]
    return sorted(found, key=lambda path: [int(number) for number in re.findall(r"\d+", path.parts[-3])], reverse=True)


def candidates(series: str) -> Iterable[Path | str]:
    """Where an interpreter of a series may be, in the order of preference: PATH, pyenv, uv, the system's folders."""
    home = Path.home()
    yield f"python{series}"
    yield from _below(Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions", series)
    yield from _below(Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python"), series)
    yield from (Path(folder, f"python{series}") for folder in ("/usr/local/bin", "/usr/bin", "/opt/python/bin"))


def find(series: str) -> Interpreter | None:
    """The first interpreter of a series that runs here, or None."""
    asked = (ask(candidate) for candidate in candidates(series))
    return next((found for found in asked if found is not None and found.series == series), None)

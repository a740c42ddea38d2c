# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How what a feature needs beside ansible-core is installed: from a checkout itself, as pip knows the package by name only once it is there."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "firebreak-fleet"


def install(extra: str, root: Path = ROOT) -> str:
    """The command that brings an extra of pyproject.toml to the Python of a controller; ``root`` is where the collection is."""
    is_checkout = (root / "pyproject.toml").is_file() and (root / "src/firebreak").is_dir()
    return f"pip install '{root if is_checkout else PACKAGE}[{extra}]'"

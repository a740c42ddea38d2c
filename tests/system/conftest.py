# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several system tests ask, made once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import newer_tools
import pytest


@pytest.fixture(scope="session")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A tree with GRUB 2.14 and dnf5."""
    folder = tmp_path_factory.mktemp("newer")
    try:
        yield newer_tools.unpacked(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

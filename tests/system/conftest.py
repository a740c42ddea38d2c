# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several system tests ask, made once, and which files begin first."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import newer_tools
import pytest

# The longest files: for one of them that begins last, a worker that has nothing left to do would wait.
LONG = ("test_every_lost_answer", "test_host_that_stays_away", "test_awx_modules", "test_testing_root", "test_services_under_systemd",
        "test_boot_loaders")


@pytest.fixture(scope="session")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A tree with GRUB 2.14 and dnf5."""
    folder = tmp_path_factory.mktemp("newer")
    try:
        yield newer_tools.unpacked(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; all others keep their order."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an extra is installed: pip finds a checkout by its path, and the package by its name where it is installed already."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.firebreak.fleet.plugins.plugin_utils._settings.extras import ROOT, install


def test_a_checkout_is_installed_from_where_it_is() -> None:
    assert install("verify") == f"pip install '{ROOT}[verify]'"
    assert (ROOT / "pyproject.toml").is_file()


def test_an_installed_collection_is_known_by_its_package(tmp_path: Path) -> None:
    assert install("history", tmp_path) == "pip install 'firebreak-fleet[history]'"

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A root of Debian 13 with programs in Rust is told as the same. Needs root. (tests/system/test_testing_root.py has Debian testing.)"""

from __future__ import annotations

from pathlib import Path

from newer_roots import hold_to_itself, root_of


def test_a_root_with_programs_in_rust_is_told_as_the_same(tmp_path: Path) -> None:
    with root_of("trixie", tmp_path) as root:
        assert root is not None, "the Release file of a stable release has no last day"
        hold_to_itself(root, tmp_path)

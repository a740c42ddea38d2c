# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A root of Debian testing, with uutils and sudo-rs in Ubuntu's layout, held against itself with the programs of GNU. Needs root."""

from __future__ import annotations

from pathlib import Path

from newer_roots import hold_to_itself, root_of


def test_testing_with_programs_in_rust_is_told_as_the_same(tmp_path: Path) -> None:
    """Where the Release file has expired, apt refuses the suite, and root_of has held it to that."""
    with root_of("testing", tmp_path) as root:
        if root is not None:
            hold_to_itself(root, tmp_path)

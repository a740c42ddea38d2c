# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proof by the host's own commands and files."""

from typing import Any


def test_file_is_as_it_should_be(host: Any) -> None:
    motd = host.file("/etc/motd")
    assert motd.content_string == "On the standard.\n"
    assert motd.mode == 0o644

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a file came to be where it lies. Archives and package managers give a file the time that it had elsewhere, and a link, an owner or a label
moves only the inode's own time; its birth tells the one from the other."""

from typing import Any, Optional

from .witness import apart

_SECONDS = 5.0


def birth_of(host: Any, path: str) -> Optional[float]:
    """The birth of what lies at a path, links followed; None where it is not told (coreutils before 8.31, some file systems)."""
    with apart(host):
        said = host.run(["stat", "--dereference", "--format=%W", path], _SECONDS, 256)
    text = said.value.out.strip() if not said.problem and said.value.rc == 0 else ""
    return float(text) if text.isdigit() and text != "0" else None

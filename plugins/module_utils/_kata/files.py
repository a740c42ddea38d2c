# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hashes of files of the Kata release in force: of those alone that the scan was asked for, since a release's images are large."""

from typing import Any, Dict, List, Optional, Sequence

PATHS_LIMIT = 200
# Of all files together; a scan that reads more of a disk than this is no scan.
BYTES_LIMIT = 4 * 1024 * 1024 * 1024


def collect(host: Any, section: Any, wanted: Optional[Sequence[str]], tree: Optional[str]) -> None:
    """Write the fact ``files`` of the section ``kata``."""
    if not wanted:
        section.cannot_say("files", "not_asked", "the standard names no files in kata.files")
    elif tree is None:
        section.cannot_say("files", "not_applicable", "no release below /opt is in force")
    else:
        section.put("files", hashes(host, tree, wanted), "%s (sha256)" % tree)


def hashes(host: Any, tree: str, wanted: Sequence[str], limit: int = BYTES_LIMIT) -> List[Dict[str, Any]]:
    """path, sha256 and problem of each file below the tree."""
    left, rows = limit, []
    for path in sorted(set(wanted))[:PATHS_LIMIT]:
        answer = host.sha256("%s/%s" % (tree, path), left)
        if answer.value:
            left -= host.stat("%s/%s" % (tree, path)).value.size
        rows.append({"path": path, "sha256": answer.value, "problem": answer.problem or ""})
    return rows

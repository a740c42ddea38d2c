# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which root the next boot takes on SUSE's btrfs: its GRUB reads /boot from the default subvolume, which need not be the one that runs.

``snapper rollback`` and each transactional update make another snapshot the default.
"""

import re
from typing import Any, Optional, Tuple

from .._formats import mountinfo
from .target import NoAnswerError

_SNAPSHOT = re.compile(r"(?:^|/)\.snapshots/(\d+)/snapshot$")
ASKED = ("btrfs", "subvolume", "get-default", "/")
_DEFAULT = re.compile(r"^ID \d+ (?:.* )?path (?P<path>\S+)$|^ID 5 \(FS_TREE\)$", re.MULTILINE)


def parse_default(text: str) -> str:
    """The path of the default subvolume in the file system; ValueError where the tool names none."""
    match = _DEFAULT.search(text)
    if not match:
        raise ValueError("btrfs names no default subvolume in %.80r" % text)
    return match.group("path") or ""


def running_snapshot(host: Any) -> Optional[str]:
    """The subvolume that runs as /, where it is a snapshot of snapper's; None elsewhere."""
    root = mountinfo.covering(mountinfo.of_host(host), "/")
    return root.root if root and root.kind == "btrfs" and _SNAPSHOT.search(root.root) else None


def next_root(host: Any) -> Tuple[str, str]:
    """(where the root of the next boot lies, '' for the one that runs; what shows it). Raises NoAnswerError where it cannot be told."""
    running = running_snapshot(host)
    if running is None:
        return "", ""
    default = _ask_default(host)
    if default.lstrip("/") == running.lstrip("/"):
        return "", " ".join(ASKED)
    match = _SNAPSHOT.search(default)
    if not match:
        raise NoAnswerError("unsupported", "the default subvolume %s is no snapshot; the configuration in it would tell" % (
            default or "(the top level)"))
    path = "/.snapshots/%s/snapshot" % match.group(1)
    answer = host.stat(path)
    if answer.problem:
        raise NoAnswerError(answer.problem, "the next root, %s: %s" % (path, answer.detail))
    return path, " ".join(ASKED)


def _ask_default(host: Any) -> str:
    answer = host.run(ASKED)
    if answer.problem:
        raise NoAnswerError(answer.problem, "%s: %s" % (" ".join(ASKED), answer.detail))
    if answer.value.rc != 0:
        raise NoAnswerError("tool_failed" if host.uid() == 0 else "needs_root", "%s: %s" % (" ".join(ASKED), answer.value.err.strip()[:200]))
    try:
        return parse_default(answer.value.out)
    except ValueError as error:
        raise NoAnswerError("unparsable", str(error)) from error

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a boot loader will start: the shape of the answer that each loader's reader gives, and how a loader's path is found on the host."""

from typing import Any, NamedTuple, Optional, Tuple

from .._host.errors import UnansweredError

# entry: what the loader calls it; image: the kernel's path on the host, '' where the entry loads none; how: what made it the choice;
# options: the kernel's command line, None where the loader's files do not tell; version: what a .conf file calls its kernel; initrds: their paths.


class Target(NamedTuple):
    """See above; the last two are empty where the loader's files do not tell them."""

    entry: str
    image: str
    how: str
    loader: str
    options: Optional[str]
    version: str = ""
    initrds: Tuple[str, ...] = ()


# What decides how a loader of this system reads its files: ID, VERSION_ID and PLATFORM_ID of os-release, the family, the machine of uname.
System = NamedTuple("System", [("os_id", str), ("version_id", str), ("family", str), ("machine", str), ("platform", str)])


class Targets(NamedTuple):
    """``once`` is None where nothing is set for the next boot only; ``stale``: the generated configuration differs from its source, None with why.

    ``images`` are those of all entries that the loader shows, in their order, where its files tell them.
    """

    source: str
    default: Target
    once: Optional[Target]
    stale: Optional[bool]
    stale_source: str
    stale_problem: str
    images: Tuple[str, ...] = ()


class NoAnswerError(UnansweredError):
    """The loader's choice cannot be had."""

    def __str__(self) -> str:
        return self.detail


def on_host(host: Any, path: str, root: str = "") -> str:
    """The host's path for a path that the loader sees from its own file system's root (/boot may be one of its own, / a subvolume).

    ``root`` is where the system that will be started lies, if it is not the one that runs.
    """
    if not path:
        return ""
    path = "/" + path.lstrip("/")
    if root and path.startswith(root + "/"):
        return path
    below = path[path.index("/boot/"):] if "/boot/" in path else "/boot" + path
    for candidate in (below, path, "/boot/" + path.rsplit("/", 1)[-1]):
        if host.stat(root + candidate).problem != "absent":
            return root + candidate
    return root + below


def existing(host: Any, path: str) -> bool:
    """Whether the path exists, or is kept from the scan by missing privilege."""
    return host.stat(path).problem in (None, "needs_root")

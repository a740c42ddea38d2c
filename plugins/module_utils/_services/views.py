# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process sees at a path: its own mounts and its own root, which need not be the host's.

A unit with BindPaths= or PrivateTmp=, a chroot and a container each have other files at the same paths. What a process runs is held against
what *it* would find.
"""

from typing import Any, Dict, NamedTuple, Optional

from .._formats.running_files import place_of
from . import units

PROC = "/proc"
_SMALL_BYTES = 64 * 1024


class View(NamedTuple):
    """``prefix`` leads to the process's root; ``looks`` is whether files may be compared there, ``may_ask`` whether any may be asked for.

    ``key`` is equal for processes that see the same files.
    """

    key: str
    prefix: str
    looks: bool
    may_ask: bool
    foreign: bool


HOSTS_OWN = View("", "", True, True, False)


class Views:
    """The views of a host's processes, each worked out once for each mount namespace and root."""

    def __init__(self, host: Any) -> None:
        self._host = host
        self._own = {space: self._space(PROC + "/self", space) for space in ("mnt", "pid", "user")}
        self._root = host.stat("/")
        self._known: Dict[str, View] = {}

    def of(self, folder: str) -> View:
        """The view of the process at ``folder`` in /proc."""
        mounts = self._space(folder, "mnt")
        if mounts is not None and mounts == self._own["mnt"]:
            # A chroot in the same mounts has the paths that everyone sees.
            return HOSTS_OWN
        root = self._host.stat(folder + "/root")
        place, own = place_of(root), place_of(self._root)
        same_root = place.file is not None and place.file == own.file
        group = "" if same_root else str(self._host.read(folder + "/cgroup", _SMALL_BYTES).if_there(""))
        key = "%s %s %s %s" % (mounts, place.file, self._space(folder, "pid"), group)
        if key not in self._known:
            self._known[key] = self._view(key, folder, same_root, group)
        view = self._known[key]
        # The process that was seen first may have ended since.
        return view._replace(prefix=folder + "/root") if view.looks else view

    def _view(self, key: str, folder: str, same_root: bool, group: str) -> View:
        foreign = not same_root and units.is_foreign(self._shares(folder, "pid"), units.owner_of(group))
        # In a user namespace of his own, a user mounts over any path what may never answer: the kernel's word alone counts, and where nobody can say
        # what a process sees. Of the host's own path it is only told whether something stands there.
        looks = not foreign and self._space(folder, "mnt") is not None and self._space(folder, "user") == self._own["user"]
        return View(key, folder + "/root" if looks else "", looks, looks or same_root, foreign)

    def _shares(self, folder: str, space: str) -> Optional[bool]:
        own, its = self._own[space], self._space(folder, space)
        return None if own is None or its is None else own == its

    def _space(self, folder: str, space: str) -> Optional[str]:
        value = self._host.readlink("%s/ns/%s" % (folder, space)).value
        return None if value is None else str(value)

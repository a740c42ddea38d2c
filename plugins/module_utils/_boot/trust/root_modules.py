# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modules the root file system stands on: without them the initrd does not reach it. Asked of modules that the next kernel refuses."""

from typing import Any, Iterator, List

from ..._formats import mountinfo
from ..target import NoAnswerError

_DEVICES = 64


def needed(host: Any, names: List[str]) -> List[str]:
    """Those of the names that are the root's file system, or drive a device that it lies on. Raises NoAnswerError where it lies on too many."""
    root = next((mount for mount in reversed(mountinfo.of_host(host)) if mount.point == "/"), None)
    if root is None or not names:
        return []
    found = {root.kind.replace("-", "_")}
    for device in _devices(host, root.source):
        found.update(_drivers(host, device))
    return [name for name in names if name in found]


def _devices(host: Any, source: str) -> List[str]:
    """The block devices below a file system, with those that they are made of (LVM, crypt, RAID)."""
    real = host.realpath(source).value
    waiting = [real.rsplit("/", 1)[-1]] if real and real.startswith("/dev/") else []
    seen: List[str] = []
    while waiting and len(seen) < _DEVICES:
        name = waiting.pop()
        if name not in seen:
            seen.append(name)
            slaves = host.listdir("/sys/class/block/%s/slaves" % name, _DEVICES)
            waiting += list(slaves.value) if slaves.value is not None else []
    if waiting:
        raise NoAnswerError("too_large", "the root file system lies on more than %d devices" % _DEVICES)
    return seen


def _drivers(host: Any, device: str) -> Iterator[str]:
    """The modules that drive a block device and what it hangs on."""
    place = host.realpath("/sys/class/block/%s" % device).value
    while place and place.count("/") > 3:
        module = host.realpath(place + "/driver/module").value
        if module:
            yield module.rsplit("/", 1)[-1]
        place = place.rsplit("/", 1)[0]

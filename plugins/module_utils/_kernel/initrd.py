# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an installed kernel lacks the initrd that it cannot boot without: what a broken installation or a full /boot leaves behind."""

import re
from typing import Any, Dict, List, Optional

from .._formats import cmdline

# As distributions call them: initrd.img-V (Debian), initramfs-V.img (Red Hat), initrd-V (SUSE), initrd-V.img (Mageia, ALT). What stands behind the
# release otherwise makes it another file: a backup, kdump's.
_NAMES = re.compile(r"init(?:rd|ramfs)(?:\.img)?-(?P<release>.+?)(?:\.(?:img|gz|zst|xz|lz4|cpio))*\Z")
_MODULES_BYTES = 4 * 1024 * 1024
# What the kernel itself finds by root= (early_lookup_bdev), without a program in an initrd: a partition by its own id, a device by number or by the
# name of its driver, which has no folder; what device-mapper and md put together comes later.
_FOUND_BY_KERNEL = re.compile(r"(?:PARTUUID=|PARTLABEL=|/dev/(?!dm-|md)[^/]+\Z|ubi|mtd:?\d|[0-9a-fA-F]+(?::[0-9a-fA-F]+)?\Z)")


def root_type(mounts: str) -> Optional[str]:
    """The type of the file system at /, by /proc/mounts; None for one that is put together at boot (overlay, tmpfs), which tells nothing."""
    kinds = [line.split(" ")[2] for line in mounts.splitlines() if len(line.split(" ")) > 2 and line.split(" ")[1] == "/"]
    return kinds[-1] if kinds and kinds[-1] not in ("rootfs", "overlay", "tmpfs", "ramfs", "squashfs", "nfs", "nfs4", "9p", "virtiofs") else None


def root_needs(line: str) -> Optional[bool]:
    """Whether root= names what only an initrd finds: a file system's id or label, a volume, ZFS. None where there is no such word."""
    given = cmdline.decisive(cmdline.parse(line).parameters, "root")
    value = given[-1].value if given else None
    return None if not value else not _FOUND_BY_KERNEL.match(value.strip("'"))


def is_module(kind: str, builtin: str) -> bool:
    """Whether the driver of a file system is no part of the image, by the release's modules.builtin."""
    return not re.search(r"/%s\.ko" % re.escape(kind), builtin)


class Initrds:
    """The initrds in /boot, and what the root of this host needs one for."""

    def __init__(self, host: Any, releases: List[str]) -> None:
        self._host = host
        names = host.listdir("/boot")
        self._problem = names.problem
        found = {match.group("release"): "/boot/" + match.group(0) for match in map(_NAMES.match, [] if names.problem else names.value) if match}
        self.paths: Dict[str, str] = {release: found[release] for release in releases if release in found}
        self._root = root_type(host.read("/proc/mounts").if_there(""))
        self._found_by_initrd = root_needs(host.read("/proc/cmdline").if_there(""))

    def needed(self, release: str) -> Optional[bool]:
        """Whether the kernel cannot reach its root without an initrd; None where nothing tells."""
        builtin = self._host.read("/lib/modules/%s/modules.builtin" % release, _MODULES_BYTES).value
        module = is_module(self._root, builtin) if self._root and builtin else None
        if module or self._found_by_initrd:
            return True
        if module is False and self._found_by_initrd is False:
            return False
        return True if self.paths else None

    def missing(self, release: str, image: str) -> Optional[bool]:
        """Whether it is not there though it is needed; None where images lie elsewhere, or nothing tells."""
        if self._problem or not image.startswith("/boot/") or image == "/boot/":
            return None
        return False if release in self.paths else self.needed(release)


def lacks_initrd(host: Any, release: str, image: str) -> bool:
    """Whether the kernel would end its boot before it has a root: only where that is known."""
    listed = host.listdir("/boot")
    if listed.problem:
        return False
    others = [name[len("vmlinuz-"):] for name in listed.value if name.startswith("vmlinuz-")]
    return Initrds(host, others).missing(release, image) is True

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a kernel's image is still the file that its package brought.

An image of ten megabytes is not read at each scan for that: an x86 image says in its header which release it is, and its inode tells whether it was
written after its package came. Only where that points to a change the digest is held against the package manager's.
"""

from typing import Any, Dict, Optional

from .._boot.kernel_image import release_in
from .._formats import versions
from .._formats.digests import is_of, parse_md5sums
from .._host.witness import apart
from .._packages import ownership
from .._packages.dpkg import Image

# Hooks copy and rename images while their package is configured.
_INSTALLATION = 3600
_IMAGE_BYTES = 64 * 1024 * 1024
_LIST_BYTES = 16 * 1024 * 1024


def is_altered(host: Any, kind: str, image: Image, path: str) -> Optional[bool]:
    """Whether the image at ``path`` is another file than its package brought; None where nothing tells."""
    # Who may not read images can still be told of kernels.
    with apart(host) as lost:
        named = release_in(host, path)
    if lost:
        return None
    if named and named != image.release:
        # A package may bring an image under a name of its own: then the digest is the package's.
        return _has_another_digest(host, path, _digest_of(host, kind, image, path)) is not False
    written, came = host.stat(path), _came_at(host, kind, image)
    if written.problem or not came:
        return None
    if written.value.ctime <= came + _INSTALLATION:
        return False
    return _has_another_digest(host, path, _digest_of(host, kind, image, path))


def _came_at(host: Any, kind: str, image: Image) -> float:
    """When the package was unpacked last, 0 where nobody knows: by rpm's own word, or by dpkg's list of its files."""
    if kind == versions.RPM:
        return image.installed_at
    lists = [host.stat("%s/%s.list" % (ownership.DPKG_INFO, package)) for package in image.parts or (image.package,)]
    # Where a whole system was unpacked at once, its inodes are younger than what they say of themselves.
    return max([max(answer.value.mtime, answer.value.ctime) for answer in lists if not answer.problem], default=0)


def _digest_of(host: Any, kind: str, image: Image, path: str) -> str:
    """The image's digest by the package manager, '' without one; a copy in /boot is that of the file among the modules."""
    if kind == versions.RPM:
        places = (path,) + tuple(name % image.release for name in ("/lib/modules/%s/vmlinuz", "/lib/modules/%s/Image"))
        files = ownership.rpm_files(host, places)
        return next((files[place][1] for place in places if place in files and files[place][1]), "")
    known: Dict[str, str] = {}
    for package in image.parts or (image.package,):
        answer = host.read("%s/%s.md5sums" % (ownership.DPKG_INFO, package), _LIST_BYTES)
        known.update({} if answer.problem else parse_md5sums(answer.value))
    return known.get(image.path or path, "")


def _has_another_digest(host: Any, path: str, digest: str) -> Optional[bool]:
    answer = host.read_bytes(path, _IMAGE_BYTES) if digest else None
    if answer is None or answer.problem or len(answer.value) >= _IMAGE_BYTES:
        return None
    same = is_of(digest, answer.value)
    return None if same is None else not same

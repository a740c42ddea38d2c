# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of kernels that were exchanged for others, or written over, since their package brought them."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import kernel_image
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import versions
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel import unaltered
from ansible_collections.firebreak.fleet.plugins.module_utils._packages.dpkg import Image
from recorded_host import RecordedHost

RELEASE, OLDER = "6.1.0-31-amd64", "6.1.0-28-amd64"
BOOT, MODULES = f"/boot/vmlinuz-{RELEASE}", f"/usr/lib/modules/{RELEASE}/vmlinuz"
CAME = 1700000000
INFO = "/var/lib/dpkg/info"
KERNEL = Image(RELEASE, "amd64", f"linux-image-{RELEASE}", "6.1.128-1", False, path=BOOT)
# Debian forky: the image is the file of another part, and a hook copies it to /boot.
SPLIT = KERNEL._replace(parts=(f"linux-binary-{RELEASE}", f"linux-image-{RELEASE}"), path=MODULES)
RPM = Image("5.14.0-570.el9.x86_64", "standard", "kernel-core", "5.14.0-570.el9", False, installed_at=CAME)
RPM_BOOT, RPM_MODULES = f"/boot/vmlinuz-{RPM.release}", f"/lib/modules/{RPM.release}/vmlinuz"


def written(at: float) -> list[Any]:
    return ["file", 0o644, 0, 0, 0, CAME - 9999.0, at, 1, 1]


def parts(data: bytes, banner: str, path: str = BOOT) -> dict[str, str]:
    """An image as far as it is read: the x86 header with its pointer to the version (0x20E), the version, and the whole."""
    header = bytearray(0x210)
    header[0x202:0x206] = b"HdrS"
    header[0x20E:0x210] = (0x3000).to_bytes(2, "little")
    found = {f"{path}@0+{unaltered._IMAGE_BYTES}": b64encode(data).decode()}
    if banner:
        found.update({f"{path}@0+528": b64encode(bytes(header)).decode(), f"{path}@12800+256": b64encode(banner.encode() + b" (x) #1\0").decode()})
    return found


def debian(image: Image, at: float, data: bytes = b"kernel", banner: str = RELEASE, listed: bytes | None = b"kernel") -> bool | None:
    owner = image.parts[0] if image.parts else image.package
    sums = {f"{INFO}/{owner}.md5sums": f"{hashlib.md5(listed).hexdigest()}  {image.path[1:]}\n"} if listed is not None else {}
    host = RecordedHost({"stat": {BOOT: written(at), f"{INFO}/{owner}.list": written(CAME)}, "read": sums, "read_bytes": parts(data, banner)})
    return unaltered.is_altered(host, versions.DPKG, image, BOOT)


@pytest.mark.parametrize("image", [KERNEL, SPLIT])
def test_an_image_says_itself_that_it_is_another_kernels(image: Image) -> None:
    """Whatever its inode and its list say: cp -p of the older kernel's image over the newer one's."""
    assert debian(image, CAME, b"older", OLDER) is True
    assert debian(image, CAME, banner=OLDER, listed=None) is True
    # A package of one's own that brings another kernel's image under its own name is what it is.
    assert debian(image, CAME, banner=OLDER) is False
    assert debian(image, CAME) is False


@pytest.mark.parametrize("image", [KERNEL, SPLIT])
@pytest.mark.parametrize("banner", [RELEASE, ""])
@pytest.mark.parametrize(("at", "data", "listed", "altered"), [
    # While its package is configured, hooks copy and rename it; what was written later is held against the digest.
    (CAME + 60, b"kernel!", b"kernel", False), (CAME + 86400, b"kernel!", b"kernel", True), (CAME + 86400, b"kernel", b"kernel", False),
    (CAME + 86400, b"kernel", None, None),
])
def test_an_image_that_was_written_since_is_held_against_its_digest(
    image: Image, banner: str, at: float, data: bytes, listed: bytes | None, altered: bool | None
) -> None:
    assert debian(image, at, data, banner, listed) is altered


@pytest.mark.parametrize("algorithm", ["sha256", "sha3_256"])
@pytest.mark.parametrize(("at", "digests", "altered"), [
    (CAME + 60, {}, False), (CAME + 86400, {}, None),
    # The copy in /boot is only reserved by the package (a ghost), and has the digest of the file among the modules.
    (CAME + 86400, {RPM_BOOT: "", RPM_MODULES: b"kernel"}, False), (CAME + 86400, {RPM_BOOT: "", RPM_MODULES: b"other"}, True),
    (CAME + 86400, {RPM_BOOT: b"kernel"}, False),
])
def test_rpm_knows_when_it_came_and_what_it_was(at: float, digests: dict[str, Any], altered: bool | None, algorithm: str) -> None:
    places = " ".join((RPM_BOOT, RPM_MODULES, f"/lib/modules/{RPM.release}/Image"))
    said = "@kernel-core\n" + "".join(f"{path}\t{hashlib.new(algorithm, data).hexdigest() if data else ''}\n" for path, data in digests.items())
    host = RecordedHost({"stat": {RPM_BOOT: written(at)}, "read_bytes": parts(b"kernel", RPM.release, RPM_BOOT),
                         "run": {f"rpm -qf --queryformat @%{{NAME}}\\n[%{{FILENAMES}}\\t%{{FILEDIGESTS}}\\n] {places}": [1, said, ""]}})
    assert unaltered.is_altered(host, versions.RPM, RPM, RPM_BOOT) is altered


def test_where_nothing_tells_nothing_is_said() -> None:
    assert unaltered.is_altered(RecordedHost({"stat": {BOOT: written(CAME)}}), versions.DPKG, KERNEL, BOOT) is None


def test_what_an_image_names_is_what_it_boots() -> None:
    host = RecordedHost({"stat": {BOOT: written(CAME)}, "read_bytes": parts(b"", OLDER)})
    assert kernel_image.release_of(host, BOOT) == (OLDER, "the image itself, whatever the image's path says")
    assert kernel_image.release_of(RecordedHost({"stat": {BOOT: written(CAME)}}), BOOT) == (RELEASE, "the image's path")

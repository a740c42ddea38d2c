# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel without an initrd is found where it cannot reach its root without one: an image that is there is no kernel that comes up."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel.initrd import Initrds, root_needs, root_type
from recorded_host import RecordedHost

OLD, NEW = "6.1.0-28-amd64", "6.1.0-31-amd64"
BUILTIN = "kernel/fs/ext4/ext4.ko\nkernel/fs/configfs/configfs.ko\n"
PLAIN = "kernel/fs/configfs/configfs.ko\n"


def _host(names: list[str], root: str, mounts: str = "/dev/vda / ext4 rw 0 0\n", builtin: str | None = None) -> RecordedHost:
    read = {"/proc/mounts": mounts, "/proc/cmdline": f"BOOT_IMAGE=/boot/vmlinuz {root} quiet\n"}
    if builtin is not None:
        read[f"/lib/modules/{NEW}/modules.builtin"] = builtin
    return RecordedHost({"read": read, "listdir": {"/boot": names}})


@pytest.mark.parametrize(
    ("names", "root", "builtin", "missing"),
    [
        # linuxdeepin/developer-center#2123: /boot was full; the older kernel has its initrd.
        ([f"initrd.img-{OLD}"], "root=UUID=8a7d", None, True),
        ([f"initrd.img-{OLD}"], "root=/dev/vda1", None, True),
        # The only kernel of a cloud image: Debian's driver of ext4 is a module, Ubuntu's is not.
        ([], "root=/dev/vda", PLAIN, True),
        ([], "root=PARTUUID=1-01", BUILTIN, False),
        ([f"initrd.img-{OLD}"], "root=PARTUUID=1-01", BUILTIN, False),
        ([], "root=UUID=8a7d", BUILTIN, True),
        ([], "root=/dev/mapper/vg-root", BUILTIN, True),
        ([], "root=ZFS=rpool/ROOT/pve-1", None, True),
        # Nothing tells.
        ([], "root=/dev/vda1", None, None),
        ([], "", None, None),
        # It is there, by the names of three families.
        ([f"initrd.img-{NEW}"], "root=UUID=8a7d", PLAIN, False),
        ([f"initramfs-{NEW}.img"], "root=UUID=8a7d", PLAIN, False),
        ([f"initrd-{NEW}"], "root=UUID=8a7d", PLAIN, False),
        # Mageia and ALT; compressed by hand (initramfs-tools' and dracut's own names tell no compression).
        ([f"initrd-{NEW}.img"], "root=UUID=8a7d", PLAIN, False),
        ([f"initrd.img-{NEW}.gz"], "root=UUID=8a7d", PLAIN, False),
        # A backup of it is none, and neither is kdump's (kexec-tools of Red Hat and SUSE), nor one of another kernel of this name's beginning.
        ([f"initrd.img-{NEW}.bak", f"initrd.img-{NEW}.dpkg-bak"], "root=UUID=8a7d", PLAIN, True),
        ([f"initramfs-{NEW}kdump.img", f"initrd-{NEW}-kdump", f"initrd.img-{NEW}+x"], "root=UUID=8a7d", PLAIN, True),
    ],
)
def test_an_initrd_is_missing_where_root_needs_one(names: list[str], root: str, builtin: str | None, missing: bool | None) -> None:
    assert Initrds(_host(names, root, builtin=builtin), [OLD, NEW]).missing(NEW, f"/boot/vmlinuz-{NEW}") is missing


def test_images_that_lie_elsewhere_have_their_initrd_elsewhere() -> None:
    initrds = Initrds(_host([], "root=UUID=8a7d", builtin=PLAIN), [NEW])
    assert initrds.missing(NEW, f"/efi/0123/{NEW}/linux") is None
    unread = RecordedHost({"listdir": {"/boot": {"problem": "needs_root", "detail": "Permission denied"}}})
    assert Initrds(unread, [NEW]).missing(NEW, f"/boot/vmlinuz-{NEW}") is None


@pytest.mark.parametrize(("mounts", "kind"), [
    ("rootfs / rootfs rw 0 0\n/dev/sda2 / xfs rw 0 0\n/dev/sda1 /boot ext4 rw 0 0\n", "xfs"), ("overlay / overlay rw 0 0\n", None), ("", None)])
def test_the_type_of_the_root(mounts: str, kind: str | None) -> None:
    assert root_type(mounts) == kind


@pytest.mark.parametrize(("cmdline", "needs"), [
    ("root=/dev/nvme0n1p2", False), ("root=/dev/mmcblk0p2 rootwait", False), ("root=LABEL=x", True), ("root=/dev/md0", True), ("root=0801", False),
    ("root=/dev/disk/by-uuid/1", True), ("boot=zfs root=ZFS=x", True), ("quiet", None), ("rd.lvm.lv=a root=/dev/sda1", False),
    # init/do_mounts.c: any name that a driver gave its device; what has a folder is udev's, what begins with dm- or md is put together later.
    ("root=/dev/pmem0p1", False), ("root=/dev/dasda1", False), ("root=/dev/ubda", False), ("root=/dev/xvda1", False), ("root=/dev/nfs", False),
    ("root=/dev/vg0/root", True), ("root=/dev/dm-0", True), ("root=nfs:10.0.0.1:/x", True), ("root=live:CDLABEL=x", True), ("root=zfs:AUTO", True),
    ("root=PARTLABEL=root", False), ("root=mtd3", False), ("root=ubi0:rootfs", False), ("root=8:1", False)])
def test_what_root_needs(cmdline: str, needs: bool | None) -> None:
    assert root_needs(cmdline) is needs

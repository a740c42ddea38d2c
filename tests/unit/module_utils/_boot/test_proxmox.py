# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxmox boots what proxmox-boot-tool's own files say: its partitions are not mounted, and a menu below /boot is a leftover."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import loaders, proxmox
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.target import NoAnswerError
from recorded_host import RecordedHost

UUIDS = {"/etc/kernel/proxmox-boot-uuids": "A1B2-C3D4\nE5F6-0718\n"}
PIN = {"/etc/kernel/proxmox-boot-pin": "6.8.12-11-pve\n"}
NEXT = {"/etc/kernel/next-boot-pin": "6.14.8-2-bpo12-pve\n"}
LEFTOVER = {"/boot/grub/grub.cfg": "set default=0\nmenuentry 'x' { linux /boot/vmlinuz-6.8.12-13-pve root=ZFS=rpool/ROOT/pve-1 ro\n}\n"}
RELEASES = ["6.8.12-9-pve", "6.8.12-11-pve", "6.14.8-2-bpo12-pve", "6.8.12-13-pve"]
# Debian's own kernel stays where Proxmox is put onto a Debian; the tool copies no kernel without its initrd.
NAMES = [f"{name}-{release}" for name in ("vmlinuz", "initrd.img") for release in [*RELEASES, "6.18.5+deb13-amd64"]] + ["vmlinuz-7.0.2-2-pve"]


def _host(*read: dict[str, str], efi: bool = True, running: str = "6.8.12-13-pve") -> RecordedHost:
    files: dict[str, Any] = {"/etc/os-release": "ID=debian\nVERSION_ID=\"12\"\n"}
    for each in read:
        files.update(each)
    stat = {"/sys/firmware/efi": ["directory", 0o755, 0, 0, 0, 0, 0, 1, 1]} if efi else {}
    stat.update({path: ["file", 0o644, 0, 0, 0, 0, 0, 1, 1] for path in files})
    return RecordedHost({"read": files, "stat": stat, "listdir": {"/boot": NAMES}, "uname": ["Linux", "pve1", running, "#1 SMP", "x86_64"]})


@pytest.mark.parametrize(
    ("read", "default", "once"),
    [
        pytest.param((UUIDS,), "6.14.8-2-bpo12-pve", None, id="nothing is pinned: the newest, by version and not by name"),
        pytest.param((UUIDS, PIN), "6.8.12-11-pve", None, id="pinned"),
        pytest.param((UUIDS, PIN, LEFTOVER), "6.8.12-11-pve", None, id="a leftover menu of GRUB is not believed"),
        pytest.param((UUIDS, PIN, NEXT), "6.8.12-11-pve", "6.14.8-2-bpo12-pve", id="another for the next boot alone"),
        pytest.param((PIN, NEXT, LEFTOVER), "6.8.12-11-pve", "6.14.8-2-bpo12-pve", id="GRUB, with a pin for the next boot"),
        pytest.param((UUIDS, {"/etc/kernel/proxmox-boot-pin": "# none\n"}), "6.14.8-2-bpo12-pve", None, id="a pin file without a pin"),
        pytest.param((UUIDS, {"/etc/kernel/proxmox-boot-pin": "\n6.8.12-11-pve\n"}), "6.14.8-2-bpo12-pve", None, id="the first line alone is read"),
        pytest.param((UUIDS, {"/etc/kernel/proxmox-boot-manual-kernels": "6.18.5+deb13-amd64\n"}), "6.18.5+deb13-amd64", None,
                     id="another kernel counts where it was added by hand"),
    ],
)
def test_what_boots_is_what_the_tool_says(read: tuple[dict[str, str], ...], default: str, once: str | None) -> None:
    found = loaders.find_targets(_host(*read))
    assert found.default.image == f"/boot/vmlinuz-{default}"
    assert (found.once.image if found.once else None) == (f"/boot/vmlinuz-{once}" if once else None)


def test_a_menu_of_grub_is_read_where_the_tool_decides_nothing() -> None:
    found = loaders.find_targets(_host(PIN, LEFTOVER, efi=False))
    assert (found.default.loader, found.default.image) == ("grub", "/boot/vmlinuz-6.8.12-13-pve")


def test_the_command_line_of_the_entries_is_the_tools_own_file() -> None:
    found = proxmox.targets(_host(UUIDS, {"/etc/kernel/cmdline": "root=ZFS=rpool/ROOT/pve-1 boot=zfs\n"}), efi=True)
    assert found is not None
    assert found.default.options == "root=ZFS=rpool/ROOT/pve-1 boot=zfs"


def test_files_that_cannot_be_read_are_a_reason() -> None:
    host = RecordedHost({"read": {"/etc/kernel/proxmox-boot-uuids": {"problem": "needs_root", "detail": "Permission denied"}}})
    with pytest.raises(NoAnswerError) as raised:
        proxmox.targets(host, efi=True)
    assert raised.value.reason == "needs_root"


def test_a_foreign_kernel_that_runs_is_copied_too() -> None:
    found = loaders.find_targets(_host(UUIDS, running="6.18.5+deb13-amd64"))
    assert found.default.image == "/boot/vmlinuz-6.18.5+deb13-amd64"


def test_without_the_tools_file_the_command_line_of_this_boot_is_kept() -> None:
    found = loaders.find_targets(_host(UUIDS, {"/proc/cmdline": "initrd=\\EFI\\proxmox\\a\\initrd.img-a root=ZFS=rpool/ROOT/pve-1 boot=zfs\n"}))
    assert found.default.options == "root=ZFS=rpool/ROOT/pve-1 boot=zfs"


@pytest.mark.parametrize(("read", "stale"), [
    ((PIN,), True), ((), False),
    ((PIN, {proxmox.GRUB_PIN: 'GRUB_DEFAULT="gnulinux-advanced-ab>gnulinux-6.8.12-11-pve-advanced-ab"\n'}), False),
    ((PIN, {proxmox.GRUB_PIN: 'GRUB_DEFAULT="gnulinux-advanced-ab>gnulinux-6.8.12-9-pve-advanced-ab"\n'}), True),
    (({proxmox.GRUB_PIN: 'GRUB_DEFAULT="gnulinux-advanced-ab>gnulinux-6.8.12-9-pve-advanced-ab"\n'},), True),
])
def test_a_pin_waits_for_a_refresh(read: tuple[dict[str, str], ...], stale: bool) -> None:
    """Without a terminal ``kernel pin`` writes its file alone; the partitions get it by ``refresh`` (src/bin/proxmox-boot-tool)."""
    assert loaders.find_targets(_host(UUIDS, *read, efi=False)).stale is stale

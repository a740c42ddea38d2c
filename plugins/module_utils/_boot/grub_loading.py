# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of GRUB's commands say of an entry: its title and id, its kernel and command line, paths without a device."""

import re
from typing import List, Optional, Tuple

_OPTIONS_WITH_VALUE = ("--class", "--users", "--hotkey", "--source", "--id")
_LINUX_COMMANDS = ("linux", "linux16", "linuxefi")
INITRD_COMMANDS = ("initrd", "initrd16", "initrdefi")
_MODULE_COMMANDS = ("module", "module2", "xen_module")
LOADING = _LINUX_COMMANDS + (
    "xen_linux", "multiboot", "multiboot2", "xen_hypervisor", "chainloader", "kfreebsd", "knetbsd", "kopenbsd", "ntldr", "freedos", "plan9",
    "truecrypt", "pxechainloader", "xnu_kernel", "xnu_kernel64", "legacy_kernel")
_FILE_SYSTEM = re.compile(r"[0-9A-Fa-f]{4,16}(?:-[0-9A-Fa-f]{4,12})*\Z")
DEVICE = re.compile(r"^\([^)]*\)")
# What GRUB calls the host's own disks and what lies on them; memory, the network and a file that loopback takes for a disk are none.
_DISK = re.compile(r"(?:hd|ahci|ata|scsi|usb|crypto)\d|(?:hostdisk|ieee1275|xen|arc|lvm|lvmid|md|mduuid|ldm|cryptouuid|zfs)/|md\d|host\Z|\Z")


def plain(path: str) -> str:
    """A path without GRUB's device, of which the host has but one view."""
    return re.sub(r"/+", "/", "/" + DEVICE.sub("", path))


def searched(name: str, arguments: List[str]) -> Optional[str]:
    """The UUID of the file system that a search makes that of all files without a device: '' by another mark, None where it makes none."""
    if name != "search":
        wanted, sets_root = arguments[:1], arguments[1:2] == ["root"]
    else:
        # A word behind --set that is no option is the variable's name.
        given = re.findall(r"(?:--set|-s)(?:[= ](?!-)(\S+))?", " ".join(arguments))
        wanted, sets_root = arguments[-1:], given in (["root"], [""]) or given == arguments[-1:]
    by_uuid = name == "search.fs_uuid" or bool({"--fs-uuid", "-u"} & set(arguments))
    uuid = wanted[0] if by_uuid and wanted and _FILE_SYSTEM.match(wanted[0]) else ""
    return uuid if sets_root else None


def is_disk(device: str) -> bool:
    """Whether a device's name, without its brackets, is that of a disk; of variables that nobody set nothing is left, and they name one."""
    return _DISK.match(device) is not None


def image(arguments: List[str]) -> Tuple[str, str]:
    """(the first argument that is a path, the words after it)."""
    words = [word for word in arguments if not word.startswith("--")]
    return (words[0], " ".join(arguments[arguments.index(words[0]) + 1:])) if words else ("", "")


def linux_image(images: List[Tuple[str, str, str]]) -> Tuple[str, Optional[str]]:
    """(kernel, its options) of an entry: of its last command that loads, or under Xen of the first module of multiboot, whose name stands twice."""
    last = [(path, options, name) for name, path, options in images if name in LOADING][-1:]
    if last and last[0][2] in _LINUX_COMMANDS + ("xen_linux",):
        return last[0][:2]
    modules = [path for name, path, _options in images if name in _MODULE_COMMANDS]
    unified = [path for name, path, _options in images if name == "chainloader" and "/efi/linux/" in path.lower()]
    return (modules + unified + [""])[0], None


def titles_and_id(words: List[str]) -> Tuple[List[str], str]:
    """(the title and what else the entry is given, its id) of the words after menuentry or submenu."""
    titles, entry_id, at = [], "", 0
    while at < len(words):
        name, equals, value = words[at].partition("=")
        if name in _OPTIONS_WITH_VALUE:
            if not equals:
                at += 1
                value = words[at] if at < len(words) else ""
            if name == "--id":
                entry_id = value
        elif not words[at].startswith("--"):
            titles.append(words[at])
        at += 1
    return titles, entry_id

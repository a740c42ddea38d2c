# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxmox's boot choice: proxmox-boot-tool copies kernels to EFI system partitions that are mounted only while it works.

Which kernel boots is therefore read where the tool reads it (Host Bootloader, pve.proxmox.com; scripts/functions of proxmox-kernel-helper): the pin
for the next boot alone, which a service takes away after that boot, then the lasting pin, else the newest of the kernels that it copies. Where the
partitions are the tool's, a menu of GRUB in /boot is a leftover.
"""

import re
from typing import Any, Optional, Set

from .._formats import versions
from .target import NoAnswerError, Target, Targets

UUIDS = "/etc/kernel/proxmox-boot-uuids"
PIN = "/etc/kernel/proxmox-boot-pin"
# What the tool makes of its pin for a GRUB of BIOS, from which it also shows when that was.
GRUB_PIN = "/etc/default/grub.d/proxmox-kernel-pin.cfg"
LOADER = "proxmox-boot-tool"
_NEXT_PIN = "/etc/kernel/next-boot-pin"
_BY_HAND = "/etc/kernel/proxmox-boot-manual-kernels"
_CMDLINE = "/etc/kernel/cmdline"
_RELEASE = re.compile(r"\d[\w.+~-]*\Z")


def first_line(text: str) -> str:
    """The first line, all that the tool reads of its files: an empty one, or a comment, is no pin, whatever follows."""
    return text.split("\n", 1)[0].strip()


def entry_of(release: str) -> str:
    """What the tool calls the entry of a kernel."""
    return "proxmox-%s.conf" % release


def targets(host: Any, efi: bool) -> Optional[Targets]:
    """What boots where the tool's partitions or its pin for the next boot decide; None where they do not. Raises NoAnswerError."""
    copied = bool(_text(host, UUIDS).strip())
    following = _pinned(host, _NEXT_PIN)
    if not copied and not following:
        return None
    options = _options(host) if copied and efi else ""
    once = _target(host, following, "%s, for the next boot alone" % _NEXT_PIN, options) if following else None
    pin = _pinned(host, PIN)
    release = pin or _newest(host)
    if not release:
        raise NoAnswerError("absent", "%s names no kernel, and /boot holds none that %s copies; %s kernel list would tell" % (PIN, LOADER, LOADER))
    default = _target(host, release, PIN if pin else "the newest kernel that %s copies, since none is pinned" % LOADER, options)
    stale = _is_stale(host, following or pin) if copied and not efi else None
    if stale is None:
        return Targets(UUIDS if copied else _NEXT_PIN, default, once, None, "%s writes the entries anew at each change" % LOADER, "not_applicable")
    return Targets(UUIDS, default, once, stale, "%s against %s" % (GRUB_PIN, PIN), "")


def _is_stale(host: Any, pinned: str) -> bool:
    """Whether a pin waits for the tool's refresh, which alone writes it to the partitions."""
    written = _text(host, GRUB_PIN)
    return (">gnulinux-%s-advanced-" % pinned not in written) if pinned else bool(written.strip())


def _options(host: Any) -> str:
    """The command line that the tool gives its entries: its own file's, else that of this boot without the loader's words."""
    if host.stat(_CMDLINE).problem == "absent":
        return " ".join(word for word in _text(host, "/proc/cmdline").split() if not word.startswith("initrd="))
    return first_line(_text(host, _CMDLINE))


def _text(host: Any, path: str) -> str:
    """A file's text, '' where there is none. Raises NoAnswerError for one that cannot be read."""
    answer = host.read(path, 65536)
    if answer.problem not in (None, "absent"):
        raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
    return "" if answer.problem else str(answer.value)


def _pinned(host: Any, path: str) -> str:
    release = first_line(_text(host, path))
    return release if _RELEASE.match(release) else ""


def _newest(host: Any) -> str:
    """The first in the loader's order of what the tool copies: its own kernels, those added by hand, and the one that runs; each with its initrd."""
    listed = host.listdir("/boot")
    if listed.problem:
        raise NoAnswerError(listed.problem, "/boot: %s" % listed.detail)
    names: Set[str] = set(listed.value)
    releases = {name[len("vmlinuz-"):] for name in names if re.match(r"vmlinuz-\d[\w.+~-]*-pve\Z", name)}
    releases |= {line.strip() for line in _text(host, _BY_HAND).splitlines()} | {host.uname()[2]}
    present = [release for release in releases if {"vmlinuz-" + release, "initrd.img-" + release} <= names]
    return max(present, key=lambda release: versions.sort_key(versions.SYSTEMD_BOOT)(entry_of(release)), default="")


def _target(host: Any, release: str, how: str, options: str) -> Target:
    return Target(entry_of(release), "/boot/vmlinuz-%s" % release, how, LOADER, options or None)

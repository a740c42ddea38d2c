# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxmox's boot choice: proxmox-boot-tool copies kernels to EFI system partitions that are mounted only while it works.

Which kernel boots is therefore read where the tool reads it (Host Bootloader, pve.proxmox.com): the pin for the next boot alone, which a service
takes away after that boot, then the lasting pin, else the newest kernel. Where the partitions are the tool's, a menu of GRUB in /boot is a leftover.
"""

import re
from typing import Any, List, Optional

from .._formats import versions
from .target import NoAnswerError, Target, Targets

_UUIDS = "/etc/kernel/proxmox-boot-uuids"
_PIN = "/etc/kernel/proxmox-boot-pin"
_NEXT_PIN = "/etc/kernel/next-boot-pin"
_CMDLINE = "/etc/kernel/cmdline"
_LOADER = "proxmox-boot-tool"


def first_line(text: str) -> str:
    """The first line that is neither empty nor a comment, as the tool reads its files."""
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line and not line.startswith("#")), "")


def targets(host: Any, efi: bool) -> Optional[Targets]:
    """What boots where the tool's partitions or its pin for the next boot decide; None where they do not. Raises NoAnswerError."""
    partitions = host.read(_UUIDS, 65536)
    if partitions.problem not in (None, "absent"):
        raise NoAnswerError(partitions.problem, "%s: %s" % (_UUIDS, partitions.detail))
    copied = bool(first_line(partitions.value or ""))
    following = _pinned(host, _NEXT_PIN)
    if not copied and not following:
        return None
    options = first_line(host.read(_CMDLINE, 65536).value or "") if copied and efi else ""
    once = _target(host, following, "%s, for the next boot alone" % _NEXT_PIN, options) if following else None
    pin = _pinned(host, _PIN)
    release = pin or _newest(host)
    if not release:
        raise NoAnswerError("absent", "%s names no kernel, and /boot holds none" % _PIN)
    default = _target(host, release, _PIN if pin else "the newest kernel in /boot, since none is pinned", options)
    return Targets(_UUIDS if copied else _NEXT_PIN, default, once, None, "%s writes the entries anew at each change" % _LOADER, "not_applicable")


def _pinned(host: Any, path: str) -> str:
    answer = host.read(path, 65536)
    if answer.problem not in (None, "absent"):
        raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
    release = first_line(answer.value or "")
    return release if re.match(r"\d[\w.+~-]*\Z", release) else ""


def _newest(host: Any) -> str:
    names: List[str] = host.listdir("/boot").value or []
    releases = [name[len("vmlinuz-"):] for name in names if re.match(r"vmlinuz-\d[\w.+~-]*\Z", name)]
    return max(releases, key=versions.sort_key(versions.SYSTEMD_BOOT), default="")


def _target(host: Any, release: str, how: str, options: str) -> Target:
    return Target("proxmox-%s.conf" % release, "/boot/vmlinuz-%s" % release, how, _LOADER, options or None)

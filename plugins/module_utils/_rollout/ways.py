# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ways to reboot a host has, and what a boot of it starts."""

import re
from typing import Any, List, Optional

LIST_ENABLED = ["systemctl", "list-unit-files", "--no-legend", "--no-pager", "--full", "--state=enabled,enabled-runtime,generated",
                "--type=service,socket,timer"]
SHOW_VERSION = ["systemctl", "--version"]
_RUNNING = "/run/systemd/system"
_KEXEC = ("/usr/sbin/kexec", "/sbin/kexec", "/usr/bin/kexec")


def parse_enabled(text: str) -> List[str]:
    """The names in the output of LIST_ENABLED."""
    return sorted(line.split()[0] for line in text.splitlines() if line.strip())


def parse_version(text: str) -> int:
    """252 for 'systemd 252 (252.38-1~deb12u1)'; 0 for another output."""
    match = re.match(r"systemd ([0-9]{1,6})\b", text)
    return int(match.group(1)) if match else 0


def enabled(host: Any) -> Optional[List[str]]:
    """The units that a boot starts; None where systemd does not say."""
    if host.stat(_RUNNING).problem:
        return None
    answer = host.run(LIST_ENABLED)
    return None if answer.problem or answer.value.rc != 0 else parse_enabled(answer.value.out)


def systemd_version(host: Any) -> int:
    """Its version, 0 where it does not run."""
    if host.stat(_RUNNING).problem:
        return 0
    answer = host.run(SHOW_VERSION)
    return 0 if answer.problem else parse_version(answer.value.out)


def takes_kexec(host: Any) -> bool:
    """Whether the tool is there, and the kernel takes an image from it: not where that is switched off, or the kernel is locked down."""
    disabled, lockdown = host.read("/proc/sys/kernel/kexec_load_disabled", 64), host.read("/sys/kernel/security/lockdown", 256)
    has_tool = any(not host.stat(path).problem for path in _KEXEC)
    is_open = lockdown.problem == "absent" or (not lockdown.problem and "[none]" in lockdown.value)
    return has_tool and not disabled.problem and disabled.value.strip() == "0" and is_open

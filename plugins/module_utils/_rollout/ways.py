# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ways to reboot a host has, and what a boot of it starts."""

import re
from typing import Any, Dict, List, Optional

LIST_ENABLED = ["systemctl", "list-unit-files", "--no-legend", "--no-pager", "--full", "--state=enabled,enabled-runtime,generated",
                "--type=service,socket,timer"]
SHOW_FILES = ["systemctl", "cat", "--no-pager", "--"]
SHOW_VERSION = ["systemctl", "--version"]
_RUNNING = "/run/systemd/system"
_HEADING = re.compile(r"# /(?:[^/]+/)*([^/]+\.(?:service|socket|timer))(?:\.d/[^/]+\.conf)?\Z")
# What holds at a first boot, after an update of the system, or while a file system is mounted for reading alone (systemd.unit(5)). After a
# soft reboot the root is writable from the beginning, and nothing checks it.
_OF_SOME_BOOTS = re.compile(r"Condition(?:FirstBoot *= *\|?(?:yes|true|on|1|y|t)|NeedsUpdate *= *\|?/|PathIsReadWrite *= *\|?!)", re.IGNORECASE)
_TAKEN_BACK = re.compile(r"Condition\w+ *=\s*\Z")
_KEXEC = ("/usr/sbin/kexec", "/sbin/kexec", "/usr/bin/kexec")


def parse_enabled(text: str) -> List[str]:
    """The names in the output of LIST_ENABLED."""
    return sorted(line.split()[0] for line in text.splitlines() if line.strip())


def parse_of_some_boots(text: str) -> List[str]:
    """The units in the output of SHOW_FILES that by a condition of their own only some boots start.

    An empty assignment takes back all conditions before it.
    """
    found: Dict[str, bool] = {}
    unit = ""
    for line in text.splitlines():
        heading = _HEADING.match(line)
        if heading:
            unit = heading.group(1)
        elif _OF_SOME_BOOTS.match(line.strip()):
            found[unit] = True
        elif _TAKEN_BACK.match(line.strip()):
            found[unit] = False
    return sorted(name for name in found if found[name])


def parse_version(text: str) -> int:
    """252 for 'systemd 252 (252.38-1~deb12u1)'; 0 for another output."""
    match = re.match(r"systemd ([0-9]{1,6})\b", text)
    return int(match.group(1)) if match else 0


def enabled(host: Any) -> Optional[List[str]]:
    """The units that every boot starts; None where systemd does not say."""
    if host.stat(_RUNNING).problem:
        return None
    answer = host.run(LIST_ENABLED)
    if answer.problem or answer.value.rc != 0:
        return None
    units = parse_enabled(answer.value.out)
    # A template is no unit that could be asked for. Without an answer all of them must come back.
    files = host.run(SHOW_FILES + [unit for unit in units if "@." not in unit])
    now_and_then = set() if files.problem else set(parse_of_some_boots(files.value.out))
    return [unit for unit in units if unit not in now_and_then]


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

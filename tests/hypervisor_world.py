# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that run machine monitors, built step by step for tests."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import Stat
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import monitors, running_monitors
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import section as hypervisor_section
from recorded_host import RecordedHost

FIXTURES = Path(__file__).parent / "unit/module_utils/_hypervisor/fixtures"
QEMU = "/usr/bin/qemu-system-x86_64"
OLD, NEW = "aa" * 20, "bb" * 20
PACKAGE = "1:7.2+dfsg-7+deb12u18+b3"
NOW, UPTIME = 1764000000.0, 100000.0
DENIED = {"problem": "needs_root", "detail": "Permission denied"}
RPM = " ".join(monitors.RPM_QUERY)


def elf(build: str, text: bytes = b"") -> bytes:
    """The least file that has a build id, and a text behind it."""
    head = b"\x7fELF\x02\x01\x01" + b"\0" * 9 + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 4, 4, 120, 0, 0, 36, 0, 4) + struct.pack("<III", 4, 20, 3) + b"GNU\0" + bytes.fromhex(build) + text


class Machine:
    """Builds the recording of a host step by step."""

    def __init__(self) -> None:
        self.recording: dict[str, Any] = {
            "uid": 0, "now": NOW, "uname": ["Linux", "h", "6.1.0", "", "x86_64"], "ioctl": {}, "run": {}, "readlink": {}, "read_bytes": {},
            "read": {"/proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu vmx\n", "/proc/uptime": f"{UPTIME} 1.0\n",
                     "/proc/mounts": "proc /proc proc rw 0 0\n"},
            "stat": {"/": ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 1, 2], "/usr/bin": ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 1, 3],
                     "/usr/libexec": ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 1, 4]}}

    def file(self, path: str, inode: int, data: bytes, **changes: Any) -> Machine:
        stat = Stat("file", 0o755, 0, 0, len(data), 0.0, 0.0, 1, inode)._replace(**changes)
        self.recording["stat"][path] = list(stat)
        for size in (4096, running_monitors._PIECE_BYTES + monitors.QEMU_TEXT_LONGEST):
            self.recording["read_bytes"][f"{path}@0+{size}"] = base64.b64encode(data[:size]).decode()
        return self

    def process(self, pid: int, link: Any, argv: list[str], inode: int, data: bytes, seconds: float = 50000.0, **changes: Any) -> Machine:
        folder = f"/proc/{pid}"
        self.recording["readlink"][f"{folder}/exe"] = link
        name = argv[0].rpartition("/")[2][:15] if argv else "kthread"
        self.recording["read"][f"{folder}/stat"] = f"{pid} ({name}) S 1 " + "0 " * 17 + f"{int(seconds * 100)} 0 0\n"
        self.recording["read"][f"{folder}/cmdline"] = "".join(word + "\0" for word in argv)
        self.recording["stat"].setdefault(f"{folder}/root", self.recording["stat"]["/"])
        return self.file(f"{folder}/exe", inode, data, **changes)

    def debian(self) -> Machine:
        self.recording["read"]["/var/lib/dpkg/status"] = (FIXTURES / "dpkg_status.txt").read_text()
        self.recording["read"]["/var/lib/dpkg/info/qemu-system-x86.list"] = (FIXTURES / "qemu-system-x86.list").read_text()
        return self

    def el9(self) -> Machine:
        self.recording["stat"]["/var/lib/rpm"] = ["directory", 0o755, 0, 0, 1, 0.0, 0.0, 1, 9]
        self.recording["run"][RPM] = [20, (FIXTURES / "rpm_query_el9.txt").read_text(), ""]
        return self

    def scan(self, **options: str) -> Section:
        section = Section("hypervisor")
        hypervisor_section.collect(RecordedHost(self.recording), section, options)
        json.dumps(section.facts)
        return section

    def only_process(self) -> dict[str, Any]:
        process, = self.scan().facts["processes"]
        return dict(process)


ARGV = [QEMU, "-name", "guest=web1,debug-threads=on", "-machine", "pc-i440fx-1.7,accel=kvm"]


def debian(build: str = NEW) -> Machine:
    return Machine().debian().file(QEMU, 100, elf(build))

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of the kernel: what is in force, and what the files give at boot by the program that reads them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import sysctl
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel.applied import put_applied
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel.sysctls import put_sysctls
from recorded_host import RecordedHost

BPF = "kernel.unprivileged_bpf_disabled"


def row(name: str, files: dict[str, Any], systemd: bool = True, line: str = "quiet") -> dict[str, Any]:
    """What is told of a parameter whose value in force is 2 on a host with these files."""
    folders: dict[str, list[str]] = {}
    for path in files:
        folder, _slash, base = path.rpartition("/")
        folders.setdefault(folder, []).append(base)
    stat = {"kind": "directory", "mode": 0o755, "uid": 0, "gid": 0, "size": 0, "mtime": 0.0, "ctime": 0.0, "device": 1, "inode": 1}
    host = RecordedHost({"read": {"/proc/sys/" + sysctl.plain(name): "2\n", "/proc/cmdline": line, **files}, "listdir": folders,
                         "stat": {"/run/systemd/system": stat} if systemd else {}})
    section = Section("kernel")
    put_sysctls(host, section, [name])
    return dict(section.facts["watched_sysctls"][0])


@pytest.mark.parametrize(("files", "systemd", "line", "wanted", "words"), [
    ({}, True, "quiet", None, "no file that systemd-sysctl reads"),
    # sysctl.d(5): by the names of the files, wherever they lie; a file hides those of its name behind it.
    ({"/usr/lib/sysctl.d/50-a.conf": f"{BPF}=0\n", "/etc/sysctl.d/10-b.conf": f"{BPF} = 1\n"}, True, "", "0", "/usr/lib/sysctl.d/50-a.conf"),
    ({"/usr/lib/sysctl.d/50-a.conf": f"{BPF}=0\n", "/etc/sysctl.d/50-a.conf": "# nothing\n"}, True, "", None, "no file"),
    ({"/etc/sysctl.d/a.conf": "kernel/unprivileged_bpf_disabled = 1\n; x\n"}, True, "", "1", "a.conf, read by systemd-sysctl"),
    ({"/etc/sysctl.d/a.conf": f"-{BPF} = 1\n"}, True, "", "1", "a.conf"),
    # A setting that names the parameter wins over a pattern behind it; without a value, patterns pass it over.
    ({"/etc/sysctl.d/a.conf": f"{BPF}=1\nkernel.unprivileged_*=0\n"}, True, "", "1", "a.conf"),
    ({"/etc/sysctl.d/a.conf": "kernel.unprivileged_*=0\n"}, True, "", "0", "a.conf"),
    ({"/etc/sysctl.d/a.conf": f"kernel.unprivileged_*=0\n-{BPF}\n"}, True, "", None, "no file"),
    # Only procps reads /etc/sysctl.conf, and after all others.
    ({"/etc/sysctl.conf": f"{BPF}=1\n", "/etc/sysctl.d/zz.conf": f"{BPF}=0\n"}, True, "", "0", "zz.conf"),
    ({"/etc/sysctl.conf": f"{BPF}=1\n", "/etc/sysctl.d/zz.conf": f"{BPF}=0\n"}, False, "", "1", "/etc/sysctl.conf, read by procps"),
    ({}, True, "sysctl.kernel.unprivileged_bpf_disabled=1", "1", "command line"),
    ({"/etc/sysctl.d/a.conf": {"problem": "needs_root", "detail": "x"}}, True, "", None, "a.conf: needs_root"),
])
def test_what_the_files_give_at_boot(files: dict[str, Any], systemd: bool, line: str, wanted: str | None, words: str) -> None:
    found = row(BPF, files, systemd, line)
    assert (found["value"], found["at_boot"], words in found["detail"]) == ("2", wanted, True), found


@pytest.mark.parametrize(("name", "path"), [("net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding"),
                                            ("net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding"), ("kernel.x", "kernel/x")])
def test_dots_and_slashes(name: str, path: str) -> None:
    assert sysctl.plain(name) == path


def test_names_that_lead_elsewhere_are_not_read() -> None:
    section = Section("kernel")
    put_sysctls(RecordedHost({}), section, ["../x", "a/../b", "x.//.y", "/etc", ""])
    assert section.facts["watched_sysctls"] == []


@pytest.mark.parametrize(("read", "wanted"), [
    ({}, []),
    ({"/var/lib/firebreak/mitigations.json": '{"schema": "firebreak.mitigations/1", "applied": ["CVE-2026-2", "CVE-2026-1"]}'},
     ["CVE-2026-1", "CVE-2026-2"]),
    ({"/var/lib/firebreak/mitigations.json": '{"applied": {}}'}, None),
    ({"/var/lib/firebreak/mitigations.json": "{"}, None),
])
def test_the_note_of_what_was_applied(read: dict[str, str], wanted: list[str] | None) -> None:
    section = Section("kernel")
    put_applied(RecordedHost({"read": read}), section)
    assert section.facts["mitigations_applied"] == wanted

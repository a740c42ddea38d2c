# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The six ways in which plays and checkers of 2026 were wrong, on modules of each kind: the table of docs/answers.md, made by this run.

Each host is composed of the files that kernel and kmod read; tests/system/test_real_kmod.py holds what kmod says of the same texts against it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel.watched import put_watched
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.fixes import fix_in_force
from ansible_collections.firebreak.fleet.plugins.plugin_utils._mitigations.states import state_of
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.mitigations import Mitigation
from recorded_host import RecordedHost

PAGE = Path(__file__).resolve().parents[4] / "docs/answers.md"
RELEASE, FOLDER, NAME = "6.1.0-41-amd64", "/lib/modules/6.1.0-41-amd64/", "algif_aead"
WANTED = Mitigation(("CVE-2026-31431",), "why", "who", date(2027, 1, 31), modules=(NAME,), fixed={"debian:12": "6.1.170-1"})
BLOCK = f"install {NAME} /bin/false\n"
LOCK = "`kernel.modules_disabled=1` in force"
FUNCTION = f"initcall_blacklist={NAME}_init"

# What /proc/modules says, and whether the module is part of the kernel.
KINDS = {"part of the kernel": ("", True), "on disk": ("", False), "loaded, unused": (f"{NAME} 1 0 - Live 0x0\n", False),
         "loaded, in use": (f"{NAME} 1 3 - Live 0x0\n", False)}

# (way, what is on the host) -> file in modprobe.d, running command line, the next boot's, package version that runs, that of the next boot.
OLD, NEW = "6.1.160-1", "6.1.170-1"
WAYS: dict[tuple[str, str], tuple[str, str, str, str, str]] = {
    ("1, 2", "`install NAME /bin/false`"): (BLOCK, "", "", OLD, OLD),
    ("1", "`initcall_blacklist=` for the next boot"): ("", "", FUNCTION, OLD, OLD),
    ("1", "`initcall_blacklist=` in the kernel that runs"): ("", FUNCTION, FUNCTION, OLD, OLD),
    ("2", "`module_blacklist=NAME`"): ("", f"module_blacklist={NAME}", "", OLD, OLD),
    ("2", LOCK): ("", "", "", OLD, OLD),
    ("3", "a comment, `options NAME`, `alias`"): (f"# {BLOCK}options {NAME} x=1\nalias y {NAME}\n", "", "", OLD, OLD),
    ("3", "`blacklist NAME`, `modprobe.blacklist=NAME`"): (f"blacklist {NAME}\n", f"modprobe.blacklist={NAME}", "", OLD, OLD),
    ("3", "`install NAME /bin/false`, and a `softdep` of its own that is there"): (f"{BLOCK}softdep {NAME} pre: af_alg\n", "", "", OLD, OLD),
    ("4", "nothing"): ("", "", "", OLD, OLD),
    ("5", "`install` line, and the fixed kernel runs"): (BLOCK, "", "", NEW, NEW),
    ("6", "the fixed kernel is installed, the old one runs"): ("", "", "", OLD, NEW),
    ("6", "the fixed kernel runs, the next boot gives the old one"): (BLOCK, "", "", NEW, OLD),
}
RIGHT = {
    "`install NAME /bin/false`": "absent in_force pending conflicts",
    "`initcall_blacklist=` for the next boot": "pending absent absent conflicts",
    "`initcall_blacklist=` in the kernel that runs": "in_force unknown absent conflicts",
    "`module_blacklist=NAME`": "absent in_force pending conflicts",
    LOCK: "absent in_force absent conflicts",
    "a comment, `options NAME`, `alias`": "absent absent absent conflicts",
    "`blacklist NAME`, `modprobe.blacklist=NAME`": "absent absent absent conflicts",
    "`install NAME /bin/false`, and a `softdep` of its own that is there": "absent absent absent conflicts",
    "nothing": "absent absent absent conflicts",
    "`install` line, and the fixed kernel runs": "needless needless needless needless",
    "the fixed kernel is installed, the old one runs": "absent absent absent conflicts",
    "the fixed kernel runs, the next boot gives the old one": "absent in_force pending conflicts",
}


def record(kind: str, situation: tuple[str, str, str, str, str], locked: bool = False) -> dict[str, Any]:
    """The record of a host, its modules as the scan reads them."""
    modules, built_in = KINDS[kind]
    file, line, coming, runs, following = situation
    reads = {"/proc/modules": modules, "/proc/cmdline": line, "/proc/sys/kernel/modules_disabled": f"{int(locked)}\n", "/etc/modprobe.d/a.conf": file,
             FOLDER + "modules.builtin": f"kernel/crypto/{NAME}.ko\n" if built_in else "",
             FOLDER + "modules.dep": "kernel/crypto/af_alg.ko:\n" + ("" if built_in else f"kernel/crypto/{NAME}.ko:\n"),
             "/proc/kallsyms": f"0000000000000000 d __initcall__kmod_{NAME}__407_588_{NAME}_init6\n"}
    host = RecordedHost({"uname": ["Linux", "h", RELEASE, "#1", "x86_64"], "read": reads, "listdir": {"/etc/modprobe.d": ["a.conf"]}})
    section = Section("kernel")
    put_watched(host, section, [NAME])
    names = {OLD: "6.1.0-41-amd64", NEW: "6.1.0-45-amd64"}
    kernels = [{"release": release, "package_version": version, "package": f"linux-image-{release}", "source": "linux"}
               for version, release in names.items()]
    return {"os": {"id": "debian", "version_id": "12"}, "kernel": {
        **section.facts, "version_order": "dpkg", "installed": kernels, "running": next(one for one in kernels if one["package_version"] == runs),
        "default_boot": {"release": names[following], "options": coming}}}


def seen(way: tuple[str, str]) -> list[str]:
    """The state on each kind of host."""
    records = [record(kind, WAYS[way], way[1] == LOCK) for kind in KINDS]
    return [state_of(WANTED, one, fix_in_force(WANTED, one)).state for one in records]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[1])
def test_each_way_on_each_kind_of_module(way: tuple[str, str]) -> None:
    assert seen(way) == RIGHT[way[1]].split()


def test_the_page_shows_what_this_run_made() -> None:
    head = f"| way | on the host | {' | '.join(KINDS)} |\n|{' --- |' * (2 + len(KINDS))}\n"
    rows = "".join(f"| {way[0]} | {way[1]} | {' | '.join(f'`{state}`' for state in seen(way))} |\n" for way in WAYS)
    assert head + rows in PAGE.read_text(encoding="utf-8"), head + rows

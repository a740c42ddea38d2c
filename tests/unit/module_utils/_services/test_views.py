# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process's files are held against what it sees itself, and files of its own making are told by the times of their inodes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import running_files
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._services import mapped_files, section
from recorded_host import RecordedHost

ROOT = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 0xfd01, 2]
OTHER_ROOT = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 0xfd01, 77]
SPACES = {"mnt": "mnt:[1]", "pid": "pid:[1]", "user": "user:[1]"}
BOOTED, START = 999000.0, 999100.0
LIBRARY = "/opt/app/work/libzstd-jni-1.5.5-.so"


def file(inode: int, device: int = 0xfd01, mtime: float = 0.0, uid: int = 0) -> list[Any]:
    return ["file", 0o644, uid, 0, 1000, mtime, mtime, device, inode]


def host(path: str, mark: str = " (deleted)", inode: int = 11, stats: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The facts of a host where process 50, started at START by user ``uid``, has one file mapped."""
    folder = "/proc/50"
    spaces = {**SPACES, **more.get("spaces", {})}
    said: dict[str, Any] = {
        "uid": 0, "now": BOOTED + 1000, "listdir": {"/proc": ["50"]}, "run": {},
        "read": {"/proc/uptime": "1000.00 1.0\n",
                 f"{folder}/maps": f"7f0000001000-7f0000002000 r-xp 00001000 {more.get('device', 'fd:01')} {inode}    {path}{mark}\n",
                 f"{folder}/cgroup": "0::/system.slice/a.service\n", f"{folder}/stat": "50 (app) S 1 " + "0 " * 17 + "10000 0\n",
                 f"{folder}/status": f"Name:\tapp\nUid:\t0\t{more.get('uid', 0)}\t0\t0\n",
                 "/proc/self/mountinfo": f"29 1 253:1 / / rw - {more.get('kind', 'ext4')} /dev/vda1 rw\n"},
        "readlink": {f"{folder}/exe": more.get("exe", "/usr/bin/app"), **{f"/proc/self/ns/{space}": SPACES[space] for space in SPACES},
                     **{f"{folder}/ns/{space}": spaces[space] for space in spaces}},
        "stat": {"/": ROOT, f"{folder}/root": more.get("root", ROOT), "/usr/bin/app": file(10), **(stats or {})}}
    facts = Section("services")
    section.collect(RecordedHost(said), facts, {})
    return facts.facts


def rows(*args: Any, **more: Any) -> list[tuple[list[str], list[str]]]:
    return [(row["replaced"], row["deleted"]) for row in host(*args, **more)["stale"]]


APART = {"spaces": {"mnt": "mnt:[2]"}}
SEEN = f"/proc/50/root{LIBRARY}"


def test_a_bind_mount_of_its_own_is_not_staleness() -> None:
    """BindReadOnlyPaths= from the same file system: maps 1867782, /proc/PID/root/... 1867782, the host's own path 1867781."""
    stats = {LIBRARY: file(1867781), SEEN: file(1867782)}
    assert rows(LIBRARY, "", 1867782, stats, **APART) == []
    assert rows(LIBRARY, "", 1867782, {**stats, SEEN: file(1867783)}, **APART) == [([LIBRARY], [])]
    assert rows(LIBRARY, "", 1867782, stats) == [([LIBRARY], [])]


def test_replaced_or_deleted_is_what_the_process_sees() -> None:
    assert rows(LIBRARY, stats={LIBRARY: file(12)}, **APART) == [([], [LIBRARY])]
    assert rows(LIBRARY, stats={SEEN: file(12)}, **APART) == [([LIBRARY], [])]


def test_a_root_of_its_own_is_looked_into_where_the_processes_are_the_hosts() -> None:
    stats = {SEEN: file(12)}
    assert rows(LIBRARY, "", stats=stats, root=OTHER_ROOT, **APART) == [([LIBRARY], [])]
    container = {"mnt": "mnt:[2]", "pid": "pid:[2]"}
    assert rows(LIBRARY, "", stats=stats, root=OTHER_ROOT, spaces=container) == []
    facts = host(LIBRARY, stats=stats, root=OTHER_ROOT, spaces=container)
    assert (facts["stale"], facts["in_containers"]) == ([], 1)


def test_a_users_own_mounts_are_never_asked() -> None:
    """Whoever has a user namespace mounts over any path what may never answer: only the kernel's word counts."""
    spaces = {"mnt": "mnt:[2]", "user": "user:[2]"}
    assert rows(LIBRARY, "", stats={SEEN: file(12)}, spaces=spaces) == []
    assert rows(LIBRARY, stats={SEEN: file(12)}, spaces=spaces) == [([], [LIBRARY])]


MAPPED = "/proc/50/map_files/7f0000001000-7f0000002000"


@pytest.mark.parametrize(("path", "made", "more", "stale"), [
    (LIBRARY, file(11, mtime=START + 1), {}, False),
    ("/var/lib/wazuh-indexer/tmp/libzstd-jni-1.5.5-.so", file(11, mtime=START + 1, uid=990), {"uid": 990}, False),
    ("/opt/zextras/mailboxd/work/snappy-1.1-libsnappyjava.so", file(11, mtime=START + 1), {}, False),
    ("/usr/share/tomcat9/temp/libnetty_tcnative.so", file(11, mtime=START + 1), {}, False),
    # It was there before the process: an update took it away.
    (LIBRARY, file(11, mtime=START - 1), {}, True),
    # Somebody else put it there.
    (LIBRARY, file(11, mtime=START + 1), {"uid": 990}, True),
    # No program unpacks anything there for itself.
    ("/usr/lib/libx.so.1", file(11, mtime=START + 1), {}, True),
    # A file system that may never answer is not asked.
    (LIBRARY, file(11, mtime=START + 1), {"kind": "fuse.sshfs"}, True),
    (LIBRARY, file(11, mtime=START + 1), {"kind": "nfs4"}, True),
])
def test_a_file_of_a_programs_own_making_is_younger_than_the_program(path: str, made: list[Any], more: dict[str, Any], stale: bool) -> None:
    assert bool(rows(path, stats={MAPPED: made}, **more)) is stale


def test_a_file_of_its_own_making_of_which_another_is_there_is_stale() -> None:
    assert rows(LIBRARY, stats={MAPPED: file(11, mtime=START + 1), LIBRARY: file(12)}) == [([LIBRARY], [])]


def test_a_file_that_is_back_at_its_path_by_a_hard_link_is_not_stale() -> None:
    assert rows(LIBRARY, stats={MAPPED: file(11), LIBRARY: file(11)}) == []
    assert rows(LIBRARY, stats={MAPPED: file(11), LIBRARY: file(11, device=0xfd02)}) == [([LIBRARY], [])]


@pytest.mark.parametrize("path", [
    "/srv/x/plugin.node", "/srv/x/plugin.cmxs", "/home/me/.emacs.d/a.eln", "/srv/app/App.dll", "/srv/x/libx.so.1"])
def test_native_modules_outside_of_system_folders_are_programs(path: str) -> None:
    assert rows(path) == [([], [path])]


@pytest.mark.parametrize("path", [
    "/usr/lib/app/.nfs00000000000a1b2c00000001", "/srv/app/.nfs00000000000a1b2c00000001", "/opt/x/.fuse_hidden0000002500000001", "/srv/x/.__afs1B3F"])
def test_a_silly_rename_is_a_deletion(path: str) -> None:
    """An NFS or FUSE client cannot keep a file without a name, so the kernel never says that it was deleted."""
    assert rows(path, "") == [([], [path])]
    assert rows("/usr/bin/app", "", 10, stats={"/proc/50/exe": file(10), path: file(10)}, exe=path) == [([], [path])]


def test_a_program_that_is_back_at_its_path_by_a_hard_link_is_not_stale() -> None:
    stats = {"/proc/50/exe": file(10)}
    assert rows("/usr/bin/app", "", 10, stats, exe="/usr/bin/app (deleted)") == []
    assert rows("/usr/bin/other", "", 12, {**stats, "/usr/bin/app": file(13)}, exe="/usr/bin/app (deleted)") == [(["/usr/bin/app"], [])]


def test_the_addresses_of_a_mapping_are_those_of_map_files() -> None:
    text = "00400000-00401000 r--p 00000000 fd:01 11    /opt/a (deleted)\n00401000-00402000 r-xp 00001000 fd:01 11    /opt/a (deleted)\n"
    assert mapped_files.parse_maps(text) == {("fd:01", "11", "/opt/a (deleted)"): "401000-402000"}


@pytest.mark.parametrize(("device", "root", "stale"), [("00:02", ROOT, 0), ("00:03", ROOT, 0), ("00:1f", ROOT, 1), ("fd:01", ROOT, 1),
                                                       ("00:02", [*ROOT[:7], 2, 2], 1)])
def test_what_the_initrd_left_behind_runs_the_initrds_files(device: str, root: list[Any], stale: int) -> None:
    """A worker of the initrd's udev that outlives it is moved into init.scope by systemd; a host that runs from its initrd has no other files."""
    number = running_files.device_of(device)
    assert number is not None
    stats = {"/": root, "/proc/50/root": root, "/usr/bin/udevadm": file(77), "/proc/50/exe": file(9, number)}
    world = host("/usr/bin/udevadm", " (deleted)", 9, stats, exe="/usr/bin/udevadm (deleted)", device=device)
    assert len(world["stale"]) == stale
    assert world["examined"] == 1

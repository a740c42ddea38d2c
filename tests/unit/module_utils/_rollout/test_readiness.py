# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a step must know of a host, read from real outputs."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._rollout import readiness, ways
from recorded_host import RecordedHost

# coreutils 9.1.
EXT4 = " Avail  IFree Inodes\n   312  65000  65536\n"
NO_NAME_LEFT = " Avail  IFree Inodes\n   312      0  65536\n"
FAT = "Avail IFree Inodes\n  500     -      -\n"
BTRFS = "Avail IFree Inodes\n90000     0      0\n"


@pytest.mark.parametrize(("text", "wanted"), [(EXT4, (312, 65000)), (NO_NAME_LEFT, (312, 0)), (FAT, (500, None)), (BTRFS, (90000, None))])
def test_room(text: str, wanted: tuple[int, int | None]) -> None:
    assert readiness.parse_df(text) == wanted


@pytest.mark.parametrize("text", ["", "Avail\n", "Avail IFree\n- -\n", "df: x: No such file\n"])
def test_what_is_no_room(text: str) -> None:
    with pytest.raises(ValueError, match="want a heading"):
        readiness.parse_df(text)


# /proc/locks of Linux 6.1: a waiter has an arrow before its kind.
LOCKS = """1: POSIX  ADVISORY  WRITE 4711 fe:00:1048602 0 EOF
2: POSIX  ADVISORY  READ 812 fe:00:77 0 EOF
3: FLOCK  ADVISORY  WRITE 990 00:1a:1203 0 EOF
3: -> FLOCK  ADVISORY  WRITE 991 00:1a:1203 0 EOF
4: OFDLCK ADVISORY  WRITE -1 fe:00:5 0 EOF
"""


def test_write_locks() -> None:
    assert [(one.pid, one.device, one.inode) for one in readiness.parse_locks(LOCKS)] == [
        (4711, (0xfe, 0), 1048602), (990, (0, 0x1a), 1203), (-1, (0xfe, 0), 5)]


def test_a_lock_that_somebody_holds_is_found_and_a_file_that_only_lies_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock-frontend"
    monkeypatch.setattr(readiness, "LOCK_FILES", (str(path),))
    with path.open("w") as stream:
        assert readiness.lock_holders(LiveHost()) == []
        fcntl.lockf(stream, fcntl.LOCK_EX)
        assert [(one["pid"], one["path"]) for one in readiness.lock_holders(LiveHost())] == [(os.getpid(), str(path))]
    assert readiness.lock_holders(LiveHost()) == []


def looked_at(kind: str, **problem: Any) -> RecordedHost:
    """A host on which dpkg's first lock is a file of a device that /proc/locks does not name, below a mount of this kind."""
    seen = ["file", 0o640, 0, 0, 0, 0.0, 0.0, 0x2b, 1203]
    mounts = f"25 1 0:26 /@ / rw - {kind} /dev/vda2 rw\n"
    return RecordedHost({"read": {"/proc/locks": LOCKS, "/proc/self/mountinfo": mounts, "/proc/990/comm": "apt-get\n"},
                         "stat": {readiness.LOCK_FILES[0]: problem or seen}})


@pytest.mark.parametrize(("kind", "held"), [("ext4", []), *((kind, [(990, "apt-get")]) for kind in ("btrfs", "overlay", "bcachefs"))])
def test_a_lock_in_a_subvolume_is_one_though_stat_tells_another_device(kind: str, held: list[tuple[int, str]]) -> None:
    assert [(one["pid"], one["name"]) for one in readiness.lock_holders(looked_at(kind))] == held


@pytest.mark.parametrize(("uid", "held"), [(0, 1), (65534, 0), (None, 1)])
def test_only_root_changes_packages_and_a_user_who_locks_the_file_holds_up_nothing(uid: int | None, held: int) -> None:
    host = looked_at("btrfs")
    host._recording["stat"].update({} if uid is None else {"/proc/990": ["directory", 0o555, uid, uid, 0, 0.0, 0.0, 5, 7]})
    assert len(readiness.lock_holders(host)) == held


@pytest.mark.parametrize("problem", ["needs_root", "unreadable", "deadline"])
def test_what_cannot_be_looked_at_is_not_taken_for_free(problem: str) -> None:
    held = readiness.lock_holders(looked_at("ext4", problem=problem))
    assert [(one["pid"], one["name"]) for one in held] == [(None, "unknown, since it cannot be looked at")]
    assert readiness.half_way(RecordedHost({"stat": {"/var/lib/dpkg/status": {"problem": problem}}})) == [f"/var/lib/dpkg/status: {problem}"]


def test_devices_are_numbered_as_in_proc_locks(tmp_path: Path) -> None:
    number = tmp_path.stat().st_dev
    assert readiness.device_of(number) == (os.major(number), os.minor(number))


def test_dpkgs_own_words() -> None:
    text = ("The following packages are only half configured, probably due to problems\nconfiguring them the first time:\n"
            " linux-image-6.1.0-41-amd64 Linux 6.1 for 64-bit PCs (signed)\n\n")
    assert readiness.parse_audit(text)[2] == "linux-image-6.1.0-41-amd64 Linux 6.1 for 64-bit PCs (signed)"
    assert readiness.parse_audit("") == []


@pytest.mark.parametrize(("text", "wanted"), [
    ("systemd 252 (252.38-1~deb12u1)\n+PAM", 252), ("systemd 257 (257.8-1)\n", 257), ("systemd 260~rc1 (x)\n", 260), ("", 0), ("OpenRC 0.5", 0)])
def test_versions_of_systemd(text: str, wanted: int) -> None:
    assert ways.parse_version(text) == wanted


def test_what_a_boot_starts() -> None:
    text = "cron.service                enabled enabled\nwg-quick@.service  enabled disabled\napt-daily.timer enabled enabled\n"
    assert ways.parse_enabled(text) == ["apt-daily.timer", "cron.service", "wg-quick@.service"]


# 'systemctl cat' of systemd 257 on Debian 13, without the lines of the licence. The root of its machines is checked by systemd where their initrd
# was made without fsck; after a soft reboot the root is writable from the beginning, and the unit stays away.
OF_SOME_BOOTS = """# /usr/lib/systemd/system/sshd-keygen.service
[Unit]
Description=Generate sshd host keys on first boot
ConditionFirstBoot=yes
ConditionPathIsReadWrite=/etc/ssh

# /usr/lib/systemd/system/systemd-fsck-root.service
# (what follows is of /usr/lib/systemd/system)
[Unit]
ConditionPathIsReadWrite=!/
OnFailure=emergency.target

# /usr/lib/systemd/system/systemd-fsck-root.service.d/10-skip-fsck-initramfs.conf
[Unit]
ConditionPathExists=!/run/initramfs/fsck-root

# /usr/lib/systemd/system/ldconfig.service
[Unit]
ConditionNeedsUpdate=|/etc

# /usr/lib/systemd/system/ssh.service
[Unit]
ConditionPathExists=!/etc/ssh/sshd_not_to_be_run

# /usr/lib/systemd/system/late.service
[Unit]
ConditionFirstBoot=no
ConditionNeedsUpdate=!/var
ConditionPathIsReadWrite=/var

# /usr/lib/systemd/system/always.service
[Unit]
ConditionFirstBoot=yes

# /etc/systemd/system/always.service.d/own.conf
[Unit]
ConditionFirstBoot=
"""


def test_units_of_some_boots() -> None:
    assert ways.parse_of_some_boots(OF_SOME_BOOTS) == ["ldconfig.service", "sshd-keygen.service", "systemd-fsck-root.service"]


def test_what_only_some_boots_start_needs_not_come_back_after_each() -> None:
    listed = "getty@.service enabled enabled\nssh.service enabled enabled\nsshd-keygen.service enabled enabled\n"
    asked = [*ways.SHOW_FILES, "ssh.service", "sshd-keygen.service"]
    host = RecordedHost({"listdir": {"/run/systemd/system": []}, "run": {
        " ".join(ways.LIST_ENABLED): [0, listed, ""], " ".join(asked): [0, OF_SOME_BOOTS, ""]}})
    assert ways.enabled(host) == ["getty@.service", "ssh.service"]


TOOL, DISABLED, LOCKDOWN = "/usr/sbin/kexec", "/proc/sys/kernel/kexec_load_disabled", "/sys/kernel/security/lockdown"


@pytest.mark.parametrize(("files", "takes"), [
    ({TOOL: "", DISABLED: "0\n", LOCKDOWN: "[none] integrity confidentiality\n"}, True),
    ({TOOL: "", DISABLED: "0\n"}, True),
    ({TOOL: "", DISABLED: "1\n"}, False),
    ({TOOL: "", DISABLED: "0\n", LOCKDOWN: "none [integrity] confidentiality\n"}, False),
    ({DISABLED: "0\n"}, False),
    ({TOOL: ""}, False),
])
def test_kexec(files: dict[str, str], takes: bool) -> None:
    assert ways.takes_kexec(RecordedHost({"read": files})) is takes

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parsers of /proc/PID, and the decision which binaries are the host's own."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import processes
from ansible_collections.firebreak.fleet.plugins.module_utils._formats.processes import ExeLink, Surroundings
from hypothesis import given
from hypothesis import strategies as st

STAT = ("4242 ({comm}) S 1 4242 4242 0 -1 4194560 3406 0 12 0 57 23 0 0 20 0 4 0 912345 780288000 21034 18446744073709551615 1 1 0 0 0 0 0 4096 "
        "16384 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n")


@pytest.mark.parametrize(("link", "expected"), [
    ("/usr/bin/qemu-system-x86_64", ExeLink("/usr/bin/qemu-system-x86_64", False)),
    ("/usr/bin/qemu-system-x86_64 (deleted)", ExeLink("/usr/bin/qemu-system-x86_64", True)),
    ("/usr/libexec/qemu-kvm;5408628d (deleted)", ExeLink("/usr/libexec/qemu-kvm", True)),
    ("/usr/libexec/qemu-kvm;65f1a2b3", ExeLink("/usr/libexec/qemu-kvm", True)),
    ("/usr/bin/qemu-system-x86_64.dpkg-new", ExeLink("/usr/bin/qemu-system-x86_64", False)),
    ("/usr/bin/qemu-system-x86_64.dpkg-tmp (deleted)", ExeLink("/usr/bin/qemu-system-x86_64", True)),
    ("/opt/a;b/qemu;12", ExeLink("/opt/a;b/qemu;12", False)),
    ("/opt/with (deleted) inside/qemu", ExeLink("/opt/with (deleted) inside/qemu", False)),
    ("(unreachable)/qemu", ExeLink("(unreachable)/qemu", False)),
    (" (deleted)", ExeLink(" (deleted)", False)),
    ("", ExeLink("", False)),
])
def test_an_exe_link_is_taken_apart(link: str, expected: ExeLink) -> None:
    assert processes.parse_exe(link) == expected


@pytest.mark.parametrize("comm", ["qemu-system-x86", "a) S 1 2 (b", ")", "((", "sd-pam) (x", "tab\there", ""])
def test_the_name_in_stat_may_hold_anything(comm: str) -> None:
    assert processes.parse_stat(STAT.format(comm=comm)) == (4242, comm, "S", 1, 912345)


@pytest.mark.parametrize("text", ["", "4242", "4242 (x) S 1 2", "x (y) " + "1 " * 30, STAT.format(comm="x").replace("912345", "-1"),
                                  STAT.format(comm="x").replace("912345", "9" * 17), "(((", ")" * 30])
def test_a_damaged_stat_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="damaged /proc/PID/stat"):
        processes.parse_stat(text)


@pytest.mark.parametrize(("text", "argv"), [
    ("", []),
    ("qemu-kvm\0-S\0", ["qemu-kvm", "-S"]),
    ("qemu-kvm\0\0-S\0", ["qemu-kvm", "", "-S"]),
    ("a title without an end", ["a title without an end"]),
])
def test_a_command_line_is_split_at_its_zeros(text: str, argv: list[str]) -> None:
    assert processes.parse_cmdline(text) == argv


@pytest.mark.parametrize(("mounts", "hidden"), [
    ("proc /proc proc rw,nosuid 0 0\n", False),
    ("proc /proc proc rw,hidepid=2,gid=27 0 0\n", True),
    ("proc /proc proc rw,hidepid=invisible 0 0\n", True),
    ("proc /proc proc rw,hidepid=0 0 0\n", False),
    ("proc /proc proc rw,hidepid=off 0 0\n", False),
    ("proc /proc proc rw,hidepid=2 0 0\nproc /proc proc rw 0 0\n", False),
    ("proc /chroot/proc proc rw,hidepid=2 0 0\n", False),
    # A user's own mount by FUSE, of which the kernel escapes blanks, tabs and line feeds alone (fs/proc_namespace.c, mangle).
    ("proc /proc proc rw,hidepid=2 0 0\nx /home/u/a\rproc\u2003/proc\u2003proc\u2003hidepid=0 fuse.x rw 0 0\n", True),
    ("", False),
])
def test_a_proc_that_hides_processes_is_known(mounts: str, hidden: bool) -> None:
    assert processes.hides_processes(mounts) is hidden


def test_uptime() -> None:
    assert processes.parse_uptime("93452.17 180012.01\n") == 93452.17


@pytest.mark.parametrize("text", ["", "\n", "nan 1", "1e9 1", "seit gestern"])
def test_a_damaged_uptime_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="damaged /proc/uptime"):
        processes.parse_uptime(text)


@pytest.mark.parametrize(("value", "pairs"), [
    ("q35,accel=kvm", [("", "q35"), ("accel", "kvm")]),
    ("guest=a,,b,debug-threads=on", [("guest", "a,b"), ("debug-threads", "on")]),
    ("type=pc", [("type", "pc")]),
    ("", [("", "")]),
])
def test_suboptions(value: str, pairs: list[tuple[str, str]]) -> None:
    assert processes.suboptions(value) == pairs


def test_options_are_found_in_each_spelling() -> None:
    argv = ["fc", "--id", "one", "--id=two", "id", "three", "-id"]
    assert processes.option_values(argv, "id") == ["one", "two"]


OWN = Surroundings(same_root=True, owner=0, mode=0o755, same_device=True)


@pytest.mark.parametrize(("path", "around", "why"), [
    ("/usr/bin/qemu-system-x86_64", OWN, ""),
    ("/opt/kata/bin/qemu-system-x86_64", OWN, ""),
    ("/usr/bin/qemu-system-x86_64", OWN._replace(same_device=None), ""),
    ("/home/mallory/qemu-system-x86_64", OWN, "its binary is outside the system's folders"),
    ("/usr/../home/mallory/qemu-kvm", OWN, "its binary is outside the system's folders"),
    ("/tmp/usr/bin/qemu-kvm", OWN, "its binary is outside the system's folders"),
    ("(unreachable)/usr/bin/qemu-kvm", OWN, "its binary is outside the system's folders"),
    ("/memfd:qemu-kvm", OWN, "its binary is outside the system's folders"),
    ("/usr/bin/qemu-kvm", OWN._replace(same_root=None), "its binary could not be examined (needs_root)"),
    ("/usr/bin/qemu-kvm", OWN._replace(owner=None, mode=None), "its binary could not be examined (needs_root)"),
    ("/usr/bin/qemu-kvm", OWN._replace(same_root=False), "it runs in a root file system of its own (a container)"),
    ("/usr/bin/qemu-kvm", OWN._replace(owner=1000), "its binary belongs to user 1000, not to root"),
    ("/usr/bin/qemu-kvm", OWN._replace(mode=0o775), "its binary may be written by others than root (mode 0775)"),
    ("/usr/bin/qemu-kvm", OWN._replace(mode=0o757), "its binary may be written by others than root (mode 0757)"),
    ("/usr/bin/qemu-kvm", OWN._replace(same_device=False), "its binary is on another file system than /usr/bin"),
])
def test_only_roots_files_of_the_hosts_own_root_are_believed(path: str, around: Surroundings, why: str) -> None:
    assert processes.why_foreign(path, around) == why


@given(st.text())
def test_parsers_raise_nothing_but_value_errors(text: str) -> None:
    processes.parse_exe(text)
    processes.hides_processes(text)
    processes.suboptions(text)
    processes.option_values(processes.parse_cmdline(text), "machine")
    for parse in (processes.parse_stat, processes.parse_uptime):
        with contextlib.suppress(ValueError):
            parse(text)


@given(st.text(max_size=20), st.integers(0, 10**15))
def test_start_ticks_are_field_22_whatever_the_name(comm: str, ticks: int) -> None:
    assert processes.parse_stat(STAT.format(comm=comm).replace("912345", str(ticks))).start_ticks == ticks

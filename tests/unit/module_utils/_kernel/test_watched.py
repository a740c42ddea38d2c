# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules with a hole: the ways in which plays and checkers of 2026 were wrong about them, and how kmod reads its files."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import modprobe
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._host.witness import Witness
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel.watched import put_watched
from recorded_host import RecordedHost

RELEASE = "6.1.0-41-amd64"
FOLDER = f"/lib/modules/{RELEASE}/"
FILES = {"/proc/modules": "esp4 28672 2 - Live 0x0\nxfrm 9 1 esp4,esp6, Live 0x0\n",
         FOLDER + "modules.builtin": "kernel/net/key/af_key.ko\nkernel/two.ko\nkernel/old.ko\nkernel/dark.ko\n",
         "/proc/kallsyms": "0000000000000000 d __initcall__kmod_af_key__612_3924_ipsec_pfkey_init6\n0000000000000000 t af_key_init\n"
                           "0000000000000000 d __initcall__kmod_two__1_2_two_aearly\n0000000000000000 d __initcall__kmod_two__3_9_two_b7s\n"
                           "0000000000000000 t old_init\n0000000000000000 d __initcall__kmod_mptcp__1071_2_mptcp_init4\n",
         FOLDER + "modules.alias": "alias crypto-gcm(*) gcm\nalias net-pf-38 af_alg\n",
         FOLDER + "modules.builtin.modinfo": "crc32c_generic.alias=crc32c\0crc32c_generic.license=GPL\0",
         FOLDER + "modules.dep": "kernel/crypto/algif_aead.ko.xz: kernel/crypto/af_alg.ko.xz\nkernel/net/rxrpc/rxrpc.ko:\nkernel/net/esp4.ko:\n",
         "/proc/cmdline": "BOOT_IMAGE=/vmlinuz quiet\n"}

BLOCK = "install algif_aead /bin/false\n"


def state(name: str, line: str | None = None, own: str = "", **files: Any) -> tuple[str | None, str]:
    """The state of a module on a host with these files in /etc/modprobe.d; ``own`` is what modules say of themselves."""
    reads = {**FILES, **({"/proc/cmdline": line} if line else {}), **{f"/etc/modprobe.d/{key}.conf": text for key, text in files.items()},
             **({FOLDER + "modules.softdep": own} if own else {})}
    host = RecordedHost({"uname": ["Linux", "h", RELEASE, "#1", "x86_64"], "read": reads,
                         "listdir": {"/etc/modprobe.d": [f"{key}.conf" for key in files]},
                         "stat": {"/sys/module/zswap": ["dir", 0o755, 0, 0, 0, 0, 0, 1, 1]}})
    section = Section("kernel")
    put_watched(host, section, [name])
    (row,) = section.facts["watched_modules"]
    return row["state"], row["detail"]


@pytest.mark.parametrize(("name", "line", "files", "wanted", "words"), [
    # 1. built in: no file in modprobe.d does anything.
    ("af_key", None, {"a": "install af_key /bin/false\n"}, "built_in", "initcall_blacklist="),
    # 2. blocked on disk, still loaded.
    ("esp4", None, {"a": "install esp4 /bin/false\n"}, "loaded", "used by no module (2 references)"),
    ("xfrm", None, {}, "loaded", "used by esp4,esp6 (1 references)"),
    # 3. a mention of the name, a comment, or blacklist alone, blocks nothing.
    ("algif-aead", None, {"a": "# install algif_aead /bin/false\nblacklist algif_aead\n"}, "loadable", "blacklist stops its aliases only"),
    ("algif_aead", None, {"a": "options algif_aead debug=1\n"}, "loadable", "no install line"),
    ("algif_aead", None, {"a": "install algif_aead /bin/false\n"}, "blocked", "install /bin/false"),
    ("algif_aead", None, {"a": "install algif-aead /usr/bin/true # why\n"}, "blocked", "install /usr/bin/true"),
    ("algif_aead", None, {"a": "install algif_* /bin/false\n"}, "blocked", "install /bin/false"),
    ("algif_aead", None, {"a": "install algif_aead \\\n /bin/false\n"}, "blocked", "install /bin/false"),
    # The first install line that fits wins, by the order of the files' names.
    ("algif_aead", None, {"b": "install algif_aead /bin/false\n", "a": "install algif_aead /sbin/modprobe -i algif_aead\n"}, None, "nobody knows"),
    ("algif_aead", None, {"a": "install algif_aead /bin/false\n", "b": "install algif_aead /sbin/modprobe -i algif_aead\n"}, "blocked", "/bin/false"),
    ("algif_aead", None, {"a": "install algif_aead /bin/false; modprobe -i algif_aead\n"}, None, "nobody knows"),
    ("algif_aead", None, {"a": "install algif_aead /bin/false || modprobe -i algif_aead\n"}, None, "nobody knows"),
    ("algif_aead", None, {"a": "install algif_aead /bin/falsehood\n"}, None, "nobody knows"),
    # The kernel's own list: the last one wins, names are compared byte for byte.
    ("algif_aead", "module_blacklist=algif_aead,x", {}, "blocked", "module_blacklist="),
    # An install line is told first: it is there after the next boot as well.
    ("algif_aead", "module_blacklist=algif_aead", {"a": BLOCK}, "blocked", "install /bin/false"),
    ("algif_aead", "module_blacklist=algif_aead", {"a": "install algif_aead /bin/x\n"}, "blocked", "module_blacklist="),
    ("algif_aead", "module_blacklist=algif_aead module_blacklist=x", {}, "loadable", ""),
    ("algif_aead", "module_blacklist=algif-aead", {}, "loadable", ""),
    ("algif_aead", "quiet -- module_blacklist=algif_aead", {}, "loadable", ""),
    ("algif_aead", "modprobe.blacklist=algif_aead", {}, "loadable", ""),
    ("algif_aead", "quiet -- modprobe.blacklist=x,algif-aead", {}, "loadable", "blacklist stops its aliases only"),
    # The first function of what is built in, by the kernel's own symbols; each list counts, a dash in the option's name is an underscore.
    ("af_key", "initcall_blacklist=ipsec_pfkey_init", {}, "blocked", "initcall_blacklist=ipsec_pfkey_init"),
    ("af_key", "initcall-blacklist=a,ipsec_pfkey_init initcall_blacklist=b", {}, "blocked", "initcall_blacklist=ipsec_pfkey_init"),
    ("af_key", "initcall_blacklist=af_key_init", {}, "built_in", "initcall_blacklist= of ipsec_pfkey_init"),
    ("af_key", "quiet -- initcall_blacklist=ipsec_pfkey_init", {}, "built_in", "only initcall_blacklist="),
    ("two", "initcall_blacklist=two_a", {}, "built_in", "two_a, two_b"),
    ("two", "initcall_blacklist=two_b,two_a", {}, "blocked", "two_a,two_b"),
    ("old", "initcall_blacklist=old_init", {}, "blocked", "old_init"),
    ("dark", "initcall_blacklist=dark_start", {}, None, "nobody knows whether"),
    # It stops loadable modules as well, where it names their first function: only the module's file tells that.
    ("algif_aead", "initcall_blacklist=algif_aead_init", {}, None, "which only its file tells"),
    ("algif_aead", "initcall_blacklist=algif_aead_init", {"a": "install algif_aead /bin/false\n"}, "blocked", "install /bin/false"),
    # A part of the kernel that can be no module is in no list of modules (CONFIG_MPTCP of Debian's 6.12): its symbols tell, or its folder in /sys.
    ("mptcp", None, {"a": "install mptcp /bin/false\n"}, "built_in", "initcall_blacklist= of mptcp_init"),
    ("mptcp", "initcall_blacklist=mptcp_init", {}, "blocked", "initcall_blacklist=mptcp_init"),
    ("zswap", None, {}, "built_in", "initcall_blacklist= of its first function"),
    ("no_such", None, {}, "absent", "the running kernel has no such module"),
    # A soft dependency that is there makes kmod pass over the install line (modprobe.d(5): softdep takes precedence), the module's own as well.
    # The first softdep line counts, by the files' names; one without targets, or whose targets are not there, changes nothing.
    ("algif_aead", None, {"a": BLOCK + "softdep algif_aead pre: rxrpc\n"}, "loadable", "softdep names rxrpc"),
    ("algif_aead", None, {"a": BLOCK + "softdep algif-aead post: esp4\n"}, "loadable", "softdep names esp4"),
    ("algif_aead", None, {"a": BLOCK + "softdep algif_* pre: nosuch post: af_key\n"}, "loadable", "softdep names af_key"),
    ("algif_aead", None, {"own": "softdep algif_aead pre: rxrpc\n", "a": BLOCK}, "loadable", "passes over its install line"),
    ("algif_aead", None, {"own": "softdep algif_aead pre: rxrpc\n", "a": BLOCK + "softdep algif_aead pre:\n"}, "blocked", "install /bin/false"),
    ("algif_aead", None, {"own": "softdep algif_aead pre: rxrpc\n", "z": BLOCK + "softdep algif_aead pre:\n"}, "loadable", "softdep names rxrpc"),
    ("algif_aead", None, {"a": BLOCK + "softdep algif_aead pre: crc32c\n"}, "loadable", "softdep names crc32c"),
    ("algif_aead", None, {"a": BLOCK + "softdep algif_aead pre: net-pf-38\n"}, "loadable", "softdep names net_pf_38"),
    ("algif_aead", None, {"a": BLOCK + "alias z* rxrpc\nsoftdep algif_aead pre: zz\n"}, "loadable", "softdep names zz"),
    ("algif_aead", None, {"a": BLOCK + "install zz /bin/true\nsoftdep algif_aead pre: zz\n"}, "loadable", "softdep names zz"),
    ("algif_aead", None, {"a": BLOCK + "softdep algif_aead pre: nosuch\n"}, "blocked", "install /bin/false"),
    ("algif_aead", None, {"a": BLOCK + "softdep algif_aead rxrpc\n"}, "blocked", "install /bin/false"),
    ("algif_aead", None, {"a": BLOCK + "softdep algif_aead pre:rxrpc\n"}, "blocked", "install /bin/false"),
    ("algif_aead", None, {"a": BLOCK + "weakdep algif_aead rxrpc\n"}, "blocked", "install /bin/false"),
    ("algif_aead", None, {"a": BLOCK + "softdep rxrpc pre: algif_aead\n"}, "blocked", "install /bin/false"),
    ("algif_aead", None, {"a": "blacklist algif_aead\nsoftdep rxrpc pre: algif_aead\n"}, "loadable", "softdep loads it with rxrpc"),
    # How lines are read: a backslash takes the end of a line away, and else itself; only blanks and tabs part words.
    ("algif_aead", None, {"a": "install algif_\\\naead /bin/false\n"}, "blocked", "install /bin/false"),
    ("algif_aead", None, {"a": "# \\\ninstall algif_aead /bin/false\n"}, "loadable", "no install line"),
    ("algif_aead", None, {"a": "\tinstall\talgif_aead\t/bin/false\r\n"}, "blocked", "install /bin/false"),
    # What loads nothing, alone or in a row; who loads another module past its own line.
    ("algif_aead", None, {"a": "install algif_aead /usr/bin/logger no algif_aead; /bin/false\n"}, "blocked", "logger"),
    ("algif_aead", None, {"a": "install algif_aead /bin/echo no && /bin/true\n"}, "blocked", "echo"),
    ("algif_aead", None, {"a": "install algif_aead /bin/echo no >&2; /bin/false\n"}, "blocked", "echo"),
    ("algif_aead", None, {"a": "install algif_aead /bin/true >/dev/null 2>&1\n"}, "blocked", "true"),
    ("algif_aead", None, {"a": "install algif_aead echo algif_aead > /sys/module/x/parameters/y\n"}, None, "nobody knows"),
    ("algif_aead", None, {"a": "install algif_aead echo x >&2x; /bin/false\n"}, None, "nobody knows"),
    ("algif_aead", None, {"a": "install algif_aead /sbin/nologin\n"}, "blocked", "nologin"),
    ("algif_aead", None, {"a": "install algif_aead /dev/null\n"}, "blocked", "/dev/null"),
    ("algif_aead", None, {"a": "install algif_aead /bin/true & modprobe -i algif_aead\n"}, None, "nobody knows"),
    ("algif_aead", None, {"a": "install algif_aead /bin/echo $(insmod x)\n"}, None, "nobody knows"),
    ("algif_aead", None, {"a": BLOCK + "install rxrpc modprobe -i rxrpc && modprobe -qi algif-aead\n"}, None, "nobody knows"),
    ("algif_aead", None, {"a": {"problem": "needs_root", "detail": "Permission denied"}}, None, "/etc/modprobe.d/a.conf: needs_root"),
])
def test_the_state_of_a_module(name: str, line: str | None, files: dict[str, Any], wanted: str | None, words: str) -> None:
    found = state(name, line, **files)
    assert (found[0], words in found[1]) == (wanted, True), found


@pytest.mark.parametrize(("switch", "locked"), [
    ("1\n", True), ("0\n", False), ({"problem": "absent", "detail": ""}, False), ({"problem": "needs_root", "detail": ""}, None)])
def test_a_kernel_that_loads_no_modules_any_more(switch: Any, locked: bool | None) -> None:
    """delete_module(2) and init_module(2) are refused, while what is loaded, or part of the kernel, stays (kernel/module/main.c)."""
    host = RecordedHost({"uname": ["Linux", "h", RELEASE, "#1", "x86_64"], "listdir": {"/etc/modprobe.d": ["a.conf"]}, "read": {
        **FILES, "/etc/modprobe.d/a.conf": "install rxrpc /bin/false\n", "/proc/sys/kernel/modules_disabled": switch}})
    section = Section("kernel")
    put_watched(host, section, ["algif_aead", "rxrpc", "esp4", "af_key", "no_such"])
    rows = {row["name"]: row for row in section.facts["watched_modules"]}
    assert {row["locked"] for row in rows.values()} == {locked}
    told = {name: (row["state"], row["blocked_by"]) for name, row in rows.items()}
    assert told.pop("algif_aead") == (("blocked", "modules_disabled") if locked else ("loadable", None))
    assert told.pop("no_such")[0] == "absent"
    assert told == {"rxrpc": ("blocked", "modprobe"), "esp4": ("loaded", None), "af_key": ("built_in", None)}


@pytest.mark.parametrize("path", ["/proc/modules", FOLDER + "modules.builtin", FOLDER + "modules.dep"])
def test_what_cannot_be_read_is_not_known(path: str) -> None:
    host = RecordedHost({"uname": ["Linux", "h", RELEASE, "#1", "x86_64"], "read": {**FILES, path: {"problem": "deadline", "detail": ""}}})
    section = Section("kernel")
    put_watched(host, section, ["algif_aead"])
    assert section.facts["watched_modules"][0]["state"] is None


def test_names_that_are_none_are_not_looked_up() -> None:
    section = Section("kernel")
    put_watched(RecordedHost({"uname": ["Linux", "h", RELEASE, "#1", "x86_64"], "read": FILES}), section, ["../x", "", "a b"])
    assert section.facts["watched_modules"] == []


def test_a_file_hides_those_of_its_name_behind_it() -> None:
    """modprobe.d(5): /etc before /run before /usr/local/lib before /usr/lib before /lib; then by name, wherever they lie."""
    assert modprobe.order({"/lib/modprobe.d": ["b.conf", "a.conf"], "/etc/modprobe.d": ["b.conf", "c.conf", "d.conf.dpkg-old", ".e.conf"]}) == [
        "/lib/modprobe.d/a.conf", "/etc/modprobe.d/b.conf", "/etc/modprobe.d/c.conf"]
    assert modprobe.order({"/etc/modprobe.d": ["a.conf", "z.conf"]}, "/lib/modules/6") == [
        "/etc/modprobe.d/a.conf", "/lib/modules/6/modules.softdep", "/etc/modprobe.d/z.conf"]


def test_a_file_that_is_linked_to_nothing_hides_those_behind_it() -> None:
    host = Witness(RecordedHost({
        "uname": ["Linux", "h", RELEASE, "#1", "x86_64"], "listdir": {"/etc/modprobe.d": ["a.conf"], "/lib/modprobe.d": ["a.conf"]},
        "read": {**FILES, "/etc/modprobe.d/a.conf": {"problem": "unreadable", "detail": "not a regular file"}, "/lib/modprobe.d/a.conf": BLOCK},
        "realpath": {"/etc/modprobe.d/a.conf": "/dev/null"}}))
    section = Section("kernel", lambda: host.losses)
    put_watched(host, section, ["algif_aead"])
    assert section.facts["watched_modules"][0]["state"] == "loadable"


def test_a_row_tells_who_holds_a_module_what_blocks_its_next_load_and_who_needs_it() -> None:
    text = "install xfrm /bin/false\nsoftdep b pre: xfrm\nsoftdep a post: y xfrm\n"
    reads = {**FILES, "/etc/modprobe.d/a.conf": text, FOLDER + "modules.dep": "k/esp4.ko: k/xfrm.ko k/x.ko\nk/xfrm.ko:\n"}
    host = RecordedHost({"uname": ["Linux", "h", RELEASE, "#1", "x86_64"], "read": reads, "listdir": {"/etc/modprobe.d": ["a.conf"]}})
    section = Section("kernel")
    put_watched(host, section, ["xfrm", "af_key"])
    af_key, xfrm = section.facts["watched_modules"]
    assert (xfrm["state"], xfrm["references"], xfrm["holders"], xfrm["blocked_by"], xfrm["needed_by"], xfrm["built_in"]) == (
        "loaded", 1, ["esp4", "esp6"], "modprobe", ["esp4"], False)
    assert (xfrm["pulled_by"], af_key["pulled_by"]) == (["a", "b"], [])
    assert (af_key["built_in"], af_key["initcalls"], af_key["blocked_by"], af_key["references"]) == (True, ["ipsec_pfkey_init"], None, None)

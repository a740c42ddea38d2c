# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""klp-build for real: a kernel of our own from Debian's newest source, patched twice by its own klp-build through the role, and booted.

Each patch changes the kernel itself and a module; the second, cumulative, takes the first one's place in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import own_kernel
import pytest
from debian_archive import run
from playing import LOCAL, PLAYBOOK, write_inventory
from workshop import REPOSITORY

PLACE = REPOSITORY / ".cache/klp_build"
LOAD, STATUS = "fs/proc/loadavg.c", "fs/binfmt_misc.c"
# The load's format, and what the module answers.
WORDS = {"one": ("once %lu", "once"), "two": ("twice %lu", "twice")}
INIT = """#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b insmod /binfmt_misc.ko
$b mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
settle() { for n in $($b seq 60); do $b grep -q 1 /sys/kernel/livepatch/*/transition 2>/dev/null || return; $b sleep 1; done; }
say() {
    echo "seen $1 load: $($b cat /proc/loadavg)"
    echo "seen $1 status: $($b cat /proc/sys/fs/binfmt_misc/status)"
    cd /sys/kernel/livepatch
    for name in *; do [ -e $name/enabled ] && echo "seen $1 patch: $name $($b cat $name/enabled) $($b cat $name/replace)"; done
    for path in */*/*,*; do [ -e $path ] && echo "seen $1 function: $path"; done
    cd /
}
echo "seen release: $($b uname -r)"
say before
for name in one two; do $b insmod /fix_$name.ko && settle; say $name; done
$b reboot -f
"""


class Built(NamedTuple):
    """The release of the kernel, the entries of both bundles by name, and what the booted kernel said."""

    release: str
    entries: dict[str, dict[str, object]]
    console: str

    def seen(self, what: str) -> list[str]:
        """What was printed under a heading."""
        return re.findall(rf"(?m)^seen {what}: (.*?) *$", self.console)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    PLACE.mkdir(parents=True, exist_ok=True)
    tree = own_kernel.newest_source(PLACE)
    release = own_kernel.make_kernel(tree)
    entries, modules = {}, {}
    for name, (load, status) in WORDS.items():
        folder = tmp_path_factory.mktemp(name)
        changes = {LOAD: ('seq_printf(m, "%lu', f'seq_printf(m, "{load}'), STATUS: ('"enabled\\n" : "disabled\\n"', f'"{status}\\n" : "disabled\\n"')}
        (folder / "fix.patch").write_text(own_kernel.patch_of(tree, changes), encoding="utf-8")
        variables = {
            "live_patch_build_hosts": "builder", "live_patch_build_source": str(folder / "fix.patch"), "live_patch_build_name": f"fix_{name}",
            "live_patch_build_kernel": release, "live_patch_build_bundle": str(folder / "bundle"), "live_patch_build_kernel_source": str(tree),
            "live_patch_build_config": str(own_kernel.kept(tree) / ".config"), "live_patch_build_cves": ["CVE-2026-0001"]}
        run([str(PLAYBOOK), "-i", str(write_inventory(folder, {"builder": LOCAL})), "-e", json.dumps(variables),
                        str(REPOSITORY / "playbooks/build_live_patch.yml")], folder, ANSIBLE_CONFIG=str(REPOSITORY / "ansible.cfg"))
        entries[name], = json.loads((folder / "bundle/manifest.json").read_text(encoding="utf-8"))["patches"]
        modules[f"fix_{name}.ko"] = Path(folder / "bundle" / entries[name]["module"])
    yield Built(release, entries, own_kernel.boot(PLACE, tree, INIT, modules))


def test_the_bundle_has_each_patch_for_this_very_kernel(built: Built) -> None:
    assert built.release.endswith(own_kernel.RELEASE_SUFFIX)
    assert {entry["kernel"]["release"] for entry in built.entries.values()} == {built.release}  # type: ignore[index]
    assert all(entry["cumulative"] is True and entry["cves"] == ["CVE-2026-0001"] for entry in built.entries.values())


def test_the_kernel_runs_unpatched_first(built: Built) -> None:
    assert built.seen("release") == [built.release], built.console
    assert built.seen("before status") == ["enabled"] and built.seen("before patch") == []
    assert re.match(r"[\d.]+ ", built.seen("before load")[0])


def test_a_patch_changes_the_kernel_and_a_module(built: Built) -> None:
    assert built.seen("one load")[0].startswith("once ") and built.seen("one status") == ["once"], built.console
    assert built.seen("one patch") == ["fix_one 1 1"]
    assert sorted(built.seen("one function")) == ["fix_one/binfmt_misc/bm_status_read,1", "fix_one/vmlinux/loadavg_proc_show,1"]


def test_a_cumulative_patch_takes_its_place(built: Built) -> None:
    assert built.seen("two load")[0].startswith("twice ") and built.seen("two status") == ["twice"], built.console
    assert built.seen("two patch") == ["fix_two 1 1"]

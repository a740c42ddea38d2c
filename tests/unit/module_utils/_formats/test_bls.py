# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of .conf entries in each branch of GRUB against rules written down by hand from its blscfg.c, and how an entry is read."""

from __future__ import annotations

import random

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import bls
from ansible_collections.firebreak.fleet.plugins.module_utils._formats.bls import Branch
from blscfg_rules import PIECES, by_hand, entry, made_up

EL8, EL9, EL10, FEDORA30, FEDORA44, FEDORA45 = (bls.branch_of(*system, "redhat") for system in (
    ("rhel", "8.10"), ("almalinux", "9.6"), ("centos", "10"), ("fedora", "30"), ("fedora", "44"), ("fedora", "45")))
MACHINE = "cd33d1219c7c4c5404aaa1f6d2a48adf"
# For each branch; tests/system holds it against thirty thousand.
PAIRS = 1000


@pytest.mark.parametrize(("branch", "with_version"), [(EL8, True), (EL8, False), (EL9, False), (EL10, False), (FEDORA30, False), (FEDORA44, False)])
def test_random_ids_are_in_the_order_of_rules_written_down_by_hand(branch: Branch, with_version: bool) -> None:
    source = random.Random(20261128)
    for _ in range(PAIRS):
        left = entry(made_up(source), made_up(source))
        right = entry(left.id + source.choice(PIECES), left.version + source.choice(PIECES)) if source.random() < 0.4 else entry(
            made_up(source), made_up(source))
        expected = by_hand(left, right, branch, with_version)
        assert bls.grub_compare(left, right, branch, with_version) == expected, (branch, left, right)


@pytest.mark.parametrize(("branch", "ids", "order"), [
    # Without two dashes the name is the machine id, and the version what follows: make install of 6.18.0 (rhboot/grub2 fedora-43 blscfg.c).
    (FEDORA44, [f"{MACHINE}-6.17.8-300.fc43.x86_64", f"{MACHINE}-6.18.0"], [f"{MACHINE}-6.18.0", f"{MACHINE}-6.17.8-300.fc43.x86_64"]),
    (FEDORA44, [f"{MACHINE}-6.17.8-300.fc43.x86_64", f"{MACHINE}-6.18.0+"], [f"{MACHINE}-6.18.0+", f"{MACHINE}-6.17.8-300.fc43.x86_64"]),
    # A flavour with a dash moves the split, and so to the top of the menu.
    (EL9, ["aa-5.14.0-570.el9.aarch64", "aa-5.14.0-70.el9.aarch64+64k-debug"], ["aa-5.14.0-70.el9.aarch64+64k-debug", "aa-5.14.0-570.el9.aarch64"]),
    (EL9, ["aa-5.14.0-70.el9", "aa-5.14.0-427.el9", "aa-0-rescue", "aa-5.14.0-427.el9~debug", "aa-5.14.0-427.el9+debug"],
     ["aa-5.14.0-427.el9+debug", "aa-5.14.0-427.el9", "aa-5.14.0-427.el9~debug", "aa-5.14.0-70.el9", "aa-0-rescue"]),
    # From EL 9 on machine ids come first: digits are newer than letters.
    (EL9, ["ffff-5.14.0-570.el9", "104a-5.14.0-70.el9"], ["104a-5.14.0-70.el9", "ffff-5.14.0-570.el9"]),
    (EL9, ["aa-5.14.0-1.el9", "aa-5.14.0-01.el9"], ["aa-5.14.0-1.el9"]),
])
def test_the_menu_by_file_names(branch: Branch, ids: list[str], order: list[str]) -> None:
    assert [found.id for found in bls.grub_order([entry(entry_id) for entry_id in ids], branch)] == order


def test_el_8_goes_by_the_version_key_where_every_entry_has_one() -> None:
    """rhboot/grub2 rhel-8-main blscfg.c: use_version."""
    versions = {"104a-4.18.0-477.el8": "4.18.0-477.el8", "cd33-4.18.0-513.el8": "4.18.0-513.el8", "cd33-4.18.0-553.el8": "4.18.0-553.el8"}
    entries = [entry(entry_id, version) for entry_id, version in versions.items()]
    assert [found.version for found in bls.grub_order(entries, EL8)] == ["4.18.0-553.el8", "4.18.0-513.el8", "4.18.0-477.el8"]
    assert bls.grub_order(entries, EL9)[0].id == "104a-4.18.0-477.el8"
    assert bls.grub_order([*entries, entry("104a-0-old")], EL8)[0].id == "104a-4.18.0-477.el8"


def test_only_the_youngest_branches_read_efi_lines() -> None:
    unified = bls.parse_grub_entry("uki.conf", "title UKI\nefi /EFI/Linux/aa-6.12.0.efi\n")
    shown = {branch: [found.path for found in bls.grub_order([unified], branch)] for branch in (EL8, EL9, EL10, FEDORA44, FEDORA45)}
    assert shown == {EL8: [], EL9: [], EL10: ["/EFI/Linux/aa-6.12.0.efi"], FEDORA44: [], FEDORA45: ["/EFI/Linux/aa-6.12.0.efi"]}


@pytest.mark.parametrize(("text", "fields"), [
    ("title a\n\nlinux /b\n", {"title": "a"}), ("title a\nnothing\nlinux /b\n", {"title": "a"}), ("title a\nlinux \noptions x\n", {"title": "a"}),
    ("linux /a\nlinux /b\noptions x\noptions y\n", {"linux": "/a", "options": "x"}),
    ("  title  a b \n# c\nlinux\t/b\n", {"title": "a b", "linux": "/b"}),
    ("title a\r\nlinux /b\r\n", {"title": "a", "linux": "/b"}),
    ("options\troot=/dev/sda ro\nlinux /b\n", {"options\troot=/dev/sda": "ro", "linux": "/b"}),
])
def test_how_blscfg_reads_an_entry(text: str, fields: dict[str, str]) -> None:
    """rhboot/grub2 blscfg.c, read_entry and bls_get_val: all branches."""
    assert bls.parse_grub_entry("x.conf", text).fields == fields


def test_systemd_boot_reads_on_and_joins() -> None:
    read = bls.parse_entry("x.conf", "linux /a\n\noptions x\nlinux /b\noptions y\ninitrd /i\ninitrd /j\n")
    assert (read.path, read.fields["options"], read.initrds) == ("/b", "x y", ("/i", "/j"))

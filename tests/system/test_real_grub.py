# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB's own menu of .conf files (blscfg of GRUB 2.14, as grub-emu shows it) against the scan's, on names drawn at random from a fixed seed.

Each menu of n entries decides n * (n - 1) / 2 pairs of names. Red Hat's blscfg is in no package of Debian; its branches are held against rules that
were written down by hand from its sources.
"""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import newer_tools
import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import grub_default, grub_menu
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import bls
from blscfg_rules import by_hand, entry, made_up
from firebreak_proof.views import boot_entries

PIECES = ("6", "18", "0", "01", "001", "5.14.0", "570", "el9_6", "x86_64", "+debug", "+64k-debug", "+rt-64k", "~rc1", "-", "-", "-", ".", "_", "+",
          "~", "^", "a", "b", "Z", "fc43", "0123abcd", "ffff", "é", "", ".rescue", "0-rescue", "..", ".conf")
FOLDER = "/menu/entries"
IDS = ["m-6.1.0", "m-6.9.0", "m-6.10.0", "m-6.10.0~rc1", "m-6.10.0+debug", "m-0-rescue"]
MENUS = [
    ("", ""), ("default=2\n", "--show-default"), ("default=T3T\n", "-d"), ("default=m-6.9.0.conf\n", "-d"), ("default=m-6.9.0\n", "-d"),
    ("default=1\n", "--show-non-default"), ("", "--entry m-6.1.0.conf"), ("", "--entry=m-6.9.0.conf"), ("", "-f"), ("default=1\n", "-d -n"),
    # Numbers as its strtol reads them: whole ones, after blanks, by 0x and a leading nought; 0x and blanks alone are nought.
    *((f"default={number}\n", "-d") for number in ("0x1", "010", "05", "08", "0X1", "-1", "-0", "2x", "'1>2'", "' 2'", "'2 '", "0x", "' '", "1.0")),
    ("default=03\n", "-n"),
]


def texts(ids: list[str]) -> dict[str, str]:
    return {f"{entry_id}.conf": f"title\tT{number}T\nlinux /k-{number}\noptions a b\n" for number, entry_id in enumerate(ids)}


def written(tree: Path, files: dict[str, str]) -> list[bls.BlsEntry]:
    """The entries as the scan orders them, after they were put where GRUB looks."""
    for old in (tree / FOLDER[1:]).iterdir():
        old.unlink()
    for name, text in files.items():
        (tree / FOLDER[1:] / name).write_text(text, encoding="utf-8")
    return bls.grub_order([bls.parse_upstream_entry(name, text) for name, text in files.items()], bls.UPSTREAM)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_is_grubs(newer: Path, seed: int) -> None:
    dice = random.Random(seed)
    drawn = {"".join(dice.choice(PIECES) for _ in range(dice.randint(1, 8))) for _ in range(300)}
    entries = written(newer, texts(sorted(name for name in drawn if name and not name.startswith("."))))
    assert len(entries) > 200
    shown = newer_tools.grub_menu(newer, f"insmod blsuki\nblscfg --path (host){FOLDER}\nset timeout=-1\n", len(entries))
    # Of names that are equal to it GRUB keeps the one that it reads first, the scan any.
    equal = {entry.fields["title"]: place for place, entry in enumerate(entries)}
    assert [equal.get(title, place) for place, title in enumerate(shown)] == list(range(len(entries)))
    assert len([title for title in shown if title in equal]) > len(entries) - 5


@pytest.mark.parametrize(("system", "version_id", "with_version"), [
    ("rhel", "8.10", True), ("rocky", "8.10", False), ("almalinux", "9.6", False), ("centos", "10", False), ("fedora", "30", False),
    ("fedora", "44", False), ("fedora", "45", False)])
def test_thirty_thousand_pairs_of_each_branch_are_in_the_order_of_its_rules(system: str, version_id: str, with_version: bool) -> None:
    branch, dice = bls.branch_of(system, version_id, "redhat"), random.Random(f"{system} {version_id}")
    assert branch is not bls.UPSTREAM
    texts = [f"{dice.choice('ab')}{made_up(dice)}" for _ in range(150)]
    ids = {text for text in texts + [text + dice.choice(PIECES) for text in texts] if "/" not in text}
    entries = [entry(entry_id, "1" + made_up(dice) if with_version else "") for entry_id in sorted(ids)]
    said = "".join(f"={one.id}.conf\nversion {one.version}\nlinux /k\n" if one.version else f"={one.id}.conf\nlinux /k\n" for one in entries)
    shown = boot_entries.ordered(boot_entries.read(said), {"ID": system, "VERSION_ID": version_id})
    place = {conf.name: at for at, conf in enumerate(shown)}
    pairs = list(itertools.combinations(entries, 2))
    assert len(pairs) >= 30000
    for left, right in pairs:
        expected = by_hand(left, right, branch, with_version)
        assert bls.grub_compare(left, right, branch, with_version) == expected, (left.id, right.id)
        assert expected == 0 or (place[left.id] < place[right.id]) is (expected > 0), (left.id, right.id)


@pytest.mark.parametrize(("before", "options"), MENUS)
def test_the_options_add_what_grub_adds(newer: Path, before: str, options: str) -> None:
    ordered = written(newer, texts(IDS))
    entries = [grub_menu.Entry(entry.fields["title"], entry.id, entry.path, None, True, "", "", (), "") for entry in ordered]
    menu = f"insmod blsuki\n{before}blscfg --path (host){FOLDER} {options}\nmenuentry T9T {{ linux /k-9 }}\nset timeout=-1\n"
    outcome = grub_menu.run(menu, grub_menu.Disk({}, {}, {}, {}, {FOLDER: entries}), "pc")
    ours = [entry.title for entry in outcome.entries]
    assert newer_tools.grub_menu(newer, menu, len(ours)) == ours
    assert grub_default.select(outcome.entries, "0")[0].title == ours[0]


@pytest.mark.parametrize("text", [
    "title T1T\n\nlinux /k\n", "title T1T\nnothing\nlinux /k\n", "title\t T1T\n# c\nlinux\t/k\n", "  title T1T\nlinux /k\n",
    "title T1T\noptions\tx y\nlinux /k\n", "title T1T\nefi /k\n", "title T1T\nlinux  \noptions x\n", "linux /T1T\n",
])
def test_an_entry_is_read_as_grub_reads_it(newer: Path, text: str) -> None:
    ordered = written(newer, {"m-1.conf": text})
    menu = f"insmod blsuki\nblscfg --path (host){FOLDER}\nmenuentry T9T {{ linux /k }}\nset timeout=-1\n"
    assert newer_tools.grub_menu(newer, menu, 1 + len(ordered)) == ["T1T"] * len(ordered) + ["T9T"]

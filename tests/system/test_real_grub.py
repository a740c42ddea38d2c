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
import re
import subprocess
from pathlib import Path

import newer_tools
import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import grub_default, grub_menu, grub_script
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


T1, T2 = "menuentry T1T { linux /k }\n", "menuentry T2T { linux /k }\n"


@pytest.mark.parametrize("script", [
    "function f {\n  return 1\n}\nif f; then " + T1 + "fi\n", "function f {\n  return\n}\nfalse\nif f; then " + T1 + "fi\n",
    "function f {\n  if true; then return 0; fi\n  " + T1 + "}\nf\n" + T2,
    "for n in 1 2; do if [ $n = 2 ]; then continue; fi; menuentry T${n}T { linux /k }; done\n",
    "for n in 1 2; do for m in 1 2; do menuentry T${m}T { linux /k }; break 2; done; done\n",
    "while true; do " + T1 + "  break\ndone\n", "break\ncontinue\nreturn\n" + T1,
    "set a='T1T T2T'\nfor n in $a; do menuentry $n { linux /k }; done\nfor n in \"$a\"; do menuentry \"$n\" { linux /k }; done\n",
    "function f { for n in \"$@\"; do menuentry \"$n\" { linux /k }; done; }\nf 'T1T x' T2T\n",
    "if [ $nothing = x ]; then " + T1 + "fi\nif [ -n $nothing ]; then " + T2 + "fi\n", "if [ ( a = b ) -o ( b = b ) ]; then " + T1 + "fi\n",
    "if [ ! ( a = a ) ]; then " + T1 + "fi\nif [ ]; then " + T2 + "fi\n", "unknown T8T { linux /k }\n" + T1,
])
def test_a_script_comes_to_the_menu_that_grub_shows(newer: Path, script: str) -> None:
    menu = f"insmod test\n{script}menuentry T9T {{ linux /k }}\nset timeout=-1\n"
    outcome = grub_menu.run(menu, grub_menu.Disk({}, {}, {}, {}, {}), "pc")
    ours = [title for entry in outcome.entries for title in re.findall(r"T\dT", entry.title)]
    assert newer_tools.grub_menu(newer, menu, len(ours)) == ours


PIECES_OF_SCRIPTS = [
    "if a; then b; fi", "if a\nthen\n b\nelse\n c\nfi\n", "for x in a b; do c; done", "while a; do b; done", "menuentry x { a }",
    "menuentry y {\n a\n}\n",
    "function f {\n a\n}\n", "a b c;", "submenu s {\n menuentry x { a; }\n}\n", "if a; then b; elif c; then d; else e; fi\n"]
WORDS_OF_SCRIPTS = [
    "if", "then", "elif", "else", "fi", "for", "in", "do", "done", "while", "until", "function", "menuentry", "{", "}", ";", "\n", "[", "]", "!", "=",
    "'a b'", '"$x"', "$x", "default=1", "1>2", "&&", "||", "|", "a&b", "<", "[[", "$(x)", "$", "x=${y}", "${y-1}", '$"t"', "a{b", "b}", "x={", "case",
    "a#b", "#c", "select", "name", "esac", ";;"]


def test_the_grammar_refuses_what_grub_script_check_refuses() -> None:
    dice = random.Random(7)
    seen = {True: 0, False: 0}
    for _number in range(200):
        words = [dice.choice(PIECES_OF_SCRIPTS if dice.random() < 0.5 else WORDS_OF_SCRIPTS) for _ in range(dice.randint(1, 5))]
        text = f"true\n{' '.join(words)}\n"
        accepted = subprocess.run(["grub-script-check"], input=text, text=True, capture_output=True, check=False).returncode == 0
        seen[accepted] += 1
        try:
            grub_script.parse(text)
            assert accepted, text
        except ValueError as error:
            assert not accepted, (text, error)
    assert min(seen.values()) > 20

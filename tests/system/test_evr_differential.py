# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our version orders against the real tools, over thousands of generated and real pairs.

A tool that is missing is a failure, not a skip: ``make test-system`` installs dpkg, rpm and systemd.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import versions

REAL = Path(__file__).parents[1] / "unit/module_utils/_formats/fixtures"
SEED = 20261124


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is not installed, but this test compares with the real tool: run make test-system, or apt-get install {name}")
    return path


def _real(kind: str) -> list[str]:
    return (REAL / f"{kind}.txt").read_text(encoding="utf-8").split("\n")[:-1]


def _mutated(dice: random.Random, version: str, alphabet: str) -> str:
    """A near relative: one character put in, taken out or changed, where orders are most easily got wrong."""
    at = dice.randrange(len(version) + 1)
    return version[:at] + dice.choice([dice.choice(alphabet), "", "0", "~"]) + version[at + dice.randrange(2):]


def _pairs(kind: str, alphabet: str, count: int) -> list[tuple[str, str]]:
    """Real versions with one another, with near relatives, and versions of a few characters of the alphabet."""
    dice = random.Random(SEED)
    real = _real(kind)
    pairs: list[tuple[str, str]] = []
    while len(pairs) < count:
        first = dice.choice([dice.choice(real), "0" + "".join(dice.choice(alphabet) for _ in range(dice.randrange(9)))])
        second = dice.choice([dice.choice(real), _mutated(dice, first, alphabet), _mutated(dice, _mutated(dice, first, alphabet), alphabet)])
        pairs.append((first, second))
    return pairs


def _valid(kind: str, text: str) -> bool:
    try:
        versions.sort_key(kind)(text)
    except versions.InvalidVersion:
        return False
    return True


def _shell(script: str, lines: list[str]) -> list[str]:
    """One shell for all lines: a process per pair from Python would take ten times as long."""
    done = subprocess.run(["sh", "-c", script], input="".join(line + "\n" for line in lines), capture_output=True, text=True, check=False, env={
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def _disagreements(kind: str, pairs: list[tuple[str, str]], answers: list[str]) -> list[str]:
    assert len(answers) == len(pairs)
    return [
        f"{a!r} {b!r}: ours {versions.compare(kind, a, b)}, the tool's {answer}"
        for (a, b), answer in zip(pairs, answers, strict=True) if str(versions.compare(kind, a, b)) != answer
    ]


def test_dpkg_agrees_on_order() -> None:
    _tool("dpkg")
    pairs = [pair for pair in _pairs(versions.DPKG, "0019aZ.+~-:", 5000) if all(_valid(versions.DPKG, text) for text in pair)]
    assert len(pairs) > 3000
    relation = {-1: "lt", 0: "eq", 1: "gt"}
    ours = [f"{a}|{relation[versions.compare(versions.DPKG, a, b)]}|{b}" for a, b in pairs]
    assert {line.split("|")[1] for line in ours} == set(relation.values())
    script = """while IFS='|' read -r a relation b; do
        if dpkg --compare-versions "$a" "$relation" "$b"; then echo agreed; else echo "$a $relation $b"; fi
    done"""
    answers = _shell(script, ours)
    assert len(answers) == len(ours)
    assert set(answers) == {"agreed"}


def test_dpkg_agrees_on_what_is_a_version() -> None:
    _tool("dpkg")
    dice = random.Random(SEED)
    texts = ["".join(dice.choice("019az.+~-:_^ /") for _ in range(dice.randrange(1, 7))) for _ in range(1500)]
    script = """while IFS= read -r a; do
        if dpkg --validate-version -- "$a" 2>/dev/null; then echo True; else echo False; fi
    done"""
    answers = _shell(script, texts)
    assert {"True", "False"} == set(answers)
    wrong = [text for text, answer in zip(texts, answers, strict=True) if str(_valid(versions.DPKG, text)) != answer]
    assert wrong == []


def test_rpm_agrees_on_order(tmp_path: Path) -> None:
    rpm = _tool("rpm")
    pairs = [pair for pair in _pairs(versions.RPM, "0019aZ._~^-:", 12000) if all(_valid(versions.RPM, text) for text in pair)]
    assert len(pairs) > 5000
    listed = tmp_path / "pairs"
    listed.write_text("".join(f"{a} {b}\n" for a, b in pairs), encoding="ascii")
    program = "%{lua: for line in io.lines('FILE') do print(rpm.vercmp(line:match('(.*) (.*)')) .. ' ') end}".replace("FILE", str(listed))
    answers = subprocess.run([rpm, "--eval", program], capture_output=True, text=True, check=True).stdout.split()
    assert _disagreements(versions.RPM, pairs, answers) == []


def test_systemd_agrees_on_order() -> None:
    analyze = _tool("systemd-analyze")
    pairs = _pairs(versions.SYSTEMD_BOOT, "0019aZ._~^-+é", 1200)
    script = f"""while IFS='|' read -r a b; do
        {analyze} compare-versions -- "$a" "$b" >/dev/null; case $? in 0) echo 0;; 11) echo 1;; 12) echo -1;; *) echo error;; esac
    done"""
    assert _disagreements(versions.SYSTEMD_BOOT, pairs, _shell(script, [f"{a}|{b}" for a, b in pairs])) == []

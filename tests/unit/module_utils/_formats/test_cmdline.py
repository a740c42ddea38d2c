# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's command line: order, quotes, the end of the kernel's own words, names, and which of several words counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import cmdline
from firebreak_proof.views import command_line
from hypothesis import given
from hypothesis import strategies as st

CASES = json.loads((Path(__file__).parents[1] / "_cpu/fixtures/command_lines.json").read_text())["cases"]


@pytest.mark.parametrize(("text", "parameters", "init"), CASES, ids=[case[0] for case in CASES])
def test_lines_are_read_as_the_kernel_reads_them(text: str, parameters: Any, init: Any) -> None:
    line = cmdline.parse(text)
    assert [[one.name, one.value] for one in cmdline.in_force(line.parameters)] == parameters
    assert line.init == init


@pytest.mark.parametrize(("text", "wanted", "given"), [
    ("quiet lockdown=integrity", "lockdown=integrity", True),
    ("lockdown=confidentiality", "lockdown=integrity", True),
    ("lockdown=integrity", "lockdown=confidentiality", False),
    ("mitigations=auto mitigations=off", "mitigations=auto", False),
    ("mitigations=off mitigations=auto,nosmt", "mitigations=auto,nosmt", True),
    ("\"mitigations=auto\"", "mitigations=auto", True),
    ("slab-nomerge", "slab_nomerge", True),
    ("console=tty0 console=ttyS0,115200", "console=tty0", True),
    ("quiet -- single", "single", True),
    ("quiet -- lockdown=integrity", "slub_debug=P", False),
    ("module.sig_enforce", "module.sig_enforce=1", True),
    ("module.sig_enforce=0", "module.sig_enforce=1", False),
    ("nospectre_v2 spectre_v2=on", "spectre_v2=on", False),
    ("quiet", "qui", False),
])
def test_a_word_is_given_where_it_is_in_force(text: str, wanted: str, given: bool) -> None:
    assert cmdline.is_given(cmdline.parse(text), wanted) is given
    assert command_line.gives(text, wanted) is given


# Quotes inside of a value, or that never close, are beyond what the proof reads.
PLAIN = [case for case in CASES if case[0].count('"') % 2 == 0 and "c" not in [name for name, _value in case[1]] and 'b"c' not in str(case)]


@pytest.mark.parametrize(("text", "parameters", "init"), PLAIN, ids=[case[0] for case in PLAIN])
def test_the_proofs_own_reader_agrees(text: str, parameters: Any, init: Any) -> None:
    said = [name if value is None else f"{name}={value}" for name, value in parameters]
    assert [word for word in command_line.in_force(text) if word] == [word.replace("module.sig_enforce=1", "module.sig_enforce") for word in said]


@pytest.mark.parametrize(("text", "patterns", "found"), [
    ("ro mitigations=off", ["mitigations=*"], ["mitigations=off"]),
    ("ro \"mitigations=off\"", ["mitigations=off"], ["\"mitigations=off\""]),
    ("ro mitigations=off mitigations=auto", ["mitigations=off"], []),
    ("ro xmitigations=off", ["mitigations=off"], []),
    ("no-stf-barrier", ["no_stf_barrier"], ["no-stf-barrier"]),
    ("kvm-intel.nested=1", ["kvm-intel.nested=*"], ["kvm-intel.nested=1"]),
    ("quiet -- nopti", ["nopti"], []),
    ("console=tty0 console=ttyS0", ["console=tty*"], ["console=tty0", "console=ttyS0"]),
])
def test_words_that_a_pattern_finds(text: str, patterns: list[str], found: list[str]) -> None:
    assert cmdline.matching(cmdline.parse(text), patterns) == found


@given(st.text(alphabet='ab= "-_\t', max_size=30))
def test_no_word_is_lost_or_made_up(text: str) -> None:
    words = cmdline.split(text)
    assert "".join("".join(words).split()) == "".join(text.split())
    line = cmdline.parse(text)
    assert len(line.parameters) + len(line.init) in (len(words), len(words) - 1)
    assert set(cmdline.in_force(line.parameters)) <= set(line.parameters)

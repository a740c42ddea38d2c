# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of the kernel's command line: what a line lacks, the file that a shell reads, and /etc/default/grub."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.words import (
    Wish,
    checked,
    edited_defaults,
    given_by,
    granted,
    is_granted,
    missing,
    snippet,
    unwanted,
)
from hypothesis import given
from hypothesis import strategies as st

WISH = Wish(["lockdown=integrity", "audit=1"], ["mitigations=off", "nospectre_*", "lockdown=*"])
WORDS = st.from_regex(r"[a-z][a-z0-9_.]{0,5}(=[a-z0-9,:/-]{0,4})?", fullmatch=True)
# Of two values for one name the later wins: both cannot be wished.
WISHED = st.lists(WORDS, max_size=3, unique_by=lambda word: word.partition("=")[0])


def test_a_word_that_must_be_there_stays_although_a_pattern_against_it_matches() -> None:
    line = "root=/dev/vda lockdown=integrity lockdown=confidentiality nospectre_v2"
    assert (missing(line, WISH), unwanted(line, WISH)) == (["audit=1"], ["lockdown=confidentiality", "nospectre_v2"])
    assert granted(line, WISH) == "root=/dev/vda lockdown=integrity audit=1"
    assert not is_granted(line, WISH)
    assert is_granted(granted(line, WISH), WISH)


def test_a_word_counts_whole() -> None:
    assert missing("audit=10 xaudit=1", Wish(["audit=1"], [])) == ["audit=1"]


@pytest.mark.parametrize("word", ["", "a b", "a\nb", 'a"b', "a'b", "a$b", "a`b", "a\\b", "a;b", "a|b", "a&b", "a)b", "#a", "a~", "ä"])
def test_what_a_shell_would_take_for_more_than_a_word_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"present has .*wanted: words without white space"):
        checked("present", ["ok", word])


def test_a_word_that_stands_twice_counts_once() -> None:
    assert checked("present", ["b", "a", "b"]) == ["b", "a"]


def sourced(tmp_path: Path, text: str, linux: str, default: str) -> str:
    """The words that GRUB's own script would make of the variables, by the shell that runs it."""
    file = tmp_path / "zz.cfg"
    file.write_text(text)
    script = f'set -e; GRUB_CMDLINE_LINUX="{linux}"; GRUB_CMDLINE_LINUX_DEFAULT="{default}"; . {file}; ' \
        'set -f; echo root=x $GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT'
    return subprocess.run(["/bin/sh", "-c", script], check=True, capture_output=True, text=True).stdout


def test_a_shell_makes_of_the_snippet_what_is_wished(tmp_path: Path) -> None:
    assert sourced(tmp_path, snippet(WISH), "console=ttyS0 mitigations=off audit=1", "quiet nospectre_v1 lockdown=none").split() == [
        "root=x", "console=ttyS0", "lockdown=integrity", "audit=1", "quiet"]


def test_the_snippet_takes_no_word_for_a_file_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    assert sourced(tmp_path, snippet(Wish(["x"], [])), "hugepages=* /*", "").split() == ["root=x", "hugepages=*", "/*", "x"]


@given(WISHED, st.lists(WORDS, max_size=3), st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=4))
def test_an_edited_file_gives_what_is_wished(present: list[str], absent: list[str], linux: list[str], default: list[str]) -> None:
    wish = Wish(present, absent)
    text = f'GRUB_CMDLINE_LINUX="{" ".join(linux)}"\nGRUB_TIMEOUT=8\nGRUB_CMDLINE_LINUX_DEFAULT=\'{" ".join(default)}\'\n'
    edited = edited_defaults(text, wish)
    values = re.findall(r"^GRUB_CMDLINE_LINUX(?:_DEFAULT)?=[\"'](.*)[\"']$", edited, re.MULTILINE)
    assert is_granted(" ".join(values), wish)
    assert edited_defaults(edited, wish) == edited
    assert "GRUB_TIMEOUT=8\n" in edited


def test_a_suse_file_is_edited_in_place() -> None:
    text = '# comment\nGRUB_CMDLINE_LINUX_DEFAULT="splash=silent mitigations=off quiet"\nGRUB_CMDLINE_LINUX=""\n'
    assert edited_defaults(text, WISH) == (
        '# comment\nGRUB_CMDLINE_LINUX_DEFAULT="splash=silent quiet lockdown=integrity audit=1"\nGRUB_CMDLINE_LINUX=""\n')


def test_a_file_without_the_variable_gets_it() -> None:
    assert edited_defaults("GRUB_TIMEOUT=8\n", Wish(["a"], [])) == 'GRUB_TIMEOUT=8\nGRUB_CMDLINE_LINUX_DEFAULT="a"\n'


def test_a_value_that_a_shell_must_work_out_is_left_alone() -> None:
    with pytest.raises(ValueError, match="GRUB_CMDLINE_LINUX is computed by the shell"):
        edited_defaults('GRUB_CMDLINE_LINUX="$(cat /x)"\n', WISH)


def test_nothing_wished_is_no_file() -> None:
    assert snippet(Wish([], [])) == ""


def test_what_a_snippet_gives_can_be_read_from_it() -> None:
    assert given_by(snippet(WISH)) == ["lockdown=integrity", "audit=1"]
    assert given_by("GRUB_DEFAULT=0\n") == []

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts on their way into a database and back: what is refused is written as what is shown, and nothing becomes something else."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.texts import indexable, original, storable

PARTS = ("\\", "\\", "\x00", "\ud800", "\udfff", "\u0041", "u0000", "ud800", "udfff", "uD800", "u0001", "é", "\n", "😀")


@pytest.mark.parametrize(("text", "expected"), [
    ("6.1.158-1", "6.1.158-1"), ("a\x00b", "a\\u0000b"), ("\udce9t\udce9", "\\udce9t\\udce9"), ("C:\\users\\u1", "C:\\users\\u1"),
    ("a\\u0000b", "a\\\\u0000b"), ("\\\x00", "\\\\\\u0000"), ("a\nb\x1b[2J\u202e", "a\nb\x1b[2J\u202e"), ("😀", "😀"), ("", ""),
    ("\ud83d\ude00", "\\ud83d\\ude00"),
])
def test_what_is_refused_is_written_as_its_escape(text: str, expected: str) -> None:
    assert storable(text) == expected
    assert original(expected) == text


def test_no_two_texts_become_one_and_each_comes_back() -> None:
    texts = {"".join(parts) for length in range(5) for parts in itertools.product(PARTS, repeat=length)}
    stored = {text: storable(text) for text in texts}
    assert len(set(stored.values())) == len(texts)
    assert not any(char == "\x00" or "\ud800" <= char <= "\udfff" for one in stored.values() for char in one)
    assert all(original(one) == text for text, one in stored.items())


def test_a_name_of_any_length_is_one_that_an_index_takes() -> None:
    long = [f"{'ж' * 3000}{end}" for end in "ab"]
    assert [indexable(name) for name in ("web1", "ж" * 1000, "\x00" * 333)] == ["web1", "ж" * 1000, "\x00" * 333]
    assert indexable(long[0]).startswith("ж" * 300)
    assert indexable(long[0]) != indexable(long[1])
    assert all(len(storable(indexable(name)).encode()) <= 2000 for name in (*long, "\x00" * 400, "\ud800" * 5000, "😀" * 501, "\\u0000" * 500))


def test_very_many_backslashes_are_read_once() -> None:
    many = "\\" * 1_000_000
    for text in (f"{many}\n", f"{many}\x00", f"{many}u0000", f"\\u{many}"):
        assert original(storable(text)) == text

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms that a key may take, and the messages for those that it does not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.requirement import Requirement, RequirementError, parse
from hypothesis import given
from hypothesis import strategies as st

VERSION = ("exact", "minimum", "any_of", "rule")
RULES = ("newest_installed",)


@pytest.mark.parametrize(("raw", "wanted", "words"), [
    ("6.1", Requirement("exact", "6.1"), "6.1"),
    ({"minimum": "6.1"}, Requirement("minimum", "6.1"), "at least 6.1"),
    ({"any_of": ["6.1", "6.2"]}, Requirement("any_of", ("6.1", "6.2")), "one of 6.1, 6.2"),
    ({"any_of": []}, Requirement("any_of", ()), "none"),
    ({"rule": "newest_installed"}, Requirement("rule", "newest_installed"), "the newest installed"),
])
def test_each_form_is_read_and_said_in_words(raw: Any, wanted: Requirement, words: str) -> None:
    read = parse(raw, "version", VERSION, rules=RULES)
    assert read == wanted
    assert str(read) == words


@pytest.mark.parametrize(("raw", "message"), [
    (12, 'write it in quotes, as in "12"'),
    (22.1, "write it in quotes"),
    ("", "seen ''"),
    ("{{ evil }}", "without a Jinja opening"),
    ("a\x1b[31m", "printable ASCII"),
    ("x" * 300, "at most 256"),
    ({}, "an empty mapping"),
    ({"minimum": "1", "any_of": ["1"]}, "2 forms at once"),
    ({"maximum": "1"}, "form 'maximum'"),
    ({"rule": "newest"}, "one of newest_installed"),
    ({"any_of": "6.1"}, "a list"),
    (["6.1"], "text"),
])
def test_a_wrong_value_is_refused_with_what_was_seen_and_wanted(raw: Any, message: str) -> None:
    with pytest.raises(RequirementError) as caught:
        parse(raw, "version", VERSION, rules=RULES)
    assert message in f"seen {caught.value}"


@pytest.mark.parametrize("line", [f"{64 * 'a'}  bin/shim", f"{64 * 'a'} *bin/shim", f"{64 * 'a'}  ./bin/shim"])
def test_a_line_of_sha256sums_has_one_form(line: str) -> None:
    assert parse([line], "checksums", ("exact",)) == Requirement("any_of", (f"{64 * 'a'}  bin/shim",))


@pytest.mark.parametrize("line", ["bin/shim", 64 * "a", f"{64 * 'A'}  bin/shim", f"{63 * 'a'}  bin/shim", f"{64 * 'a'}  /etc/shadow",
                                  f"{64 * 'a'}  ../../etc/shadow", f"{64 * 'a'}  bin/../../x", f"{64 * 'a'}  a b", 7])
def test_a_file_is_promised_by_a_line_as_sha256sum_prints_it(line: Any) -> None:
    with pytest.raises(RequirementError, match="wanted"):
        parse([line], "checksums", ("exact",))


def test_a_bare_off_gets_a_hint_about_yaml() -> None:
    with pytest.raises(RequirementError, match="YAML reads a bare on, off"):
        parse(False, "choice", ("exact",), choices=("active", "inactive"))


@pytest.mark.parametrize("raw", [True, -1, 1.5, "7", 10_000_000])
def test_a_number_is_whole_and_bounded(raw: Any) -> None:
    with pytest.raises(RequirementError, match="a whole number"):
        parse({"maximum": raw}, "number", ("maximum",))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6))
def test_anything_is_read_or_refused(raw: Any) -> None:
    try:
        read = parse(raw, "version", VERSION, rules=RULES)
    except RequirementError as error:
        assert error.seen and error.wanted
    else:
        assert read.form in ("exact", *VERSION)

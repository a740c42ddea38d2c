# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three version orders: known pairs, the laws of an order, and what is no version."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import versions as evr
from hypothesis import given
from hypothesis import strategies as st

# Each line: older, relation, newer-or-equal. The relations are dpkg's own.
DPKG_PAIRS = [
    ("1.0-1", "=", "1.0000-1"), ("0", "=", "0:0-0"),
    ("0~", "<", "0"), ("1-0~", "<", "1"), ("0:1-1", "=", "1-1"), ("1.0", "=", "1.0-0"), ("1", "<", "1.0"),
    ("0.5", "=", "00.5"),
    ("0foobar", "<", "0foo.bar"), ("0foo~~", "<", "0foo~"), ("0foo~", "<", "0foo"), ("3.10+nmu1", "<", "3.11"), ("3.8.GA-1", "<", "1:3.8.1-1"),
    ("1a", "<", "1000a"), ("2.7.4+reloaded2-13ubuntu1", "<", "2.7.4+reloaded2-13+deb9u1"), ("1-1", "<", "1-1.1"), ("1-1~bpo12+1", "<", "1-1"),
    ("0:1-9", "<", "1:0-0"), ("  1.0-1\t", "=", "1.0-1"), ("1-2-3", "<", "1-3-1"), ("1:2:3-1", "<", "1:2:4-1"),
    ("6.1.170-3", "<", "6.1.172-1"), ("6.12.96-1~deb13u1", "<", "6.12.100-1"), ("4.9.144-3.1", "<", "4.9.168-1"), ("6.1.99-1", "<", "6.1.112-1"),
    ("5.4.0-52.57~20.04", "<", "5.4.0-52.57"), ("6.12.6-1~bpo12+1", "<", "6.12.6-1"),
    ("99999999999999999999999-1", "<", "100000000000000000000000-1"),
]

RPM_PAIRS = [
    ("1.0", "=", "1.0"), ("1.0", "<", "2.0"), ("2.0", "<", "2.0.1"), ("2.0.1", "<", "2.0.1a"), ("5.5p1", "<", "5.5p10"), ("10xyz", "<", "10.1xyz"),
    ("xyz10", "<", "xyz10.1"), ("xyz.4", "<", "2"), ("6.0", "<", "6.0.rc1"), ("10a2", "<", "10b2"), ("1.0a", "<", "1.0aa"), ("10.0001", "=", "10.1"),
    ("4.999.9", "<", "5.0"), ("2.0", "=", "2_0"), ("a+", "=", "a_"), ("+_", "=", "_+"), ("1.0~rc1", "<", "1.0"), ("1.0~rc1~git123", "<", "1.0~rc1"),
    ("1.0", "<", "1.0^"), ("1.0^git1", "<", "1.01"), ("1.0^20160101", "<", "1.0.1"), ("1.0~rc1^git1", "<", "1.0"), ("1.0", "<", "1.0-1"),
    ("0:1.0-1", "=", "1.0-1"), ("9-9", "<", "1:0-0"), ("1b.fc17", "<", "1.fc17"), ("1.fc17", "<", "1g.fc17"),
    ("2.9.1-6.el7_2.3", "<", "2.9.1-6.0.1.el7_2.3"), ("4.18.0-553.8.1.el8_10", "<", "4.18.0-553.16.1.el8_10"),
    ("5.14.0-427.13.1.el9_4", "<", "5.14.0-503.11.1.el9_5"), ("6.4.0-150600.23.7.3", "<", "6.4.0-150600.23.14.2"), ("5.13~rc7-17.1", "<", "5.13-1.1"),
]

BOOT_PAIRS = [
    ("", "=", ""), ("~1", "<", ""), ("", "<", "0"), ("11", "=", "011"), ("123", "<", "123a"), ("123", "<", "123.a"), ("123.a", "<", "123.b"),
    ("123.a", "<", "123a"), ("11\u03b1", "=", "11\u03b2"), ("A", "<", "a"), ("0", "<", "0."), ("0", "<", "0.0"), ("0~", "<", "0"),
    ("1_", "=", "1"), ("_1", "=", "1"),
    ("1_", "<", "1.2"), ("1.3.3", "<", "1_2_3"), ("1+", "=", "1"), ("1+2+3", "=", "1_2_3"), ("1.0~rc1", "<", "1.0"), ("123-9", "<", "123.1-1"),
    ("1.0", "<", "1.0^"), ("6.1.0-9", "<", "6.1.0-10"), ("10.1xyz", "<", "10xyz"), ("2.0", "<", "2_0"), ("bar-123", "<", "foo-123"),
    ("6.12.96+deb13-amd64", "<", "6.12.100+deb13-amd64"),
]

PAIRS = [
    (kind, older, relation, newer)
    for kind, pairs in ((evr.DPKG, DPKG_PAIRS), (evr.RPM, RPM_PAIRS), (evr.SYSTEMD_BOOT, BOOT_PAIRS))
    for older, relation, newer in pairs
]


@pytest.mark.parametrize(("kind", "older", "relation", "newer"), PAIRS)
def test_known_pairs_compare_as_their_tool_does_in_both_directions(kind: str, older: str, relation: str, newer: str) -> None:
    wanted = -1 if relation == "<" else 0
    assert evr.compare(kind, older, newer) == wanted
    assert evr.compare(kind, newer, older) == -wanted


@pytest.mark.parametrize(
    "text",
    ["", "  ", "0:", ":1.0", "1.0-", "0:0 0-1", "-1:0-1", "999999999999999999999999:0-1", "2147483648:1", "a:0-0", "-0", "0:-0", "abc3-0", "0:0-0:0",
     "1²:1", "²:1", "1_0", "1.0-a_b", "1.0\n-1", "1\x00", "1\x1b[31m", "1" * 5000, None, 3, b"1.0", ["1.0"]]
    + [f"0a{c}-0" for c in "!#@$%&/|\\<>()[]{};,_=*^'"],
)
def test_what_dpkg_calls_bad_syntax_is_a_typed_error(text: object) -> None:
    with pytest.raises(evr.InvalidVersion, match="dpkg version"):
        evr.compare(evr.DPKG, text, "1.0")


@pytest.mark.parametrize("text", ["", " ", "a:1", ":1", "1:", "1-", "-1", "1 0", "1.0-1-2", "1.0\n", "1.é", "1/2", "(none)", None, 1.0])
def test_what_is_no_evr_is_a_typed_error(text: object) -> None:
    with pytest.raises(evr.InvalidVersion, match="rpm version"):
        evr.compare(evr.RPM, "1.0", text)


@pytest.mark.parametrize("text", ["1\x00", "1\x7f", None, 7, "1" * 5000])
def test_what_is_no_entry_name_is_a_typed_error(text: object) -> None:
    with pytest.raises(evr.InvalidVersion, match="systemd-boot version"):
        evr.compare(evr.SYSTEMD_BOOT, text, "1")


def test_the_message_names_kind_text_and_problem_and_stays_short() -> None:
    with pytest.raises(evr.InvalidVersion) as caught:
        evr.compare(evr.DPKG, "x" * 4000, "1")
    assert str(caught.value).startswith("dpkg version 'xxx")
    assert "must start with a digit" in str(caught.value)
    assert len(str(caught.value)) < 250


def test_an_unknown_order_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"version order 'pacman': must be one of dpkg, file name, rpm, systemd-boot"):
        evr.sort_key("pacman")


def test_sort_key_sorts_kernels() -> None:
    releases = ["6.1.0-10", "6.1.0-9", "6.12.100-1", "6.12.96-1"]
    assert sorted(releases, key=evr.sort_key(evr.DPKG)) == ["6.1.0-9", "6.1.0-10", "6.12.96-1", "6.12.100-1"]


def test_names_of_files_are_ordered_without_their_endings_first() -> None:
    """gnulib's filevercmp; tests/system asks GRUB 2.14, which sorts by it."""
    names = [".hidden.conf", "m-6.9.conf", "m-6.10~rc1.conf", "m-6.10.conf", "m-6.10.el9.conf", "m-6.10+debug.conf", "m-6.10é.conf"]
    assert sorted(set(names), key=evr.sort_key(evr.FILE_NAME)) == names


def test_the_orders_differ_where_their_tools_differ() -> None:
    assert [evr.compare(kind, "1.0", "1.0-0") for kind in (evr.DPKG, evr.RPM, evr.SYSTEMD_BOOT)] == [0, -1, -1]
    assert [evr.compare(kind, "1.1-1", "1a-1") for kind in (evr.DPKG, evr.RPM, evr.SYSTEMD_BOOT)] == [1, 1, -1]


ALPHABETS = {evr.DPKG: "019az.+~:-", evr.RPM: "019azZ._~^:-", evr.SYSTEMD_BOOT: "019azZ._~^+é-"}
KINDS = st.sampled_from(sorted(ALPHABETS))


def _valid(kind: str, text: str) -> bool:
    try:
        evr.sort_key(kind)(text)
    except evr.InvalidVersion:
        return False
    return True


VERSIONS = KINDS.flatmap(
    lambda kind: st.tuples(
        st.just(kind), *[st.text(alphabet=ALPHABETS[kind], max_size=8).map("0".__add__).filter(lambda text: _valid(kind, text)) for _ in range(3)]
    )
)


@given(VERSIONS)
def test_each_order_is_reflexive_antisymmetric_and_transitive(versions: tuple[str, str, str, str]) -> None:
    kind, a, b, c = versions
    assert evr.compare(kind, a, a) == 0
    assert evr.compare(kind, a, b) == -evr.compare(kind, b, a)
    low, middle, high = sorted((a, b, c), key=evr.sort_key(kind))
    assert evr.compare(kind, low, middle) <= 0
    assert evr.compare(kind, middle, high) <= 0
    assert evr.compare(kind, low, high) <= 0


@given(VERSIONS)
def test_a_tilde_suffix_is_always_older(versions: tuple[str, str, str, str]) -> None:
    kind, version, _b, _c = versions
    # systemd takes only one tilde a step, so there "1~~1" is newer than "1~".
    if _valid(kind, version + "~1") and not (kind == evr.SYSTEMD_BOOT and version.endswith("~")):
        assert evr.compare(kind, version + "~1", version) == -1


@given(KINDS, st.one_of(st.text(), st.text(alphabet="0123456789.-:~^+azé\x00 "), st.none(), st.integers(), st.binary()))
def test_any_input_is_ordered_or_refused_with_the_typed_error(kind: str, anything: object) -> None:
    try:
        assert evr.compare(kind, anything, anything) == 0
    except evr.InvalidVersion as error:
        assert str(error).startswith(kind)

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The standard: validation, merging of overrides, platform blocks, waivers, the SHA-256 that names it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import (
    StandardError,
    effective,
    is_standard_variable,
    promises,
    resolve,
)
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.requirement import Requirement
from hypothesis import given
from hypothesis import strategies as st

PLAIN = {"name": "p", "os": {"id": "debian"}, "kernel": {"running": "6.1.0-41-amd64", "held": "forbidden"}}
MOVING = {**PLAIN, "platforms": [{"match": {"family": "redhat"}, "kernel": {"running": "5.14.0"}},
                                 {"match": {"id": "rocky", "version_id": ["9.*"]}, "os": {"id": "rocky"}}]}


def override(key: str, value: Any, match: Any = None) -> dict[str, Any]:
    return {"set": {key: value}, "reason": "because", **({"match": match} if match else {})}


def test_a_plain_standard_becomes_promises() -> None:
    made = promises(effective({"firebreak_standard": PLAIN}).standard or {})
    assert made["kernel.running"] == Requirement("exact", "6.1.0-41-amd64")
    assert made["kernel.held"] == Requirement("exact", "forbidden")


def test_no_standard_is_no_error() -> None:
    found = effective({})
    assert (found.standard, found.sha256, found.waivers) == (None, None, ())


@pytest.mark.parametrize(("standard", "message"), [
    ("x", "firebreak_standard: seen 'x'; wanted: a mapping"),
    ({"kernal": {}}, "firebreak_standard.kernal: unknown key; did you mean 'kernel'?"),
    ({"running": "6.1"}, "did you mean 'kernel.running'?"),
    ({"kernel": {"runing": "6.1"}}, "firebreak_standard.kernel.runing: unknown key; did you mean 'running'?"),
    ({"kernel": "6.1"}, "firebreak_standard.kernel: seen '6.1'; wanted: a mapping with"),
    ({"os": {"version_id": 12}}, 'firebreak_standard.os.version_id: seen 12 (a number or truth value); wanted: text: write it in quotes, as in "12"'),
    ({"kernel": {"held": "no"}}, "firebreak_standard.kernel.held: seen 'no'; wanted: one of forbidden, allowed"),
    ({"cpu": {"vulnerabilities": {"a b": "mitigated"}}}, "firebreak_standard.cpu.vulnerabilities.a b: unknown key"),
    ({True: "x"}, "firebreak_standard.true: unknown key"),
    ({"platforms": {}, "kernel": {"held": 1}}, "firebreak_standard.kernel.held: seen 1"),
    ({"platforms": "x"}, "firebreak_standard.platforms: seen 'x'; wanted: a list"),
    ({"platforms": [{"kernel": {}}]}, "firebreak_standard.platforms[0]: seen"),
    ({"platforms": [{"match": {"os": "debian"}}]}, "firebreak_standard.platforms[0].match.os: unknown fact; wanted: a mapping with any of family"),
    ({"platforms": [{"match": {"version_id": 9}}]}, "write versions in quotes"),
    ({"platforms": [{"match": {"id": "x"}, "kernel": {"runing": "1"}}]}, "firebreak_standard.platforms[0].kernel.runing: unknown key"),
    ({"kernel": {"running": {"minimum": object()}}}, "is no data"),
])
def test_a_mistake_names_the_key_the_value_and_what_is_wanted(standard: Any, message: str) -> None:
    with pytest.raises(StandardError) as caught:
        effective({"firebreak_standard": standard})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(StandardError) as caught:
        effective({"firebreak_standard": {"kernel": {"a": 1, "b": 1, "c": 1}, "os": {"d": 1, "e": 1, "f": 1, "g": 1}}})
    assert str(caught.value).count("unknown key") == 5
    assert str(caught.value).endswith("and 2 more")


def test_the_sha_names_the_content_not_its_order() -> None:
    turned = {name: PLAIN[name] for name in reversed(list(PLAIN))}
    assert effective({"firebreak_standard": PLAIN}).sha256 == effective({"firebreak_standard": turned}).sha256
    assert effective({"firebreak_standard": PLAIN}).sha256 != effective({"firebreak_standard": {**PLAIN, "name": "q"}}).sha256


@pytest.mark.parametrize(("name", "wanted"), [
    ("firebreak_standard", True), ("firebreak_standard_overrides", True), ("firebreak_standard_overrides_rack7", True), ("firebreak_waivers_x", True),
    ("firebreak_standard_file", False), ("firebreak_standard_overridesx", False), ("firebreak_waivers", True), ("x_firebreak_waivers", False)])
def test_variables_take_part_by_their_names(name: str, wanted: bool) -> None:
    assert is_standard_variable(name) is wanted


def test_platform_blocks_apply_in_order() -> None:
    standard = effective({"firebreak_standard": MOVING}).standard or {}
    assert resolve(standard, {"family": "debian", "id": "debian"})["kernel"]["running"] == "6.1.0-41-amd64"
    assert resolve(standard, {"family": "redhat", "id": "rocky", "version_id": "9.6"}) == {
        "name": "p", "os": {"id": "rocky"}, "kernel": {"running": "5.14.0", "held": "forbidden"}}
    assert resolve(standard, {"family": "redhat", "id": "rocky", "version_id": "8.10"})["os"]["id"] == "debian"
    assert resolve(standard, {"family": ["redhat"], "id": None})["kernel"]["running"] == "6.1.0-41-amd64"


def test_overrides_of_all_levels_are_joined_in_the_order_of_their_names() -> None:
    found = effective({"firebreak_standard": PLAIN, "firebreak_standard_overrides_b": [override("kernel.one_shot", "forbidden")],
                       "firebreak_standard_overrides_a": [override("kernel.running", "6.2.0"), override("kernel.held", None)]})
    assert found.standard == {"name": "p", "os": {"id": "debian"}, "kernel": {"running": "6.2.0", "one_shot": "forbidden"}}
    assert found.provenance["kernel.running"] == "firebreak_standard_overrides_a[0]: because"
    assert found.provenance["os.id"] == "firebreak_standard"


def test_an_override_wins_over_a_platform_block() -> None:
    found = effective({"firebreak_standard": MOVING, "firebreak_standard_overrides": [override("kernel.running", "6.9.0")]})
    assert resolve(found.standard or {}, {"family": "redhat"})["kernel"]["running"] == "6.9.0"


def test_an_override_with_a_match_applies_where_it_matches() -> None:
    found = effective({"firebreak_standard": PLAIN, "firebreak_standard_overrides": [
        {"match": {"architecture": "aarch64"}, "set": {"kernel": {"held": None, "running": "6.3.0"}}, "reason": "Arm"}]})
    assert resolve(found.standard or {}, {"architecture": "aarch64"})["kernel"] == {"running": "6.3.0"}
    assert resolve(found.standard or {}, {"architecture": "x86_64"})["kernel"] == PLAIN["kernel"]
    assert "kernel.running [architecture aarch64]" in found.provenance


@pytest.mark.parametrize(("first", "second", "conflict"), [
    (None, None, True),
    ({"id": "debian"}, None, True),
    ({"id": "debian"}, {"id": "rocky"}, False),
    ({"id": "debian"}, {"architecture": "x86_64"}, True),
    ({"version_id": "9.*"}, {"version_id": ["9.4"]}, True),
    ({"version_id": "9.*"}, {"version_id": "10.1"}, False),
    ({"version_id": "9.*"}, {"version_id": "*.1"}, True),
])
def test_two_values_for_one_host_are_an_error_that_names_both(first: Any, second: Any, conflict: bool) -> None:
    variables = {"firebreak_standard": PLAIN, "firebreak_standard_overrides_a": [override("kernel.running", "6.2.0", first)],
                 "firebreak_standard_overrides_b": [override("kernel.running", "6.3.0", second)]}
    if not conflict:
        assert effective(variables).standard
        return
    names = r"kernel\.running: firebreak_standard_overrides_a\[0\] sets '6\.2\.0' and firebreak_standard_overrides_b\[0\]"
    with pytest.raises(StandardError, match=names):
        effective(variables)


def test_two_equal_overrides_are_no_conflict() -> None:
    same = [override("kernel.running", "6.2.0")]
    assert effective({"firebreak_standard": PLAIN, "firebreak_standard_overrides_a": same, "firebreak_standard_overrides_b": same}).standard


@pytest.mark.parametrize(("overrides", "message"), [
    ({}, "firebreak_standard_overrides: seen {}; wanted: a list"),
    (["x"], "firebreak_standard_overrides[0]: seen 'x'; wanted: a mapping with set, reason, match"),
    ([{"set": {"kernel.held": "allowed"}}], "firebreak_standard_overrides[0].reason: seen None; wanted: why"),
    ([{"reason": "x"}], "firebreak_standard_overrides[0].set: seen None"),
    ([{"reason": "x", "set": {"kernel.runing": "1"}}], "overrides[0].set.kernel.runing: unknown key; did you mean 'kernel.running'?"),
    ([{"reason": "x", "set": {"kernel": {"held": 1}}}], "firebreak_standard_overrides[0].set.kernel.held: seen 1"),
    ([{"reason": "x", "set": {"hypervisor.qemu": {}}}], "hypervisor.qemu: a group of keys; wanted: one of hypervisor.qemu.installed"),
    ([{"reason": "x", "set": {"kernel.held": "allowed", "kernel": {"held": "allowed"}}}], "set twice"),
    ([{"reason": "x", "set": {"kernel.held": "allowed"}, "host": "a"}], "firebreak_standard_overrides[0].host: unknown key"),
])
def test_a_wrong_override_is_named_by_its_place(overrides: Any, message: str) -> None:
    with pytest.raises(StandardError) as caught:
        effective({"firebreak_standard": PLAIN, "firebreak_standard_overrides": overrides})
    assert message in str(caught.value)


def test_an_override_of_nothing_is_an_error() -> None:
    with pytest.raises(StandardError, match=r"firebreak_standard_overrides\[0\]: there is nothing to override"):
        effective({"firebreak_standard_overrides": [override("kernel.held", "allowed")]})


WAIVER = {"finding": "cpu.*", "owner": "team", "reason": "ordered", "expires": "2027-01-31"}


def test_waivers_take_a_day_as_text_or_as_yaml_reads_it() -> None:
    found = effective({"firebreak_waivers": [WAIVER], "firebreak_waivers_b": [{**WAIVER, "expires": datetime.date(2027, 2, 1)}]})
    assert [waiver.expires for waiver in found.waivers] == [datetime.date(2027, 1, 31), datetime.date(2027, 2, 1)]


@pytest.mark.parametrize(("change", "message"), [
    ({"expires": "soon"}, "firebreak_waivers[0].expires: seen 'soon'; wanted: a day such as 2027-03-31"),
    ({"expires": None}, "firebreak_waivers[0].expires: seen None"),
    ({"owner": ""}, "firebreak_waivers[0].owner: seen ''"),
    ({"reason": 3}, "firebreak_waivers[0].reason: seen 3"),
    ({"finding": "kernel.runing"}, "did you mean 'kernel.running'?"),
    ({"finding": "nothing.*"}, "which no finding has"),
    ({"until": "x"}, "firebreak_waivers[0].until: unknown key"),
])
def test_a_wrong_waiver_is_named_by_its_place(change: dict[str, Any], message: str) -> None:
    with pytest.raises(StandardError) as caught:
        effective({"firebreak_waivers": [{**WAIVER, **change}]})
    assert message in str(caught.value)


NAMES = st.sampled_from(["kernel", "os", "running", "id", "platforms", "match", "held", "set", "reason", "finding"])
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["forbidden", "6.1"]),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        NAMES | st.text(max_size=5), inner, max_size=3), max_leaves=12)


@given(JSON, JSON, JSON)
def test_any_variables_are_taken_or_refused_in_one_line(standard: Any, overrides: Any, waivers: Any) -> None:
    try:
        effective({"firebreak_standard": standard, "firebreak_standard_overrides": overrides, "firebreak_waivers": waivers})
    except StandardError as error:
        assert str(error)


@pytest.mark.parametrize("text", ['{"os": {"id": "debian"}}', "os: {id: debian}", "os:\n  id: debian\n", "  \n\nos:\n  id: debian"])
def test_the_text_of_a_survey_is_the_standard_that_it_spells(text: str) -> None:
    """A survey of AWX has no type for a mapping: JSON and YAML come as text, a question left blank as an empty one."""
    assert effective({"firebreak_standard": text}).standard == {"os": {"id": "debian"}}
    blank = effective({"firebreak_standard": " ", "firebreak_standard_overrides": "", "firebreak_waivers": "\n"})
    assert (blank.standard, blank.waivers) == (None, ())


def test_waivers_and_overrides_may_be_text_too() -> None:
    found = effective({"firebreak_standard": PLAIN, "firebreak_standard_overrides_x": '[{"set": {"kernel.held": "allowed"}, "reason": "r"}]',
                       "firebreak_waivers": "- {finding: kernel.held, owner: o, reason: r, expires: 2099-01-01}"})
    assert (found.standard or {})["kernel"]["held"] == "allowed"
    assert [waiver.finding for waiver in found.waivers] == ["kernel.held"]


@pytest.mark.parametrize(("variables", "words"), [
    ({"firebreak_standard": "{{ standard }}"}, "firebreak_standard: seen '{{ standard }}', a template that was not rendered"),
    ({"firebreak_standard": {"kernel": {"running": "{{ kernel }}"}}}, "a template that was not rendered"),
    ({"firebreak_standard": "os: {id: debian"}, "firebreak_standard: the text is no YAML or JSON"),
    ({"firebreak_standard": "[" * 500 + "]" * 500}, "firebreak_standard: the text is no YAML or JSON"),
    ({"firebreak_standard": "os: 2026-02-30"}, "firebreak_standard: the text is no YAML or JSON"),
    ({"firebreak_standard": "debian"}, "firebreak_standard: seen 'debian'; wanted: a mapping"),
    ({"firebreak_waivers": "all of them"}, "firebreak_waivers: seen 'all of them'; wanted: a list"),
])
def test_a_text_that_spells_none_is_named(variables: dict[str, Any], words: str) -> None:
    with pytest.raises(StandardError) as caught:
        effective(variables)
    assert words in str(caught.value)

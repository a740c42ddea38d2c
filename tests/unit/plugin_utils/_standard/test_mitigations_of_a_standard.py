# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an entry of mitigations may hold, and how a mistake in one is told."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard import promised_files
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import StandardError, effective

ENTRY: dict[str, Any] = {"advisory": "CVE-2026-31431", "reason": "why", "owner": "who", "expires": "2027-01-31", "modules": ["algif-aead"]}


@pytest.mark.parametrize(("change", "said"), [
    ({"module": ["x"]}, "seen key module"), ({"reason": ""}, "seen none for reason"), ({"owner": None}, "none for owner"),
    ({"modules": []}, "nothing that it would change"), ({"expires": "soon"}, "expires: soon"), ({"modules": ["a b"]}, "modules: a b"),
    ({"modules": "a"}, "wanted: a list"), ({"advisory": "x y"}, "ids such as CVE-2026-31431"), ({"cmdline": ["a b"]}, "cmdline has 'a b'"),
    ({"kvm_parameters": {"nested": 0}}, "MODULE.PARAMETER"), ({"sysctls": {"kernel": 1}}, "sysctls: kernel: 1"),
    ({"sysctls": {"kernel.x": "a\nb"}}, "sysctls: kernel.x"), ({"services_off": ["cups"]}, "units with their ending"),
    ({"fixed": {"debian": "1"}}, "fixed: debian: 1"), ({"fixed": ["x"]}, "a mapping of streams"), ({"reason": "{{ x }}"}, "Jinja")])
def test_a_mistake_is_told(change: dict[str, Any], said: str) -> None:
    with pytest.raises(StandardError) as told:
        effective({"firebreak_standard": {}, "firebreak_mitigations_x": [{**ENTRY, **change}]})
    assert said in str(told.value)
    assert "firebreak_mitigations_x[0]" in str(told.value)


def test_lists_of_every_suffix_are_added_to_the_standards_own_and_to_those_of_platforms() -> None:
    other = {**ENTRY, "advisory": ["CVE-2026-1", "CVE-2026-2"]}
    standard = {"mitigations": [ENTRY], "platforms": [{"match": {"id": "debian"}, "mitigations": [ENTRY]}, {"match": {"id": "x"}, "os": {"id": "x"}}]}
    made = effective({"firebreak_standard": standard, "firebreak_mitigations_b": [other]})
    assert made.standard is not None
    assert [len(part.get("mitigations", ())) for part in (made.standard, *made.standard["platforms"])] == [2, 2, 0]
    assert made.provenance["mitigations"] == "firebreak_standard, firebreak_mitigations_b[0]"
    assert made.base == effective({"firebreak_standard": standard}).sha256


def test_without_a_standard_there_is_nothing_to_add_to() -> None:
    with pytest.raises(StandardError, match="firebreak_mitigations"):
        effective({"firebreak_mitigations": [ENTRY]})


def test_a_scan_looks_at_what_mitigations_name() -> None:
    standard = {"mitigations": [{**ENTRY, "sysctls": {"kernel.a": 1}}], "kernel": {"modules_blocked": ["rxrpc"]},
                "platforms": [{"match": {"id": "x"}, "mitigations": [{**ENTRY, "modules": ["esp4"], "sysctls": {"kernel.b": True}}]}]}
    assert promised_files.modules_of_standard(standard) == ["algif_aead", "esp4", "rxrpc"]
    assert promised_files.sysctls_of_standard(standard) == ["kernel.a", "kernel.b"]

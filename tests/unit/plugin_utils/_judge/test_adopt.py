# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A standard from a golden host: valid, kept by the host itself, and free of what the host might smuggle in."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.firebreak.fleet.plugins.filter.adopt_standard import adopted
from ansible_collections.firebreak.fleet.plugins.filter.effective_standard import merged
from ansible_collections.firebreak.fleet.plugins.filter.evaluate import judged
from golden_record import golden

MOMENT = "2026-11-24T06:00:00Z"


def adopt(record: Any) -> tuple[dict[str, Any], str]:
    text = adopted(record, name="p", host="web1", now=MOMENT)
    return yaml.safe_load(text)["firebreak_standard"], text


def test_the_golden_host_keeps_its_own_standard() -> None:
    standard, text = adopt(golden())
    assert standard["kernel"]["running"] == "6.12.57-amd64"
    assert standard["hypervisor"]["qemu"]["installed"] == {"minimum": "1:10.0.2+ds-2"}
    assert text.startswith("---\n# Adopted from web1 on 2026-11-24.")
    assert judged(golden(), standard=standard, now=MOMENT)["verdict"] == "compliant"


def test_files_that_the_scan_hashed_are_taken_over() -> None:
    rows = [{"path": "bin/shim", "sha256": 64 * "a", "problem": ""}, {"path": "bin/firecracker", "sha256": None, "problem": "absent"}]
    record = golden({"kata.origin": "release", "kata.files": rows})
    standard, _ = adopt(record)
    assert standard["kata"]["files"] == [f"{64 * 'a'}  bin/shim"]


def test_another_host_does_not() -> None:
    standard, _ = adopt(golden())
    other = judged(golden({"kernel.running.release": "6.12.48-amd64", "cpu.smt.active": True}), standard=standard, now=MOMENT)
    assert {finding["id"] for finding in other["findings"]} >= {"kernel.running", "cpu.smt"}


def test_what_the_host_breaks_or_cannot_say_is_left_out_with_the_reason() -> None:
    weak = {"mds": {"state": "vulnerable", "raw": "Vulnerable"}, "tsa": {"state": "unknown", "raw": "Unknown: ask the host"},
            "l1tf": {"state": "mitigated"}}
    record = golden({"kernel.one_shot.set": True, "cpu.vulnerabilities": weak}, {"kernel.default_boot": "needs_root"})
    standard, text = adopt(record)
    assert "one_shot" not in standard["kernel"]
    assert "#   kernel.default_boot: kernel.default_boot.release: needs_root (a detail)" in text
    assert standard["cpu"]["vulnerabilities"] == {"all": "mitigated", "mds": "any", "tsa": "any"}
    assert judged(record, standard=standard, now=MOMENT)["verdict"] == "compliant"


@pytest.mark.parametrize(("fact", "key", "value"), [
    ("kernel.running.flavour", "kernel.flavour", "lt"), ("kernel.running.flavour", "kernel.flavour", "max-perf"),
    ("os.id", "os.id", "openEuler"), ("os.version_id", "os.version_id", "V10"), ("os.version_id", "os.version_id", "edge"),
    ("os.architecture", "os.architecture", "armv5tejl"),
])
def test_a_word_that_looks_like_a_mistake_and_is_the_host_s_own_is_adopted(fact: str, key: str, value: str) -> None:
    section, _separator, name = key.partition(".")
    assert adopt(golden({fact: value}))[0][section][name] == value


@pytest.mark.parametrize("evil", ["{{ lookup('pipe', 'id') }}", "a\nfirebreak_standard: {}", "x" * 10_000, "\x1b[2J", ["a"], {"a": 1}])
def test_a_hostile_value_is_not_adopted(evil: Any) -> None:
    standard, text = adopt(golden({"hypervisor.under": evil, "kernel.running.flavour": evil}))
    assert "under" not in standard["hypervisor"]
    assert "flavour" not in standard["kernel"]
    assert all(line.startswith("#") or "{{" not in line for line in text.splitlines())


@pytest.mark.parametrize("record", [None, {}, [], {"schema": "x"}, golden({"os.image_based": True})])
def test_a_host_that_says_nothing_makes_no_standard(record: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="no standard can be adopted"):
        adopted(record, now=MOMENT)


def test_filters_report_mistakes_as_their_own_errors() -> None:
    with pytest.raises(AnsibleFilterError, match="did you mean 'kernel'"):
        judged(golden(), standard={"kernal": {}})
    with pytest.raises(AnsibleFilterError, match="wanted: an ISO 8601 time"):
        judged(golden(), now="yesterday")
    with pytest.raises(AnsibleFilterError, match="wanted: a mapping of firebreak"):
        merged(["x"])


def test_the_effective_standard_is_shown_resolved_for_a_platform() -> None:
    variables = {"firebreak_standard": {"kernel": {"running": "6.1.1"}, "platforms": [{"match": {"id": "ubuntu"}, "kernel": {"running": "6.1.2"}}]},
                 "firebreak_standard_file": "not ours",
                 "firebreak_waivers": [{"finding": "cpu.*", "owner": "o", "reason": "r", "expires": "2027-01-01"}]}
    assert merged(variables, {"id": "ubuntu"})["standard"] == {"kernel": {"running": "6.1.2"}}
    shown = merged(variables)
    assert shown["provenance"]["platforms[0].kernel.running"] == "firebreak_standard.platforms[0]"
    assert shown["waivers"][0]["expires"] == "2027-01-01"

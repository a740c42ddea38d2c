# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages are what the code says, every example in them is valid, and the JSON Schema agrees with the validation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import StandardError, effective
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.keys import KEYS
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.validation import nested
from golden_record import golden
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/standard.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs/schemas/standard.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
FULL = next(yaml.safe_load(text)["firebreak_standard"] for text in EXAMPLES if "description" in text)


def takes(mapping: Any) -> bool:
    try:
        return effective({"firebreak_standard": mapping}).standard is not None
    except StandardError:
        return False


def concrete(path: str) -> str:
    return path.replace("<name>", "mds").replace("<module>", "kvm").replace("<parameter>", "nested").replace("<processor>", "06-55-07")


def test_every_generated_page_is_fresh() -> None:
    done = subprocess.run([sys.executable, ROOT / "docs/generate.py", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_valid(text: str) -> None:
    variables = yaml.safe_load(text)
    variables.setdefault("firebreak_standard", FULL)
    assert effective(variables).sha256
    assert list(VALIDATOR.iter_errors(variables["firebreak_standard"])) == []


def test_the_page_has_an_example_of_each_part() -> None:
    assert len(EXAMPLES) >= 5
    assert any("firebreak_waivers" in text for text in EXAMPLES)


def test_the_full_example_leaves_hardly_a_key_out() -> None:
    made = {key.path.split(".<")[0] for key in KEYS} - {"schema"}
    told = " ".join(EXAMPLES)
    missing = {path for path in made if f"{path.rpartition('.')[2]}:" not in told}
    assert missing <= {"os.version_codename", "os.firmware_version", "os.firmware_date", "os.bmc_version", "boot.cmdline_required", "cpu.microcode",
                       "cpu.microcode_of", "live_patch.level"}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)
def test_each_key_has_a_valid_example(key: Any) -> None:
    mapping = nested({concrete(key.path): key.example})
    assert takes(mapping)
    assert VALIDATOR.is_valid(mapping)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)
def test_the_example_that_the_page_prints_is_yaml(key: Any) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{key.path}` |"))
    assert key.example in [yaml.safe_load(cell.strip("` ")) for cell in row.split(" | ") if cell.startswith("`")]


@pytest.mark.parametrize("file", sorted((ROOT / "inventories/example_fleet").rglob("firebreak_*.yml")), ids=lambda file: str(file.name))
def test_the_example_fleet_is_valid(file: Path) -> None:
    variables = yaml.safe_load(file.read_text(encoding="utf-8"))
    variables.setdefault("firebreak_standard", FULL)
    assert effective(variables).sha256


def test_the_record_schema_takes_a_record_and_refuses_wrong_types() -> None:
    schema = json.loads((ROOT / "docs/schemas/record.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    record = jsonschema.Draft202012Validator(schema)
    assert [error.message for error in record.iter_errors(golden())] == []
    assert not record.is_valid(golden({"kernel.running.release": 6}))
    assert not record.is_valid(golden({"cpu.vulnerabilities": {"mds": {"state": 1}}}))
    assert not record.is_valid(golden({"nulls": [{"fact": "kernel", "reason": "tired"}]}))


VALUES = st.sampled_from(["forbidden", "allowed", "mitigated", "x", "", "{{ x }}", 3, -1, True, None, 1.5, [], ["host"], ["a", 1], "0x1f", "vendor",
                          {"minimum": "1"}, {"minimum": 3}, {"maximum": 3}, {"any_of": ["a"]}, {"rule": "installed"}, {"rule": "newest_installed"},
                          {"minimum": "1", "any_of": []}, {}])


@given(st.dictionaries(st.sampled_from([concrete(key.path) for key in KEYS] + ["kernel.runing", "new"]), VALUES, max_size=4))
def test_schema_and_validation_agree(values: dict[str, Any]) -> None:
    """The schema knows no Jinja and no control characters; in all else they accept and refuse the same."""
    mapping = nested(values)
    if "{{ x }}" not in json.dumps(mapping):
        assert VALIDATOR.is_valid(mapping) == takes(mapping)

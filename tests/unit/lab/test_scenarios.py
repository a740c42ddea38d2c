# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every scenario of molecule ends in the proof that users run, of a standard that says something of each of its hosts."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import effective
from firebreak_lab import fleets

ROOT = Path(__file__).parents[3]
SCENARIOS = sorted((ROOT / "extensions/molecule").glob("*/molecule.yml"))
INVENTORYS_OWN = ROOT / "inventories/lab/group_vars/all/standard.yml"
LAST = ["verify ../../../tests/platform", "destroy"]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.parent.name)
def test_a_scenario_ends_in_the_proof(path: Path) -> None:
    own = (read(path).get("scenario") or {}).get("test_sequence")
    assert (own or read(path.parent.parent / "config.yml")["scenario"]["test_sequence"])[-2:] == LAST
    assert (path.parent / LAST[0].split()[1]).resolve() == ROOT / "tests/platform"


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.parent.name)
def test_each_host_of_a_scenario_is_promised_something(path: Path) -> None:
    for host in fleets.parse(read(path), str(path)):
        made = effective({**read(INVENTORYS_OWN), **host.variables}).standard
        assert made is not None
        # The inventory's own promises kernels, which no container could keep.
        assert host.kind == "machine" or "firebreak_standard" in host.variables, host.name

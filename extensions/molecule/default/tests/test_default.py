# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report against what each host itself says: asked by ssh, past all of Firebreak."""

import json
import os
from pathlib import Path
from typing import Any

EXPECTED = {"standard": [], "trixie": ["os.release"]}


def document(name: str) -> dict[str, Any]:
    """What the report says about a host."""
    path = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "report/records" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def name_of(host: Any) -> str:
    """The host's name in the inventory."""
    name: str = host.backend.get_pytest_id().removeprefix("ansible://")
    return name


def test_findings_are_exactly_the_drift(host: Any) -> None:
    assert [finding["id"] for finding in document(name_of(host))["findings"]] == EXPECTED[name_of(host)]


def test_record_has_the_kernel_that_runs(host: Any) -> None:
    kernel = document(name_of(host))["record"]["kernel"]
    assert kernel["running"]["release"] == host.check_output("uname -r")
    assert host.package(kernel["running"]["package"]).is_installed
    assert host.package(kernel["running"]["package"]).version == kernel["running"]["package_version"]


def test_scan_left_the_host_as_it_was(host: Any) -> None:
    assert host.check_output("find / -xdev -newer /etc/hostname -path '*firebreak*' -not -path '/etc/*' -not -path '/var/lib/firebreak-lab/*'") == ""

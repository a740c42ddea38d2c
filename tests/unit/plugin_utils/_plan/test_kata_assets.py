# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which archives make a release of Kata Containers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan.kata_assets import asset_name, assets

PIN = "a" * 64


@pytest.mark.parametrize(
    ("family", "version", "machine", "name"),
    [
        ("kata-static", "3.20.0", "x86_64", "kata-static-3.20.0-amd64.tar.xz"),
        ("kata-static", "3.21.0", "aarch64", "kata-static-3.21.0-arm64.tar.zst"),
        ("kata-go-static", "4.1.0", "s390x", "kata-go-static-4.1.0-s390x.tar.zst"),
    ],
)
def test_names(family: str, version: str, machine: str, name: str) -> None:
    """Packing and architecture as upstream names them."""
    assert asset_name(family, version, machine) == name


def test_where_from() -> None:
    """A URL is fetched by the host, a folder copied from the controller."""
    name = "kata-static-4.1.0-amd64.tar.zst"
    pins = {name: PIN}
    assert assets(["kata-static"], "4.1.0", "x86_64", pins, "https://mirror.example.org/kata/", "/var/tmp") == [
        {"name": name, "sha256": PIN, "source": f"https://mirror.example.org/kata/{name}", "remote": True, "path": f"/var/tmp/{name}"}]
    assert assets(["kata-static"], "4.1.0", "x86_64", pins, "/srv", "/var/tmp")[0]["remote"] is False


GOOD: dict[str, Any] = {"families": ["kata-static"], "version": "4.1.0", "machine": "x86_64", "pins": {}, "source": "/srv", "staging": "/var/tmp"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, "kata_pins has no sha256 of kata-static-4.1.0-amd64.tar.zst"),
        ({"pins": {"kata-static-4.1.0-amd64.tar.zst": "ABC"}}, "'ABC', wanted 64 lower-case"),
        ({"families": ["kata"]}, "'kata', wanted some of"),
        ({"families": []}, "kata_archives is empty"),
        ({"families": ["kata-go-static"], "version": "3.32.0"}, "begins with 4.1.0"),
        ({"machine": "riscv64"}, "machine 'riscv64'"),
        ({"source": ""}, "kata_source is empty"),
    ],
)
def test_what_is_refused(change: dict[str, Any], problem: str) -> None:
    """Each with the variable and what is wanted."""
    with pytest.raises(Refused, match=problem):
        assets(**{**GOOD, **change})

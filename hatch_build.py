# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the wheel: the collection in site-packages, where ansible-core finds it without any configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HOME = "ansible_collections/firebreak/fleet"

# What a user of the collection needs; the rest of the repository is for its developers.
SHIPPED = (
    "CHANGELOG.md",
    "COMPATIBILITY.md",
    "LICENSE",
    "README.md",
    "changelogs/changelog.yaml",
    "extensions/eda",
    "galaxy.yml",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "roles",
    "tests/config.yml",
    "tests/platform",
)


class CollectionHook(BuildHookInterface[Any]):
    """Puts what is shipped under the collection's own name."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Map each shipped path that exists to its place; an editable install uses the checkout's links instead."""
        if version == "editable":
            return
        root = Path(self.root)
        build_data["force_include"].update({str(root / path): f"{HOME}/{path}" for path in SHIPPED if (root / path).exists()})

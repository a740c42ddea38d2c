# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the wheel: the collection in site-packages, where ansible-core finds it without any configuration."""

from __future__ import annotations

import subprocess
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


# Below it lies the command line, a package of its own.
SOURCES = "src/"
# The links of a checkout, which would carry each file twice, and what only the project's own machines need.
_CHECKOUT_ONLY = ("collections/", ".ci/")


class CollectionHook(BuildHookInterface[Any]):
    """Puts what is shipped under the collection's own name in a wheel, and all that is tracked into a source distribution."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Map each file to its place; an editable install uses the checkout's links instead."""
        if version == "editable":
            return
        names = tracked(Path(self.root))
        wanted = wheel_places(names) if self.target_name == "wheel" else source_places(names)
        build_data["force_include"].update({str(Path(self.root) / name): place for name, place in wanted.items()})


def tracked(root: Path) -> list[str]:
    """The files that git tracks, so that nothing ships that was left lying about; in an unpacked source distribution, all files."""
    if not (root / ".git").exists():
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached"], stdout=subprocess.PIPE, check=False)
    if listed.returncode:
        raise RuntimeError(f"git does not list the files of {root} (see its message above): only what it tracks is shipped")
    return sorted(name for name in listed.stdout.decode().split("\0") if name and (root / name).is_file())


def wheel_places(names: list[str]) -> dict[str, str]:
    """Where each shipped file lies in the wheel."""
    collection = {name: f"{HOME}/{name}" for name in names if name.startswith(tuple(f"{shipped}/" for shipped in SHIPPED)) or name in SHIPPED}
    return {**collection, **{name: name.removeprefix(SOURCES) for name in names if name.startswith(SOURCES)}}


def source_places(names: list[str]) -> dict[str, str]:
    """Where each file lies in a source distribution; PKG-INFO is written anew."""
    return {name: name for name in names if not name.startswith(_CHECKOUT_ONLY) and name != "PKG-INFO"}

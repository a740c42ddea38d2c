# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor plan as rules: which wing may import which, by the imports themselves. Each breach is one line that names the file."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

FOLDERS = ("module_utils", "plugin_utils")
# What every wing may stand on, and what therefore stands on nothing.
GROUND = ("_host", "_formats")
TOP = "_scan"
# It holds each record to what the sections declare of it.
READER = ("plugin_utils", "_judge")
# Where the controller's own code meets Ansible; all else of it is a function of its arguments.
EDGES = ("_transport",)


class Import(NamedTuple):
    """One import of a file: the dotted module below ``plugins``, or the outside module's own name."""

    path: str
    target: str


def imports(path: PurePosixPath, source: str) -> Iterator[Import]:
    """Each import of a file whose path is relative to ``plugins``."""
    package = list(path.with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(str(path), alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] if node.level else []
            target = [*base, node.module] if node.module else base
            deeper = bool(node.level) and (not node.module or len(target) == 1)
            yield from (Import(str(path), ".".join([*target, alias.name] if deeper else target)) for alias in node.names)


def wing_of(dotted: str) -> tuple[str, str] | None:
    """(folder, wing) of a dotted module or of a path below ``plugins``; None for what is in no wing."""
    parts = dotted.removesuffix(".py").replace("/", ".").split(".")
    return (parts[0], parts[1]) if len(parts) > 1 and parts[0] in FOLDERS else None


def breaches(sources: Mapping[str, str]) -> list[str]:
    """Every breach in ``{path below plugins: source}``."""
    found: list[str] = []
    edges: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for name, source in sorted(sources.items()):
        here = wing_of(name)
        if here is None:
            continue
        if len(PurePosixPath(name).parts) < 3:
            found.append(f"{name}: stands outside of the wings")
        for path, target in imports(PurePosixPath(name), source):
            found += _of_ansible(here, path, target)
            there = wing_of(target)
            if there and there != here:
                found += _of_floors(here, there, path)
                edges.setdefault(here, {}).setdefault(there, path)
    return found + _circles(edges)


def _of_ansible(here: tuple[str, str], path: str, target: str) -> list[str]:
    is_pure = here[0] == "module_utils" or here[1] not in EDGES
    if is_pure and target.split(".")[0] == "ansible":
        return [f"{path}: imports {target}; only the plugins themselves and {', '.join(EDGES)} know Ansible"]
    return []


def _of_floors(here: tuple[str, str], there: tuple[str, str], path: str) -> list[str]:
    if here[0] == "module_utils" and there[0] == "plugin_utils":
        return [f"{path}: imports {there[1]} of the controller, which does not travel to hosts"]
    if here[0] == "module_utils" and here[1] in GROUND:
        return [f"{path}: imports {there[1]}; {here[1]} is the ground and imports no other wing"]
    if there == ("module_utils", TOP) and here != READER:
        return [f"{path}: imports {TOP}, which alone knows all sections"]
    return []


def _circles(edges: Mapping[tuple[str, str], Mapping[tuple[str, str], str]]) -> list[str]:
    """One line for each circle of wings, by a walk that keeps the way it came."""
    found: set[tuple[tuple[str, str], ...]] = set()

    def walk(wing: tuple[str, str], way: tuple[tuple[str, str], ...]) -> None:
        if wing in way:
            circle = way[way.index(wing):]
            least = circle.index(min(circle))
            found.add(circle[least:] + circle[:least])
            return
        for other in edges.get(wing, {}):
            walk(other, (*way, wing))

    for wing in sorted(edges):
        walk(wing, ())
    return [" -> ".join(wing for _folder, wing in (*circle, circle[0])) + ": a circle, by "
            + ", ".join(edges[a][b] for a, b in zip(circle, (*circle[1:], circle[0]), strict=True)) for circle in sorted(found)]


def tree(root: Path) -> dict[str, str]:
    """The sources of a checkout that the rules are about."""
    plugins = root / "plugins"
    return {str(path.relative_to(plugins)): path.read_text(encoding="utf-8")
            for folder in FOLDERS for path in sorted((plugins / folder).rglob("*.py"))}

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets: which hosts a lab has, from a YAML file."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from firebreak_lab.errors import LabError
from firebreak_lab.state import Host

FOLDER = Path(__file__).parent.parent / "fleets"
NAME = re.compile(r"^[a-z][a-z0-9-]{0,30}$")
ALLOWED = ("image", "kind", "memory", "cpus", "firmware", "prepare", "groups", "variables")


def parse(described: Any, source: str) -> list[Host]:
    """The hosts of a fleet, or the platforms of a molecule.yml; LabError that names the host and the key that is not understood."""
    if isinstance(described, dict) and isinstance(described.get("platforms"), list):
        described = {str(row.get("name")): {key: row[key] for key in row if key != "name"} for row in described["platforms"]}
    if not isinstance(described, dict) or not described:
        raise LabError(f"{source}: want a mapping of hosts")
    return [_parse_host(str(name), spec, source) for name, spec in described.items()]


def _parse_host(name: str, spec: Any, source: str) -> Host:
    if not NAME.match(name):
        raise LabError(f"{source}: host {name!r}: want a host name of small letters, digits and -")
    unknown = sorted(set(spec) - set(ALLOWED)) if isinstance(spec, dict) else ["not a mapping"]
    if unknown or "image" not in spec:
        raise LabError(f"{source}: host {name}: want image and, if need be, {', '.join(ALLOWED[1:])} (seen: {', '.join(unknown) or 'no image'})")
    kinds = {entry.name: entry.type for entry in fields(Host)}
    for key, value in spec.items():
        if not isinstance(value, _builtin(kinds[key])):
            raise LabError(f"{source}: host {name}: {key}: want {kinds[key]}, seen {value!r}")
    if spec.get("kind", "machine") not in ("machine", "container"):
        raise LabError(f"{source}: host {name}: kind: want machine or container, seen {spec['kind']!r}")
    return Host(name=name, **spec)


def _builtin(declared: Any) -> type:
    """The class behind a declared type: list for list[str]."""
    origin: type = getattr(declared, "__origin__", declared)
    return origin


def load(name: str, only: list[str]) -> list[Host]:
    """A fleet of this folder by name, or by the path of a YAML file; with ``only``, these of its hosts."""
    path = Path(name) if name.endswith((".yml", ".yaml")) else FOLDER / f"{name}.yml"
    if not path.exists():
        known = ", ".join(sorted(entry.stem for entry in FOLDER.glob("*.yml")))
        raise LabError(f"no fleet {name!r}: {path} is missing (there are: {known})")
    hosts = parse(yaml.safe_load(path.read_text()), str(path))
    missing = sorted(set(only) - {host.name for host in hosts})
    if missing:
        raise LabError(f"{path}: no host {', '.join(missing)} (there are: {', '.join(host.name for host in hosts)})")
    return [host for host in hosts if not only or host.name in only]

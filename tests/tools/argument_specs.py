# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares a role's `defaults/main.yml` with its `meta/argument_specs.yml`: the first is what happens, the second what is promised."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


def _mapping(path: Path) -> dict[str, Any]:
    """A YAML file's mapping; empty where the file is absent or empty."""
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def _undocumented(prefix: str, options: Mapping[str, Any]) -> list[str]:
    """Options, at any depth, that lack a description or a type."""
    problems = []
    for name, option in options.items():
        problems += [f"{prefix}{name}: no {key} in argument_specs" for key in ("description", "type") if not option.get(key)]
        problems += _undocumented(f"{prefix}{name}.", option.get("options") or {})
    return problems


def _compare(name: str, defaults: Mapping[str, Any], options: Mapping[str, Any]) -> str | None:
    """What is wrong with one variable, or None."""
    if name not in options:
        return f"{name}: in defaults, not in argument_specs"
    promised = options[name].get("default")
    if name not in defaults:
        return None if promised is None else f"{name}: argument_specs promise the default {promised!r}, defaults have none"
    if options[name].get("required"):
        return f"{name}: required in argument_specs, yet defaults have {defaults[name]!r}"
    if promised != defaults[name] or type(promised) is not type(defaults[name]):
        return f"{name}: default is {defaults[name]!r}, argument_specs say {promised!r}"
    return None


def differences(role: Path) -> list[str]:
    """One line for each way in which the role's promises and defaults differ; empty if they agree."""
    defaults = _mapping(role / "defaults/main.yml")
    specs = _mapping(role / "meta/argument_specs.yml").get("argument_specs", {})
    if "main" not in specs:
        return [f"{role.name}: meta/argument_specs.yml has no entry point main"]
    options = specs["main"].get("options") or {}
    foreign = [f"{name}: not named after the role {role.name}" for name in defaults if not name.lstrip("_").startswith(f"{role.name}_")]
    compared = [_compare(name, defaults, options) for name in sorted({*defaults, *options}) if not name.startswith("__")]
    return foreign + [problem for problem in compared if problem] + _undocumented("", options)

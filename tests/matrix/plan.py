# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pairs of interpreter and ansible-core to run, from `matrix.toml` and the interpreters that are here. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple


class Pair(NamedTuple):
    """One Python series with one ansible-core; install is what pip is asked for."""

    python: str
    core: str
    install: str
    required: bool
    unit_tests: bool

    def __str__(self) -> str:
        return f"Python {self.python} with ansible-core {self.core}"


def _number(series: str) -> tuple[int, ...]:
    return tuple(int(part) for part in series.split("."))


def all_pairs(matrix: Mapping[str, Any]) -> list[Pair]:
    """Every pair that the cores support, the required ones first, in their order."""
    required = [tuple(pair) for pair in matrix["required"]]
    floor = _number(matrix["unit_tests_from"])
    pairs = [
        Pair(python, core, about["install"], (python, core) in required, _number(python) >= floor)
        for core, about in matrix["cores"].items()
        for python in about["pythons"]
    ]
    unsupported = [pair for pair in required if pair not in [(one.python, one.core) for one in pairs]]
    if unsupported:
        raise ValueError(f"matrix.toml: required pairs that no core lists: {unsupported}")
    return sorted(pairs, key=lambda pair: required.index((pair.python, pair.core)) if pair.required else len(required))


def split(pairs: Collection[Pair], here: Collection[str]) -> tuple[list[Pair], list[Pair]]:
    """The pairs whose interpreter is here, and those whose is not."""
    return [pair for pair in pairs if pair.python in here], [pair for pair in pairs if pair.python not in here]

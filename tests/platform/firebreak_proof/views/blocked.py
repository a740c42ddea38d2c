# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that must not run: what kmod itself would do to load each, and what the kernel says of those that run."""

from __future__ import annotations

import re

from ..proof import Proof

# One command, or several in a row, of programs that cannot load anything, with their output to nowhere or where other output goes.
_HARMLESS = (r"(?::|exit(?: +[0-9]+)?|/dev/null|(?:[a-z/]*/)?(?:true|false|echo|printf|logger|nologin)(?: +[^;&|`$()<>]*)?)"
             r"(?:[12]?>>? *(?:&[12]|/dev/null) *)*")
_NOTHING = re.compile(rf"install {_HARMLESS}(?: *(?:;|&&|\|\|) *{_HARMLESS})*;? *\Z")


def running_or_loadable(proof: Proof) -> dict[str, str]:
    """Each module asked for that runs or could be made to, and how."""
    rows = proof.rows("watched_modules")
    asked = [cells[1] for cells in rows if cells[0] == "asked"]
    return {name: how for name in asked if (how := how_it_may_run(rows, name))}


def line_of(rows: list[list[str]]) -> str:
    """The command line of the running kernel."""
    return " ".join(cells[1] for cells in rows if cells[0] == "line" and len(cells) > 1)


def how_it_may_run(rows: list[list[str]], name: str) -> str:
    """Why a module may run, or '' where it cannot."""
    if any(cells[:2] == ["runs", name] for cells in rows):
        return "is loaded"
    does = [" ".join(cells[2:]).strip() for cells in rows if cells[:2] == ["does", name]]
    # With a soft dependency behind it the module itself is not the last, and its install line is passed over.
    inserted = [step for step in does if re.match(rf"insmod \S*/{name.replace('_', '[-_]')}\.ko", step)]
    last = (inserted or does or [""])[-1]
    if any(cells[:2] == ["part", name] for cells in rows):
        starts = {cells[2] for cells in rows if cells[:2] == ["starts", name] and len(cells) > 2} or {f"{name}_init"}
        return "" if starts <= set(",".join(_given(rows, "initcall[-_]blacklist")).split(",")) else "is part of the kernel"
    if any(cells[:2] == ["locked", name] for cells in rows):
        # The kernel loads none until it is booted again.
        return ""
    refused = _given(rows, "module[-_]blacklist")[-1:]
    return f"can be loaded ({last})" if last and not _NOTHING.match(last.partition(" #")[0]) and name not in ",".join(refused).split(",") else ""


def _given(rows: list[list[str]], name: str) -> list[str]:
    """The values that a parameter is given before `` -- ``, without quotes."""
    return re.findall(rf'(?:^|\s)"?{name}="?([^\s"]+)', line_of(rows).partition(" -- ")[0])

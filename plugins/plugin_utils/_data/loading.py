# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the world that age: tables beside this file, each with the day on which it was last held against its sources."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

# libyaml reads a table in an eighth of the time, where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def plain(path: Path) -> Any:
    """What a file of YAML that is part of this collection says."""
    return yaml.load(path.read_text(encoding="utf-8"), _LOADER)


@cache
def table(name: str) -> Any:
    """The table ``name``.yml as plain data."""
    return plain(Path(__file__).with_name(f"{name}.yml"))


def read_all() -> None:
    """Read every table now: processes that are forked later find them read."""
    for path in Path(__file__).parent.glob("*.yml"):
        table(path.stem)

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One family of metrics as OpenMetrics text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from .._fleet.bounded import visible

Samples = Iterable[tuple[dict[str, str], float]]


def family(name: str, meaning: str, samples: Samples) -> Iterator[str]:
    """One metric family of gauges."""
    yield f"# HELP {name} {meaning}\n# TYPE {name} gauge\n"
    for labels, value in samples:
        yield f"{name}{_label_text(labels)} {value}\n"


def _label_text(labels: Mapping[str, str]) -> str:
    text = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
    return f"{{{text}}}" if text else ""


# A label is in several families, and a host's or a CVE's in several lines of each.
@lru_cache(maxsize=4096)
def _escaped(label: str) -> str:
    """A label value by the grammar's own escapes; control characters are made visible first, so a line stays a line."""
    return visible(label).replace("\\", "\\\\").replace('"', '\\"')

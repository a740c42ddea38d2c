# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host document says of its host's inventory: the labels, the standard that overrides were laid over, the waivers, and strange variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._standard import variables
from .._standard.in_force import Effective, from_text
from .._standard.requirement import shown
from .._standard.validation import StandardError
from .host import LABEL, labels_of

_EXAMPLE = "{rack: r7, owner: web team}"


def labels(value: Any) -> Mapping[str, Any]:
    """A host's firebreak_labels, templated, or the text that a survey makes of them; StandardError where they would label nothing in silence."""
    found = from_text(variables.LABELS, value)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise StandardError(f"{variables.LABELS}: seen {shown(value)}; wanted: a mapping such as {_EXAMPLE}")
    for name, text in found.items():
        if not LABEL.fullmatch(str(name)):
            raise StandardError(f"{variables.LABELS}: seen the name {shown(name)}; wanted: small letters, digits and underscores, as in {_EXAMPLE}")
        if isinstance(text, list | tuple | Mapping):
            raise StandardError(f"{variables.LABELS}.{name}: seen {shown(text)}; wanted: one text, as in {_EXAMPLE}")
    return found


def words(effective: Effective, names: Mapping[str, Any], labelled: Any) -> dict[str, Any]:
    """The inventory's words on one host; ``names`` are its variables, of which only the names are looked at, ``labelled`` its labels."""
    return {
        "labels": labels_of(labelled),
        "base": effective.base,
        "waivers": [waiver.as_data() for waiver in effective.waivers],
        "unknown_variables": variables.strangers((str(name) for name in names), variables.known()),
    }

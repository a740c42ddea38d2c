# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The note of what mitigations were applied to a host, and of what was there before: without it nobody could take them back without a trace."""

import json
from typing import Any, Dict, List

NOTE = "/var/lib/firebreak/mitigations.json"
SCHEMA = "firebreak.mitigations/1"


def read_note(text: str) -> Dict[str, Any]:
    """A note; ValueError where the text is none."""
    note = json.loads(text)
    if not isinstance(note, dict) or note.get("schema") != SCHEMA or not isinstance(note.get("applied"), list):
        raise ValueError("want a note with the schema %s" % SCHEMA)
    return note


def names_of(text: str) -> List[str]:
    """The mitigations that a note names, sorted."""
    return sorted(str(name)[:200] for name in read_note(text)["applied"])[:100]


def put_applied(host: Any, section: Any) -> None:
    """Write ``mitigations_applied``."""
    answer = host.read(NOTE)
    if answer.problem == "absent":
        section.put("mitigations_applied", [], NOTE)
    else:
        section.put_answer("mitigations_applied", answer, NOTE, names_of)

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every SARIF document of Firebreak has in common."""

from __future__ import annotations

import re
from typing import Any

from .._fleet.bounded import visible
from .._fleet.store import safe_name

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# Code scanning refuses a run with more of them.
RESULTS_LIMIT = 25_000
# SARIF 2.1.0, 3.11.6: in a message these make links, and are themselves behind a backslash.
_LINKING = re.compile(r"[\\\[\]]")
# The beginning of a tag, and of a placeholder (3.11.5), of which few readers know the escape.
_MEANING = re.compile(r"<(?=[A-Za-z/!?])|\{(?=\d)")
# Most texts have none of all these.
_ANY = re.compile(r"[\\\[\]<{]")


def message(text: str) -> dict[str, str]:
    """A message that reads as the text, and in which nothing is a link, an image, a tag or a place for an argument, whatever hosts call their things.

    Some readers look for links without regard to backslashes, and some let their page render what they get: there the blanks are what helps.
    """
    shown = visible(text)
    if not _ANY.search(shown):
        return {"text": shown}
    escaped = _LINKING.sub(r"\\\g<0>", shown)
    return {"text": _MEANING.sub(r"\g<0> ", escaped.replace("](", "] ("))}


def place(host: str) -> list[dict[str, Any]]:
    """Where a result is: the record of its host. Code scanning takes no region without its four ends."""
    region = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
    return [{"physicalLocation": {"artifactLocation": {"uri": f"records/{safe_name(host)}.json"}, "region": region},
             "logicalLocations": [{"name": visible(host), "kind": "resource"}]}]

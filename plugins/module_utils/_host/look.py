# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host answers: its record with the record's digest, or, to one that has this record already, the digest and what passes by itself.

The record is made all the same; only its way back is short.
"""

import json
from typing import Any, Callable, Dict

from .record import SCHEMA

# Facts that differ from one look to the next on a host where nothing happened.
PASSING = ("boot.uptime_seconds", "kernel.available.cache_age_seconds", "services.examined")
# What is of one look, whatever it saw.
OF_A_LOOK = ("scanned_at", "seconds")


def answer(record: Dict[str, Any], known: Any, sha256: Callable[..., Any]) -> Dict[str, Any]:
    """The record and its ``digest``; where that is the ``known`` one, only this and what passes."""
    digest = digest_of(record, sha256)
    if digest == known:
        return dict({name: record[name] for name in OF_A_LOOK}, schema=SCHEMA, same=digest, passing=passing(record))
    return dict(record, digest=digest)


def digest_of(record: Dict[str, Any], sha256: Callable[..., Any]) -> str:
    """What tells one record from another, whenever and by whichever version of the controller it was taken."""
    kept = {name: value for name, value in record.items() if name not in OF_A_LOOK}
    kept["scanner"] = dict(record["scanner"], version=None)
    for path in passing(record):
        kept = _with(kept, path, None)
    return str(sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest())


def passing(record: Dict[str, Any]) -> Dict[str, Any]:
    """The facts of a record that pass by themselves, by their paths."""
    found = {}
    for path in PASSING:
        value: Any = record
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            found[path] = value
    return found


def renewed(record: Dict[str, Any], look: Dict[str, Any]) -> Dict[str, Any]:
    """A record that was kept, as the answer of a later look says that it is now."""
    found = dict(record, **{name: look[name] for name in OF_A_LOOK})
    for path, value in look["passing"].items():
        found = _with(found, path, value)
    return found


def _with(mapping: Dict[str, Any], path: str, value: Any) -> Dict[str, Any]:
    """The mapping with another value at a dotted path; the one that was given stays as it is."""
    key, _dot, rest = path.partition(".")
    inner = mapping.get(key)
    return dict(mapping, **{key: _with(inner if isinstance(inner, dict) else {}, rest, value) if rest else value})

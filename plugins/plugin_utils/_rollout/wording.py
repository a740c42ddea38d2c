# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the events of a journal must say. A line that is JSON and means nothing was damaged: who is out is not guessed from the others. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .journal import DONE, FINE, LEFT_OUT, SKIPPED, SPENT, WAITING
from .settings import SettingsError, settings
from .windows import WindowError, read

_STATUSES = (WAITING, DONE, FINE, SKIPPED, LEFT_OUT, *SPENT)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(map(_is_text, value))


def _is_by_host(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_are_texts(words) for words in value.values())


def _are_named_texts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_text, value.values()))


def _is_member(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_are_texts(value.get(name) or ()) for name in ("domains", "groups", "windows"))


def _are_members(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_member, value.values()))


def _are_sizes(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_number, value.values()))


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_status(value: Any) -> bool:
    return _is_text(value) and value in _STATUSES


def _is_did(value: Any) -> bool:
    return _is_text(value) and value in ("started", "done")


_Check = Callable[[Any], bool]
_RUN: Mapping[str, _Check] = {"hosts": _are_members}
_SETTLED: Mapping[str, _Check] = {"settings": _is_mapping, "sizes": _are_sizes}
_HOST: Mapping[str, _Check] = {"host": _is_text}
# By kind what must stand there; what is of another kind is of a later version, and passed over.
_MUST: Mapping[str, Mapping[str, _Check]] = {
    "begun": _RUN, "resumed": _RUN, "wave": {"hosts": _are_texts}, "ordered": {"hosts": _are_texts}, "approved": {"wave": _is_number},
    "step": {**_HOST, "step": _is_text, "did": _is_did}, "result": {**_HOST, "status": _is_status}, "left_out": _HOST, "released": _HOST,
    "answers": _HOST, "aims": {**_HOST, "release": _is_text}, "another_standard": _HOST, "carried": {**_HOST, "status": _is_status}}
# What may be absent, as in journals of versions that did not write it.
_MAY: Mapping[str, Mapping[str, _Check]] = {
    "begun": _SETTLED, "resumed": _SETTLED, "wave": {"before": _is_by_host, "standards": _are_named_texts}, "result": {"left": _are_texts},
    "carried": {"owes": _are_texts, "domains": _are_texts}}


def wrong(event: Any) -> str:
    """What is wrong with an event, '' where nothing is."""
    if not isinstance(event, Mapping) or not _is_text(event.get("event", "")) or not _is_text(event.get("at", "")):
        return "it is no event"
    kind = event.get("event", "")
    absent = [name for name in _MUST.get(kind, ()) if name not in event]
    checks = {**_MUST.get(kind, {}), **_MAY.get(kind, {})}
    bad = absent or [name for name, check in checks.items() if name in event and not check(event[name])]
    if bad:
        return f"{bad[0]} of {kind} is {'not there' if absent else 'not what it can be'}"
    return _unsettled(event) if kind in ("begun", "resumed") else ""


def _unsettled(event: Mapping[str, Any]) -> str:
    """What cannot be meant of the settings of a run."""
    try:
        settings(event.get("settings") or {})
        for words in event["hosts"].values():
            read(words.get("windows") or ())
    except (SettingsError, WindowError) as error:
        return str(error)
    return ""

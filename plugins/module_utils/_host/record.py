# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record: what one scan saw on one host, and how a section of it is written.

A record is a JSON document::

    {"schema": "firebreak.record/1", "scanned_at": ..., "scanner": {...}, "seconds": {"kernel": 0.03, ...},
     "os": {...}, "boot": {...}, "kernel": {...}, "cpu": {...}, "hypervisor": {...}, "containers": {...}, "kata": {...},
     "services": {...},
     "evidence": {"kernel.running.release": "/proc/sys/kernel/osrelease", ...},
     "nulls": [{"fact": "kernel.available", "reason": "tool_missing", "detail": "apt-cache"}]}

Each section declares its facts (``FACTS``) before it collects them; each fact has a source in ``evidence`` or a reason in ``nulls``.
"""

from typing import Any, Callable, Dict, List, NamedTuple, Optional

from .host import Answer
from .witness import Loss

SCHEMA = "firebreak.record/1"


class Fact(NamedTuple):
    """What a section can say.

    ``path`` is dotted below the section, with [] for the items of a list and {} for the values of a mapping with free keys;
    ``kind`` is str, int, float, bool, list or mapping (lists and mappings of plain values, or described by deeper paths).
    """

    path: str
    kind: str
    meaning: str


REASONS = {
    "absent": "the host has no such file or facility",
    "needs_root": "the scan ran without the privilege to read it",
    "unreadable": "the host refused to read it",
    "too_large": "it is larger than a scan reads",
    "deadline": "the host did not answer in time",
    "tool_missing": "the command that knows is not installed",
    "tool_failed": "the command that knows ended with an error",
    "unparsable": "what the host said could not be understood",
    "not_asked": "the scan was not asked to look",
    "not_applicable": "the fact has no meaning on this host",
    "in_container": "the fact belongs to the container's host",
    "image_based": "the host's system image is not managed by packages",
    "unsupported": "this boot loader, platform or package manager is not read",
    "empty_cache": "the package manager's cache holds no data",
    "no_python": "the host has no Python that the scan can run on",
    "section_failed": "the scan's own code failed; please report it",
}


# What a reader says of an answer that it did get stays its own word after another one was lost.
_OF_ITS_OWN = ("needs_root", "unreadable", "too_large", "deadline", "tool_failed", "unparsable", "section_failed")


class Section:
    """Collects the facts of one section together with their evidence and the reasons for what is missing.

    ``losses`` are the answers that the host lost (see witness.Witness): after the first one nothing can be said that might rest on it.
    ``tell`` hears of each fact as it is said: its path, value, source and, for null, the reason.
    """

    def __init__(self, name: str, losses: Callable[[], List[Loss]] = list, tell: Callable[..., None] = lambda *fact: None) -> None:
        self.name = name
        self._losses = losses
        self._tell = tell
        self.facts: Dict[str, Any] = {}
        self.evidence: Dict[str, str] = {}
        self.nulls: List[Dict[str, str]] = []

    def put(self, path: str, value: Any, source: str) -> None:
        """Record ``value`` at the dotted ``path``; ``source`` is the path read, or the command as one line."""
        lost = self._losses()
        if lost:
            self._null(path, lost[0].reason, lost[0].detail)
            return
        self._place(path, value)
        self.evidence["%s.%s" % (self.name, path)] = source
        self._tell(path, value, source, "")

    def cannot_say(self, path: str, reason: str, detail: str = "") -> None:
        """Record null at ``path`` with one of REASONS and a detail that names the file or command."""
        if reason not in REASONS:
            raise ValueError("unknown reason %r for %s.%s" % (reason, self.name, path))
        lost = self._losses() if reason not in _OF_ITS_OWN else []
        self._null(path, *(lost[0] if lost else (reason, detail)))

    def _null(self, path: str, reason: str, detail: str) -> None:
        self._place(path, None)
        self.nulls.append({"fact": "%s.%s" % (self.name, path), "reason": reason, "detail": detail})
        self._tell(path, None, detail, reason)

    def put_answer(self, path: str, answer: Answer, source: str, parse: Optional[Callable[[Any], Any]] = None) -> Any:
        """Record what a host answered (see _host.Answer), parsed; its problem, or a ValueError of ``parse``, becomes the reason."""
        if answer.problem:
            self.cannot_say(path, answer.problem, "%s: %s" % (source, answer.detail))
            return None
        try:
            value = answer.value if parse is None else parse(answer.value)
        except ValueError as error:
            self.cannot_say(path, "unparsable", "%s: %s" % (source, error))
            return None
        self.put(path, value, source)
        return value

    def says(self, path: str) -> bool:
        """Whether anything was recorded at the dotted ``path``: a value, or null for it or for what contains it."""
        place: Any = self.facts
        for key in path.split("."):
            if place is None:
                return True
            if not isinstance(place, dict) or key not in place:
                return False
            place = place[key]
        return True

    def _place(self, path: str, value: Any) -> None:
        place = self.facts
        keys = path.split(".")
        for key in keys[:-1]:
            if place.get(key) is None:
                place[key] = {}
            place = place[key]
        place[keys[-1]] = value

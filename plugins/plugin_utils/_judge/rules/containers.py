# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of containers: how many share the host's kernel, which may do there what root may, and the engines that start them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..._standard.keys import ENGINES
from ..._standard.requirement import Requirement
from ..facts import CannotSay, printable
from ..judging import Difference, Outcome, Rule, Scope, Unknown, matches_any, meets

_SHOWN = 20
_FIELDS = ("image", "name", "namespace", "engine", "runtime")
_ITEMS = "containers.items"
_COUNTS = "containers.counts"


def _is_allowed(row: dict[str, Any], patterns: tuple[str, ...]) -> bool:
    """Whether a container is one of those that the standard names, each by one of its fields."""
    texts = [f"{field}:{row[field][:512]}" for field in _FIELDS if isinstance(row.get(field), str)]
    return any(matches_any(text, patterns) for text in texts)


def _named(row: dict[str, Any]) -> str:
    """A container in a few words."""
    name = row.get("name") or row.get("id")
    words = [f"{row.get('engine')} {row.get('namespace')}/{name}" if row.get("namespace") else f"{row.get('engine')} {name}"]
    words += [f"image {row['image']}"] if row.get("image") else []
    return printable(", ".join(words), 160)


def _counted(scope: Scope) -> list[dict[str, Any]]:
    """The containers that count, which must be all there are."""
    unlisted = scope.facts.number("containers.unlisted")
    if unlisted:
        raise CannotSay(_ITEMS, f"too_large: {unlisted} containers are not listed")
    return [row for row in scope.facts.rows(_ITEMS) if row.get("is_pod") is not True]


def _shared_kernel(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    patterns = tuple(scope.setting("containers.shared_kernel_allowed", ()))
    rows = [row for row in _counted(scope) if not _is_allowed(row, patterns)]
    sharing = [row for row in rows if row.get("isolation") == "host_kernel"]
    if promise is None:
        return
    if len(sharing) > promise.value:
        names = [_named(row) for row in sharing[:_SHOWN]] + (["..."] if len(sharing) > _SHOWN else [])
        yield Difference("containers.shared_kernel", str(promise), [f"{len(sharing)} share one kernel", *names], (_COUNTS, _ITEMS))
    unknown = sum(row.get("isolation") is None for row in rows)
    if len(sharing) <= promise.value < len(sharing) + unknown:
        yield Unknown(_ITEMS, f"of {unknown} containers it cannot be said whose kernel they run on")


def _flagged(field: str, finding: str, expected: str) -> Callable[[Scope, Requirement | None], Iterator[Outcome]]:
    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        sharing = [row for row in _counted(scope) if row.get("isolation") in ("host_kernel", None)]
        wrong = [_named(row) for row in sharing if row.get(field) is True and row.get("isolation") == "host_kernel"]
        if wrong:
            yield Difference(finding, expected, wrong[:_SHOWN], (_ITEMS,))
        unread = [row for row in sharing if row.get(field) is None or (row.get(field) and row.get("isolation") is None)]
        if unread and not wrong:
            yield Unknown(_ITEMS, f"of {len(unread)} containers it cannot be said: {printable(str(unread[0].get('reason')), 120)}")
    return judge


def _unknown(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    rows = [row for row in _counted(scope) if row.get("isolation") is None]
    if rows:
        observed = [f"{_named(row)}: {printable(str(row.get('reason')), 160)}" for row in rows[:_SHOWN]]
        yield Difference("containers.unknown_isolation", "a known kernel for each container", observed, (_ITEMS,))


def _engines(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    names = sorted({printable(str(row.get("name")), 40) for row in scope.facts.rows("containers.engines")})
    wrong = [name for name in names if promise and name not in promise.value]
    if wrong:
        yield Difference("containers.engines", str(promise), wrong[:_SHOWN], ("containers.engines",))


def _installed(engine: str) -> Callable[[Scope, Requirement | None], Iterator[Outcome]]:
    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        for row in scope.facts.rows("containers.engines"):
            version = row.get("version")
            if row.get("name") != engine or promise is None:
                continue
            if not isinstance(version, str) or not version:
                yield Unknown("containers.engines", f"no version is known for {engine}")
            elif not meets(promise, "containers.engines", version[:256], scope.order() if promise.form == "minimum" else None):
                yield Difference(f"containers.{engine}.installed", str(promise), printable(version), ("containers.engines",))
    return judge


def _engine_stale(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    running = [row for row in scope.facts.rows("containers.engines") if row.get("running") is True]
    wrong = [printable(f"{row.get('name')}, pid {row.get('pid')}: {row.get('reason')}", 200) for row in running if row.get("stale") is True]
    if wrong:
        yield Difference("containers.engine_stale", "daemons that run what is installed", wrong[:_SHOWN], ("containers.engines",))
    for row in running:
        if row.get("stale") is None:
            yield Unknown("containers.engines", printable(f"{row.get('name')}: {row.get('reason')}"))


RULES = (
    Rule("containers.shared_kernel", _shared_kernel),
    Rule("containers.privileged", _flagged("privileged", "containers.privileged", "no privileged container on the host's kernel"), observes=True),
    Rule("containers.host_pid", _flagged("host_pid", "containers.host_pid", "no container that sees the host's processes")),
    Rule("containers.unknown_isolation", _unknown, observes=True),
    Rule("containers.engines", _engines),
    *(Rule(f"containers.{name}.installed", _installed(name)) for name in ENGINES),
    Rule("containers.engine_stale", _engine_stale, observes=True),
)

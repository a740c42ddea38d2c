# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of containers: how many share the host's kernel, which may do there what root may, and the engines that start them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..._standard.keys import ENGINES
from ..._standard.requirement import Requirement
from .. import engine_support
from ..facts import printable
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
    """The listed containers that count."""
    return [row for row in scope.facts.rows(_ITEMS) if row.get("is_pod") is not True]


def _unlisted(scope: Scope) -> Unknown | None:
    """What cannot be said of containers beyond those that are listed."""
    unlisted = scope.facts.number("containers.unlisted")
    return Unknown(_ITEMS, f"too_large: {unlisted} containers are not listed") if unlisted else None


def _beyond(scope: Scope, count: str, listed: int) -> int:
    """How many more of a kind were counted than are listed."""
    return max(0, int(scope.facts.number(f"{_COUNTS}.{count}")) - listed) if scope.facts.number("containers.unlisted") else 0


def _unexplained(scope: Scope) -> int:
    """Namespaces that may be containers of something that the scan does not know."""
    path = f"{_COUNTS}.unexplained"
    return 0 if scope.facts.is_missing(path) else int(scope.facts.number(path))


def _shared_kernel(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if promise is None:
        return
    patterns = tuple(scope.setting("containers.shared_kernel_allowed", ()))
    every = _counted(scope)
    rows = [row for row in every if not _is_allowed(row, patterns)]
    sharing = [row for row in rows if row.get("isolation") == "host_kernel"]
    # Whether one that is not listed is allowed can be said only where none is.
    more = _beyond(scope, "host_kernel", sum(row.get("isolation") == "host_kernel" for row in every))
    shared = len(sharing) + (0 if patterns else more)
    if shared > promise.value:
        names = [_named(row) for row in sharing[:_SHOWN]] + (["..."] if shared > min(len(sharing), _SHOWN) else [])
        yield Difference("containers.shared_kernel", str(promise), [f"{shared} share one kernel", *names], (_COUNTS, _ITEMS))
        return
    unknown = sum(row.get("isolation") is None for row in rows)
    if shared + unknown > promise.value:
        yield Unknown(_ITEMS, f"of {unknown} containers it cannot be said whose kernel they run on")
    elif shared + unknown + _unexplained(scope) > promise.value:
        yield Unknown("containers.unexplained", f"{_unexplained(scope)} namespaces with a first process belong to no container that is known")
    elif patterns and more and shared + unknown + more > promise.value:
        yield Unknown(_ITEMS, f"too_large: {more} containers that share the kernel are not listed")


def _flagged(field: str, finding: str, expected: str) -> Callable[[Scope, Requirement | None], Iterator[Outcome]]:
    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        sharing = [row for row in _counted(scope) if row.get("isolation") in ("host_kernel", None)]
        wrong = [_named(row) for row in sharing if row.get(field) is True and row.get("isolation") == "host_kernel"]
        if wrong:
            yield Difference(finding, expected, wrong[:_SHOWN], (_ITEMS,))
        more = _beyond(scope, field, len(wrong)) if field in ("privileged", "host_pid") else 0
        if more and not wrong:
            yield Difference(finding, expected, [f"{more} that are not listed"], (_COUNTS,))
        unread = [row for row in sharing if row.get(field) is None or (row.get(field) and row.get("isolation") is None)]
        if unread and not wrong:
            yield Unknown(_ITEMS, f"of {len(unread)} containers it cannot be said: {printable(str(unread[0].get('reason')), 120)}")
    return judge


def _unknown(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    rows = [row for row in _counted(scope) if row.get("isolation") is None]
    more = _beyond(scope, "unknown", len(rows))
    if rows or more:
        observed = [f"{_named(row)}: {printable(str(row.get('reason')), 160)}" for row in rows[:_SHOWN]]
        observed += [f"{more} that are not listed"] if more else []
        yield Difference("containers.unknown_isolation", "a known kernel for each container", observed, (_ITEMS,))


def _running_engines(scope: Scope) -> set[str]:
    """The engines of whole systems (LXC, nspawn ...) that have containers here; those inside of containers are not this host's."""
    rows = scope.facts.rows(_ITEMS)
    own = [row for row in rows if not ("nested" in row and row.get("nested") is True)]
    return {printable(str(row.get("engine")), 40) for row in own if row.get("engine") not in ENGINES}


def _engines(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    names = sorted({printable(str(row.get("name")), 40) for row in scope.facts.rows("containers.engines")} | _running_engines(scope))
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


def _end_of_support(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """Engines that their makers built and no longer mend. A distribution mends its own builds as long as its release."""
    ended = []
    for row in scope.facts.rows("containers.engines"):
        name, version = str(row.get("name")), row.get("version")
        if "package" not in row:
            yield Unknown("containers.engines", printable(f"{name}: whose build it is, is not in the record", 160))
            continue
        if not engine_support.is_of_its_maker(name, row.get("package")):
            continue
        line = engine_support.find(name, version[:256]) if isinstance(version, str) else None
        if line and line.has_ended(scope.now.date()):
            ended.append(printable(f"{name} {version}: {line.line} ended {line.last_day}", 160))
        elif not line and promise:
            yield Unknown("containers.engines", printable(f"the table of {engine_support.as_of()} does not know {name} {version}", 160))
    if ended:
        yield Difference("containers.end_of_support", "engines that their makers still mend", ended[:_SHOWN], ("containers.engines",))


RULES = (
    Rule("containers.shared_kernel", _shared_kernel),
    Rule("containers.privileged", _flagged("privileged", "containers.privileged", "no privileged container on the host's kernel"), observes=True),
    Rule("containers.host_pid", _flagged("host_pid", "containers.host_pid", "no container that sees the host's processes")),
    Rule("containers.unknown_isolation", _unknown, observes=True),
    Rule("containers.engines", _engines),
    *(Rule(f"containers.{name}.installed", _installed(name)) for name in ENGINES),
    Rule("containers.engine_stale", _engine_stale, observes=True),
    Rule("containers.end_of_support", _end_of_support, observes=True),
)

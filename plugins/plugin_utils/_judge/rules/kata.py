# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of Kata Containers: what is installed, what the engines are told of it, and whether live sandboxes run what a new one would get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..._standard.promised_files import checksums
from ..._standard.requirement import Requirement
from .. import engine_support
from ..declared import text_list
from ..facts import printable
from ..judging import Difference, Outcome, Rule, Scope, Unknown, matches_any, meets

_SHOWN = 20
# Room for two paths, of a configuration and of its drop-in, and for what is wrong.
_LINE = 500
_CONFIGURATIONS = "kata.configurations"


def _presence(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    present = scope.facts.truth("kata.installed")
    if promise and present is not (promise.value == "required"):
        said = {True: "installed", False: "not installed"}
        yield Difference("kata.installed", said[promise.value == "required"], said[present], ("kata.installed", "kata.trees"))


def _version(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if scope.facts.text("kata.origin") == "none":
        return
    version = scope.facts.text("kata.version")
    if promise and not meets(promise, "kata.version", version, "rpm"):
        yield Difference("kata.version", str(promise), printable(version), ("kata.version", "kata.tree"))


def _end_of_support(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """A release of the project's own; a distribution mends its package as long as its own release."""
    if scope.facts.text("kata.origin") != "release":
        return
    version = scope.facts.text("kata.version")
    line = engine_support.find("kata", version[:256])
    if line is None:
        yield Unknown("kata.version", printable(f"the table of {engine_support.as_of()} does not know Kata {version}", 160))
    elif line.has_ended(scope.now.date()):
        observed = printable(f"{version}: {line.line} ended {line.last_day}", 160)
        yield Difference("kata.end_of_support", "a release of a line that gets fixes", observed, ("kata.version", "kata.tree"))


def _files(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if scope.facts.text("kata.origin") == "none":
        return
    seen = {row.get("path"): row for row in scope.facts.rows("kata.files")}
    wrong = []
    for path, sha256 in checksums(promise.value if promise else ()).items():
        row = seen.get(path, {"problem": "not_asked"})
        if row.get("problem") not in ("", "absent"):
            yield Unknown("kata.files", printable(f"{path}: {row.get('problem')}"))
        elif row.get("sha256") != sha256:
            wrong.append(printable(f"{path}: {row.get('sha256') or 'not there'}"))
    if wrong:
        yield Difference("kata.files", "the files that the standard names", wrong[:_SHOWN], ("kata.files", "kata.tree"))


def _isolation(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """What lives tells; a probe is the proof's alone."""
    of_kata = [row for row in scope.facts.rows("containers.items") if row.get("runtime") in ("kata", None)]
    rows = [row for row in of_kata if row.get("runtime") and row.get("isolation") == "host_kernel"]
    if rows:
        named = [printable(f"{row.get('engine')} {row.get('name') or row.get('id')}, pid {row.get('pid')}", 160) for row in rows[:_SHOWN]]
        yield Difference("kata.isolation", "containers of Kata's on a kernel of their own", named, ("containers.items",))
    doubtful = [row for row in of_kata if row not in rows and row.get("isolation") in ("host_kernel", None)]
    if doubtful:
        yield Unknown("containers.items", f"of {len(doubtful)} containers it cannot be said: {printable(str(doubtful[0].get('reason')), 120)}")


def _sandbox(row: dict[str, Any]) -> str:
    return printable(f"{row.get('namespace')}/{row.get('id')}, shim {row.get('shim_pid')}, since {row.get('started_at')}", 160)


def _orphans(scope: Scope) -> list[str]:
    """The machine monitors whose shims are gone."""
    if scope.facts.is_missing("kata.orphans"):
        return []
    return [printable(f"{row.get('name')}, pid {row.get('pid')}: its shim is gone", 160) for row in scope.facts.rows("kata.orphans")]


def _stale(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    rows = scope.facts.rows("kata.sandboxes")
    wrong = [f"{_sandbox(row)}: {_why(row)}" for row in rows if row.get("stale") is True]
    orphans = _orphans(scope)
    wrong += orphans
    if wrong:
        shown = wrong[:_SHOWN] + (["..."] if len(wrong) > _SHOWN else [])
        yield Difference("kata.stale_sandboxes", "sandboxes that run what is in force", [f"{len(wrong)} of {len(rows) + len(orphans)}", *shown],
                         ("kata.sandboxes", "kata.tree", "kata.version"))
    for row in rows:
        if row.get("stale") is None:
            yield Unknown("kata.sandboxes", f"{_sandbox(row)}: {_why(row)}")


def _why(row: dict[str, Any]) -> str:
    reasons = row.get("reasons")
    return printable("; ".join(str(reason) for reason in reasons[:5]) if isinstance(reasons, list) else "no reason given", 300)


def _guest_kernel(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    wrong = []
    for row in scope.facts.rows("kata.sandboxes"):
        version = row.get("guest_kernel")
        if not isinstance(version, str) or not version:
            yield Unknown("kata.sandboxes", f"{_sandbox(row)}: its guest kernel is not known")
        elif promise and not meets(promise, "kata.sandboxes", version[:256], "rpm"):
            wrong.append(f"{_sandbox(row)}: {printable(version, 80)}")
    if wrong:
        yield Difference("kata.guest_kernel", str(promise), wrong[:_SHOWN], ("kata.sandboxes",))


def _handlers(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    names = {row.get("name") for row in scope.facts.rows("kata.handlers")}
    missing = [name for name in (promise.value if promise else ()) if name not in names]
    if missing:
        yield Difference("kata.handlers", str(promise), "missing: " + ", ".join(missing[:_SHOWN]), ("kata.handlers",))


def _handler(row: dict[str, Any]) -> str:
    return f"{row.get('engine')} {row.get('name')} ({row.get('source')})"


def _dead(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    wrong = [printable(f"{_handler(row)}: {row['dead']}", 200) for row in scope.facts.rows("kata.handlers") if row.get("dead")]
    if wrong:
        yield Difference("kata.dead_handlers", "handlers that can start a sandbox", wrong[:_SHOWN], ("kata.handlers",))


def _unloaded(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    rows = scope.facts.rows("kata.handlers")
    said = {False: "no running engine has read it", None: "the file was changed after the engine started"}
    wrong = [printable(f"{_handler(row)}: {said.get(row.get('loaded'), 'malformed')}", 200) for row in rows if row.get("loaded") is not True]
    if wrong:
        yield Difference("kata.unloaded_handlers", "handlers that the running engine has read", wrong[:_SHOWN], ("kata.handlers",))


def _configurations(scope: Scope) -> Iterator[dict[str, Any] | Unknown]:
    """Each configuration that was understood, and an Unknown for each that was not."""
    for row in scope.facts.rows(_CONFIGURATIONS):
        if row.get("problem"):
            yield Unknown(_CONFIGURATIONS, printable(f"{row.get('path')}: {row['problem']}"))
        yield row


def _lines(
    scope: Scope, lines_of: Callable[[dict[str, Any]], list[str]], finding: str, expected: str, more: tuple[str, ...] = (),
) -> Iterator[Outcome]:
    """One finding with all lines of all configurations."""
    wrong = list(more)
    for row in _configurations(scope):
        if isinstance(row, Unknown):
            yield row
        else:
            wrong += [printable(line, _LINE) for line in lines_of(row)]
    if wrong:
        yield Difference(finding, expected, wrong[:_SHOWN] + (["..."] if len(wrong) > _SHOWN else []), (_CONFIGURATIONS,))


def _started_without(scope: Scope, profile: str) -> tuple[str, ...]:
    """What live sandboxes visibly lack of a profile: they keep what they were started with, whatever files say by now."""
    # A record of an earlier scan says nothing of this.
    said = [(row, row.get("unmet")) for row in scope.facts.rows("kata.sandboxes") if "unmet" in row]
    return tuple(printable(f"{_sandbox(row)}: {line}", _LINE) for row, unmet in said if isinstance(unmet, dict)
                 for line in text_list("kata.sandboxes", unmet.get(profile)))


def _hardening(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    profile = str(promise.value) if promise else ""

    def unmet(row: dict[str, Any]) -> list[str]:
        lines = [] if row.get("problem") else text_list(_CONFIGURATIONS, row["unmet"].get(profile))
        return [f"{row.get('path')}: {line}" for line in lines]

    yield from _lines(scope, unmet, "kata.hardening", f"the profile {profile}", _started_without(scope, profile))


def _drop_ins(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    patterns = promise.value if promise else ()

    def others(row: dict[str, Any]) -> list[str]:
        return [path for path in text_list(_CONFIGURATIONS, row.get("drop_ins")) if not matches_any(path.rpartition("/")[2], patterns)]

    yield from _lines(scope, others, "kata.drop_ins", str(promise))


def _strays(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    yield from _lines(scope, lambda row: text_list(_CONFIGURATIONS, row.get("strays")),
                      "kata.stray_drop_ins", "nothing beside a configuration but drop-ins of root's")


def _unknown_keys(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    yield from _lines(scope, lambda row: text_list(_CONFIGURATIONS, row.get("unknown_keys")),
                      "kata.unknown_keys", "keys that the configuration knows")


def _others(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    others = [printable(text, 160) for text in scope.facts.words("kata.other_installers")]
    if others and scope.facts.text("kata.origin") == "release":
        yield Difference("kata.other_installers", "one installer", others[:_SHOWN], ("kata.other_installers", "kata.tree"))


RULES = (
    Rule("kata.presence", _presence),
    Rule("kata.version", _version),
    Rule("kata.end_of_support", _end_of_support, observes=True),
    Rule("kata.files", _files),
    Rule("kata.isolation", _isolation),
    Rule("kata.stale_sandboxes", _stale, observes=True),
    Rule("kata.guest_kernel", _guest_kernel),
    Rule("kata.handlers", _handlers),
    Rule("kata.dead_handlers", _dead, observes=True),
    Rule("kata.unloaded_handlers", _unloaded, observes=True),
    Rule("kata.hardening", _hardening),
    Rule("kata.drop_ins", _drop_ins),
    Rule("kata.stray_drop_ins", _strays, observes=True),
    Rule("kata.unknown_keys", _unknown_keys, observes=True),
    Rule("kata.other_installers", _others, observes=True),
)

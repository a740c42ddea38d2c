# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the operating system: release, architecture, end of support."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from ..._standard.requirement import Requirement
from .. import end_of_support
from ..end_of_support import Support
from ..facts import CannotSay, printable
from ..judging import Difference, Judge, Outcome, Rule, Scope, text_rule

_NEAR_DAYS = 90
# A commit of ostree, which the number of its deployment may follow.
_COMMIT = re.compile(r"([0-9a-f]{64})(?:\.\d+)?")
_FACTS = ("os.id", "os.version_id", "os.support_end")


def _own_end(scope: Scope) -> Support:
    """What the host's own os-release says."""
    try:
        return Support(date.fromisoformat(scope.facts.text("os.support_end")))
    except ValueError:
        raise CannotSay("os.support_end", "malformed: no date") from None


def _support(scope: Scope) -> tuple[str, Support]:
    """The release's name and its support, from the table or else from the host's own os-release."""
    os_id = scope.facts.text("os.id")
    version_id = scope.facts.raw("os.version_id")
    listed = end_of_support.find(os_id, version_id) if isinstance(version_id, str) else None
    name = f"{os_id} {version_id or '(rolling)'}"
    if listed:
        return name, listed
    try:
        return name, _own_end(scope)
    except CannotSay:
        raise CannotSay("os.support_end", f"the table of {end_of_support.as_of()} does not know {printable(name, 80)}") from None


def _last_day(scope: Scope, support: Support) -> date:
    return support.last_day(scope.setting("os.support", "vendor"))


def _ended(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    name, support = _support(scope)
    last = _last_day(scope, support)
    if scope.now.date() <= last:
        return
    today = scope.now.date()
    add_ons = ((support.extended, support.extended_name), (support.legacy, support.legacy_name))
    offers = [f"{add_on} until {end}" for end, add_on in add_ons if end is not None and last < end and today <= end]
    near = any(end is not None and today <= end for end in (support.extended, support.line))
    offers += [f"its later minor releases until {support.line}"] if support.line is not None and today <= support.line else []
    observed = f"{name[:80]}: support ended {last}" + "".join(f"; {offer}" for offer in offers)
    yield Difference("os.end_of_support", "a supported release", observed, _FACTS, "medium" if near else None)


def _near(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    name, support = _support(scope)
    wanted = promise.value if promise else _NEAR_DAYS
    left = (_last_day(scope, support) - scope.now.date()).days
    if left < wanted and (left >= 0 or promise):
        yield Difference("os.end_of_support_near", f"at least {wanted} days of support", f"{name[:80]}: {max(left, 0)} days left", _FACTS)


def _release_rule(key: str, kind: str | None = None) -> Rule:
    """A rule for what os-release says, which counts for nothing where the file is not as its package brought it."""
    believed = text_rule(key, key, "os.release", kind)

    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        altered = scope.facts.raw("os.altered_files")
        forged = [item for item in altered if "/os-release " in str(item)] if isinstance(altered, list) else []
        if promise and forged:
            yield Difference("os.release", str(promise), f"{printable(str(scope.facts.raw(key)), 80)}, by an os-release that was altered",
                             (key, "os.altered_files"))
        else:
            yield from believed.judge(scope, promise)

    return Rule(key, judge)


def _none_of(key: str, expected: str) -> Rule:
    """A rule for a list of the record that must be empty."""

    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        found = [printable(str(item)) for item in scope.facts.items(key)]
        if found:
            yield Difference(key, expected, found[:20], (key,))

    return Rule(key, judge, observes=True)


def _firmware_date(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    date = scope.facts.text("os.firmware.date")
    if promise is None:
        return
    # Such dates have the order of their texts.
    is_met = date >= str(promise.value) if promise.form == "minimum" else date in promise.values()
    if not is_met:
        yield Difference("os.firmware", str(promise), printable(date, 40), ("os.firmware.date", "os.firmware.version", "os.firmware.product"))


def _comes_as_packages(scope: Scope) -> bool:
    """Whether the host has no image to be held against anything."""
    return scope.facts.raw("os.image.booted") is None and scope.facts.why("os.image.booted").startswith("not_applicable")


def _image_rule(key: str, judge_image: Judge) -> Rule:
    """A rule for the image that runs; a host of packages is none of what a standard can name."""

    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        if promise and _comes_as_packages(scope):
            yield Difference("os.image", str(promise), "no image: the system comes as packages", (key, "os.image_tool"))
        else:
            yield from judge_image(scope, promise)

    return Rule(key, judge)


def _kind_of_name(image: str) -> str:
    return "digest" if ":" in image else "commit" if _COMMIT.fullmatch(image) else "version"


def _image_booted(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """By name; a digest is never a commit nor a version, so names of different kinds tell nothing of each other."""
    key = "os.image.booted"
    observed = scope.facts.text(key)
    if promise is None:
        return
    kind, commit = _kind_of_name(observed), _COMMIT.fullmatch(observed)
    comparable = [value for value in promise.values() if _kind_of_name(value) == kind]
    if not comparable:
        raise CannotSay(key, f"the scan names the image by its {kind}, {printable(observed, 80)}: {printable(str(promise), 80)} is no such name")
    if observed not in comparable and (commit is None or commit.group(1) not in comparable):
        yield Difference("os.image", str(promise), printable(observed, 80), (key, "os.image.reference"))


def _image_pending(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if _comes_as_packages(scope):
        return
    booted, following = scope.facts.text("os.image.booted"), scope.facts.text("os.image.next")
    if booted != following:
        yield Difference("os.image_pending", f"the next boot gives what runs, {printable(booted, 80)}", printable(following, 80),
                         ("os.image.booted", "os.image.next"))


RULES = (
    _image_rule("os.image.booted", _image_booted),
    _image_rule("os.image.reference", text_rule("os.image.reference", "os.image.reference", "os.image").judge),
    _image_rule("os.image.version", text_rule("os.image.version", "os.image.version", "os.image", "rpm").judge),
    Rule("os.image.pending", _image_pending, observes=True),
    text_rule("os.firmware_version", "os.firmware.version", "os.firmware"),
    text_rule("os.bmc_version", "os.firmware.bmc_version", "os.bmc"),
    Rule("os.firmware_date", _firmware_date),
    _release_rule("os.id"),
    _release_rule("os.version_id", "rpm"),
    _release_rule("os.version_codename"),
    text_rule("os.architecture", "os.architecture", "os.architecture"),
    _none_of("os.altered_files", "each file as its package brought it"),
    _none_of("os.shadowed_programs", "no program before the system's own"),
    Rule("os.end_of_support", _ended, observes=True),
    Rule("os.support_days_left", _near, observes=True),
)

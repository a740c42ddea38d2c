# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The standard in force for a host: ``firebreak_standard`` with its overrides and waivers, checked, merged, and named by its SHA-256."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple

import yaml

from . import overrides as standard_overrides
from . import waivers as standard_waivers
from .requirement import Requirement, shown
from .validation import StandardError, find_key, flat, match_of, nested, plain, read
from .waivers import Waiver

STANDARD = "firebreak_standard"
OVERRIDES = "firebreak_standard_overrides"
WAIVERS = "firebreak_waivers"
MITIGATIONS = "firebreak_mitigations"

_PROBLEMS_SHOWN = 5
_TEMPLATE = re.compile(r"\{\{|\{%")

__all__ = ["Effective", "StandardError", "effective", "is_standard_variable", "promises", "resolve"]


@dataclass(frozen=True)
class Effective:
    """What a host is judged by. ``canonical`` is the standard as sorted JSON, ``provenance`` says for each dotted key who set it and why.

    ``base`` is the SHA-256 of the standard without its overrides: hosts that share it are held to variants of one standard.
    """

    standard: Mapping[str, Any] | None = None
    sha256: str | None = None
    waivers: tuple[Waiver, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    canonical: str = ""
    base: str | None = None


def is_standard_variable(name: str) -> bool:
    """Whether a host's variable takes part: the standard itself, or a list of overrides, waivers or mitigations of any suffix."""
    return name == STANDARD or any(name == base or name.startswith(base + "_") for base in (OVERRIDES, WAIVERS, MITIGATIONS))


def _entries(variables: Mapping[str, Any], base: str) -> list[tuple[str, Any]]:
    """(place, item) of all lists named ``base`` or ``base_...``, in the order of the variables' names."""
    entries: list[tuple[str, Any]] = []
    for name in sorted(name for name in variables if name == base or name.startswith(base + "_")):
        value = variables[name]
        if value is None:
            continue
        if not isinstance(value, list | tuple):
            raise StandardError(f"{name}: seen {shown(value)}; wanted: a list")
        entries += [(f"{name}[{number}]", plain(item, f"{name}[{number}]")) for number, item in enumerate(value)]
    return entries


def _blocks(raw: Any) -> list[dict[str, Any]]:
    where = f"{STANDARD}.platforms"
    if not isinstance(raw, list):
        raise StandardError(f"{where}: seen {shown(raw)}; wanted: a list of mappings, each with match and keys of the standard")
    blocks = []
    for number, block in enumerate(raw):
        place = f"{where}[{number}]"
        if not isinstance(block, Mapping) or not block.get("match"):
            raise StandardError(f"{place}: seen {shown(block)}; wanted: a mapping with match and keys of the standard")
        values = {name: value for name, value in block.items() if name != "match"}
        match = match_of(block["match"], f"{place}.match")
        if not values:
            raise StandardError(f"{place}: seen a match alone, which promises nothing; wanted: a mapping with match and keys of the standard")
        blocks.append({"match": match, "values": flat(values, place)})
    return blocks


@lru_cache(maxsize=64)
def _merged(standard: str, overrides: str) -> tuple[str, str]:
    """The merged standard and its provenance, both as JSON; cached because a whole fleet shares a few of them."""
    mapping = json.loads(standard)
    base = flat({name: value for name, value in mapping.items() if name != "platforms"}, STANDARD)
    blocks = _blocks(mapping.get("platforms") or [])
    everything = [setting for where, entry in json.loads(overrides) for setting in standard_overrides.settings(entry, where)]
    standard_overrides.check_conflicts(everything)
    values, merged = standard_overrides.apply(base, blocks, everything)
    data = nested(values)
    if merged:
        data["platforms"] = [standard_overrides.block_as_data(block) for block in merged]
    provenance = dict.fromkeys(base, STANDARD)
    for number, block in enumerate(blocks):
        provenance.update({f"platforms[{number}].{path}": f"{STANDARD}.platforms[{number}]" for path in block["values"]})
    provenance.update({setting.key + _suffix(setting): f"{setting.source}: {setting.reason}" for setting in everything})
    return json.dumps(data, sort_keys=True, separators=(",", ":")), json.dumps(provenance, sort_keys=True)


def _suffix(setting: standard_overrides.Setting) -> str:
    return "".join(f" [{fact} {' or '.join(patterns)}]" for fact, patterns in sorted(setting.match.items()))


def effective(variables: Mapping[str, Any]) -> Effective:
    """What a host is judged by, from its own templated ``firebreak_*`` variables; StandardError with one clear message where they are wrong."""
    problems: list[str] = []
    variables = {name: _kept(problems, functools.partial(from_text, name, value)) for name, value in variables.items() if is_standard_variable(name)}
    waivers, overrides, raw = _waivers(variables, problems), _overrides(variables, problems), variables.get(STANDARD)
    mitigations = _mitigations(variables, problems)
    if raw is None and (overrides or mitigations):
        problems.append(f"{[*overrides, *mitigations][0][0]}: there is nothing to override; wanted: {STANDARD} set for this host as well")
    if raw is not None and not isinstance(raw, Mapping):
        problems.append(f"{STANDARD}: seen {shown(raw)}; wanted: a mapping (see docs/standard.md)")
    if not isinstance(raw, Mapping) or problems:
        if isinstance(raw, Mapping):
            _kept(problems, lambda: _merged(json.dumps(plain(raw, STANDARD)), "[]"))
        if problems:
            raise StandardError("; ".join(problems[:_PROBLEMS_SHOWN]))
        return Effective(waivers=waivers)
    alone = plain(raw, STANDARD)
    given = json.dumps(_with_mitigations(alone, mitigations))
    canonical, provenance = _merged(given, json.dumps(overrides))
    base = _sha256(_merged(json.dumps(alone), "[]")[0]) if overrides or mitigations else _sha256(canonical)
    told = json.loads(provenance)
    if mitigations:
        own = [told["mitigations"]] if alone.get("mitigations") else []
        told["mitigations"] = ", ".join([*own, *(name for name, _one in mitigations)])
    return Effective(json.loads(canonical), _sha256(canonical), waivers, told, canonical, base)


def from_text(name: str, value: Any) -> Any:
    """A variable of the standard's; the text that a survey makes of one is read as YAML, of which JSON is a part, and a blank is none."""
    text = value.strip() if isinstance(value, str) else ""
    if _has_template(value) and (isinstance(value, str) or name.startswith(STANDARD)):
        raise StandardError(f"{name}: seen {shown(value)}, a template that was not rendered; wanted its value")
    if not isinstance(value, str):
        return value
    try:
        return yaml.safe_load(text) if "\n" in text or text.startswith(("{", "[", "- ")) or ": " in text else value if text else None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A day that no calendar has is a ValueError, brackets in brackets without end are a RecursionError.
        where = getattr(error, "problem_mark", None)
        raise StandardError(f"{name}: the text is no YAML or JSON: {getattr(error, 'problem', None) or 'it cannot be read'}"
                            + (f" in line {where.line + 1}" if where else "")) from None


def _has_template(value: Any) -> bool:
    """Whether a template is left in a value that has been templated: it came from a survey, which renders none."""
    if isinstance(value, Mapping):
        return any(map(_has_template, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_template, value))
    return isinstance(value, str) and bool(_TEMPLATE.search(value))


def _kept(problems: list[str], attempt: Callable[[], Any]) -> Any:
    """What an attempt gives; what is wrong with it is kept, so that one message can tell all mistakes."""
    try:
        return attempt()
    except StandardError as error:
        problems.append(str(error))
        return None


def _waivers(variables: Mapping[str, Any], problems: list[str]) -> tuple[Waiver, ...]:
    entries = _kept(problems, lambda: _entries(variables, WAIVERS)) or []
    found = [_kept(problems, functools.partial(standard_waivers.parse, entry, where)) for where, entry in entries]
    return tuple(waiver for waiver in found if waiver is not None)


def _overrides(variables: Mapping[str, Any], problems: list[str]) -> list[tuple[str, Any]]:
    """The overrides, each looked at by itself; whether they agree is seen when they are merged."""
    entries: list[tuple[str, Any]] = _kept(problems, lambda: _entries(variables, OVERRIDES)) or []
    for where, entry in entries:
        _kept(problems, functools.partial(standard_overrides.settings, entry, where))
    return entries


def _mitigations(variables: Mapping[str, Any], problems: list[str]) -> list[tuple[str, Any]]:
    """The mitigations in lists of their own, each looked at by itself."""
    entries: list[tuple[str, Any]] = _kept(problems, lambda: _entries(variables, MITIGATIONS)) or []
    for where, entry in entries:
        _kept(problems, functools.partial(read, where, find_key("mitigations"), [entry]))
    return entries


def _with_mitigations(standard: dict[str, Any], entries: list[tuple[str, Any]]) -> dict[str, Any]:
    """A standard with the mitigations of lists of their own behind its own ones; platform blocks that name some have these too."""
    added = [entry for _where, entry in entries]
    if not added:
        return standard
    blocks = [{**block, "mitigations": [*block["mitigations"], *added]} if isinstance(block, dict) and block.get("mitigations") else block
              for block in standard.get("platforms") or []]
    return {**standard, "mitigations": [*(standard.get("mitigations") or []), *added], **({"platforms": blocks} if blocks else {})}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _matches(match: Mapping[str, Any], os_section: Mapping[str, Any]) -> bool:
    return all(isinstance(os_section.get(fact), str) and any(fnmatchcase(os_section[fact], pattern) for pattern in patterns)
               for fact, patterns in match_of(match, "platforms.match").items())


def resolve(mapping: Mapping[str, Any], os_section: Mapping[str, Any]) -> dict[str, Any]:
    """The standard for one host: each platform block that matches its os facts is laid over the base, in order; the last one wins."""
    values = flat({name: value for name, value in mapping.items() if name != "platforms"}, STANDARD)
    for block in mapping.get("platforms") or []:
        if _matches(block["match"], os_section):
            values.update(flat({name: value for name, value in block.items() if name != "match"}, STANDARD))
    return nested(values)


class Undecided(NamedTuple):
    """A platform block that the known facts neither rule out nor let in, one of the facts that are missing, and the keys that it sets."""

    fact: str
    keys: tuple[str, ...]


def undecided(mapping: Mapping[str, Any], known: Mapping[str, str], unknown: Set[str]) -> list[Undecided]:
    """The platform blocks that ask for a fact in ``unknown`` and are not ruled out by the ones in ``known``."""
    found = []
    for block in mapping.get("platforms") or []:
        match = match_of(block["match"], "platforms.match")
        missing = [fact for fact in match if fact in unknown]
        if missing and _matches({fact: patterns for fact, patterns in match.items() if fact not in unknown}, known):
            keys = flat({name: value for name, value in block.items() if name != "match"}, STANDARD)
            found.append(Undecided(missing[0], tuple(keys)))
    return found


def without(resolved: Mapping[str, Any], keys: Set[str]) -> dict[str, Any]:
    """A resolved standard without some of its dotted keys."""
    return nested({path: value for path, value in flat(resolved, STANDARD).items() if path not in keys})


def promises(resolved: Mapping[str, Any]) -> dict[str, Requirement]:
    """The Requirement of each dotted key of a resolved standard."""
    return {path: read(path, find_key(path), raw) for path, raw in flat(resolved, STANDARD).items() if raw is not None}

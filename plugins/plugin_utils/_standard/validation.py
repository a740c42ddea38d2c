# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a standard against the table of its keys and turns it into flat promises: ``{"kernel.running": Requirement(...)}``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

from ...module_utils._host.secrets import without_secrets
from . import words
from .keys import FREE_SEGMENT, KEYS, MATCH_FACTS, Key
from .requirement import Requirement, RequirementError, parse, shown

_DEPTH_LIMIT = 12
_PROBLEMS_SHOWN = 5


class StandardError(ValueError):
    """A standard, override or waiver that cannot be used; the text names the variable and key, the value seen and the values allowed."""


Tree = dict[str, Any]


def _tree() -> Tree:
    root: Tree = {}
    for key in KEYS:
        *parents, last = key.path.split(".")
        node = root
        for name in parents:
            node = node.setdefault(name, {})
        node[last] = key
    return root


TREE = _tree()


def plain(value: Any, where: str, depth: int = 0) -> Any:
    """``value`` as built-in types only (Ansible marks its own with subclasses); StandardError for what is no data."""
    if depth > _DEPTH_LIMIT:
        raise StandardError(f"{where}: nested deeper than {_DEPTH_LIMIT} levels")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, Mapping):
        return {plain(name, where, depth + 1): plain(item, f"{where}.{name}", depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, f"{where}[{number}]", depth + 1) for number, item in enumerate(value)]
    raise StandardError(f"{where}: a value of type {type(value).__name__} is no data; wanted: text, numbers, lists and mappings")


def _child(node: Tree, name: Any) -> Any:
    if not isinstance(name, str):
        return None
    if name in node and not name.startswith("<"):
        return node[name]
    free = next((label for label in node if label.startswith("<")), None)
    return node[free] if free and re.fullmatch(FREE_SEGMENT, name) else None


def _unknown(path: str, node: Tree) -> str:
    name = path.rpartition(".")[2]
    if "." in name or any(key.path == path for key in KEYS):
        *parents, last = path.split(".")
        return f"{path}: unknown key; dots are for overrides: wanted here: {': {'.join([*parents, last])}: ...{'}' * len(parents)}"
    strange = words.check_path(path) if any(label.startswith("<") for label in node) else None
    if strange:
        return f"{path}: seen {shown(strange[0])}; wanted: {strange[1]}"
    close = get_close_matches(name, [label for label in node if not label.startswith("<")], n=1, cutoff=0.6)
    elsewhere = [key.path for key in KEYS if key.path.rpartition(".")[2] == name or key.path == name]
    hint = close[0] if close else (elsewhere[0] if elsewhere else None)
    guess = f"did you mean {hint!r}? " if hint else ""
    return f"{path}: unknown key; {guess}wanted: one of {_names_of(node)}{', platforms' if node is TREE else ''}"


def _names_of(node: Tree) -> str:
    """The keys that a group takes; a free one is described."""
    told = (f"names of {label.strip('<>')}s, of letters, digits, _ and -" if label.startswith("<") else label for label in sorted(node))
    return ", ".join(name.replace("names of names", "names") for name in told)


def leaves(mapping: Mapping[Any, Any], path: str, node: Tree) -> Iterator[tuple[str, Key | None, Any]]:
    """Each key of a nested mapping as (dotted path, its Key, raw value); where the Key is None, the value is the complaint."""
    for name, value in mapping.items():
        here = f"{path}.{name}" if path else str(name)
        child = _child(node, name)
        if child is None:
            yield here, None, _unknown(here, node)
        elif isinstance(child, Key):
            yield here, child, value
        elif isinstance(value, Mapping):
            yield from leaves(value, here, child)
        elif value is not None:
            yield here, None, f"{here}: seen {shown(value)}; wanted: a mapping with {_names_of(child)}"


def find_key(path: str) -> Key:
    """The Key of a dotted path; StandardError with a suggestion where there is none."""
    node: Any = TREE
    for name in path.split("."):
        child = _child(node, name) if isinstance(node, dict) else None
        if child is None:
            close = get_close_matches(path, [key.path for key in KEYS], n=1, cutoff=0.6)
            raise StandardError(f"{path}: unknown key" + (f"; did you mean {close[0]!r}?" if close else ""))
        node = child
    if not isinstance(node, Key):
        raise StandardError(f"{path}: a group of keys; wanted: one of {', '.join(f'{path}.{name}' for name in sorted(node))}")
    return node


def read(path: str, key: Key, raw: Any) -> Requirement:
    """The Requirement of one key; StandardError names the key, the value seen and the values allowed."""
    strange = words.check_path(path) if path.count(".") > 1 else None
    if strange:
        raise StandardError(f"{path}: seen {shown(strange[0])}; wanted: {strange[1]}")
    try:
        made = parse(raw, key.kind, key.forms, key.choices, key.rules, key.example)
    except RequirementError as error:
        raise StandardError(f"{path}: seen {error.seen}; wanted: {error.wanted}") from None
    _check_secrets(path, made)
    if made.form != "rule" and (key.promise or path in words.CHECKS):
        _check_words(path, key, made)
    return made


def _check_secrets(path: str, made: Requirement) -> None:
    """StandardError for a text with a secret in it: no record holds one, so that such a promise could be neither kept nor broken."""
    told = [word for value in made.values() for word in (value if isinstance(value, (list, tuple)) else [value])]
    # A pattern that ends in * names what it is about and tells nothing.
    for word in (word.rstrip("*") for word in told if isinstance(word, str)):
        public = without_secrets(word)
        if public != word:
            raise StandardError(f"{path}: seen {shown(public)}; wanted: a text without a secret, since records hold none; "
                                'what is to be forbidden can be named by a pattern such as "rd.iscsi.password=*"')


def _check_words(path: str, key: Key, made: Requirement) -> None:
    """StandardError for a text that no host can ever have."""
    for value in made.values():
        problem = words.check(path, key.kind, value, made.form) if isinstance(value, str) else None
        if problem:
            raise StandardError(f"{path}: seen {shown(value)}; wanted: {problem}")


def flat(mapping: Mapping[str, Any], variable: str) -> dict[str, Any]:
    """The raw values by dotted key, each checked; null keeps its key (it takes a promise back). All complaints in one StandardError."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for path, key, raw in leaves(mapping, "", TREE):
        if key is None:
            problems.append(str(raw))
            continue
        values[path] = raw
        if raw is not None:
            try:
                read(path, key, raw)
            except StandardError as error:
                problems.append(str(error))
    if problems:
        raise StandardError(_together(problems, variable))
    return values


def _together(problems: list[str], variable: str) -> str:
    text = "; ".join(f"{variable}.{problem}" for problem in problems[:_PROBLEMS_SHOWN])
    left = len(problems) - _PROBLEMS_SHOWN
    return text + (f"; and {left} more" if left > 0 else "")


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """The nested form of flat values, without those that are null."""
    root: dict[str, Any] = {}
    for path, value in values.items():
        if value is None:
            continue
        *parents, last = path.split(".")
        node = root
        for name in parents:
            node = node.setdefault(name, {})
        node[last] = value
    return root


def match_of(raw: Any, where: str) -> dict[str, list[str]]:
    """A checked ``match``: facts of the os section to the shell patterns that they may match. An absent one matches every host."""
    if raw is None:
        return {}
    wanted = f"a mapping with any of {', '.join(MATCH_FACTS)}"
    if not isinstance(raw, Mapping):
        raise StandardError(f"{where}: seen {shown(raw)}; wanted: {wanted}")
    match: dict[str, list[str]] = {}
    for fact, value in raw.items():
        patterns = value if isinstance(value, list) else [value]
        if fact not in MATCH_FACTS:
            raise StandardError(f"{where}.{fact}: unknown fact; wanted: {wanted}")
        if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
            raise StandardError(f"{where}.{fact}: seen {shown(value)}; wanted: text or a list of text (write versions in quotes)")
        for pattern in patterns:
            strange = words.check_match(fact, pattern)
            if strange:
                raise StandardError(f"{where}.{fact}: seen {shown(pattern)}, which no host has; wanted: {strange}")
        match[fact] = patterns
    return match

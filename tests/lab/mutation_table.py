# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mutations: read from their table, packed into rounds, and written into the document with what caught each, as a run has kept it.

    .venv/bin/python tests/lab/mutation_table.py    # make proof-table: the document's table by what the last run of each mutation kept
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

TABLE = Path(__file__).parent / "mutations/mutations.yml"
# What caught each mutation when it was done last; a run writes it.
CAUGHT = Path(__file__).parent / "mutations/caught.yml"
DOCUMENT = Path(__file__).parents[2] / "docs/proof.md"
_CAUGHT_HEAD = "---\n# What caught each mutation when it was done last: findings of the scan, promises of the proof. Written by make test-proof.\n"
MARKS = ("<!-- mutations: written by make proof-table -->", "<!-- end of mutations -->")
_KEYS = {"does", "kind", "apply", "undo", "breaks"}
_MAY = {"not_with", "scan_says"}
# An engine is a container with containerd and a release of Kata Containers.
KINDS = ("machine", "container", "engine")
_HEAD = "| Mutation | What it does | On a | Findings of the scan | Promises that the proof calls broken |\n| --- | --- | --- | --- | --- |\n"


class Mutation(NamedTuple):
    """One way to tamper with a host, and the keys of the standard that it breaks; not ``is_told``: the scan can only call them unknown."""

    name: str
    does: str
    kind: str
    apply: str
    undo: str
    breaks: frozenset[str]
    not_with: frozenset[str] = frozenset()
    is_told: bool = True


class Caught(NamedTuple):
    """What caught a mutation: ids of the scan's findings, and the keys that the proof found broken."""

    findings: tuple[str, ...]
    proofs: tuple[str, ...]


def parse(document: Mapping[str, Any]) -> list[Mutation]:
    """The mutations of the table; ValueError that names one that is not understood."""
    found = []
    for name, row in document["mutations"].items():
        if set(row) - _MAY != _KEYS or row["kind"] not in KINDS or not row["breaks"]:
            raise ValueError(f"{name}: want {', '.join(sorted(_KEYS))}, with a kind of {', '.join(KINDS)}; seen {row}")
        scripts = {part: f"set -eu\nkept=/srv/kept-{name}\n{document['prelude']}\n{row[part]}\n" for part in ("apply", "undo")}
        found.append(Mutation(name, row["does"], row["kind"], scripts["apply"], scripts["undo"], frozenset(row["breaks"]),
                              frozenset(row.get("not_with", ())), row.get("scan_says") != "unknown"))
    return found


def load() -> list[Mutation]:
    """All mutations, as they stand in the table."""
    return parse(yaml.safe_load(TABLE.read_text(encoding="utf-8")))


def rounds(mutations: Iterable[Mutation], hosts: Mapping[str, str]) -> list[dict[str, list[Mutation]]]:
    """What is done to which host in each round; ``hosts`` is kind by name.

    A host gets several mutations at once as long as no two break the same promise (then what each broke is told by the promise), and none
    stands in another's way. Those of a round are shared out evenly.
    """
    found: list[dict[str, list[Mutation]]] = []
    for mutation in mutations:
        places = [(turn, host) for turn in found for host, kind in hosts.items() if kind == mutation.kind and _fits(mutation, turn.get(host, []))]
        if not places:
            found.append({})
            places = [(found[-1], host) for host, kind in hosts.items() if kind == mutation.kind]
        first = places[0][0]
        turn, host = min((place for place in places if place[0] is first), key=lambda place: len(place[0].get(place[1], [])))
        turn.setdefault(host, []).append(mutation)
    return found


def _fits(mutation: Mutation, others: Iterable[Mutation]) -> bool:
    return not any(mutation.breaks & other.breaks or mutation.name in other.not_with or other.name in mutation.not_with for other in others)


def kept_caught() -> dict[str, Caught]:
    """What runs have kept."""
    kept = yaml.safe_load(CAUGHT.read_text(encoding="utf-8")) or {}
    return {name: Caught(tuple(row["scan"]), tuple(row["proof"])) for name, row in kept.items()}


def caught_text(kept: Mapping[str, Caught], caught: Mapping[str, Caught], mutations: Iterable[Mutation]) -> str:
    """The file of what caught each mutation that there is, by a run that has done some of them."""
    every = {**kept, **caught}
    told = {one.name: {"scan": list(every[one.name].findings), "proof": list(every[one.name].proofs)} for one in mutations if one.name in every}
    return _CAUGHT_HEAD + yaml.safe_dump(told, sort_keys=False, default_flow_style=None, width=150)


def rows(caught: Mapping[str, Caught], mutations: Sequence[Mutation]) -> dict[str, str]:
    """The rows of the document's table, by mutation."""
    cells = {one.name: [f"`{one.name}`", one.does, one.kind, *map(_listed, caught[one.name])] for one in mutations}
    return {name: f"| {' | '.join(own)} |" for name, own in cells.items()}


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def with_table(text: str, lines: Sequence[str]) -> str:
    """The document with a table of these rows between its marks; ValueError where it has no place for one."""
    table = _HEAD + "".join(f"{line}\n" for line in lines)
    pattern = re.compile(f"{re.escape(MARKS[0])}.*?{re.escape(MARKS[1])}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no place for the table between {MARKS[0]} and {MARKS[1]}")
    return pattern.sub(lambda _found: f"{MARKS[0]}\n\n{table}\n{MARKS[1]}", text)


def rows_in(text: str) -> dict[str, str]:
    """The rows that the document has, by mutation."""
    table = text.partition(MARKS[0])[2].partition(MARKS[1])[0]
    return {match.group(1): match.group(0) for match in re.finditer(r"^\| `([a-z0-9-]+)` \|.*$", table, re.MULTILINE)}


def main() -> None:
    """Write the document's table."""
    caught = kept_caught()
    told = [one for one in load() if one.name in caught]
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(with_table(text, list(rows(caught, told).values())), encoding="utf-8")


if __name__ == "__main__":
    main()

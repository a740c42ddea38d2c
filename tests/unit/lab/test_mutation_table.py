# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of mutations, how it is packed into rounds, the document that tells of it, and how two witnesses are compared."""

import subprocess
from pathlib import Path
from typing import Any

import mutation_table
import pytest
import two_witnesses
import yaml
from mutation_table import MARKS, Caught, Mutation

ROOT = Path(__file__).parents[3]

HOSTS = {"vm": "machine", "box": "container"}
OUT_OF_REACH_LIMIT = 3


def mutation(name: str, *breaks: str, kind: str = "machine", not_with: tuple[str, ...] = ()) -> Mutation:
    return Mutation(name, "it does", kind, "", "", frozenset(breaks), frozenset(not_with))


def names(rounds: list[dict[str, list[Mutation]]]) -> list[dict[str, list[str]]]:
    return [{host: [one.name for one in done] for host, done in turn.items()} for turn in rounds]


def test_there_are_at_least_twenty_ways() -> None:
    assert len(mutation_table.load()) >= 20


@pytest.mark.parametrize("one", mutation_table.load(), ids=lambda one: one.name)
def test_every_script_is_a_script(one: Mutation) -> None:
    for script in (one.apply, one.undo):
        subprocess.run(["sh", "-n"], input=script, text=True, check=True)


def test_what_breaks_the_same_promise_comes_in_different_rounds() -> None:
    found = mutation_table.rounds([mutation("a", "x"), mutation("b", "y"), mutation("c", "x", "z"), mutation("d", "x", kind="container")], HOSTS)
    assert names(found) == [{"vm": ["a", "b"], "box": ["d"]}, {"vm": ["c"]}]


def test_what_stands_in_anothers_way_comes_in_different_rounds() -> None:
    assert names(mutation_table.rounds([mutation("a", "x"), mutation("b", "y", not_with=("a",))], HOSTS)) == [{"vm": ["a"]}, {"vm": ["b"]}]
    assert names(mutation_table.rounds([mutation("a", "x", not_with=("b",)), mutation("b", "y")], HOSTS)) == [{"vm": ["a"]}, {"vm": ["b"]}]


@pytest.mark.parametrize("row", [{}, {"does": "x", "kind": "cloud", "apply": "", "undo": "", "breaks": ["a"]},
                                 {"does": "x", "kind": "machine", "apply": "", "undo": "", "breaks": []},
                                 {"does": "x", "kind": "machine", "apply": "", "undo": "", "breaks": ["a"], "more": 1}])
def test_a_row_that_is_not_understood_is_named(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="one: want"):
        mutation_table.parse({"prelude": "", "mutations": {"one": row}})


def test_a_row_may_say_that_the_scan_can_only_call_it_unknown() -> None:
    row = {"does": "x", "kind": "machine", "apply": "", "undo": "", "breaks": ["a"]}
    told, untold = mutation_table.parse({"prelude": "", "mutations": {"one": row, "two": row | {"scan_says": "unknown"}}})
    assert (told.is_told, untold.is_told) == (True, False)


def test_the_table_goes_between_its_marks_and_comes_back() -> None:
    ways = [mutation("a", "x"), mutation("b", "y")]
    rows = mutation_table.rows({"a": Caught(("f",), ("x",)), "b": Caught(("g", "h"), ("y",))}, ways)
    text = mutation_table.with_table(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n", list(rows.values()))
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert mutation_table.rows_in(text) == rows
    assert rows == {"a": "| `a` | it does | machine | `f` | `x` |", "b": "| `b` | it does | machine | `g`, `h` | `y` |"}
    with pytest.raises(ValueError, match="no place"):
        mutation_table.with_table("nothing", [])


def test_the_document_has_every_mutation_and_what_caught_it() -> None:
    ways = mutation_table.load()
    rows = mutation_table.rows_in((ROOT / "docs/proof.md").read_text(encoding="utf-8"))
    assert list(rows) == [one.name for one in ways]
    assert rows == mutation_table.rows(mutation_table.kept_caught(), ways), "run: make proof-table"
    for one in ways:
        said = rows[one.name]
        assert f"| {one.does} | {one.kind} |" in said
        assert all(f"`{key}`" in said.rpartition(" | ")[2] for key in one.breaks), said


def test_a_run_keeps_what_it_did_and_what_others_did_before_it() -> None:
    ways = [mutation("a", "x"), mutation("b", "y")]
    before = {"b": Caught(("g",), ("y",)), "gone": Caught(("g",), ("z",))}
    text = mutation_table.caught_text(before, {"a": Caught(("f",), ("x",))}, ways)
    assert yaml.safe_load(text) == {"a": {"scan": ["f"], "proof": ["x"]}, "b": {"scan": ["g"], "proof": ["y"]}}


def test_three_ways_at_most_are_out_of_reach() -> None:
    told = (ROOT / "docs/proof.md").read_text(encoding="utf-8").partition("### Out of reach")[2].partition("\n## ")[0]
    assert 0 < told.count("\n- ") <= OUT_OF_REACH_LIMIT


def document(*broken: str, verdict: str = "drifted", reasons: tuple[str, ...] = ()) -> dict[str, Any]:
    findings = [*({"promise": key, "id": key} for key in broken), {"promise": None, "id": "an observation"}]
    return {"verdict": verdict, "reasons": list(reasons), "findings": findings}


def proof(*broken: str, kept: tuple[str, ...] = ()) -> dict[str, Any]:
    rows = {key: {"outcome": "failed", "sentence": f"{key} is broken"} for key in broken}
    return {"promises": rows | {key: {"outcome": "passed", "sentence": ""} for key in kept}}


@pytest.mark.parametrize(("scan", "tests", "said"), [
    (document("a.b"), proof("a.b"), []),
    (document(verdict="compliant"), proof(kept=("a.b",)), []),
    (document(verdict="compliant"), proof("a.b"), ["a.b: the proof calls it broken (a.b is broken), the scan does not"]),
    (document("a.b"), proof(kept=("a.b",)), ["a.b: the scan calls it broken (a.b), the proof does not"]),
    # What the suite does not prove is no disagreement; neither is a broken promise of which the scan says that it cannot tell.
    (document("a.b"), proof(), []),
    (document(verdict="unknown", reasons=("kvm.list.x: needs_root",)), proof("kvm.list.y"), []),
    (document(verdict="unknown", reasons=("kernel.available.cache_age_seconds: absent",)), proof("kernel.cache_age_hours"), []),
    (document(verdict="unknown", reasons=("kvm.other: needs_root",)), proof("kvm.list.y"),
     ["kvm.list.y: the proof calls it broken (kvm.list.y is broken), the scan does not"]),
])
def test_disagreements(scan: dict[str, Any], tests: dict[str, Any], said: list[str]) -> None:
    assert two_witnesses.seen(scan, tests).disagreements() == said


@pytest.mark.parametrize(("scan", "tests", "green"), [
    (document(verdict="compliant"), proof(kept=("a",)), True), (document(verdict="unknown"), proof(kept=("a",)), False),
    (document(verdict="compliant"), proof("a"), False)])
def test_green_is_what_both_call_all_right(scan: dict[str, Any], tests: dict[str, Any], green: bool) -> None:
    assert two_witnesses.seen(scan, tests).is_green is green

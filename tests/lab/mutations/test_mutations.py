# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts are tampered with in every way that mutations.yml knows: the scan and the proof must both catch each, agree on every promise of every
host, and leave the hosts alone that nobody touched.

FIREBREAK_MUTATED="container engine" leaves the machines out, which take minutes to start; FIREBREAK_ONLY="preload pin" does these mutations alone.
What caught each is kept in caught.yml, of which make proof-table makes the document's table; the document must already say it.
"""

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import mutation_table
import pytest
from firebreak_lab import census, ssh
from mutation_table import Caught, Mutation
from running_fleet import Fleet
from two_witnesses import Seen, ask_both

KINDS = os.environ.get("FIREBREAK_MUTATED", " ".join(mutation_table.KINDS)).split()
ONLY = os.environ.get("FIREBREAK_ONLY", "").split()
MUTATIONS = [one for one in mutation_table.load() if one.kind in KINDS and (not ONLY or one.name in ONLY)]
# Who is tampered with, and who never is. A machine that takes minutes to start does not stand idle.
HOSTS = {"machine": ["machine-one", "machine-two"], "container": ["box-one", "box-two", "box-three", "box-four", "box-five", "box-six"],
         "engine": ["engine-one", "engine-two"]}
TAMPERED = {host: kind for kind, hosts in HOSTS.items() if kind in KINDS for host in hosts}
UNTOUCHED = [host for host, kind in (("quiet", "container"), ("idle", "engine")) if kind in KINDS]
SCRIPT_SECONDS = 180


class Turn(NamedTuple):
    """One round: what was done to whom, and what both said then."""

    done: Mapping[str, list[Mutation]]
    said: Mapping[str, Seen]


def run_scripts(fleet: Fleet, scripts: Mapping[str, list[tuple[str, str]]]) -> None:
    """Run named shell scripts on hosts, those of one host one after the other in one session: to begin one on an emulated machine takes seconds."""
    def run(host: str) -> None:
        lines = [f"sh -c {shlex.quote(script)} </dev/null || {{ echo {name} ended with $?; exit 1; }}" for name, script in scripts[host]]
        done = subprocess.run([*ssh.argv(fleet.lab.folder, host), "sh"], input="\n".join(lines), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=SCRIPT_SECONDS * max(1, len(lines)), check=False)
        assert done.returncode == 0, f"{host}: {done.stdout}"

    with ThreadPoolExecutor(max(1, len(scripts))) as pool:
        list(pool.map(run, scripts))


def take_turn(fleet: Fleet, number: int, done: Mapping[str, list[Mutation]]) -> Turn:
    """Tamper, ask both, undo in reverse order. What an undo left behind is found by the next turn, or by the last, in which nothing is done."""
    run_scripts(fleet, {host: [(one.name, one.apply) for one in mutations] for host, mutations in done.items()})
    said = ask_both(fleet, f"turn-{number}")
    run_scripts(fleet, {host: [(one.name, one.undo) for one in reversed(mutations)] for host, mutations in done.items()})
    return Turn(done, said)


@pytest.fixture(scope="session")
def tampered_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The fleet that is tampered with; nothing of it is left afterwards."""
    name = f"proof-{os.getpid()}"
    before = census.take(name, range(0))
    fleet = Fleet(name, tmp_path_factory.mktemp("reports"))
    try:
        fleet.run("up", "--fleet", "proof", *TAMPERED, *UNTOUCHED)
        yield fleet
    finally:
        fleet.run("down")
    assert census.left_behind(before, census.take(name, range(0))) == []


@pytest.fixture(scope="session")
def turns(tampered_fleet: Fleet) -> list[Turn]:
    """Every mutation, done and undone, and a last turn in which nothing is done."""
    return [take_turn(tampered_fleet, number, done) for number, done in enumerate([*mutation_table.rounds(MUTATIONS, TAMPERED), {}])]


@pytest.fixture(scope="session")
def caught(turns: list[Turn]) -> dict[str, Caught]:
    """What caught each mutation."""
    found = {}
    for turn in turns:
        for host, mutations in turn.done.items():
            seen = turn.said[host]
            for one in mutations:
                findings = {seen.findings[key] for key in one.breaks if key in seen.findings}
                findings |= set() if one.is_told else {f"unknown: {key}" for key in one.breaks if seen.cannot_say(key)}
                found[one.name] = Caught(tuple(sorted(findings)), tuple(sorted(one.breaks & set(seen.proof))))
    return found


def place_of(turns: list[Turn], mutation: Mutation) -> Seen:
    """What both said of the host that had the mutation."""
    return next(turn.said[host] for turn in turns for host, done in turn.done.items() if mutation in done)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_the_scan_catches(turns: list[Turn], mutation: Mutation) -> None:
    seen = place_of(turns, mutation)
    assert seen.verdict in (("drifted",) if mutation.is_told else ("drifted", "unknown"))
    told = {key for key in mutation.breaks if (key in seen.findings if mutation.is_told else seen.cannot_say(key))}
    assert told == mutation.breaks, (seen.findings, seen.unknown)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_the_proof_catches(turns: list[Turn], mutation: Mutation) -> None:
    seen = place_of(turns, mutation)
    assert set(seen.proof) >= mutation.breaks, seen.proof
    assert all(seen.proof[key] for key in mutation.breaks)


def test_nothing_is_found_but_what_was_done(turns: list[Turn]) -> None:
    for number, turn in enumerate(turns):
        for host, seen in turn.said.items():
            done = {key for one in turn.done.get(host, ()) if one.is_told for key in one.breaks}
            assert set(seen.findings) == done, (number, host)


def test_scan_and_proof_agree_on_every_promise_of_every_host(turns: list[Turn]) -> None:
    assert [f"{host}: {line}" for turn in turns for host, seen in turn.said.items() for line in seen.disagreements()] == []


def test_hosts_are_green_when_nothing_is_done_to_them_or_all_was_put_right(turns: list[Turn]) -> None:
    untouched = [(number, host, seen) for number, turn in enumerate(turns) for host, seen in turn.said.items() if not turn.done.get(host)]
    assert {host for _number, host, _seen in untouched} == {*TAMPERED, *UNTOUCHED}
    assert [one for one in untouched if not one[-1].is_green] == []


def test_the_document_says_what_caught_each(caught: dict[str, Caught]) -> None:
    seen = mutation_table.rows(caught, MUTATIONS)
    text = mutation_table.caught_text(mutation_table.kept_caught(), caught, mutation_table.load())
    mutation_table.CAUGHT.write_text(text, encoding="utf-8")
    told = mutation_table.rows_in(mutation_table.DOCUMENT.read_text(encoding="utf-8"))
    assert {name: told.get(name) for name in seen} == seen, "run: make proof-table"

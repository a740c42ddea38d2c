# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of each promise: for the terminal, as JSON and as a page with a row per host."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple


class Result(NamedTuple):
    """One test: outcome is passed, failed or waived; the sentence says what is broken, and of a waived promise who answers for it."""

    host: str
    promise: str
    outcome: str
    sentence: str
    test: str


def visible(text: str) -> str:
    """A host's words on one line and harmless to a terminal: what steers, hides or turns is shown as its code."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)


_WORST = ("passed", "waived", "failed")


def by_host(results: Iterable[Result]) -> dict[str, list[Result]]:
    """The results of each host: one for each promise, the worst where several tests prove it."""
    found: dict[str, dict[str, Result]] = {}
    for result in sorted(results, key=lambda result: (result.host, result.promise, result.test)):
        own = found.setdefault(result.host, {})
        known = own.get(result.promise)
        if known is None or _WORST.index(result.outcome) > _WORST.index(known.outcome):
            own[result.promise] = result
    return {host: list(own.values()) for host, own in found.items()}


def lines(results: Sequence[Result]) -> Iterator[str]:
    """A line per host, the broken ones with their sentences."""
    for host, own in by_host(results).items():
        broken = [result for result in own if result.outcome == "failed"]
        waived = [result for result in own if result.outcome == "waived"]
        yield f"{host}: {_state(len(own), len(broken), len(waived))}"
        for result in (*broken, *waived):
            yield f"  {result.promise}: {visible(result.sentence)}"


def _state(promises: int, broken: int, waived: int) -> str:
    """How many promises hold; those that are waived do not."""
    word = "promise" if promises == 1 else "promises"
    told = [f"{waived} {'is' if waived == 1 else 'are'} waived"] if waived else []
    if broken:
        return ", ".join([f"{broken} of {promises} {word} are broken", *told])
    return ", ".join([f"{promises - waived} of {promises} {word} hold", *told]) if waived else f"all {promises} {word} hold"


def as_data(results: Sequence[Result]) -> dict[str, object]:
    """The results as plain data, for proof.json."""
    hosts = {host: {"broken": [result.promise for result in own if result.outcome == "failed"],
                    "promises": {result.promise: {"outcome": result.outcome, "sentence": result.sentence, "test": result.test} for result in own}}
             for host, own in by_host(results).items()}
    return {"schema": "firebreak.proof/1", "hosts": hosts}


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Proof of the platform</title>
<style>
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 2em; color-scheme: light dark; }}
table {{ border-collapse: collapse; }} th, td {{ border: 1px solid #8888; padding: .2em .5em; text-align: left; }}
thead th {{ writing-mode: vertical-rl; white-space: nowrap; }}
.passed {{ background: #2a25; }} .failed {{ background: #d225; font-weight: bold; }} .waived {{ background: #da25; }}
</style></head><body><h1>Proof of the platform</h1>
<p>{summary}</p><table><thead><tr><th>host</th>{heads}</tr></thead><tbody>
{rows}
</tbody></table><h2>What is broken</h2><ul>
{sentences}
</ul></body></html>
"""
_SIGNS = {"passed": "holds", "failed": "broken", "waived": "waived"}


def page(results: Sequence[Result]) -> str:
    """proof.html: a row per host, a column per promise, and the sentences of what is broken."""
    hosts = by_host(results)
    promises = list(dict.fromkeys(sorted(result.promise for result in results)))
    rows = []
    for host, own in hosts.items():
        found = {result.promise: result for result in own}
        cells = [f'<td class="{found[name].outcome}" title="{escape(found[name].sentence)}">{_SIGNS.get(found[name].outcome, "?")}</td>'
                 if name in found else "<td></td>" for name in promises]
        rows.append(f"<tr><th>{escape(host)}</th>{''.join(cells)}</tr>")
    broken = [result for own in hosts.values() for result in own if result.outcome != "passed"]
    every = [result for own in hosts.values() for result in own]
    summary = f"{len(hosts)} hosts, {len(every)} promises, {sum(result.outcome == 'failed' for result in every)} broken."
    sentences = "\n".join(f"<li>{escape(result.host)}, {escape(result.promise)} ({result.outcome}): {escape(result.sentence)}</li>"
                          for result in broken)
    return _PAGE.format(summary=summary, heads="".join(f"<th>{escape(name)}</th>" for name in promises), rows="\n".join(rows),
                        sentences=sentences or "<li>nothing</li>")


def write(folder: Path, results: Sequence[Result]) -> None:
    """proof.json and proof.html in a folder of the user's alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "proof.json").write_text(json.dumps(as_data(results), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (folder / "proof.html").write_text(page(results), encoding="utf-8")

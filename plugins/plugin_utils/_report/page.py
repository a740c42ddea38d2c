# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.html: one self-contained page for people. Frame, style and script are files in ``assets``; hosts are compact data in it.

The page may load nothing: its policy names the hashes of its own style and script and forbids the rest. What comes from hosts is JSON that
cannot end its element, and the script puts it into the page as text only.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .._fleet.bounded import visible
from .._fleet.distribution import FACTS
from .._fleet.fleet import VERDICTS, Fleet, Host
from .._standard.catalogue import entry_of
from .reasons import why
from .table import headline, standard_names

ASSETS = Path(__file__).resolve().parent / "assets"
# Each uses what those before it say.
_SUBJECTS = ("data", "fleet", "hosts", "host", "start")
_SHARE_WIDTH = 1000
_SHARE_LEAST = 6
_SHARE_ORDER = ("compliant", "drifted", "unknown", "unreachable")
# What could end the script element or begin a comment in it, written so that JSON reads it the same.
_DANGEROUS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def html(fleet: Fleet) -> Iterator[str]:
    """The page, in pieces; the data of the hosts comes a host at a time."""
    environment = Environment(loader=FileSystemLoader(ASSETS), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    style, script = (ASSETS / "page.css").read_text(encoding="utf-8"), _script()
    yield from environment.get_template("page.html.j2").generate(
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=map(Markup, data(fleet)),
        **_words(fleet),
    )


def _script() -> str:
    """The page's one script, of a file for each subject, whose names are nobody else's."""
    parts = [(ASSETS / f"page_{subject}.js").read_text(encoding="utf-8") for subject in _SUBJECTS]
    return "".join(['(() => {\n"use strict";\n', *parts, "})();\n"])


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _words(fleet: Fleet) -> dict[str, Any]:
    """What the page says before its script runs."""
    sentence = headline(fleet)
    # The figure is set apart only where the sentence begins with it.
    figure, _separator, rest = sentence.partition(" hosts ") if sentence[0].isdigit() else ("", "", sentence)
    counts = [(name, fleet.summary[name]) for name in _SHARE_ORDER]
    moment = datetime.strptime(fleet.generated_at, "%Y-%m-%dT%H:%M:%SZ")
    return {
        "headline": sentence,
        "figure": figure if rest else "",
        "sentence": f"hosts {rest}." if figure and rest else f"{sentence}.",
        "standard": standard_names(fleet)[:120],
        "partial": fleet.partial,
        "generated_at": fleet.generated_at,
        "generated_text": moment.strftime("%-d %B %Y, %H:%M UTC"),
        "counts": counts,
        "segments": segments(dict(counts)),
        "share_label": ", ".join(f"{count} {name}" for name, count in counts),
    }


def segments(counts: dict[str, int]) -> list[dict[str, Any]]:
    """The bar of verdicts on a width of 1000: in proportion, but none that exists too thin to be seen."""
    present = [(name, count) for name, count in counts.items() if count]
    gaps = 3 * max(0, len(present) - 1)
    room = _SHARE_WIDTH - gaps - _SHARE_LEAST * len(present)
    total = sum(count for _verdict, count in present)
    found, x = [], 0.0
    for name, count in present:
        width = _SHARE_LEAST + room * count / total
        found.append({"verdict": name, "x": round(x, 2), "width": round(width, 2)})
        x += width + 3
    return found


class _Mappings:
    """The mappings of all hosts, each once; hosts name them by number."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.values: list[dict[str, str]] = []

    def number(self, mapping: Mapping[str, str]) -> int:
        told = {visible(key): visible(value) for key, value in mapping.items()}
        name = json.dumps(told, sort_keys=True)
        if name not in self.numbers:
            self.numbers[name] = len(self.values)
            self.values.append(told)
        return self.numbers[name]


class _Strings:
    """The strings of all hosts, each once; hosts name them by number."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(visible(text), len(self.numbers)) if text else -1


def data(fleet: Fleet) -> Iterator[str]:
    """The page's data as JSON text that is safe inside a script element."""
    strings, labels, silences = _Strings(), _Mappings(), _Mappings()
    numbers: dict[int, int] = {}
    findings: list[Any] = []
    for host in fleet.hosts:
        for finding in (*host.findings, *host.waived):
            if id(finding) not in numbers:
                numbers[id(finding)] = len(findings)
                findings.append(all_visible(finding))
    yield '{"hosts":['
    for order, host in enumerate(fleet.hosts):
        yield ("," if order else "") + "\n" + _safe([
            *_entry(host, fleet, numbers, strings), labels.number(host.labels), silences.number(host.cannot_say), _since(host, strings)])
    head = {
        "generated": fleet.generated_at,
        "previous": fleet.previous,
        "resolved": all_visible(dict(fleet.resolved)),
        "labels": labels.values,
        "silences": silences.values,
        "meanings": {name: meaning for name in {finding["id"] for finding in findings} if (meaning := _meaning(name))},
        "hasStandard": fleet.has_standard,
        "summary": fleet.summary,
        "problems": [all_visible({"id": problem.id, "message": problem.message, "hosts": list(problem.hosts)}) for problem in fleet.problems],
        "distribution": all_visible(fleet.distribution),
        "facts": [[fact.key, fact.title] for fact in FACTS],
        "findings": findings,
        "strings": list(strings.numbers),
    }
    yield "\n]," + _safe(head)[1:]


def _entry(host: Host, fleet: Fleet, numbers: dict[int, int], strings: _Strings) -> list[Any]:
    name = standard_names_of(fleet, host.standard) if host.standard else ""
    return [
        visible(host.name),
        VERDICTS.index(host.verdict),
        [visible(reason) for reason in host.reasons],
        [numbers[id(finding)] for finding in host.findings],
        [numbers[id(finding)] for finding in host.waived],
        [strings.number(", ".join(host.facts.get(fact.key, ()))) for fact in FACTS],
        strings.number(host.scanned_at),
        visible(host.error) if host.error else None,
        strings.number(name),
        strings.number(why(host) if host.verdict in ("unknown", "unreachable") else ""),
    ]


def _since(host: Host, strings: _Strings) -> list[int]:
    """Since when each finding and each waived one is known."""
    return [strings.number(host.first_seen.get(host.key(finding).text, "")) for finding in (*host.findings, *host.waived)]


def _meaning(identifier: str) -> str:
    """What a finding means, by the catalogue; nothing of one that is not in it."""
    try:
        return entry_of(identifier).meaning
    except KeyError:
        return ""


def standard_names_of(fleet: Fleet, sha: str) -> str:
    """The name of a standard and the beginning of its hash."""
    mapping = fleet.standards.get(sha)
    name = mapping.get("name") if isinstance(mapping, dict) else None
    return f"{name} ({sha[:12]})" if isinstance(name, str) and name else sha[:12]


def _safe(value: Any) -> str:
    """JSON in ASCII with the characters that HTML knows written as escapes; NaN cannot be among them."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).translate(_DANGEROUS)


def all_visible(value: Any) -> Any:
    """A JSON value with every text in it made visible."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(key): all_visible(item) for key, item in value.items()}
    if isinstance(value, list):
        return [all_visible(item) for item in value]
    return value

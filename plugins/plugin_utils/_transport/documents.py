# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a host answered to its document: the same whoever asked it, a task of its own or the scan of the whole fleet."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...module_utils._host.secrets import without_secrets
from .._data import loading
from .._fleet import store
from .._judge import evaluate, tables
from .._standard import in_force
from . import becoming, fallback, payload
from .own_version import version

WORST = 5


class Outcome(NamedTuple):
    """How a scan ended: with a record and its digest, or with a failure (unreachable, python_too_old, scan_failed) and its one message."""

    record: dict[str, Any] | None = None
    failure: str | None = None
    error: str | None = None
    digest: str = ""


class Question(NamedTuple):
    """What is known of a host before it is asked: its standard, the scan's options, and the inventory's words for its document."""

    host: str
    effective: in_force.Effective
    options: dict[str, Any]
    words: dict[str, Any]
    directory: str | None


def told(host: str, error: object, method: str = "") -> str:
    """An error with the host's name before it and, where it is about becoming root by ``method``, what it means behind it."""
    return f"{host}: {becoming.explained(first_line(error), method) if method else first_line(error)}"


def outcome_of(host: str, reply: payload.Reply, tried: str, method: str = "") -> Outcome:
    """What a host's reply comes to; ``tried`` are the interpreters that were to run the scan."""
    if reply.probe:
        return without_python(host, reply.probe, f"none of {tried}")
    if reply.record:
        return Outcome(reply.record, digest=reply.digest)
    return Outcome(None, "scan_failed", told(host, reply.error, method))


def without_python(host: str, probe: payload.Probe, tried: str) -> Outcome:
    """The outcome for a host of which only a shell could tell; ``tried`` is said where the shell knows nothing better."""
    now = datetime.datetime.now(datetime.timezone.utc)
    record = fallback.probed_record(probe, now)
    if not fallback.is_too_old(probe.tried):
        return Outcome(record, "scan_failed", f"{host}: no Python that is new enough could run the scan: {probe.tried.rstrip('; ')}")
    return Outcome(record, "python_too_old", fallback.too_old(host, probe, tried))


def concluded(question: Question, outcome: Outcome) -> dict[str, Any]:
    """Judge, write the document, and return the little that the main process gets to see (all of it where there is no directory)."""
    if outcome.record is not None:
        outcome.record["scanner"]["version"] = version()
    now = datetime.datetime.now(datetime.timezone.utc)
    document = _document(question, outcome, now) | question.words
    findings = document["findings"]  # the evaluation puts drift before observations, and the worst first
    summary = {
        "verdict": document["verdict"], "reasons": document["reasons"], "error": document["error"],
        "findings": dict(Counter(item["severity"] for item in findings)), "worst": [item["id"] for item in findings[:WORST]],
    }
    if question.directory:
        return {**summary, "record": str(_write_run(Path(question.directory), document, question.effective))}
    return {**summary, "record": document, "standard": evaluate.standard_of(document["record"], question.effective)}


def _document(question: Question, outcome: Outcome, now: datetime.datetime) -> dict[str, Any]:
    """The host document (schema firebreak.host/1)."""
    evaluation = evaluate.evaluate(outcome.record, question.effective, now, outcome.failure)
    return {
        "schema": "firebreak.host/1", "host": question.host, "scanned_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "verdict": evaluation.verdict, "reasons": list(evaluation.reasons), "standard": question.effective.sha256,
        "findings": list(evaluation.findings), "waived": list(evaluation.waived), "record": outcome.record, "error": outcome.error,
    }


def _write_run(directory: Path, document: Mapping[str, Any], effective: in_force.Effective) -> Path:
    """Write the host document, and the standard it was judged by if no other host has done so yet; the document's path."""
    if effective.sha256:
        standard = store.private_directory(directory / "standards") / f"{effective.sha256}.json"
        if not standard.exists():
            store.write(standard, [effective.canonical, "\n"])
    path = store.private_directory(directory / "records") / f"{store.safe_name(document['host'])}.json"
    return store.write(path, [json.dumps(document, sort_keys=True, separators=(",", ":")), "\n"])


def first_line(error: object) -> str:
    """One printable, bounded line of an error's text, without secrets: ssh quotes its proxy commands, and programs their arguments."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = "".join(letter if letter.isprintable() else "?" for letter in without_secrets(" ".join(lines)))
    # The cause comes last: ssh's banner about a changed key alone is 500 characters.
    return (text if len(text) <= 600 else f"{text[:200]} … {text[-400:]}") or "no reason was given"


def prepare() -> None:
    """Read what every document needs, so that processes that are forked later need not."""
    loading.read_all()
    tables.read_all()
    version()

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no history may stumble over, on whatever database: texts that a database refuses, and names that no index takes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from ansible_collections.firebreak.fleet.plugins.plugin_utils._history import happenings, ingest, keeping, observed, questions, upgrade
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.database import History
from history_suite import HOUR, START, WAIVER, HistorySuite, answered, finding, host, iso, journal, spans

# NUL and half of a surrogate pair: JSON can say them, a database cannot.
STRANGE, SHOWN = "a\x00\ud800", "a\\u0000\\ud800"
KINDS = ("verdict", "finding", "fact", "label", "group", "hole", "promise")


def report(text: str, at: int) -> dict[str, Any]:
    """A report that has the text wherever a host, its inventory and its standard can say one."""
    seen = host(finding("kernel.running", promise=text, subject=text, severity=text), labels={text: text}, facts={text: [text]},
                waived=[finding(text, waiver=dict.fromkeys(WAIVER, text))], cannot_say={text: text}, standard=text)
    return {"schema": "firebreak.fleet/1", "generated_at": iso(at), "standards": {text: {"name": text}}, "hosts": {text: seen, "web1": seen}}


def keep_all(history: History, text: str, hour: int) -> None:
    """Bring in a text wherever a scan, an answer, a proof, a rollout and a healing can have one."""
    at, names = START + hour * HOUR, [text, "web1"]
    found = report(text, at)
    scanned = observed.of_report(found, found["hosts"].items(), {"all": names, text: names})
    proved = observed.of_proof({"hosts": {name: {"broken": [text], "promises": {text: {}}} for name in names}}, at)
    for document in (scanned, answered(at, {text: dict.fromkeys(names, "exposed")}), proved):
        assert document is not None
        assert ingest.keep(history, document, text).is_new
    told = journal((1, {"event": "step", "host": text, "step": text, "did": "done"}),
                   (2, {"event": "result", "host": text, "status": text, "why": text}), run=f"{hour}{text}")
    healed = {"at": iso(at), "what": text, "event": text, "host": text, "why": text}
    assert happenings.keep(history, [*happenings.of_rollout(told, text), *happenings.of_healing([healed])]) == 4


def what_stands(history: History) -> dict[str, int]:
    """The rows of the tables that grow only where something changed."""
    return {name: count for name, count in keeping.counts(history).items() if name not in ("ingest", "event")}


class GuestSuite(HistorySuite):
    """The suite of every history, and what is brought in by guests that nobody asked for."""

    def test_what_a_database_refuses_is_kept_as_its_escape_and_is_the_same_each_time(self, history: History, tmp_path: Path) -> None:
        keep_all(history, STRANGE, 0)
        stood = what_stands(history)
        keep_all(history, STRANGE, 1)
        assert what_stands(history) == stood
        with history.reading() as connection:
            assert set(connection.exec_driver_sql("SELECT name FROM host").scalars()) == {SHOWN, "web1"}
            assert set(connection.exec_driver_sql("SELECT hole FROM exposure").scalars()) == {SHOWN}
            assert [(one.name, one.exposed) for one in questions.holes(connection, START + HOUR)] == [(STRANGE, 2)]
            assert {part.slice for part in questions.parts(connection)} == {STRANGE}
            assert {one.owner for one in questions.waivers(connection)} == {STRANGE}
            assert {one["reason"] for one in questions.events(connection, 0)} == {"root@ctl", STRANGE}
        assert {row[0] for kind in KINDS for row in spans(history, kind)} == {SHOWN, "web1"}
        keeping.back_up(history, tmp_path / "backup.gz")
        other = upgrade.opened(str(tmp_path / "other.sqlite"))
        assert keeping.restore(other, tmp_path / "backup.gz") == keeping.counts(history)
        keep_all(other, STRANGE, 2)
        assert what_stands(other) == stood
        other.close()

    def test_a_text_that_reads_like_an_escape_is_another_than_what_it_reads_like(self, history: History) -> None:
        keep_all(history, STRANGE, 0)
        keep_all(history, SHOWN, 1)
        with history.reading() as connection:
            assert set(connection.exec_driver_sql("SELECT name FROM host").scalars()) == {SHOWN, "a\\\\u0000\\\\ud800", "web1"}
            assert {one.name for one in questions.holes(connection, START + HOUR)} == {STRANGE, SHOWN}

    def test_names_that_no_index_takes_are_told_apart(self, history: History) -> None:
        # Compression, which PostgreSQL tries first, must not help.
        chance = random.Random(23)
        long = "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _each in range(4000))
        for hour, end in enumerate("abab"):
            keep_all(history, f"{long}{end}", hour)
        assert [row[2:5] for row in spans(history, "verdict")] == [(0, "drifted", None)] * 2 + [(1, "drifted", None)]

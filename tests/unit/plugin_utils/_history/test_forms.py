# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms of the history's report: true numbers in each of them, and nothing that a host says does more than stand there."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history import ingest, telling, upgrade
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.telling import Told
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.history import (
    headline,
    history_csv,
    history_json,
    history_lines,
    history_openmetrics,
    tables_of,
)
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.history_page import history_html
from history_suite import DAY, HOUR, START, WAIVER, answered, finding, host, scan

NOW = START + 10 * DAY
HOSTILE = '</title><script>alert(1)</script>"\'=cmd|x\n\x1b[2J\x00\ud800'


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """A history with all that can be in one, and names that would like to be more than names."""
    history = upgrade.opened(str(tmp_path / "history.sqlite"))
    names = ["web1", "=web2", HOSTILE]
    for hour in range(6):
        drifted = host(finding("kernel.running"), labels={"rack": HOSTILE}) if hour % 2 else host()
        ingest.keep(history, scan(START + hour * HOUR, {
            "web1": drifted, "=web2": host(waived=[finding("kernel.running", waiver={**WAIVER, "owner": HOSTILE})]), HOSTILE: drifted,
        }, {"all": names, "web": names}), "north")
    ingest.keep(history, answered(START, {"CVE-1": dict.fromkeys(names, "exposed"), "CVE-2": {"web1": "exposed"}, "CVE-3": {"web1": "not_affected"}}))
    ingest.keep(history, answered(START + 3 * DAY, {"CVE-2": {"web1": "fixed_in_force"}, "CVE-1": {"web1": "pending", "=web2": "unknown"}}))
    found = telling.tell(history, NOW, slices=["north", "south"])
    history.close()
    return found


def test_the_headline(told: Told) -> None:
    assert headline(told) == "1 of 3 holes is not fixed everywhere; fixed everywhere after 3.0 days in the mean, 3.0 at worst"
    assert headline(Told(NOW, 0, "x")) == "Nothing is in the history yet"


def test_json_and_csv_hold_the_same(told: Told) -> None:
    document = json.loads("".join(history_json(told)))
    hole = document["holes"][0]
    assert (hole["hole"], hole["fixed_everywhere"], hole["days"], hole["exposed"], hole["pending"], hole["unknown"]) == ("CVE-1", None, 10.0, 1, 1, 1)
    assert document["missing_slices"] == ["south"]
    assert [row["hole"] for row in document["holes"]] == ["CVE-1", "CVE-2", "CVE-3"]
    lines = "".join(history_csv(document["hosts"])).splitlines()
    assert len(lines) == 1 + 3
    assert "\\x1b[2J\\x00\\ud800" in "".join(lines)
    assert not any(line.startswith("=") for line in lines)


def test_metrics_are_lines_of_their_grammar(told: Told) -> None:
    text = "".join(history_openmetrics(told))
    assert text.encode()
    sample = re.compile(r'[a-z_]+(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? -?[0-9.e+]+')
    assert [line for line in text.splitlines() if not line.startswith("#") and not sample.fullmatch(line)] == []
    assert 'firebreak_hole_hosts{hole="CVE-1",state="exposed"} 1' in text
    assert "firebreak_hole_fixed_everywhere_timestamp_seconds" + '{hole="CVE-2"} ' + str(START + 3 * DAY) in text
    assert text.endswith("# EOF\n")


def test_the_terminal_gets_lines_that_are_lines(told: Told) -> None:
    lines = [line.text for line in history_lines(told)]
    assert all(text.isprintable() for text in lines)
    assert "Missing slices: south brought in nothing" in lines
    assert any("kernel.running" in text and "Wavering" not in text for text in lines)


class _Seen(HTMLParser):
    """The elements of a page and whatever would load or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.bad += [name for name, _value in attrs if name in ("src", "onload", "onerror", "style") or name.startswith("on")]


def test_the_page_is_self_contained_and_safe(told: Told) -> None:
    page = "".join(history_html(told))
    seen = _Seen()
    seen.feed(page)
    assert seen.bad == []
    assert page.encode()
    assert "\x00" not in page
    assert "script" not in seen.tags
    assert "@import" not in page
    assert "url(" not in page
    assert page.count("<figure>") == 4
    for picture in re.findall(r"<figure>(<svg.*?</svg>)", page, re.DOTALL):
        root = ElementTree.fromstring(picture)
        assert root.get("role") == "img"
        assert root.get("aria-label")
    assert "Missing slices: south" in page
    assert all(table in page for table in ("Who waived what", "What comes and goes", "Findings and their age", "Where this comes from"))


def test_a_page_of_nothing(told: Told) -> None:
    assert "Nothing is in the history yet." in "".join(history_html(Told(NOW, 0, "x")))
    assert {name: len(rows) for name, rows in tables_of(Told(NOW, 0, "x")).items() if rows} == {}

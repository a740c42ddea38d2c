# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""history.html in headless Chromium: accessible light and dark, on a telephone and on paper, and it asks nobody for anything."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.questions import (
    DAY,
    Exposure,
    FindingAge,
    Hole,
    Moved,
    Part,
    Waived,
    Wavering,
)
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.telling import Told
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.history_page import history_html
from report_page import axe_script, browser, pages, show, use_theme, violations
from selenium import webdriver
from selenium.webdriver.common.by import By

NOW = 1793836800
LONG = "web-frontend-with-a-long-name.department.fra1.example.net"


def quarter() -> Told:
    """A quarter of a fleet of 300 hosts, with all that a page can show."""
    chance, since = random.Random(23), NOW - 92 * DAY
    holes = [_hole(number, since + chance.randrange(80) * DAY, chance) for number in range(40)]
    hosts = [_exposure(f"{LONG}-{number}" if number < 3 else f"web{number:03}", chance) for number in range(300)]
    drift = [(since + day * DAY, {"compliant": 180 + day, "drifted": 100 - day, "unknown": 12, "unreachable": 8}) for day in range(93)]
    return Told(
        now=NOW, since=since, where="x", documents=2208, holes=sorted(holes, key=lambda one: one.fixed_at is not None), hosts=hosts,
        groups=[_exposure(name, chance) for name in ("web", "db", "rack=fra1-07", "role=hypervisor")], drift=drift,
        findings=[FindingAge(f"kernel.finding{number}", "high", since, since + number * DAY if number % 2 else None, number, 1, 40, 3.2 * DAY)
                  for number in range(12)],
        wavering=[Wavering(LONG, "verdict", 14, NOW - DAY), Wavering("web007", "live_patch.not_loaded", 6, NOW)],
        waivers=[Waived("kernel.*", "storage team", "Rebuild of the array runs until the end of the year", "2026-12-31", "all.yml", since, 7)],
        parts=[Part("north", "ctl1", "scan", 2000, NOW), Part("", "ctl2", "answer", 208, NOW)], missing=("south",), silent=[("old1", since)],
        moved=[Moved("20261101T200000Z", NOW - 20 * DAY, NOW - 19 * DAY, 212, 14, 1811)],
        events=[{"at": NOW - number * 3600, "kind": "heal", "subject": "web007", "decision": "left_alone", "run": "dsa-6001",
                 "reason": "unknown: kernel.running: needs_root, and a long reason that somebody has to read to its end"} for number in range(9)])


def _hole(number: int, came: int, chance: random.Random) -> Hole:
    took = chance.randrange(2, 40) * DAY
    is_fixed = came + took < NOW
    return Hole(f"CVE-2026-{31000 + number}", came, NOW, 180, came + took if is_fixed else None, 0 if is_fixed else 12, 0 if is_fixed else 30, 0, 2,
                took / 3, float(took), (("20261101T200000Z", 160),) if is_fixed else ())


def _exposure(name: str, chance: random.Random) -> Exposure:
    worst = chance.randrange(1, 40) * DAY
    return Exposure(name, 12, chance.randrange(3), 5.0 * worst, worst / 2.4, float(worst))


@pytest.fixture(scope="module")
def chromium() -> Iterator[webdriver.Chrome]:
    """One browser for all tests of this file."""
    with browser() as driver:
        yield driver


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a quarter."""
    path = tmp_path_factory.mktemp("history") / "history.html"
    path.write_text("".join(history_html(quarter())), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_is_accessible_and_fits(chromium: webdriver.Chrome, page: Path, theme: str, width: int) -> None:
    use_theme(chromium, theme)
    show(chromium, page, width)
    paper = chromium.execute_script("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]")
    assert (paper > 200) == (theme == "light")
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= width
    # The page runs no script: the browser's own way around that is the test's alone.
    chromium.execute_script(axe_script())
    assert violations(chromium) == []


def test_all_of_it_is_there(chromium: webdriver.Chrome, page: Path) -> None:
    show(chromium, page)
    titles = [element.text for element in chromium.find_elements(By.CSS_SELECTOR, "h2")]
    assert titles == ["The fleet over time", "Holes, from first seen to fixed everywhere", "Exposure by group", "Exposure by host",
                      "What rollouts closed", "Findings and their age", "Who waived what", "What comes and goes", "Hosts not heard of",
                      "What was done, and what was not", "Where this comes from"]
    pictures = chromium.find_elements(By.CSS_SELECTOR, "figure svg[role=img][aria-label]")
    names = [[name.text for name in picture.find_elements(By.CSS_SELECTOR, ".name")] for picture in pictures]
    assert len(pictures) == 4
    assert all(len(set(own)) == len(own) for own in names), "names that differ are shown alike"


def test_asks_nobody_for_anything(chromium: webdriver.Chrome, page: Path) -> None:
    for kind in ("performance", "browser"):
        chromium.get_log(kind)  # type: ignore[no-untyped-call]
    show(chromium, page)
    events = [json.loads(entry["message"])["message"] for entry in chromium.get_log("performance")]  # type: ignore[no-untyped-call]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert {url for url in asked if not url.startswith("about:")} == {page.as_uri()}
    assert chromium.get_log("browser") == []  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_print_is_a_document_on_white_paper_with_every_column(chromium: webdriver.Chrome, page: Path, theme: str) -> None:
    use_theme(chromium, theme)
    show(chromium, page)
    assert 3 <= pages(chromium)[1] <= 14
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": [{"name": "prefers-color-scheme", "value": theme}]})
    # A sheet of A4 between its margins.
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 718, "height": 1000, "deviceScaleFactor": 1, "mobile": False})
    assert chromium.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    cut = chromium.execute_script("return [...document.querySelectorAll('.table')].filter(e => e.scrollWidth > e.clientWidth + 1).map("
                                  "e => e.getAttribute('aria-label') + ' ' + e.scrollWidth)")
    broken = chromium.execute_script("return [...document.querySelectorAll('tbody .short, tbody .date')].filter(e => {"
                                     "const text = document.createRange(); text.selectNodeContents(e);"
                                     "return new Set([...text.getClientRects()].map(line => line.top)).size > 1}).map(e => e.textContent)")
    decided = chromium.find_elements(By.XPATH, "//td[contains(@class, 'short')][text()='left_alone']")
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert (cut, broken, len(decided)) == ([], [], 9)

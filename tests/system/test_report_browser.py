# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.html in headless Chromium: it sorts, filters, opens hosts, is accessible, fast, fits a telephone, and asks nobody for anything."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_page import axe_script, browser, pages, show, use_theme, violations, write_page
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select
from synthetic_fleet import documents, fleet

INTERACTIVE_SECONDS = 2.0
HOSTILE = '</script><script>window.pwned=1</script><!--<script>\u2028\u202e\x1b[2J{{ 7*7 }}<img src=x onerror="window.pwned=1">'


@pytest.fixture(scope="module")
def chromium() -> Iterator[webdriver.Chrome]:
    """One browser for all tests of this file."""
    with browser() as driver:
        yield driver


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core."""
    return axe_script()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a fleet of 200 hosts."""
    return write_page(tmp_path_factory.mktemp("report") / "fleet.html", documents(200))


def texts(driver: webdriver.Chrome, selector: str) -> list[str]:
    """The text of each element that the selector finds."""
    return [element.text for element in driver.find_elements(By.CSS_SELECTOR, selector)]


def click(driver: webdriver.Chrome, selector: str) -> None:
    """Click the first element that the selector finds."""
    driver.find_element(By.CSS_SELECTOR, selector).click()


def test_the_verdict_stands_at_the_top(chromium: webdriver.Chrome, page: Path) -> None:
    show(chromium, page)
    summary = fleet(documents(200)).summary
    assert texts(chromium, "h1") == [f"{summary['compliant']} of 200 hosts are on the standard."]
    assert texts(chromium, ".legend li") == [f"{summary[name]} {name}" for name in ("compliant", "drifted", "unknown", "unreachable")]
    present = [name for name in ("compliant", "drifted", "unknown", "unreachable") if summary[name]]
    assert len(chromium.find_elements(By.CSS_SELECTOR, "#map path")) == len(present)


def test_sorts_by_each_column_both_ways(chromium: webdriver.Chrome, page: Path) -> None:
    show(chromium, page)
    for key, column in (("name", 1), ("os", 3), ("kernel", 4)):
        click(chromium, f"th[data-key={key}] button")
        ascending = texts(chromium, f"tbody td:nth-child({column})")
        assert chromium.find_element(By.CSS_SELECTOR, f"th[data-key={key}]").get_attribute("aria-sort") == "ascending"
        click(chromium, f"th[data-key={key}] button")
        descending = texts(chromium, f"tbody td:nth-child({column})")
        assert ascending != descending
        assert chromium.find_element(By.CSS_SELECTOR, f"th[data-key={key}]").get_attribute("aria-sort") == "descending"
    click(chromium, "th[data-key=name] button")
    names = texts(chromium, "tbody td:nth-child(1)")
    assert names == sorted(host.name for host in fleet(documents(200)).hosts)[:100]


def test_filters_by_word_verdict_and_finding(chromium: webdriver.Chrome, page: Path) -> None:
    show(chromium, page)
    hosts = fleet(documents(200)).hosts
    Select(chromium.find_element(By.ID, "by-verdict")).select_by_value("drifted")
    assert set(texts(chromium, "tbody .verdict")) == {"drifted"}
    assert len(texts(chromium, "tbody tr")) == sum(host.verdict == "drifted" for host in hosts)
    click(chromium, "#clear")
    Select(chromium.find_element(By.ID, "by-finding")).select_by_value("kernel.running")
    wanted = {host.name for host in hosts if any(finding["id"] == "kernel.running" for finding in host.findings)}
    assert set(texts(chromium, "tbody td.name")) == wanted
    click(chromium, "#clear")
    chromium.find_element(By.ID, "search").send_keys("HV- fra1")
    assert set(texts(chromium, "tbody td.name")) == {host.name for host in hosts if host.name.startswith("hv-fra1")}
    assert texts(chromium, "#count")[0].endswith("of 200 hosts")


def test_what_to_do_next_leads_to_its_hosts(chromium: webdriver.Chrome, page: Path) -> None:
    show(chromium, page)
    first = chromium.find_element(By.CSS_SELECTOR, "#next li")
    count = int(first.find_element(By.CSS_SELECTOR, ".tally").text.split()[0])
    first.find_element(By.CSS_SELECTOR, "button").click()
    assert len(texts(chromium, "tbody tr")) == count


def test_opens_a_host_by_keyboard_and_gives_the_focus_back(chromium: webdriver.Chrome, page: Path) -> None:
    show(chromium, page)
    opener = chromium.find_element(By.CSS_SELECTOR, "tbody td.name button")
    name = opener.text
    chromium.execute_script("arguments[0].focus()", opener)
    chromium.switch_to.active_element.send_keys(Keys.ENTER)
    assert texts(chromium, "#drawer[open] h2") == [name]
    labels = texts(chromium, ".finding:first-of-type dt")
    assert labels[:4] == ["Expected", "Observed", "Remedy", "Costs"]
    chromium.find_element(By.CSS_SELECTOR, ".finding summary").click()
    assert texts(chromium, ".finding details[open] li")
    assert chromium.current_url.endswith(f"#host={name}")
    chromium.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not chromium.find_elements(By.CSS_SELECTOR, "#drawer[open]")
    assert chromium.switch_to.active_element.text == name


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_is_accessible(chromium: webdriver.Chrome, page: Path, axe: str, theme: str, width: int) -> None:
    use_theme(chromium, theme)
    show(chromium, page, width)
    chromium.execute_script(axe)
    assert violations(chromium) == []
    click(chromium, "tbody td.name button")
    assert violations(chromium) == []


def test_the_theme_can_be_chosen(chromium: webdriver.Chrome, page: Path) -> None:
    use_theme(chromium, "light")
    show(chromium, page)
    paper = "return getComputedStyle(document.body).backgroundColor"
    light = chromium.execute_script(paper)
    for wanted in ("light", "dark"):
        click(chromium, "#theme")
        assert texts(chromium, "#theme") == [f"Theme: {wanted}"]
    assert chromium.execute_script(paper) != light
    click(chromium, "#theme")


def test_asks_nobody_for_anything(chromium: webdriver.Chrome, page: Path) -> None:
    for kind in ("performance", "browser"):
        chromium.get_log(kind)  # type: ignore[no-untyped-call]
    show(chromium, page)
    click(chromium, "tbody td.name button")
    events = [json.loads(entry["message"])["message"] for entry in chromium.get_log("performance")]  # type: ignore[no-untyped-call]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert {url.partition("#")[0] for url in asked if not url.startswith("about:")} == {page.as_uri()}
    assert chromium.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_a_thousand_hosts_are_interactive_in_time(chromium: webdriver.Chrome, tmp_path: Path) -> None:
    path = write_page(tmp_path / "fleet.html", documents(1000))
    for width in (1280, 400):
        show(chromium, path, width)
        ready, sorting, rows = chromium.execute_script("""
            const before = performance.now();
            document.querySelector("th[data-key=kernel] button").click();
            document.body.getBoundingClientRect();  // makes the browser lay the page out before the clock is read
            return [Number(document.documentElement.dataset.readyAfter), performance.now() - before,
                    document.querySelectorAll("tbody tr").length];""")
        assert rows == 100
        assert 0 < (ready + sorting) / 1000 < INTERACTIVE_SECONDS


@pytest.mark.parametrize("width", [400, 320])
def test_fits_a_telephone(chromium: webdriver.Chrome, page: Path, width: int) -> None:
    show(chromium, page, width)
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= width
    click(chromium, "tbody td.name button")
    assert chromium.execute_script("const sheet = document.querySelector('#drawer'); return sheet.scrollWidth - sheet.clientWidth") <= 0


def hostile_document() -> dict[str, Any]:
    """A host whose every word attacks the page."""
    finding = {"id": HOSTILE, "severity": "critical", "expected": HOSTILE, "observed": {HOSTILE: [HOSTILE]}, "remedy": HOSTILE,
               "disruption": "reboot", "evidence": [{"fact": HOSTILE, "source": HOSTILE, "value": HOSTILE}]}
    kernel = {"running": {"release": HOSTILE}, "default_boot": {"release": 7}}
    return {"schema": "firebreak.host/1", "host": HOSTILE, "scanned_at": HOSTILE, "verdict": "drifted", "reasons": [HOSTILE], "standard": HOSTILE,
            "findings": [finding], "waived": [{**finding, "waiver": HOSTILE}], "record": {"os": {"id": HOSTILE}, "kernel": kernel}, "error": HOSTILE}


def test_what_hosts_say_is_text(chromium: webdriver.Chrome, tmp_path: Path) -> None:
    path = write_page(tmp_path / "fleet.html", [hostile_document(), *documents(3)])
    show(chromium, path)
    assert texts(chromium, "#count") == ["4 hosts"]
    chromium.find_element(By.CSS_SELECTOR, "#next button").click()
    chromium.find_element(By.CSS_SELECTOR, "tbody td.name button").click()
    assert chromium.execute_script("return window.pwned") is None
    assert len(chromium.find_elements(By.CSS_SELECTOR, "img, iframe, object, embed")) == 0
    shown = texts(chromium, "#drawer h2")[0]
    assert shown.startswith("</script><script>") and "\\u202e\\x1b[2J{{ 7*7 }}" in shown


def address(driver: webdriver.Chrome) -> str:
    """What stands behind the # of the address."""
    return driver.current_url.partition("#")[2]


def test_filters_are_in_the_address_and_back_takes_them_back(chromium: webdriver.Chrome, page: Path) -> None:
    show(chromium, page)
    Select(chromium.find_element(By.ID, "by-verdict")).select_by_value("drifted")
    Select(chromium.find_element(By.ID, "by-finding")).select_by_value("kernel.running")
    assert address(chromium) == "verdict=drifted&finding=kernel.running"
    narrow = texts(chromium, "tbody td.name")
    click(chromium, "tbody td.name button")
    assert address(chromium).endswith(f"&host={narrow[0]}")
    chromium.back()
    assert not chromium.find_elements(By.CSS_SELECTOR, "#drawer[open]")
    assert texts(chromium, "tbody td.name") == narrow
    chromium.back()
    assert address(chromium) == "verdict=drifted"
    assert len(texts(chromium, "tbody td.name")) > len(narrow)


def test_an_address_that_was_sent_shows_the_same(chromium: webdriver.Chrome, page: Path) -> None:
    hosts = fleet(documents(200)).hosts
    name = next(host.name for host in hosts if host.verdict == "drifted")
    chromium.get("about:blank")
    chromium.get(f"{page.as_uri()}#verdict=drifted&host={name}")
    assert texts(chromium, "#drawer[open] h2") == [name]
    assert set(texts(chromium, "tbody .verdict")) == {"drifted"}
    chromium.get("about:blank")
    chromium.get(f"{page.as_uri()}#host=nosuch.example.net")
    assert texts(chromium, "#missing") == ["This report has no host nosuch.example.net."]


def test_values_and_counts_lead_to_their_hosts(chromium: webdriver.Chrome, page: Path) -> None:
    show(chromium, page)
    hosts = fleet(documents(200)).hosts
    click(chromium, ".legend li.drifted button")
    assert set(texts(chromium, "tbody .verdict")) == {"drifted"}
    kernel = fleet(documents(200)).distribution["kernel.running"]["values"][1]
    found = next(link for link in chromium.find_elements(By.CSS_SELECTOR, ".fact button.value") if link.get_attribute("title") == kernel["value"])
    found.click()
    assert texts(chromium, "#count") == [f"{kernel['hosts']} of 200 hosts"]
    assert kernel["value"] in texts(chromium, "#chosen")[0]
    assert len(texts(chromium, "tbody td.name")) == sum(kernel["value"] in host.facts.get("kernel.running", ()) for host in hosts)


def test_the_search_looks_into_errors_and_into_what_was_observed(chromium: webdriver.Chrome, tmp_path: Path) -> None:
    lost = {"schema": "firebreak.host/1", "host": "dead1", "scanned_at": "2026-11-20T06:00:00Z", "verdict": "unreachable", "reasons": ["unreachable"],
            "standard": None, "findings": [], "waived": [], "record": None, "error": "dead1: ssh: connect to host dead1 port 22: Connection refused",
            "labels": {"rack": "r7"}}
    path = write_page(tmp_path / "fleet.html", [lost, *documents(40)])
    show(chromium, path)
    for word in ("refused", "r7"):
        chromium.find_element(By.ID, "search").clear()
        chromium.find_element(By.ID, "search").send_keys(word)
        assert texts(chromium, "tbody td.name") == ["dead1"]
    assert "Connection refused" in texts(chromium, "tbody td.findings")[0]
    assert any(heading == "By rack" for heading in texts(chromium, ".fact h3"))


def test_a_filtered_list_can_be_taken_along(chromium: webdriver.Chrome, page: Path, tmp_path: Path) -> None:
    show(chromium, page)
    chromium.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path), "eventsEnabled": False})
    Select(chromium.find_element(By.ID, "by-finding")).select_by_value("kernel.running")
    names = texts(chromium, "tbody td.name")
    for button, file in (("#take-limit", "hosts.limit"), ("#take-csv", "hosts.csv")):
        click(chromium, button)
        deadline = time.monotonic() + 60
        while not (tmp_path / file).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    assert (tmp_path / "hosts.limit").read_text(encoding="utf-8").split() == names
    rows = list(csv.DictReader((tmp_path / "hosts.csv").open(encoding="utf-8", newline="")))
    assert [row["host"] for row in rows] == names
    assert all("kernel.running" in row["open findings"].split() for row in rows)


@pytest.mark.parametrize(("count", "limit"), [(200, 6), (1000, 20)])
def test_print_is_a_document(chromium: webdriver.Chrome, tmp_path: Path, count: int, limit: int) -> None:
    """Summary, what to do, and the hosts that are not compliant, in a table; also where the window was a telephone's."""
    path = write_page(tmp_path / "fleet.html", documents(count))
    for width in (1280, 400):
        show(chromium, path, width)
        assert 1 <= pages(chromium)[1] <= limit

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's page in a real browser: the synthetic fleet, the page made from it, headless Chromium, and the pictures for documents.

``make screenshot`` writes docs/images/fleet_report.png and its dark sister anew.
"""

from __future__ import annotations

import argparse
import base64
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.page import html
from selenium import webdriver
from synthetic_fleet import documents, fleet
from workshop import REPOSITORY, npm_package

BINARIES = ("chromium", "chromedriver", "npm")
AXE = "axe-core@4.10.3"


def write_page(path: Path, items: Iterable[dict[str, Any]]) -> Path:
    """The page of these host documents, in a file."""
    path.write_text("".join(html(fleet(items))), encoding="utf-8")
    return path


def axe_script() -> str:
    """The source of axe-core, from the package index of npm."""
    return (npm_package(AXE) / "axe.min.js").read_text(encoding="utf-8")


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """Headless Chromium that logs what it asks the network for; RuntimeError names what is not installed."""
    missing = [name for name in BINARIES if shutil.which(name) is None]
    if missing:
        raise RuntimeError(f"not installed: {', '.join(missing)}; `make system-packages` installs what tests/system/packages.txt lists")
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    with tempfile.TemporaryDirectory() as profile:
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking",
                         "--force-prefers-reduced-motion", f"--user-data-dir={profile}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(shutil.which("chromedriver"))))
        try:
            yield driver
        finally:
            driver.quit()


def resize(driver: webdriver.Chrome, width: int, height: int) -> None:
    """Set the size of the page, below what a window can have."""
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})


def use_theme(driver: webdriver.Chrome, theme: str) -> None:
    """What the system is said to prefer: light or dark."""
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})


def show(driver: webdriver.Chrome, path: Path, width: int = 1280) -> None:
    """Open the page afresh in a window of this width."""
    driver.get("about:blank")
    resize(driver, width, 1000)
    driver.get(path.as_uri())


def violations(driver: webdriver.Chrome) -> list[str]:
    """What axe-core, which must be on the page, finds wrong with it as it is shown now."""
    found: list[dict[str, Any]] = driver.execute_async_script("const done = arguments[0]; axe.run().then((result) => done(result.violations))")
    return [f"{item['id']}: {item['help']}: {node['html'][:200]}" for item in found for node in item["nodes"]]


def pages(driver: webdriver.Chrome) -> tuple[bytes, int]:
    """The page as it is printed, and on how many sheets."""
    printed = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": False})["data"])
    return printed, len(re.findall(rb"/Type\s*/Page[^s]", printed))


def screenshot(directory: Path) -> None:
    """The pictures of a report on 200 hosts, light and dark."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, browser() as driver:
        page = write_page(Path(work) / "fleet.html", documents(200))
        for theme, name in (("light", "fleet_report.png"), ("dark", "fleet_report_dark.png")):
            use_theme(driver, theme)
            resize(driver, 1280, 1180)
            driver.get(page.as_uri())
            driver.save_screenshot(str(directory / name))
            print(directory / name)


def main() -> None:
    """Make the pictures from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=REPOSITORY / "docs/images")
    screenshot(parser.parse_args().directory)


if __name__ == "__main__":
    main()

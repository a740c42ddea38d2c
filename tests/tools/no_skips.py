# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pytest plugin: a run in which a test was skipped, or nothing ran, has failed. Loaded by `make`, which puts this folder on the path."""

from __future__ import annotations

import pytest


def _skipped(terminal: pytest.TerminalReporter) -> list[str]:
    """One line for each skipped test or module: its name and the reason that it gave."""
    reports = terminal.stats.get("skipped", [])
    return [f"{report.nodeid}: {report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr}" for report in reports]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Turn a green run with skips into a failed one, and say which they were."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or not (lines := _skipped(terminal)):
        return
    terminal.write_line("")
    for line in lines:
        terminal.write_line(f"SKIPPED IS FAILED: {line}", red=True)
    if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

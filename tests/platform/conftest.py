# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that hosts are on the standard, for pytest: what it does is in firebreak_proof/plugin.py, what is proven in the test files."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
# A proof leaves nothing next to itself, wherever it is installed.
sys.dont_write_bytecode = True

from firebreak_proof import plugin  # noqa: E402

pytest_addoption = plugin.pytest_addoption
pytest_collection_modifyitems = plugin.pytest_collection_modifyitems
pytest_configure = plugin.pytest_configure
pytest_configure_node = plugin.pytest_configure_node
pytest_generate_tests = plugin.pytest_generate_tests
pytest_runtest_logreport = plugin.pytest_runtest_logreport
pytest_runtest_makereport = plugin.pytest_runtest_makereport
pytest_sessionfinish = plugin.pytest_sessionfinish
pytest_sessionstart = plugin.pytest_sessionstart
pytest_terminal_summary = plugin.pytest_terminal_summary

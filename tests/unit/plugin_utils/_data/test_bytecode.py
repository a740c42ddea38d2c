# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Under ansible-core's loader of collections, too, the collection's own code is compiled once and not in each run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._data import bytecode

ROOT = Path(__file__).resolve().parents[4]
PLUGINS = "ansible_collections.firebreak.fleet.plugins"
# As ansible-core's command line does it, before any plugin is loaded.
UNDER_ANSIBLE = f"""
import importlib
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder
_AnsibleCollectionFinder([{str(ROOT / "collections")!r}])._install()
importlib.import_module({PLUGINS!r} + ".action.run_settings")
store = importlib.import_module({PLUGINS!r} + ".plugin_utils._fleet.store")
print(type(store.__loader__).__name__, store.__file__)
"""


def _run(folder: Path) -> tuple[str, list[Path]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ANSIBLE"))}
    done = subprocess.run([sys.executable, "-c", UNDER_ANSIBLE], capture_output=True, text=True, check=False, timeout=120, cwd=folder,
                          env={**kept, "PYTHONPYCACHEPREFIX": str(folder / "kept")})
    assert done.returncode == 0, done.stderr
    return done.stdout, sorted((folder / "kept").rglob("plugin_utils/_fleet/store.*.pyc"))


def test_bytecode_is_kept_and_used(tmp_path: Path) -> None:
    said, kept = _run(tmp_path)
    assert said.split()[0] == "SourceFileLoader"
    assert Path(said.split()[1]).samefile(ROOT / "plugins/plugin_utils/_fleet/store.py")
    (path,) = kept
    before = path.stat().st_mtime_ns
    assert _run(tmp_path) == (said, kept)
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize(("name", "is_ours"), [
    (f"{PLUGINS}.plugin_utils._fleet", True), (f"{PLUGINS}.plugin_utils.nothing_there", False), (f"{PLUGINS}.action", False),
    ("ansible_collections.other.fleet.plugins.plugin_utils._fleet", False), ("json", False),
])
def test_what_is_ours(name: str, is_ours: bool) -> None:
    assert (bytecode.Finder.find_spec(name, [str(ROOT / "plugins/plugin_utils")]) is not None) is is_ours
    assert bytecode.Finder.find_spec(name) is None

# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the bytecode of this collection's own code, as Python does for all else: ansible-core's loader of collections compiles it in each run.

Importing this module does it, for all of the collection that is imported after it. Python's own rules hold: bytecode lies in ``__pycache__``
beside the source, is used where it is of this very source, and is not written where the folder may not be written to or
PYTHONDONTWRITEBYTECODE says so.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType

# What this module itself is a part of, up to the folder of plugins.
OURS = __name__.rpartition(".plugin_utils.")[0]
FOLDERS = tuple(f"{OURS}.{folder}." for folder in ("plugin_utils", "module_utils"))


class Finder:
    """Finds the collection's own modules where ansible-core's loader says that they are."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The module, with a loader that keeps its bytecode; None for what is not ours."""
        if not path or not name.startswith(FOLDERS):
            return None
        found = (FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(name) for folder in path)
        return next((spec for spec in found if spec is not None and spec.loader is not None), None)


if not any(getattr(finder, "__name__", "") == Finder.__name__ and getattr(finder, "__module__", "") == __name__ for finder in sys.meta_path):
    sys.meta_path.insert(0, Finder)

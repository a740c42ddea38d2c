# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of this collection compiled once, not in each run: ansible-core's own loader of collections keeps no bytecode.

The bytecode is below Ansible's home, where Python itself keeps it with PYTHONPYCACHEPREFIX: beside the sources it would be left behind by the
package that brought them, or belong to another user than the checkout. Python holds each file against its source's time and size.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType


@contextmanager
def kept_bytecode(package: str, directory: str) -> Iterator[None]:
    """Modules below ``package`` that are imported in this block leave their bytecode below ``directory``, or take it from there.

    For a process that imports and ends: other threads would import so as well.
    """
    finder = _Finder(package, directory)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Loader(SourceFileLoader):
    """Python's own loader, with another place for what it compiled."""

    def __init__(self, name: str, path: str, directory: str) -> None:
        super().__init__(name, path)
        self._directory = directory

    def get_code(self, fullname: str) -> CodeType | None:
        """The code of the module."""
        before, sys.pycache_prefix = sys.pycache_prefix, sys.pycache_prefix or self._directory
        try:
            return super().get_code(fullname)
        finally:
            sys.pycache_prefix = before


class _Finder:
    """Finds modules below a package in the folders that their parents name."""

    def __init__(self, package: str, directory: str) -> None:
        self._below, self._directory = f"{package}.", directory

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Where a module is; None for those of others, and for what is no file."""
        for folder in (path or ()) if name.startswith(self._below) else ():
            place = Path(folder, name.rpartition(".")[2])
            for file, inside in ((place / "__init__.py", [str(place)]), (place.with_name(f"{place.name}.py"), None)):
                if file.is_file():
                    loader = _Loader(name, str(file), self._directory)
                    return importlib.util.spec_from_file_location(name, file, loader=loader, submodule_search_locations=inside)
        return None

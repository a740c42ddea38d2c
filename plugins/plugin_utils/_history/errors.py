# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with a history, said in one line for a person; and the libraries that it needs, imported when it is used."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any

from .._settings.extras import install

NEEDED = ("sqlalchemy", "alembic")


class HistoryError(Exception):
    """The history cannot be read or written; the message names where it is, the cause and what is wanted."""


def missing(names: tuple[str, ...] = NEEDED) -> list[str]:
    """Those of these libraries that the Python which runs Ansible does not have."""
    return [name for name in names if importlib.util.find_spec(name) is None]


def library(name: str) -> Any:
    """A library of the extra ``history``."""
    lacking = missing(tuple(dict.fromkeys((name.partition(".")[0], *NEEDED))))
    if lacking:
        raise HistoryError(f"the history needs {' and '.join(lacking)} in the Python that runs Ansible ({sys.executable}); "
                           f"install it there with: {install('history')}")
    return importlib.import_module(name)


_CAUSES = (
    ("disk is full", "its file system is full; nothing of this was kept, and it is brought in with the next run"),
    ("No space left", "its file system is full; nothing of this was kept, and it is brought in with the next run"),
    ("disk I/O error", "its disk cannot be written or read"),
    ("database is locked", "another process has been writing to it for too long; it is brought in with the next run"),
    ("readonly database", "this user may not write to it"),
    ("Read-only file system", "its file system is read-only, and a history is written to where it is only asked, too; wanted a copy of it elsewhere"),
    ("Permission denied", "this user may not write to it"),
    ("unable to open database file", "it cannot be opened or made; wanted a directory that this user may write to"),
    ("file is not a database", "it is no history (not a file of SQLite); move it away, or name another"),
    ("malformed", "its file is damaged; restore a backup (playbooks/keep_history.yml)"),
)


def explained(where: str, error: BaseException) -> HistoryError:
    """A database's error as one line."""
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    cause = next((words for sign, words in _CAUSES if sign.lower() in said.lower()), said[:300])
    return HistoryError(f"the history {where}: {cause}")

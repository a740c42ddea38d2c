# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where alembic meets a history's connection. The transaction is the caller's (upgrade.py)."""

from __future__ import annotations

import importlib.util

context = importlib.import_module("alembic.context") if importlib.util.find_spec("alembic") else None

if context is not None and getattr(context, "_proxy", None) is not None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, render_as_batch=connection.dialect.name == "sqlite")
    context.run_migrations()

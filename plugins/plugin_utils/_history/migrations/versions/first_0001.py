# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first form of the history."""

from __future__ import annotations

import importlib
from typing import Any

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    op, sa = importlib.import_module("alembic.op"), importlib.import_module("sqlalchemy")

    def column(name: str, kind: Any, *more: Any, nullable: bool = False) -> Any:
        return sa.Column(name, kind, *more, nullable=nullable)

    def texts(*names: str) -> list[Any]:
        return [column(name, sa.Text()) for name in names]

    def to(name: str, table: str, nullable: bool = False) -> Any:
        return column(name, sa.Integer(), sa.ForeignKey(f"{table}.id", name=f"fk_{name}"), nullable=nullable)

    def key() -> Any:
        return sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False)

    def unique(table: str, *columns: str) -> Any:
        return sa.UniqueConstraint(*columns, name=f"uq_{table}")

    moment = sa.BigInteger()
    op.create_table("word", key(), *texts("text"), unique("word", "text"))
    op.create_table("host", key(), *texts("name"), unique("host", "name"))
    op.create_table("waiver", key(), *texts("key", "finding", "owner", "reason", "expires", "source"), unique("waiver", "key"))
    op.create_table("thing", key(), *texts("kind", "key", "name", "promise", "subject", "severity"), column("first_at", moment),
                    column("last_at", moment), unique("thing", "kind", "key"))
    op.create_table("ingest", key(), *texts("key", "kind"), column("at", moment), column("partial", sa.Integer()), column("hosts", sa.Integer()),
                    column("changed", sa.Integer()), column("late", sa.Integer()), *texts("slice", "controller"), unique("ingest", "key"))
    op.create_index("ix_ingest_at", "ingest", ["at"])
    op.create_table("sight", to("host_id", "host"), *texts("kind"), column("at", moment), *texts("digest"),
                    sa.PrimaryKeyConstraint("host_id", "kind"), sqlite_with_rowid=False)
    op.create_table("span", to("thing_id", "thing"), to("host_id", "host"), column("since", moment), to("state_id", "word"),
                    column("until", moment, nullable=True), to("ended_id", "word", True), to("waiver_id", "waiver", True),
                    sa.PrimaryKeyConstraint("thing_id", "host_id", "since"), sqlite_with_rowid=False)
    still = sa.text("until IS NULL")
    op.create_index("ix_span_standing", "span", ["host_id"], sqlite_where=still, postgresql_where=still)
    op.create_table("event", key(), *texts("key"), column("at", moment), *texts("kind", "subject", "decision", "reason", "run"),
                    unique("event", "key"))
    op.create_index("ix_event_at", "event", ["at"])

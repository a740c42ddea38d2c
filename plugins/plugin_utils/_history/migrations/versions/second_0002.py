# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A row for each hole over the fleet, filled when the migration is through (upgrade.py); and which rollout ended a span."""

from __future__ import annotations

import importlib

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of holes, and the column with its index."""
    op, sa = importlib.import_module("alembic.op"), importlib.import_module("sqlalchemy")
    sums = ("hosts", "running", "ended", "begun", "exposed", "pending", "unknown", "mitigated", "first_at")
    op.create_table("hole", sa.Column("thing_id", sa.Integer(), sa.ForeignKey("thing.id", name="fk_thing_id"), primary_key=True, nullable=False),
                    *(sa.Column(name, sa.BigInteger(), nullable=False) for name in sums),
                    *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("until", "worst_ended", "worst_running")))
    # A column that may be null is added where the table is: nothing of it is copied, on either database.
    op.execute("ALTER TABLE span ADD COLUMN closer_id INTEGER CONSTRAINT fk_closer_id REFERENCES word (id)")
    known = sa.text("closer_id IS NOT NULL")
    op.create_index("ix_span_closer", "span", ["thing_id", "closer_id"], sqlite_where=known, postgresql_where=known)

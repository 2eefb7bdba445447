"""Sweeps: sets of runs, and which run is of which set."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("recipe", sa.Text(), nullable=True),
        sa.Column("axes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("sweeps_by_age", "sweeps", ["created_at", "id"])
    op.add_column("runs", sa.Column("sweep", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("sweep_values", sa.Text(), nullable=True))
    op.create_index("runs_of_sweep", "runs", ["sweep"])

"""Twins: which change a run leaves out of what its parent did."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("left_out", sa.Text(), nullable=True))
    op.create_index("runs_by_parent", "runs", ["parent"])

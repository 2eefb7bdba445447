"""Knobs that move to their new values over several steps."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("ledger", sa.Column("over", BIG, nullable=False, server_default="1"))
    op.add_column("ledger", sa.Column("shape", sa.Text(), nullable=False, server_default="linear"))

"""What guards found is read for many runs at once: an index of those few events."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OF_GUARDS = sa.text("kind IN ('alarm.raised', 'alarm.cleared', 'guard.state')")


def upgrade() -> None:
    op.create_index(
        "events_of_guards", "events", ["run", "position"], sqlite_where=OF_GUARDS, postgresql_where=OF_GUARDS
    )

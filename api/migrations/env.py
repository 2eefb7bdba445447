"""Alembic's entry: runs the versions on the connection that `api.database` has opened, inside its transaction."""

from alembic import context
from sqlalchemy import create_engine

from api.settings import StorageSettings
from api.tables import Base


def _run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is None:  # the `alembic` command, by hand
        connection = create_engine(StorageSettings().database).connect()
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


_run()

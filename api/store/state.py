"""How far the recorder has come: the cursor up to which every answer from SQL is complete."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.positions import event_id_of
from api.tables import RecorderRow

THE_ROW = 1


def cursor_position(session: Session) -> int:
    """Position of the last event that was recorded; 0 when none was. Read it before what it is to vouch for."""
    return session.scalar(select(RecorderRow.position).where(RecorderRow.id == THE_ROW)) or 0


def cursor(session: Session) -> str:
    """Id of the last event that was recorded."""
    return event_id_of(cursor_position(session))


def n_events(session: Session) -> int:
    """Events recorded since the beginning."""
    return session.scalar(select(RecorderRow.n_events).where(RecorderRow.id == THE_ROW)) or 0

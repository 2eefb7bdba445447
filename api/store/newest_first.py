"""Lists that are newest first: one page of them, and the cursor `<created at>_<id>` that the next one begins after."""

from typing import Protocol, TypeVar

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import Session

from api.tables import RunRow, SweepRow

R = TypeVar("R", RunRow, SweepRow)


class Listed(Protocol):
    """What a list's items have in common."""

    id: str
    created_at: float


def page(session: Session, query: Select[R], kind: type[R], *, after: str | None, limit: int) -> tuple[list[R], bool]:
    """The rows after the one whose cursor is given, and whether there are more.

    Args:
        session: of the database.
        query: selects the rows that are wanted, in any order.
        kind: their table.
        after: cursor of the last row of the page before; None: from the newest one.
        limit: at most so many.
    """
    query = query.order_by(kind.created_at.desc(), kind.id.desc()).limit(limit + 1)
    if after is not None:
        created_at, _, last = after.partition("_")
        query = query.where(tuple_(kind.created_at, kind.id) < tuple_(float(created_at), last))
    rows = list(session.scalars(query))
    return rows[:limit], len(rows) > limit


def cursor_of(item: Listed) -> str:
    """Where a list goes on after this item."""
    return f"{item.created_at!r}_{item.id}"

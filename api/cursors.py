"""Cursors as they come in a query: event ids, and places in lists that are newest first."""

import re
from typing import Annotated

from fastapi import Depends, Query

from api.positions import BEGINNING, NoEventId, position_of
from api.problems import InvalidRequest
from contract.numbers import shown


def checked(event_id: str, where: str) -> str:
    """The id, if it is one.

    Raises:
        InvalidRequest: if it is none.
    """
    try:
        position_of(event_id)
    except NoEventId as error:
        raise InvalidRequest(f"{where}: {error}") from error
    return event_id


def after_position(
    after: Annotated[str, Query(description="Event id: only what came after it. Left out: from the beginning.")] = (
        BEGINNING
    ),
) -> int:
    """The position after which a list begins."""
    return position_of(checked(after, "after"))


AfterDep = Annotated[int, Depends(after_position)]


def list_cursor(after: str | None) -> str | None:
    """The cursor `<created at>_<id>` of a list, if it is one.

    Raises:
        InvalidRequest: if it is none.
    """
    if after is not None and not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,20})?_[0-9a-z]+", after):
        raise InvalidRequest(f"after: {shown(after)} is no cursor of this list; use `next` of the page before")
    return after

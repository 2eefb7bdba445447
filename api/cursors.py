"""Event ids as they come in a query."""

from typing import Annotated

from fastapi import Depends, Query

from api.positions import BEGINNING, NoEventId, position_of
from api.problems import InvalidRequest


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

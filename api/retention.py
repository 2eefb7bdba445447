"""Deleting what ended runs need no more: by the settings, once an hour, or when somebody asks; counted first."""

import time
from collections.abc import Iterator, Sequence

from api.database import Database
from api.store import retention
from api.tables import RunRow
from contract.retention import Keep, Prunable

DAY_S = 24 * 3600.0


def prunable(database: Database, keep: Keep) -> Prunable:
    """What would be deleted now."""
    return _summed(list(_each(database, keep, is_dry=True)))


def prune(database: Database, keep: Keep) -> Prunable:
    """Delete it, run by run; what was deleted. Files go when the recorder next looks."""
    return _summed(list(_each(database, keep, is_dry=False)))


def _each(database: Database, keep: Keep, *, is_dry: bool) -> Iterator[Prunable]:
    """What each run loses."""
    now = time.time()
    wanted: dict[str, list[str]] = {}
    with database.read() as session:
        for part, days in keep.model_dump().items():
            for run in retention.ended_before(session, now - days * DAY_S) if days is not None else ():
                wanted.setdefault(run, []).append(part)
    for run, parts in wanted.items():
        with database.read() if is_dry else database.write() as session:
            row = session.get(RunRow, run)
            if row is not None:  # not deleted meanwhile
                lost = _summed([retention.PARTS[part](session, row, is_dry=is_dry) for part in parts])
                yield lost.model_copy(update={"runs": int(lost != Prunable())})


def _summed(found: Sequence[Prunable]) -> Prunable:
    return Prunable(**{name: sum(getattr(one, name) for one in found) for name in Prunable.model_fields})

"""Deleting what ended runs need no more: by the settings, once an hour, or when somebody asks; counted first."""

import time
from collections.abc import Sequence

from sqlalchemy.orm import Session

from api.database import Database
from api.store import retention
from api.tables import RunRow
from contract.retention import Keep, Prunable

DAY_S = 24 * 3600.0


def prunable(database: Database, keep: Keep) -> Prunable:
    """What would be deleted now."""
    return _summed([lost for _, _, lost in _losing(database, keep)])


def prune(database: Database, keep: Keep) -> Prunable:
    """Delete it, run by run; what was deleted. Files go when the recorder next looks."""
    deleted = []
    for run, parts, _ in _losing(database, keep):
        with database.write() as session:
            deleted.append(_lost(session, run, parts, is_dry=False))
    return _summed(deleted)


def _losing(database: Database, keep: Keep) -> list[tuple[str, list[str], Prunable]]:
    """The runs that lose something, with what may go of them and how much that is."""
    now = time.time()
    wanted: dict[str, list[str]] = {}
    with database.read() as session:
        for part, days in keep.model_dump().items():
            for run in retention.ended_before(session, now - days * DAY_S) if days is not None else ():
                wanted.setdefault(run, []).append(part)
        found = [(run, parts, _lost(session, run, parts, is_dry=True)) for run, parts in wanted.items()]
    return [each for each in found if each[-1].runs > 0]


def _lost(session: Session, run: str, parts: Sequence[str], *, is_dry: bool) -> Prunable:
    """What one run loses; nothing where it was deleted meanwhile."""
    row = session.get(RunRow, run)
    lost = _summed([] if row is None else [retention.PARTS[part](session, row, is_dry=is_dry) for part in parts])
    return lost.model_copy(update={"runs": int(lost != Prunable())})


def _summed(found: Sequence[Prunable]) -> Prunable:
    return Prunable(**{name: sum(getattr(one, name) for one in found) for name in Prunable.model_fields})

"""What SQL says of many runs at once, for a table: a fixed number of questions, however many runs there are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import literal, select, text
from sqlalchemy.orm import Session, aliased

from api.knobs import value
from api.store import ledger, sparklines
from api.store.state import cursor
from api.store.sweeps import PICTURES
from api.tables import OF_GUARDS, EventRow, LedgerRow, RunRow, SeriesRow, SweepRow
from contract.numbers import loads
from contract.overview import Overview, RaisedAlarm, TurnedKnob
from contract.sweeps import LastPicture

MOST_TURNED = 12
"""Turned knobs that are listed of a run: what fits into a tooltip."""
PLANNED = "plan"
RULE = "rule "
"""How the authors of what nobody turned by hand begin."""


def of(session: Session, rows: Sequence[RunRow], most_buckets: int) -> dict[str, Overview]:
    """Run → its overview, with at most so many buckets in its sparkline."""
    until = cursor(session)
    ids = [row.id for row in rows]
    applied, waiting = ledger.applied(session, ids), ledger.unanswered(session, ids)
    alarms, guards = _watch(session, ids)
    lines = sparklines.of(session, rows, most_buckets, until)
    pictures, roots, names = _pictures(session, ids), _roots(session, ids), _sweep_names(session, rows)
    return {
        row.id: Overview(
            picture=pictures.get(row.id),
            sparkline=lines.get(row.id),
            alarms=list(alarms[row.id].values()),
            guards=guards[row.id],
            by_hand=sorted({wish.request_id for wish in waiting.get(row.id, ()) if is_by_hand(wish.author)}),
            root=roots[row.id][0],
            root_name=roots[row.id][1],
            sweep_name=names.get(row.sweep or ""),
            **_turned(applied.get(row.id, ())),
        )
        for row in rows
    }


def is_by_hand(author: str) -> bool:
    """Whether a person (or a person's script) asked, rather than the spec's plan or one of its rules."""
    return author != PLANNED and not author.startswith(RULE)


def _turned(applied: Sequence[LedgerRow]) -> dict[str, object]:
    turned = [row for row in applied if is_by_hand(row.author)]
    listed = [
        TurnedKnob(name=row.name, old=value(row.old), new=value(row.new), over=row.over, shape=row.shape, step=row.step)
        for row in turned[-MOST_TURNED:]
    ]
    return {"n_turned": len(turned), "turned": listed}


def _watch(
    session: Session, ids: Sequence[str]
) -> tuple[Mapping[str, dict[str, RaisedAlarm]], Mapping[str, dict[str, str]]]:
    """Run → guard → the alarm that it holds; and run → guard → what it can say."""
    alarms: defaultdict[str, dict[str, RaisedAlarm]] = defaultdict(dict)
    guards: defaultdict[str, dict[str, str]] = defaultdict(dict)
    query = select(EventRow.run, EventRow.kind, EventRow.step, EventRow.body).where(
        EventRow.run.in_(ids), text(OF_GUARDS)
    )
    for run, kind, step, content in session.execute(query.order_by(EventRow.position)):
        body = loads(content)
        guard = body["guard"]
        if kind == "guard.state":
            guards[run][guard] = body["state"]
            continue
        alarms[run].pop(guard, None)
        if kind == "alarm.raised":
            alarms[run][guard] = RaisedAlarm(guard=guard, message=body["message"], step=step)
    return alarms, guards


def _pictures(session: Session, ids: Sequence[str]) -> dict[str, LastPicture]:
    """Run → its last samples: the grid where it has one, else the points. The series know their last step."""
    query = select(SeriesRow.run, SeriesRow.name, SeriesRow.last_step).where(
        SeriesRow.run.in_(ids), SeriesRow.name.in_(PICTURES), SeriesRow.last_step.is_not(None)
    )
    found: dict[str, LastPicture] = {}
    for run, name, step in session.execute(query.order_by(SeriesRow.name)):  # "points", then "samples"
        found[run] = LastPicture(series=name, kind="grid" if name == "samples" else "points", step=step or 0)
    return found


def _roots(session: Session, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Run → id and name of the run that its lineage begins with."""
    own = select(RunRow.id.label("run"), RunRow.id.label("at"), RunRow.name, RunRow.parent, literal(0).label("depth"))
    lineage = own.where(RunRow.id.in_(ids)).cte("lineage", recursive=True)
    above = aliased(RunRow)
    step = select(lineage.c.run, above.id, above.name, above.parent, lineage.c.depth + 1)
    lineage = lineage.union_all(step.join(above, above.id == lineage.c.parent))
    found = session.execute(select(lineage.c.run, lineage.c.at, lineage.c.name).order_by(lineage.c.depth))
    return {run: (at, name) for run, at, name in found}


def _sweep_names(session: Session, rows: Sequence[RunRow]) -> dict[str, str]:
    wanted = {row.sweep for row in rows if row.sweep is not None}
    if not wanted:
        return {}
    found = session.execute(select(SweepRow.id, SweepRow.name).where(SweepRow.id.in_(wanted)))
    return {row.id: row.name for row in found}

"""The family of a run as SQL has it: found by following parents up to the root, and all their forks down again."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import CTE, func, select
from sqlalchemy.orm import Session

from api.knobs import value
from api.store.state import cursor
from api.tables import EventRow, LedgerRow, RunRow
from contract.lineage import MOST_RUNS, Birth, Difference, Lineage, LineageRun
from contract.numbers import loads
from contract.spec import RunSpec

PARTS = {
    "datasets": "dataset",
    "networks": "network",
    "conditioning": "conditioning",
    "losses": "loss",
    "averaging": "averaging",
}
"""Families of which a spec has one component → the part of the spec that names it."""
OF_TWINS = frozenset({"plan", "rules"})
"""Parts that every twin has otherwise than its parent: they repeat what was done by hand."""


def family(session: Session, run: str, most: int = MOST_RUNS) -> Lineage:
    """A run's family, complete up to one cursor, in as many queries as it would take for a single run."""
    until = cursor(session)
    above = _above(run)
    parents = {row.id: row.parent for row in session.execute(select(above.c.id, above.c.parent))}
    root = next(id for id, parent in parents.items() if parent not in parents)
    below = _below(root)
    n = session.scalar(select(func.count()).select_from(below)) or 0
    is_further = RunRow.id.not_in(parents)  # a path from the root to the run asked for is never cut
    query = select(RunRow).where(RunRow.id.in_(select(below.c.id)))
    rows = session.scalars(query.order_by(is_further, RunRow.created_at, RunRow.id).limit(max(most, len(parents))))
    named = sorted(rows, key=lambda row: (row.created_at, row.id))
    return Lineage(root=root, runs=_runs(session, named), n_left_out=n - len(named), cursor=until)


def _above(run: str) -> CTE:
    """The run and those that it goes on from."""
    first = select(RunRow.id, RunRow.parent).where(RunRow.id == run).cte("above", recursive=True)
    return first.union(select(RunRow.id, RunRow.parent).join(first, RunRow.id == first.c.parent))


def _below(root: str) -> CTE:
    """The run and all that go on from it, however far away."""
    first = select(RunRow.id).where(RunRow.id == root).cte("below", recursive=True)
    return first.union(select(RunRow.id).join(first, RunRow.parent == first.c.id))


def _runs(session: Session, rows: Sequence[RunRow]) -> list[LineageRun]:
    ids = [row.id for row in rows]
    given, without, rewound = _given(session, ids), _without(session, rows), _rewound(session, ids)
    params = {row.id: params_of(RunSpec.model_validate_json(row.spec)) for row in rows}
    return [
        LineageRun(
            id=row.id,
            name=row.name,
            status=row.status,
            step=row.step,
            steps=row.steps,
            parent=row.parent,
            parent_step=row.parent_step,
            birth=_birth(row, rewound),
            left_out=row.left_out,
            differs=_differs(row, params, [*given.get(row.id, ()), *without.get(row.left_out or "", ())]),
            created_at=row.created_at,
        )
        for row in rows
    ]


def _birth(row: RunRow, rewound: Collection[str]) -> Birth:
    if row.parent is None:
        return "launch"
    if row.left_out is not None:
        return "twin"
    return "rewind" if row.id in rewound else "fork"


def _differs(
    row: RunRow,
    params: Mapping[str, Mapping[str, Any]],  # Any: JSON
    changes: Sequence[Difference],
) -> list[Difference]:
    """Knobs that it began with, and what its spec has otherwise; a knob that is in both is said once."""
    old, new = params.get(row.parent or "", params[row.id]), params[row.id]
    said = {change.name for change in changes} | (OF_TWINS if row.left_out is not None else frozenset())
    names = [name for name in {**old, **new} if name not in said and old.get(name) != new.get(name)]
    return [*changes, *(Difference(name=name, old=old.get(name), new=new.get(name)) for name in names)]


def params_of(spec: RunSpec) -> dict[str, Any]:  # Any: JSON
    """Every param of a spec by the name that its knob has or would have; a part that is there by its own name."""
    found: dict[str, Any] = {}
    for kind, entry, component in spec.entries():
        found[PARTS.get(kind, entry)] = component.name
        found |= {f"{entry}.{name}": given for name, given in component.params.items()}
    rest = spec.model_dump(mode="json", include={"game", "watching", "plan", "steps", "batch", "seed", "device"})
    for part in ("game", "watching"):
        found |= {f"{part}.{name}": given for name, given in rest.pop(part).items()}
    return found | rest


def _given(session: Session, ids: Collection[str]) -> Mapping[str, list[Difference]]:
    """Run → the knobs that it was forked with: its ledger has them from the moment at which it was made."""
    query = (
        select(LedgerRow)
        .join(RunRow, (RunRow.id == LedgerRow.run) & (RunRow.created_at == LedgerRow.asked_at))
        .where(LedgerRow.run.in_(ids), LedgerRow.kind == "knob", RunRow.parent.is_not(None))
        .order_by(LedgerRow.name)
    )
    found: defaultdict[str, list[Difference]] = defaultdict(list)
    for row in session.scalars(query):
        found[row.run].append(Difference(name=row.name, old=value(row.old), new=value(row.new)))
    return found


def _without(session: Session, rows: Sequence[RunRow]) -> Mapping[str, list[Difference]]:
    """Request that a twin leaves out → its changes, turned round."""
    requests = {row.left_out for row in rows if row.left_out is not None}
    query = select(LedgerRow).where(
        LedgerRow.request_id.in_(requests), LedgerRow.kind == "knob", LedgerRow.outcome == "applied"
    )
    found: defaultdict[str, list[Difference]] = defaultdict(list)
    for row in session.scalars(query.order_by(LedgerRow.name)):
        found[row.request_id].append(Difference(name=row.name, old=value(row.new), new=value(row.old)))
    return found


def _rewound(session: Session, ids: Collection[str]) -> set[str]:
    """Runs that a rewind made: its outcome names them."""
    query = (
        select(EventRow.body)
        .join(LedgerRow, LedgerRow.outcome_position == EventRow.position)
        .where(LedgerRow.run.in_(ids), LedgerRow.name == "rewind", LedgerRow.outcome == "applied")
    )
    return {str((loads(body).get("result") or {}).get("run")) for body in session.scalars(query)}

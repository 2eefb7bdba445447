"""Replaying: a run that was steered by hand as a spec that does the same again, bit for bit on the same machine.

What was asked while it went on becomes the spec's `plan`. A fork's plan begins where its first ancestor began.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import yaml
from sqlalchemy.orm import Session

from api.knobs import value
from api.problems import NotRepeatable
from api.series.lineage import segments
from api.store import ledger
from api.tables import LedgerRow, RunRow
from contract.components import Catalogue
from contract.numbers import loads, shown
from contract.ramps import Wish, takes_time
from contract.resolve import knobs_of_spec
from contract.spec import PlannedChange, RunSpec

WATCHING = ("watching", "monitors", "guards", "rules", "plan", "steps")
"""Parts of a spec that change no number of a step: what looks, what acted (it stands in the ledger), where it ends."""


def replay_of(session: Session, run: RunRow, catalogue: Catalogue) -> RunSpec:
    """The spec that repeats the run from step 0.

    Args:
        session: of the database.
        run: which.
        catalogue: what workers can run.

    Returns:
        The spec of its first ancestor with the run's own end, and everything that was applied along its line as plan.
        Rules are left out: what they did stands in the plan, and they must not do it twice.

    Raises:
        NotRepeatable: if the run was forked with other randomness or other parts.
    """
    line = segments(session, run)
    first, own = (RunSpec.model_validate_json(row.spec) for row in (line[0].run, run))
    for part in line[1:]:
        _refuse_other(first, RunSpec.model_validate_json(part.run.spec), part.run, catalogue)
    done = [each for part in line for each in planned(session, part.run.id, part.first, part.last)]
    to_come = [each for each in own.plan if each.step > run.step + 1]
    watching = {part: getattr(own, part) for part in WATCHING}
    return first.model_copy(update={**watching, "rules": [], "plan": [*done, *to_come]})


def as_yaml(spec: RunSpec, run: RunRow) -> str:
    """The spec as a file that a person can read, and `modescope launch` takes."""
    head = f"# Repeats run {run.id} ({run.name!r}), {run.step} steps of it done: modescope launch THIS-FILE\n"
    return head + yaml.safe_dump(loads(spec.model_dump_json(by_alias=True)), sort_keys=False, allow_unicode=True)


def planned(
    session: Session, run: str, first: int, last: int, *, without: str | None = None
) -> Iterator[PlannedChange]:
    """What a run's ledger has in a stretch of steps, request by request, as a plan would have it.

    Args:
        session: of the database.
        run: which.
        first: first step with a change.
        last: last one.
        without: a request that is left out.

    Yields:
        The changes of one request each.
    """
    changes = ledger.applied(session, [run]).get(run, [])
    there = [change for change in changes if first <= (change.step or 0) <= last and change.request_id != without]
    for (step, _), together in groupby(there, key=lambda change: (change.step, change.request_id)):
        rows = list(together)
        knobs = {row.name: _wish(row) for row in rows}
        yield PlannedChange(step=max(step or 0, 1), knobs=knobs, author=rows[0].author, reason=rows[0].reason)


def _wish(row: LedgerRow) -> Any:  # Any: a value, or a Wish
    if takes_time(row.over, row.shape):
        return Wish.model_validate({"to": value(row.new), "over": row.over, "shape": row.shape})
    return value(row.new)


def _refuse_other(first: RunSpec, own: RunSpec, fork: RunRow, catalogue: Catalogue) -> None:
    """Refuse a line whose runs differ in more than the knobs.

    Raises:
        NotRepeatable: if they do.
    """
    before, after = _fixed(first, catalogue), _fixed(own, catalogue)
    changed = [place for place in {**before, **after} if before.get(place) != after.get(place)]
    if changed:
        place = changed[0]
        raise NotRepeatable(
            f"run {fork.id} was forked at step {fork.parent_step} with another {place} "
            f"({shown(before.get(place))} → {shown(after.get(place))}), so no spec repeats it from step 0: export run "
            f"{fork.parent} for the part before, and fork that again with the same change for the rest"
        )


def _fixed(spec: RunSpec, catalogue: Catalogue) -> Mapping[str, Any]:  # Any: JSON
    """Every param that is no knob, by its place."""
    knobs = {knob.name for knob in knobs_of_spec(spec, catalogue)}
    parts = {
        f"{entry}.{param}": given
        for family, entry, component in spec.entries()
        if family not in WATCHING
        for param, given in {"name": component.name, **component.params}.items()
        if not any(knob == f"{entry}.{param}" or knob.startswith(f"{entry}.{param}.") for knob in knobs)
    }
    return parts | {"updates": spec.game.updates, "batch": spec.batch, "seed": spec.seed, "device": spec.device}

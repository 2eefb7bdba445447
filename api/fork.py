"""Forking: a new run that goes on from another one's checkpoint, with other knobs if wanted.

The checkpoint is copied, so that a fork does not depend on which ones its parent keeps. Its history up to there is
the parent's own, and is read from there: `api.series.lineage`.
"""

import hashlib
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import inspect

from api import checkpoint_files, knobs, launch
from api.backend import Backend
from api.launch import FIRST_ATTEMPT, Prepared
from api.problems import ArtefactsAway, CheckpointReplaced, InvalidSpecRefused
from api.requeue import change_of, reference
from api.specs import catalogue_of, checked
from api.store import ledger, runs
from api.store.state import cursor_position
from api.tables import CheckpointRow, LedgerRow, RunRow
from contract.components import Catalogue
from contract.jobs import Resume
from contract.knobs import KnobDescription, KnobValue
from contract.names import checkpoint_name
from contract.numbers import dumps, loads
from contract.places import is_given
from contract.ramps import Wish
from contract.resolve import SpecProblem, knobs_of_spec
from contract.runs import CreateRun, ForkRun, Run
from contract.spec import RunSpec

OF_THE_PARENT = 0
"""Attempt under which a fork has the checkpoint that it began with."""


def fork(
    backend: Backend,
    parent: str,
    asked: ForkRun,
    author: str,
    reason: str | None,
    key: str | None,
    *,
    left_out: str | None = None,
) -> Run:
    """The fork that was asked for; with an Idempotency-Key that was answered before, the run of that answer.

    Args:
        backend: what it takes.
        parent: the run that is forked.
        asked: from where, and with what.
        author: who asked.
        reason: why, for the ledger.
        key: the same for a try again.
        left_out: of a twin, the request whose changes it is without.

    Returns:
        The new run, queued.

    Raises:
        NoSuchCheckpoint: if the parent never had a checkpoint of that step.
        CheckpointReplaced: if it has it no more.
        ArtefactsAway: if the artefact store does not answer.
        InvalidSpecRefused: if the overrides give a spec that cannot run, or no step is left to train.
        InvalidKnobs: if a knob does not exist or a value is not allowed.
        NoWorkerYet: if nobody knows what can run.
        KeyReused: if the key came before with another request.
    """
    request = f"{parent} {asked.model_dump_json()}"

    def prepared() -> Prepared:
        new = _prepared(backend, parent, asked, author, reason)
        new.row.left_out = left_out
        return new

    return launch.once(backend, key, request, prepared)


def _prepared(backend: Backend, parent: str, asked: ForkRun, author: str, reason: str | None) -> Prepared:
    step = asked.checkpoint_step
    catalogue = catalogue_of(backend.redis.catalogue())
    with backend.database.read() as session:
        above = runs.find(session, parent)
        changes = [each for each in ledger.applied(session, [parent]).get(parent, []) if (each.step or 0) <= step]
        position = cursor_position(session)
    origin = None if step == 0 and above.parent is None else _origin(backend, parent, step)
    old = RunSpec.model_validate_json(above.spec)
    spec = _spec(above, asked, catalogue)
    known = list(_known(above, changes, spec, catalogue, step))
    row = _row(above, step, asked, spec, known)
    wanted = {**_overridden(old, spec, asked.overrides, catalogue), **asked.knobs}
    wishes = knobs.check(row, wanted) if wanted else {}
    before = {knob.name: knob.default for knob in known}
    entries = list(_entries(row, wishes, before, position=position, author=author, reason=reason))
    copies = [] if origin is None else [_copied(backend, row, origin)]
    return Prepared(
        row=row,
        spec=spec,
        resume=Resume(
            checkpoints=[reference(copy) for copy in copies],
            ledger=[change_of(entry) for entry in entries],
        ),
        further=[*copies, *_inherited(row, changes, step), *entries],
        undo=lambda: backend.artefacts.delete(f"runs/{row.id}/"),
    )


def _origin(backend: Backend, parent: str, step: int) -> CheckpointRow:
    """The checkpoint that a fork begins with; step 0 of a run that is no fork needs none.

    Raises:
        CheckpointReplaced: if the parent's history does not lead there.
    """
    origin = checkpoint_files.present(backend, parent, step)
    if origin.superseded:
        raise CheckpointReplaced(
            f"the checkpoint of step {origin.step} is of an attempt that was cut off, so run {parent}'s history "
            "does not lead there; GET its checkpoints for those that it does lead to"
        )
    return origin


def _spec(above: RunRow, asked: ForkRun, catalogue: Catalogue) -> RunSpec:
    """The parent's spec with the overrides.

    Raises:
        InvalidSpecRefused: if it cannot run, or ends where the fork begins.
    """
    spec = checked(CreateRun(spec=loads(above.spec), overrides=asked.overrides), catalogue)
    if spec.steps <= asked.checkpoint_step:
        message = (
            f"must be above {asked.checkpoint_step}, the step that the fork goes on from; got {spec.steps}. "
            'Give more in "overrides": {"steps": …}'
        )
        raise InvalidSpecRefused(f"steps: {message}", [SpecProblem(where="steps", message=message)])
    return spec


def _known(
    above: RunRow, changes: Iterable[LedgerRow], spec: RunSpec, catalogue: Catalogue, step: int
) -> Iterator[KnobDescription]:
    """The fork's knobs with their values at the checkpoint, as far as SQL knows; the trainer says them when it starts.

    Of a checkpoint before the parent's attempt in force SQL knows only the changes since the parent's own start.
    """
    described = {knob.name: knob for knob in knobs_of_spec(spec, catalogue)}
    if above.from_step <= step:
        old = {entry: component.name for _, entry, component in RunSpec.model_validate_json(above.spec).entries()}
        same = [f"{entry}." for _, entry, component in spec.entries() if old.get(entry) == component.name]
        own = (*same, "game.", "watching.")
        described |= {knob.name: knob for knob in knobs.decode(above) if knob.name.startswith(own)}
    newest = {change.name: change for change in changes}
    for knob in described.values():
        change = newest.get(knob.name)
        value = None if change is None else knobs.after(change, step, is_whole=knob.kind == "integer")
        yield knob if value is None else knob.model_copy(update={"default": value})


def _overridden(old: RunSpec, new: RunSpec, overrides: Mapping[str, Any], catalogue: Catalogue) -> dict[str, KnobValue]:
    """Knobs that the overrides give a value: the checkpoint has one too, and would win."""
    before = {knob.name: knob.default for knob in knobs_of_spec(old, catalogue)}
    after = {knob.name: knob.default for knob in knobs_of_spec(new, catalogue)}
    whole = new.model_dump(mode="json", by_alias=True)
    return {
        name: value
        for name, value in after.items()
        if name in before and (before[name] != value or is_given(overrides, whole, name))
    }


def _row(above: RunRow, step: int, asked: ForkRun, spec: RunSpec, known: Iterable[KnobDescription]) -> RunRow:
    return RunRow(
        id=secrets.token_hex(6),
        name=asked.name or f"{above.name} from {step}",
        spec=spec.model_dump_json(by_alias=True),
        recipe=above.recipe,
        parent=above.id,
        parent_step=step,
        created_at=time.time(),
        status="queued",
        attempt=FIRST_ATTEMPT,
        from_step=step,
        step=step,
        steps=spec.steps,
        knobs=knobs.encode(known),
        attributes=above.attributes,
    )


def _copied(backend: Backend, row: RunRow, origin: CheckpointRow) -> CheckpointRow:
    """The parent's checkpoint as the fork's own.

    Raises:
        ArtefactsAway: if it cannot be copied.
    """
    name = checkpoint_name(row.id, origin.step, OF_THE_PARENT)
    try:
        backend.artefacts.copy(origin.name, name)
    except OSError as error:
        detail = f"the checkpoint of step {origin.step} cannot be copied ({error}); make room, or try again"
        raise ArtefactsAway(detail) from error
    if sha256_of(backend.artefacts.pieces(name)) != origin.sha256:
        backend.artefacts.delete(f"runs/{row.id}/")
        raise ArtefactsAway(f"the checkpoint of step {origin.step} was just being replaced; try again")
    return CheckpointRow(
        run=row.id,
        step=origin.step,
        attempt=OF_THE_PARENT,
        name=name,
        sha256=origin.sha256,
        size_bytes=origin.size_bytes,
        reason="fork",
        time=time.time(),
    )


def sha256_of(pieces: Iterable[bytes]) -> str:
    """Of a content that comes in pieces."""
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def _inherited(row: RunRow, changes: Iterable[LedgerRow], step: int) -> Iterator[LedgerRow]:
    """What is still on its way at the checkpoint: the fork goes on with it, so its ledger has it too."""
    for change in {change.name: change for change in changes}.values():
        if knobs.last_of(change) > step:
            kept = {column.key: getattr(change, column.key) for column in inspect(LedgerRow).column_attrs}
            yield LedgerRow(**kept | {"request_id": secrets.token_hex(8), "run": row.id, "attempt": FIRST_ATTEMPT})


def _entries(
    row: RunRow,
    wishes: Mapping[str, Wish],
    before: Mapping[str, Any],  # Any: see KnobDescription.default
    *,
    position: int,
    author: str,
    reason: str | None,
) -> Iterator[LedgerRow]:
    """What the ledger says of the knobs that the fork begins with: in force from its first step."""
    request = secrets.token_hex(8)
    for name, wish in wishes.items():
        yield LedgerRow(
            request_id=request,
            name=name,
            run=row.id,
            kind="knob",
            old=None if name not in before else dumps(before[name]).decode(),
            new=dumps(wish.to).decode(),
            over=wish.over,
            shape=wish.shape,
            author=author,
            reason=reason or f"fork of {row.parent} at step {row.parent_step}",
            asked_at=row.created_at,
            asked_position=position,
            outcome="applied",
            outcome_position=position,
            step=row.from_step + 1,
            attempt=FIRST_ATTEMPT,
        )

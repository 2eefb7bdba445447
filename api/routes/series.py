"""Series: which a run has, scalars in buckets, and single pictures, points and spectra."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api import frames
from api.dependencies import RunDep, ServicesDep
from api.problems import (
    ArtefactsAway,
    InvalidRequest,
    NoSuchRun,
    NoSuchSeries,
    NoSuchStep,
    RedisAway,
    SqlAway,
    responses,
)
from api.store import runs, series
from api.tables import RunRow, SeriesRow
from contract.events import Density, Eigenvalues, Grid, Points, Spectrum
from contract.numbers import Wire, shown
from contract.runs import Page, ScalarSeries, SeriesState, StepSeries

router = APIRouter(prefix="/runs/{id}/series", tags=["series"], responses=responses(NoSuchRun, SqlAway, InvalidRequest))

FURTHEST_STEP = 2**62 - 1
MOST_LOOKS = 500
"""Measurements of one answer: some 2 MB of spectra with 200 values each, before compression."""
Step = Annotated[int, Query(ge=0, le=FURTHEST_STEP)]
_PICTURE: dict[int | str, dict[str, Any]] = {  # Any: as FastAPI takes it
    200: {"content": {"image/png": {}}, "description": "A grid's picture, or the measurement as JSON."}
}

SeriesPage = Page[SeriesState]


@router.get("", operation_id="list_series")
def list_series(serving: ServicesDep, run: RunDep) -> SeriesPage:
    """Every series of the run: its kind, unit and meaning, and its last measurement."""
    with serving.database.read() as session:
        return SeriesPage(items=series.listed(session, runs.find(session, run)))


@router.get(
    "/{name}",
    operation_id="get_series",
    responses=responses(NoSuchRun, NoSuchSeries),
    response_model=ScalarSeries | StepSeries,
)
def get_series(
    serving: ServicesDep,
    run: RunDep,
    name: str,
    first: Annotated[int, Query(alias="from", ge=0, le=FURTHEST_STEP)] = 0,
    last: Annotated[int | None, Query(alias="to", ge=0, le=FURTHEST_STEP)] = None,
    buckets: Annotated[int, Query(ge=10, le=10_000, description="Most buckets to answer with.")] = 1000,
    looks: Annotated[int, Query(ge=0, le=MOST_LOOKS, description="Most spectra, eigenvalues, densities.")] = 0,
) -> Response:
    """A scalar series in buckets aligned to powers of two of the step; of other kinds, the steps that exist.

    With at least as many buckets as points each point is its own bucket (`bucket_steps` 1), exact to the last bit.
    Wider buckets widen the range to whole buckets, so that a zoom shows the same buckets as the whole.
    With `looks`, the steps of spectra, eigenvalues and densities come with what was measured at so many of them: at
    each, each second, fourth … of the whole series, whichever is the first to fit, and at the last.
    """
    with serving.database.read() as session:
        asked = runs.find(session, run)
        row = _series(asked, name, series.find(session, asked, name), series.names(session, asked))
        if series.info(row).kind == "scalar":
            found: Wire = series.scalars(session, asked, row, first, last, buckets)
        else:
            found = series.frames(session, asked, row, first, last, looks)
    # Written by the model itself: FastAPI would write NaN as null where an answer is one of several models.
    return Response(found.model_dump_json(), media_type="application/json")


@router.get(
    "/{name}/{step}",
    operation_id="get_measurement",
    responses={**_PICTURE, **responses(NoSuchRun, NoSuchSeries, NoSuchStep, RedisAway, ArtefactsAway)},
    response_model=Grid | Points | Spectrum | Eigenvalues | Density,
)
def get_measurement(
    serving: ServicesDep,
    request: Request,
    run: RunDep,
    name: str,
    step: Annotated[int, Path(ge=0, le=FURTHEST_STEP)],
    sha256: Annotated[
        str | None, Query(pattern="^[0-9a-f]{64}$", description="The picture's own hash: the answer never changes.")
    ] = None,
) -> Response:
    """One picture (image/png; with `Accept: application/json` what it shows), or one measurement as JSON.

    What is not recorded yet is served from the log.
    """
    return frames.response(serving, request, frames.Wanted(run, name, step, sha256))


def _series(run: RunRow, name: str, row: SeriesRow | None, known: list[str]) -> SeriesRow:
    """The series.

    Raises:
        NoSuchSeries: if the run has none of that name; the message lists those it has.
    """
    if row is not None:
        return row
    listed = ", ".join(known) or "none yet: they come when it starts"
    raise NoSuchSeries(f"run {run.id} has no series called {shown(name)}; it has: {listed}")

"""Everything that the API refuses: one class a cause, one table of HTTP statuses, one form (RFC 9457).

A problem's `detail` says what came, what is allowed and what to do. Its `code` is stable; its wording is not.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from contract.numbers import shown
from contract.resolve import SpecProblem
from contract.runs import Problem


class Refused(Exception):
    """Base of the causes."""

    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(
        self, detail: str, errors: Sequence[SpecProblem] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.headers = headers


class NotSignedIn(Refused):
    """Neither a valid cookie nor the token came."""

    code, title = "not-signed-in", "Not signed in"


class WrongToken(Refused):
    """A token came that is not this server's."""

    code, title = "wrong-token", "Wrong token"


class TooManyGuesses(Refused):
    """Too many wrong tokens came from one address."""

    code, title = "too-many-guesses", "Too many wrong tokens"


class ForeignOrigin(Refused):
    """Another site's page asked for a change."""

    code, title = "foreign-origin", "Asked by another site"


class UnknownHost(Refused):
    """A name came that this server does not go by."""

    code, title = "unknown-host", "Unknown host name"


class InvalidRequest(Refused):
    """The request is not of the form that the API has."""

    code, title = "invalid-request", "Invalid request"


class NoSuchPath(Refused):
    """Nothing is at that address."""

    code, title = "not-found", "Not found"


class MethodNotAllowed(Refused):
    """The address does not take that verb."""

    code, title = "method-not-allowed", "Method not allowed"


class NoSuchRun(Refused):
    """There is no run of that id."""

    code, title = "no-such-run", "No such run"


class NoSuchSweep(Refused):
    """There is no sweep of that id."""

    code, title = "no-such-sweep", "No such sweep"


class NoSuchPicture(Refused):
    """There is no such recipe, or nobody has made a picture of it."""

    code, title = "no-such-picture", "No such picture"


class NoSuchDataset(Refused):
    """Nobody has uploaded such a set of pictures, or it was deleted."""

    code, title = "no-such-dataset", "No such set of pictures"


class DatasetInUse(Refused):
    """A run that has not ended trains on the set."""

    code, title = "dataset-in-use", "The set of pictures is in use"


class TooLarge(Refused):
    """More was sent than is taken."""

    code, title = "too-large", "Too large"


class BadUpload(Refused):
    """What was uploaded cannot be used as pictures."""

    code, title = "bad-upload", "Nothing to keep"


class NoSuchSeries(Refused):
    """The run has no series of that name."""

    code, title = "no-such-series", "No such series"


class NoSuchStep(Refused):
    """The series has no measurement at that step."""

    code, title = "no-such-step", "No measurement at this step"


class NoSuchCheckpoint(Refused):
    """The run has no checkpoint of that step."""

    code, title = "no-such-checkpoint", "No such checkpoint"


class NoSuchChange(Refused):
    """No knob of the run was changed by that request."""

    code, title = "no-such-change", "No such change"


class NoSuchConcept(Refused):
    """There is no concept of that name."""

    code, title = "no-such-concept", "No such concept"


class CheckpointReplaced(Refused):
    """There was one, and newer ones have taken its place."""

    code, title = "checkpoint-replaced", "Checkpoint replaced"


class HasForks(Refused):
    """Other runs go on from this one, and show its history as theirs."""

    code, title = "has-forks", "The run has forks"


class NoWorkerYet(Refused):
    """No worker has ever announced what it can run."""

    code, title = "no-worker-yet", "No worker yet"


class InvalidSpecRefused(Refused):
    """The spec cannot run."""

    code, title = "invalid-spec", "Invalid spec"


class InvalidKnobs(Refused):
    """A knob does not exist, or a value is not allowed."""

    code, title = "invalid-knobs", "Invalid knobs"


class NotRepeatable(Refused):
    """No spec repeats the run from step 0."""

    code, title = "not-repeatable", "Not repeatable"


class RunEnded(Refused):
    """The run has ended; nothing can be asked of it."""

    code, title = "run-ended", "The run has ended"


class RunActive(Refused):
    """The run is still going on."""

    code, title = "run-active", "The run is active"


class RunParked(Refused):
    """The run has no trainer."""

    code, title = "run-parked", "The run is parked"


class RunMoved(Refused):
    """The run changed its state while it was asked."""

    code, title = "run-moved", "The run has just changed its state"


class KeyReused(Refused):
    """An Idempotency-Key came again with another request."""

    code, title = "idempotency-key-reused", "Idempotency-Key reused"


class LogFull(Refused):
    """The log takes no more events until the recorder has caught up."""

    code, title = "log-full", "The log is full"


class RedisAway(Refused):
    """Redis does not answer."""

    code, title = "redis-away", "Redis is away"


class SqlAway(Refused):
    """The database does not answer."""

    code, title = "sql-away", "The database is away"


class ArtefactsAway(Refused):
    """The artefact store does not answer."""

    code, title = "artefacts-away", "The artefact store is away"


class InternalError(Refused):
    """A mistake of ours."""

    code, title = "internal-error", "Internal error"


STATUS: dict[type[Refused], int] = {
    NotSignedIn: 401, WrongToken: 401, TooManyGuesses: 429, ForeignOrigin: 403, UnknownHost: 403,
    InvalidRequest: 422, NoSuchPath: 404, MethodNotAllowed: 405,
    NoSuchRun: 404, NoSuchSweep: 404, NoSuchSeries: 404, NoSuchStep: 404, NoSuchCheckpoint: 404, NoSuchChange: 404,
    NoSuchConcept: 404, NoSuchPicture: 404, NoSuchDataset: 404, DatasetInUse: 409, TooLarge: 413, BadUpload: 422,
    CheckpointReplaced: 410,
    InvalidSpecRefused: 422, InvalidKnobs: 422,
    NotRepeatable: 409, RunEnded: 409, RunActive: 409, HasForks: 409, RunParked: 409, RunMoved: 409, KeyReused: 409,
    NoWorkerYet: 503, LogFull: 503, RedisAway: 503, SqlAway: 503, ArtefactsAway: 503, InternalError: 500,
}  # fmt: skip
"""The one place where a cause gets its HTTP status."""


def problem(refused: Refused) -> Problem:
    """The problem document of a refusal."""
    return Problem(
        title=refused.title,
        status=STATUS[type(refused)],
        detail=refused.detail,
        code=refused.code,
        errors=[error.model_dump() for error in refused.errors],
    )


def responses(*causes: type[Refused]) -> dict[int | str, dict[str, Any]]:  # Any: as FastAPI takes it
    """What a route declares of its errors."""
    declared: dict[int | str, dict[str, Any]] = {}
    for cause in causes:
        status = STATUS[cause]
        words = f"`{cause.code}`: {(cause.__doc__ or '').strip()}"
        before = declared.get(status)
        description = words if before is None else f"{before['description']} {words}"
        declared[status] = {"model": Problem, "description": description}
    return declared


def invalid(errors: Iterable[Mapping[str, Any]], *, skip: int = 0) -> list[SpecProblem]:
    """Pydantic's errors as `where` and `message`; `skip` leading parts of the place are left out."""
    return [_invalid(error, skip) for error in errors]


def _invalid(error: Mapping[str, Any], skip: int) -> SpecProblem:
    place = [str(part) for part in error["loc"]]
    if error["type"] == "json_invalid":
        return SpecProblem(where="body", message=f"this is not JSON: {error['ctx']['error']}, at character {place[-1]}")
    where = ".".join(place[skip:] or place)
    return SpecProblem(where=where, message=f"{error['msg']}; got {shown(error.get('input'))}")

"""Whether a spec could train here: on a device that somebody has, on pictures that are there.

What passes is queued; whatever is wrong with it otherwise is said once a trainer has taken it.
"""

from collections.abc import Iterator, Sequence

from redis.exceptions import RedisError

from api import uploads
from api.backend import Backend
from api.problems import InvalidSpecRefused
from api.specs import words
from contract.resolve import SpecProblem
from contract.spec import RunSpec


def check_place(backend: Backend, specs: Sequence[RunSpec]) -> None:
    """See that there is what these specs need.

    Raises:
        InvalidSpecRefused: if the workers that are online have no GPU and one is asked for, or a set of pictures is
            named that nobody has uploaded.
    """
    by_dataset = {spec.dataset.model_dump_json(): spec for spec in specs}
    problems = [problem for spec in by_dataset.values() for problem in uploads.unknown(backend.artefacts, spec)]
    if any(spec.device == "cuda" for spec in specs):
        problems += _without_gpu(backend)
    if problems:
        raise InvalidSpecRefused(words(problems), problems)


def _without_gpu(backend: Backend) -> Iterator[SpecProblem]:
    """A GPU that nobody has; while nobody is online it may come with the first worker."""
    try:
        workers = backend.redis.workers()
    except RedisError:
        return
    devices = [slot.device for worker in workers for slot in worker.slots]
    if devices and not any(device.startswith("cuda") for device in devices):
        names = ", ".join(worker.name for worker in workers)
        message = f"no worker online has a GPU ({names}); allowed now: auto, cpu. Or start one where there is a GPU"
        yield SpecProblem(where="device", message=message)

"""Whether anybody is there who could train a spec. What passes is queued, and would only fail once it is taken."""

from collections.abc import Iterable

from redis.exceptions import RedisError

from api.problems import InvalidSpecRefused
from api.redis_store.store import RedisStore
from api.specs import words
from contract.resolve import SpecProblem
from contract.spec import RunSpec


def check_place(redis: RedisStore, specs: Iterable[RunSpec]) -> None:
    """See that there is a GPU where one is asked for; while nobody is online it may come with the first worker.

    Raises:
        InvalidSpecRefused: if the workers that are online have none.
    """
    if not any(spec.device == "cuda" for spec in specs):
        return
    try:
        workers = redis.workers()
    except RedisError:
        return
    devices = [slot.device for worker in workers for slot in worker.slots]
    if devices and not any(device.startswith("cuda") for device in devices):
        names = ", ".join(worker.name for worker in workers)
        message = f"no worker online has a GPU ({names}); allowed now: auto, cpu. Or start one where there is a GPU"
        problems = [SpecProblem(where="device", message=message)]
        raise InvalidSpecRefused(words(problems), problems)

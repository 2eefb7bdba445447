"""The Celery app of a worker, and what happens when it starts and stops. Run it with `python -m worker`.

Threads, since a task only waits for its trainer; acknowledged early and never prefetched, since Redis would hand a
message that waits for an hour to somebody else; JSON alone. A stop is the signal `worker_shutting_down`: with
REMAP_SIGTERM it would come only after the last task has ended.
"""

import logging
import sys
from typing import Any

from celery import Celery, signals
from celery.concurrency.thread import TaskPool

from contract import names
from worker.artefacts import ArtefactsUnusable
from worker.catalogue import BadRecipe
from worker.registry import BadComponent
from worker.settings import BadSettings, load
from worker.station import Station

VISIBILITY_S = 3600
"""After this time Redis hands out again what nobody has acknowledged: only messages that a dying worker had in hand."""

_log = logging.getLogger(__name__)


class Modescope(Celery):  # type: ignore[misc]  # Celery has no types
    """A Celery app with the station of its process."""

    station: Station


def configuration() -> dict[str, Any]:  # Any: Celery's settings are of many types
    """Celery's settings, from ours; read when first needed, so that importing this module needs none.

    Raises:
        BadSettings: if an environment variable cannot work.
    """
    settings = load()
    return {
        "broker_url": settings.redis_url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_S,
            "socket_keepalive": True,
            "health_check_interval": 25,
        },
        "visibility_timeout": VISIBILITY_S,
        "result_backend": None,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": names.QUEUE,
        "task_acks_late": False,
        "worker_disable_prefetch": True,
        "worker_prefetch_multiplier": 1,
        "worker_pool": "threads",
        "worker_concurrency": settings.slots,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": True,
    }


app = Modescope("modescope", include=["worker.tasks"])
app.add_defaults(configuration)


@signals.worker_init.connect  # type: ignore[untyped-decorator]  # Celery has no types
def set_up(sender: Any, **_: Any) -> None:  # Any: Celery's worker
    """Look at everything that can be wrong; a worker that could not train does not start.

    Raises:
        SystemExit: with what is wrong and what to do.
    """
    try:
        _check_pool(sender.pool_cls)
        sender.app.station = Station(load(), sender.hostname, sender.concurrency)
    except (BadSettings, BadComponent, BadRecipe, ArtefactsUnusable, ImportError, OSError) as error:
        _log.exception("this worker cannot start")
        raise SystemExit(f"this worker cannot start: {error}") from error


@signals.worker_ready.connect  # type: ignore[untyped-decorator]  # Celery has no types
def begin(sender: Any, **_: Any) -> None:  # Any: Celery's consumer
    """Announce the catalogue and begin to beat."""
    sender.app.station.begin()


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]  # Celery has no types
def stop(**_: Any) -> None:
    """Have every trainer hand its run back; runs inside a signal handler."""
    app.station.stop()


@signals.worker_shutdown.connect  # type: ignore[untyped-decorator]  # Celery has no types
def end(**_: Any) -> None:
    """Say farewell, after the last task has ended."""
    app.station.end()


def _check_pool(pool: Any) -> None:  # Any: Celery's pool, a class or its name
    """Only threads can wait for a trainer and hear that it is time to stop.

    Raises:
        BadSettings: if it is another pool.
    """
    if pool not in ("threads", TaskPool):
        raise BadSettings(f"the pool is {pool}; start the worker with --pool=threads")


def main() -> None:
    """Run a worker in the foreground until it is told to stop."""
    app.worker_main(["worker", "--loglevel=INFO", "--without-gossip", "--without-mingle", *sys.argv[1:]])

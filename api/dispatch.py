"""Sending a run to the workers: by the task's name, so that the api never imports the worker."""

import logging
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from contract import names
from contract.jobs import TrainJob

log = logging.getLogger(__name__)


class Dispatcher:
    """Puts messages into the queue that the workers take from."""

    def __init__(self, redis_url: str) -> None:
        self._celery: Any = Celery("modescope-api", broker=redis_url, set_as_current=False)  # Any: not typed
        self._celery.conf.update(
            task_serializer="json",
            accept_content=["json"],
            task_ignore_result=True,
            broker_connection_timeout=2,
            broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 2},
            task_publish_retry_policy={"max_retries": 2, "interval_start": 0, "interval_step": 0.2},
        )

    def send(self, job: TrainJob) -> bool:
        """Queue an attempt; False when the broker is away: the reaper then sends it again."""
        try:
            self._celery.send_task(
                names.TRAIN_TASK,
                kwargs={"job": job.model_dump(mode="json", by_alias=True)},
                queue=names.QUEUE,
                task_id=names.task_id(job.run, job.attempt),
                ignore_result=True,
            )
        except (OperationalError, OSError) as error:
            log.warning("run %s was not queued, the broker is away: %s", job.run, error)
            return False
        return True

    def close(self) -> None:
        """Close every connection."""
        self._celery.close()

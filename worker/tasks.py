"""The one task: train one attempt of one run. It only waits; the training is in a process of its own."""

from typing import Any

from contract import names
from worker.app import Modescope, app


@app.task(name=names.TRAIN_TASK, bind=True)  # type: ignore[untyped-decorator]  # Celery has no types
def train(self: Any, job: dict[str, Any]) -> None:  # Any: Celery's task; the JSON of a TrainJob
    """Train; returns when the attempt has ended, however it did."""
    worker: Modescope = self.app
    worker.station.train(job)

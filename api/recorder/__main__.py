"""`python -m api.recorder`: the recorder, with its settings from the environment."""

import logging
import signal
import sys
import threading
from types import FrameType

from api.artefacts import UnusableArtefacts
from api.backend import Backend
from api.database import UnusableDatabase
from api.recorder.loop import Recorder
from api.settings import StorageSettings, read_or_exit


def main() -> None:
    """Record until SIGINT or SIGTERM; ends with the reason when it cannot start."""
    settings = read_or_exit(StorageSettings)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        backend = Backend.on(settings)
        backend.prepare()
    except (UnusableDatabase, UnusableArtefacts) as error:
        sys.exit(f"cannot start: {error}")
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    Recorder(backend, keep=settings.keep).run(stop)


if __name__ == "__main__":
    main()

"""`python -m api.recorder`: the recorder, with its settings from the environment."""

import logging
import signal
import sys
import threading
from types import FrameType

from api.artefacts import Artefacts, UnusableArtefacts
from api.database import Database, UnusableDatabase
from api.dispatch import Dispatcher
from api.recorder.loop import Recorder
from api.redis_store.store import RedisStore
from api.requeue import Requeuer
from api.settings import StorageSettings, read_or_exit


def main() -> None:
    """Record until SIGINT or SIGTERM; ends with the reason when it cannot start."""
    settings = read_or_exit(StorageSettings)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        database, artefacts = Database(settings.database), Artefacts(settings.artefacts)
        database.migrate()
        artefacts.check()
    except (UnusableDatabase, UnusableArtefacts) as error:
        sys.exit(f"cannot start: {error}")
    redis = RedisStore(settings.redis)
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    Recorder(database, redis, artefacts, Requeuer(redis, Dispatcher(settings.redis))).run(stop)


if __name__ == "__main__":
    main()

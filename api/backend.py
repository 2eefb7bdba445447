"""What runs are launched, forked, steered and rewound with: the api has it, and the recorder."""

from dataclasses import dataclass

from api.artefacts import Artefacts
from api.database import Database
from api.dispatch import Dispatcher
from api.redis_store.store import RedisStore
from api.requeue import Requeuer
from api.settings import StorageSettings


@dataclass(frozen=True)
class Backend:
    """The stores and the queue, as one thing to hand on."""

    database: Database
    redis: RedisStore
    artefacts: Artefacts
    dispatcher: Dispatcher
    requeue: Requeuer

    @classmethod
    def on(cls, settings: StorageSettings) -> "Backend":
        """Make it; nothing connects yet."""
        redis, dispatcher = RedisStore(settings.redis), Dispatcher(settings.redis)
        return cls(
            database=Database(settings.database),
            redis=redis,
            artefacts=Artefacts(settings.artefacts),
            dispatcher=dispatcher,
            requeue=Requeuer(redis, dispatcher),
        )

    def prepare(self) -> None:
        """Make sure that what is kept can be kept.

        Raises:
            UnusableDatabase: if the database cannot be used.
            UnusableArtefacts: if the artefact store cannot be written.
        """
        self.database.migrate()
        self.artefacts.check()

    def disconnect(self) -> None:
        """Close every connection."""
        self.redis.close()
        self.dispatcher.close()
        self.database.close()

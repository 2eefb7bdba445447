"""What requests are carried out with, made once at start."""

from dataclasses import dataclass, fields

from api.artefacts import Artefacts
from api.database import Database
from api.dispatch import Dispatcher
from api.hub import Hub
from api.page import Page
from api.redis_store.log_reader import LogReader
from api.redis_store.store import RedisStore
from api.requeue import Requeuer
from api.session import Sessions
from api.settings import Settings, StorageSettings


@dataclass(frozen=True)
class Backend:
    """What it takes to launch, fork, steer and rewind runs: the api has it, and the recorder."""

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


@dataclass(frozen=True)
class Services(Backend):
    """What a route may need."""

    settings: Settings
    log: LogReader
    hub: Hub
    sessions: Sessions
    page: Page

    @classmethod
    def of(cls, settings: Settings) -> "Services":
        """Make them; nothing connects yet."""
        backend, log = Backend.on(settings), LogReader(settings.redis)
        return cls(
            **{part.name: getattr(backend, part.name) for part in fields(Backend)},
            settings=settings,
            log=log,
            hub=Hub(log),
            sessions=Sessions(settings.secret),
            page=Page(settings.frontend),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self.hub.stop()
        await self.log.close()
        self.disconnect()

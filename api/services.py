"""Everything that the routes work with, made once at start."""

from dataclasses import dataclass

from api.artefacts import Artefacts
from api.database import Database
from api.dispatch import Dispatcher
from api.hub import Hub
from api.page import Page
from api.redis_store.log_reader import LogReader
from api.redis_store.store import RedisStore
from api.requeue import Requeuer
from api.session import Sessions
from api.settings import Settings


@dataclass(frozen=True)
class Services:
    """What a request may need."""

    settings: Settings
    database: Database
    redis: RedisStore
    log: LogReader
    hub: Hub
    artefacts: Artefacts
    dispatcher: Dispatcher
    requeue: Requeuer
    sessions: Sessions
    page: Page

    @classmethod
    def of(cls, settings: Settings) -> "Services":
        """Make them; nothing connects yet."""
        redis, dispatcher, log = RedisStore(settings.redis), Dispatcher(settings.redis), LogReader(settings.redis)
        return cls(
            settings=settings,
            database=Database(settings.database),
            redis=redis,
            log=log,
            hub=Hub(log),
            artefacts=Artefacts(settings.artefacts),
            dispatcher=dispatcher,
            requeue=Requeuer(redis, dispatcher),
            sessions=Sessions(settings.secret),
            page=Page(settings.frontend),
        )

    def prepare(self) -> None:
        """Make sure that what is kept can be kept.

        Raises:
            UnusableDatabase: if the database cannot be used.
            UnusableArtefacts: if the artefact store cannot be written.
        """
        self.database.migrate()
        self.artefacts.check()

    async def close(self) -> None:
        """Close every connection."""
        await self.hub.stop()
        await self.log.close()
        self.redis.close()
        self.dispatcher.close()
        self.database.close()

"""What requests are carried out with, made once at start."""

from dataclasses import dataclass, fields

from api.backend import Backend
from api.concepts import Concepts
from api.hub import Hub
from api.page import Page
from api.redis_store.log_reader import LogReader
from api.session import Sessions
from api.settings import Settings


@dataclass(frozen=True)
class Services(Backend):
    """What a route may need."""

    settings: Settings
    log: LogReader
    hub: Hub
    sessions: Sessions
    page: Page
    concepts: Concepts

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
            concepts=Concepts(settings.concepts),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self.hub.stop()
        await self.log.close()
        self.disconnect()

"""The HTTP server: uvicorn, ending the open streams before it waits for connections to close."""

import socket

import uvicorn
from fastapi import FastAPI

from api.services import Services
from api.settings import Settings

GRACE_S = 3
"""How long requests that are under way may take when the server stops."""


class Server(uvicorn.Server):
    """Uvicorn that tells the streams first: they would otherwise use up the whole grace."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self._services: Services = app.state.services
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            timeout_graceful_shutdown=GRACE_S,
            server_header=False,
            access_log=False,
            log_level="info",
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything else."""
        await self._services.hub.stop()
        await super().shutdown(sockets)

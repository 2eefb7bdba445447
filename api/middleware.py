"""What every request passes through, as plain ASGI: anything else would cost the stream three times its price."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problem_responses
from api.headers import HEADERS
from api.problems import ForeignOrigin, Refused, UnknownHost
from contract.numbers import shown

STREAM_PATH = "/api/v1/events"
UNCOMPRESSED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream")
"""Kinds that are compressed already, or, like checkpoints, cannot be."""
SAFE_VERBS = frozenset({"GET", "HEAD", "OPTIONS"})


class SafeHeaders:
    """Tells the browser what the page may do, on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the headers to the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely)


class SameOrigin:
    """Refuses changes that another site's page asks for, or that come by a name that is not ours (DNS rebinding)."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        """Wrap an app.

        Args:
            app: what comes next.
            hosts: names that `Host` may have; None: any.
        """
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and scope["method"] not in SAFE_VERBS:
            refused = self._objection(Headers(scope=scope))
            if refused is not None:
                await problem_responses.response(refused)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _objection(self, headers: Headers) -> Refused | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        name = urlsplit(f"//{host}").hostname or ""
        if self._hosts is not None and name not in self._hosts:
            message = (
                f"this server does not go by the name {shown(name)}; it answers to {', '.join(sorted(self._hosts))}. "
                "Behind a proxy, set MODESCOPE_ALLOWED_HOSTS to the proxy's name"
            )
            return UnknownHost(message)
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return ForeignOrigin(f"a page of {shown(origin)} asked; only pages of {shown(host)} may change something")
        if origin is None and headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return ForeignOrigin("a page of another site asked; only this server's own page may change something")
        return None


class Compression(GZipMiddleware):
    """gzip for JSON, text and the page; never for the live stream, pictures or checkpoints."""

    def __init__(self, app: ASGIApp) -> None:
        # Level 5: a tenth larger than level 9 on JSON, in a third of the time.
        super().__init__(app, minimum_size=1000, compresslevel=5, exclude_content_types=UNCOMPRESSED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the stream goes past untouched."""
        if scope["type"] == "http" and scope["path"] == STREAM_PATH:
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

"""The page's files: `index.html` at every address of the page, and what it loads; nothing else is reachable."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from api.problems import NoSuchPath
from contract.numbers import shown

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
"""Kinds of files that are served; the system's own table of types differs from machine to machine."""
PLOTLY = "/assets/plotly.min.js"
"""Where `index.html` has this, the address with the installed version comes; by itself it leads there."""
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"


@dataclass(frozen=True)
class Asset:
    """A file that never changes under its address, compressed once."""

    path: str
    content: bytes
    compressed: bytes

    def response(self, request: Request) -> Response:
        """The file, compressed for whoever takes that."""
        headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.compressed, headers={**headers, "Content-Encoding": "gzip"}, media_type=_type(".js"))
        return Response(self.content, headers={**headers, "Content-Encoding": "identity"}, media_type=_type(".js"))


class Page:
    """Serves a folder, and Plotly out of its installed package."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self.plotly = installed_plotly()

    def index(self, request: Request) -> Response:
        """The page itself; what it shows is for its address to say."""
        text = (self._folder / "index.html").read_text(encoding="utf-8").replace(PLOTLY, self.plotly.path)
        return _revalidated(request, text.encode(), _type(".html"))

    def file(self, request: Request, path: str) -> Response:
        """A file below the folder.

        Raises:
            NoSuchPath: if there is none, it is outside the folder, or of a kind that is not served.
        """
        found = (self._folder / path).resolve() if "\0" not in path else self._folder
        if not found.is_relative_to(self._folder) or found.suffix not in MEDIA_TYPES or not found.is_file():
            raise NoSuchPath(f"the page has no file {shown(path)}")
        return _revalidated(request, found.read_bytes(), _type(found.suffix))


@cache
def installed_plotly() -> Asset:
    """Plotly's own bundle, as the `plotly` package brings it."""
    content = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()
    version = re.search(rb"plotly\.js v([0-9][0-9A-Za-z.\-]*)", content[:400])
    name = version[1].decode() if version else hashlib.sha256(content).hexdigest()[:12]
    return Asset(f"/assets/plotly-{name}.min.js", content, gzip.compress(content, 6, mtime=0))


def etag_matches(request: Request, etag: str) -> bool:
    """Whether the browser has this content already."""
    sent = request.headers.get("if-none-match", "")
    return etag in (part.strip().removeprefix("W/") for part in sent.split(","))


def _revalidated(request: Request, content: bytes, media_type: str) -> Response:
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": REVALIDATE}
    if etag_matches(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


def _type(suffix: str) -> str:
    return MEDIA_TYPES[suffix]

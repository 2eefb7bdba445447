"""The page's files: `index.html` at every address of the page, and what it loads; nothing else is reachable."""

import gzip
import hashlib
import math
import re
import time
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from api.joined_modules import joined
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
STATIC = "/static/"
ENTRY, SCRIPT = "app.js", "page.js"
"""The module that `index.html` names, and the script that it gets instead: that module and all that it needs."""
SHEET = f'<link rel="stylesheet" href="{STATIC}{{}}">\n'
SHEETS_JOINED = "page.css"
SHEETS = re.compile(f"(?:{SHEET.format('styles/[a-z_]+[.]css')})+")
"""The sheets of a kind that stand after each other in `index.html`: one request instead, too."""
VERSION = re.compile(r"v-[0-9a-f]{16}")
RECORDED = "recorded"
"""Folder of what only a run's own file needs."""
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"


@dataclass(frozen=True)
class Asset:
    """A file's content, compressed once."""

    content: bytes
    compressed: bytes
    etag: str
    media_type: str

    @classmethod
    def of(cls, content: bytes, suffix: str) -> "Asset":
        """The content of a file of that kind."""
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        return cls(content, gzip.compress(content, 6, mtime=0), etag, MEDIA_TYPES[suffix])

    def response(self, request: Request, cache_control: str) -> Response:
        """The content, compressed for whoever takes that; nothing for whoever has it already."""
        headers = {"ETag": self.etag, "Cache-Control": cache_control, "Vary": "Accept-Encoding"}
        if etag_matches(request, self.etag):
            return Response(status_code=304, headers=headers)
        takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
        headers["Content-Encoding"] = "gzip" if takes_gzip else "identity"
        content = self.compressed if takes_gzip else self.content
        return Response(content, headers=headers, media_type=self.media_type)


@dataclass(frozen=True)
class Plotly:
    """Plotly's bundle, and its address, which has its version in it."""

    path: str
    asset: Asset


class Page:
    """Serves a folder, and Plotly out of its installed package.

    Every address that `index.html` gives has the folder's version in it, which changes with any of the files: so a
    browser keeps them for good, and asks for none of them again. An address without it, or with an older one, leads to
    the same file, to be asked for again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._version, self._looked_at = "", -math.inf
        self.plotly = installed_plotly()
        _script(self.folder, self.version())  # modules that cannot be joined are told at the start

    def index(self, request: Request) -> Response:
        """The page itself; what it shows is for its address to say. Modules come as one script, sheets as one sheet."""
        text = (self.folder / "index.html").read_text(encoding="utf-8").replace(PLOTLY, self.plotly.path)
        sheets = SHEETS.search(text)
        if sheets is not None:
            text = text.replace(sheets[0], SHEET.format(SHEETS_JOINED))
        text = text.replace(f"{STATIC}{ENTRY}", f"{STATIC}{SCRIPT}").replace(STATIC, f"{STATIC}{self.version()}/")
        return Asset.of(text.encode(), ".html").response(request, REVALIDATE)

    def file(self, request: Request, path: str) -> Response:
        """A file below the folder.

        Raises:
            NoSuchPath: if there is none, it is outside the folder, or of a kind that is not served.
        """
        head, _, rest = path.partition("/")
        inside = rest if VERSION.fullmatch(head) else path
        lasting = IMMUTABLE if head == self.version() else REVALIDATE
        if inside == SCRIPT:
            return _script(self.folder, self.version()).response(request, lasting)
        if inside == SHEETS_JOINED:
            return _sheets(self.folder, self.version()).response(request, lasting)
        found = (self.folder / inside).resolve() if "\0" not in inside else self.folder
        if not found.is_relative_to(self.folder) or found.suffix not in MEDIA_TYPES or not found.is_file():
            raise NoSuchPath(f"the page has no file {shown(path)}")
        stat = found.stat()
        return _read(found, stat.st_mtime_ns, stat.st_size).response(request, lasting)

    def version(self) -> str:
        """Of all files together; looked at anew once a second."""
        if time.monotonic() - self._looked_at > 1:
            stats = [(str(path), path.stat()) for path in sorted(self.folder.rglob("*")) if path.suffix in MEDIA_TYPES]
            told = "".join(f"{path}:{stat.st_mtime_ns}:{stat.st_size};" for path, stat in stats)
            self._version = f"v-{hashlib.sha256(told.encode()).hexdigest()[:16]}"
            self._looked_at = time.monotonic()
        return self._version


@lru_cache(maxsize=2)
def _script(folder: Path, _version: str) -> Asset:
    """The modules of a folder as one script."""
    return Asset.of(joined(folder, ENTRY).encode(), ".js")


@lru_cache(maxsize=2)
def _sheets(folder: Path, _version: str) -> Asset:
    """The style sheets as one, in the order of `index.html`."""
    found = SHEETS.search((folder / "index.html").read_text(encoding="utf-8"))
    names = re.findall(rf'href="{STATIC}([^"]+)"', found[0] if found else "")
    return Asset.of(b"\n".join((folder / name).read_bytes() for name in names), ".css")


@lru_cache(maxsize=512)
def _read(path: Path, _changed_ns: int, _size: int) -> Asset:
    """The file as it was when it last changed."""
    return Asset.of(path.read_bytes(), path.suffix)


@cache
def installed_plotly() -> Plotly:
    """Plotly's own bundle, as the `plotly` package brings it."""
    content = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()
    version = re.search(rb"plotly\.js v([0-9][0-9A-Za-z.\-]*)", content[:400])
    name = version[1].decode() if version else hashlib.sha256(content).hexdigest()[:12]
    return Plotly(f"/assets/plotly-{name}.min.js", Asset.of(content, ".js"))


def etag_matches(request: Request, etag: str) -> bool:
    """Whether the browser has this content already."""
    sent = request.headers.get("if-none-match", "")
    return etag in (part.strip().removeprefix("W/") for part in sent.split(","))

"""The file's HTML: what stands around the answers, and how an answer is written so that it can be nothing but text."""

import base64
import hashlib
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from api.page import STATIC, Page
from api.run_file.answers import Answer
from api.run_file.modules import ENTRY, NAMESPACE, import_map

START = f"import '{NAMESPACE}/{ENTRY}';"
SHEET = re.compile(rf'<link rel="stylesheet" href="{STATIC}([^"]+)"(?: id="([^"]+)")?>')
BODY = re.compile(r"<body>(.*)</body>", re.DOTALL)
INCOMPLETE = (
    "This file shows a run of Modescope. If you can read this, it is not complete: export it again, and let it load "
    "to its end. It needs a browser of 2023 or later, with JavaScript."
)


@dataclass(frozen=True)
class Document:
    """The parts of a file, in the order in which they are written."""

    folder: Path
    version: str
    plotly: bytes
    """Compressed."""

    @classmethod
    def of(cls, page: Page) -> "Document":
        """With the files of the page as they are now."""
        return cls(page.folder, page.version(), page.plotly.asset.compressed)

    def head(self, title: str) -> str:
        """From the first line to where the answers begin. The policy comes before everything that it is about."""
        index = (self.folder / "index.html").read_text(encoding="utf-8")
        sheets = [(self._read(name), name_of) for name, name_of in SHEET.findall(index)]
        modules = import_map(self.folder, self.version)
        body = BODY.search(index)
        icon = base64.b64encode((self.folder / "icon.svg").read_bytes()).decode()
        styles = "".join(_sheet(text, name) for text, name in sheets)
        policy = _policy([START, modules], [text for text, _ in sheets])
        return (
            '<!doctype html>\n<html lang="en" data-theme="auto">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="referrer" content="no-referrer">\n'
            f"<title>{escape(title)}</title>\n"
            f'<link rel="icon" href="data:image/svg+xml;base64,{icon}">\n{styles}'
            f'<script type="importmap">{modules}</script>\n</head>\n<body>'
            f"{_with_words(body[1] if body else '')}"
        )

    def plotly_part(self) -> str:
        """Plotly's own bundle, compressed."""
        return _data("plotly", "", "application/gzip", base64.b64encode(self.plotly).decode())

    def tail(self, recording: bytes) -> str:
        """What the file is, known when all of it is written; and the start, which a file cut short does not have."""
        about = _data("recording", "", "application/json", _inert(recording))
        return f'{about}<script type="module">{START}</script>\n</body>\n</html>\n'

    def _read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


def part(answer: Answer) -> str:
    """An answer as an element that no browser runs: JSON as it is, a picture in base64."""
    if answer.media_type == "application/json":
        return _data("answer", answer.path, answer.media_type, _inert(answer.content))
    return _data("picture", answer.path, answer.media_type, base64.b64encode(answer.content).decode())


def _sheet(text: str, name: str) -> str:
    attribute = f' id="{name}"' if name else ""
    return f"<style{attribute}>{text}</style>\n"


def _data(kind: str, path: str, media_type: str, text: str) -> str:
    media = escape(media_type)
    shown = "application/json" if kind in ("answer", "recording") else "application/octet-stream"
    return (
        f'<script type="{shown}" data-kind="{kind}" data-path="{escape(path)}" data-media="{media}">{text}</script>\n'
    )


def _inert(json: bytes) -> str:
    """JSON without "<": nothing in it ends the element that it stands in."""
    return json.decode().replace("<", "\\u003c")


def _policy(scripts: list[str], sheets: list[str]) -> str:
    """Nobody is asked; what runs is the file's own start, its import map and its modules: nothing that a text holds."""
    return (
        f"default-src 'none'; script-src {_hashes(scripts)} data: blob:; style-src {_hashes(sheets)}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _hashes(texts: list[str]) -> str:
    found = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in found)


def _with_words(body: str) -> str:
    """The page's own body; where it stays empty, it says why."""
    words = f'<p class="words late">{escape(INCOMPLETE)}</p>'
    return re.sub(r"(<main\b[^>]*>).*?(</main>)", rf"\g<1>{words}\g<2>", body, flags=re.DOTALL)

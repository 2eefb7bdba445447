"""The page's modules without a server: each under a name, and an import map that says where they are: in the file."""

import base64
import json
import re
from functools import lru_cache, partial
from pathlib import Path

from api.joined_modules import target
from api.page import RECORDED

ENTRY = f"{RECORDED}/app.js"
STAND_INS = RECORDED
"""What is in this folder stands in for the module of the same path, for everybody outside of it."""
NAMESPACE = "modescope"
IMPORT = re.compile(r"""^(\s*(?:import|export)\b(?:[^;'"]*?\bfrom)?\s*)(['"])(\.[^'"]+)\2""", re.MULTILINE)
"""A statement that imports by a relative address; types in comments do not begin a line."""


@lru_cache(maxsize=4)
def import_map(folder: Path, _version: str) -> str:
    """JSON for the browser: name → address that has the module in it; of the modules that the entry needs, all.

    Args:
        folder: of the page.
        _version: of its files; another one, another map.
    """
    addresses = {f"{NAMESPACE}/{path}": _address(source) for path, source in sorted(linked(folder).items())}
    return json.dumps({"imports": addresses}).replace("<", "\\u003c")


def linked(folder: Path) -> dict[str, str]:
    """Path → source of every module that the entry needs, with names in place of relative addresses."""
    found: dict[str, str] = {}
    waiting = [ENTRY]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        source = (folder / path).read_text(encoding="utf-8")
        waiting += [_target(folder, path, match[3]) for match in IMPORT.finditer(source)]
        found[path] = IMPORT.sub(partial(_named, folder, path), source)
    return found


def _target(folder: Path, importer: str, address: str) -> str:
    """The module that is meant, or what stands in for it."""
    path = target(importer, address)
    stand_in = f"{STAND_INS}/{path}"
    is_inside = importer.startswith(f"{STAND_INS}/")
    return stand_in if not is_inside and (folder / stand_in).is_file() else path


def _named(folder: Path, importer: str, match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}{NAMESPACE}/{_target(folder, importer, match[3])}{match[2]}"


def _address(source: str) -> str:
    return f"data:text/javascript;base64,{base64.b64encode(source.encode()).decode()}"

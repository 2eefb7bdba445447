"""`python -m worker.prepare faces --size 16`: make a dataset's files before the first run needs them.

Each line that it prints is progress. What it has made it notes in a stamp, so that the next call sees without loading
torch that there is nothing to do. A stamp is only a shortcut: a run that finds no files makes them itself.
"""

import argparse
import hashlib
import json
import logging
import os
import sys
import sysconfig
import time
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Prepare one dataset; 0, or 1 when it cannot be had, with the reason on stderr."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout, force=True)
    name, params = _parse(arguments)
    cache = cache_folder()
    stamp = cache / f"prepared-{_key(name, params)}.json"
    if is_prepared(stamp):
        logger.info("%s is prepared already: %s", name, cache)
        return 0
    began = time.monotonic()
    try:
        files = _prepare(name, params, cache)
    except (ValueError, RuntimeError) as error:  # a wrong name or param, or a dataset that is not available
        sys.stderr.write(f"{name} cannot be prepared: {error}\n")
        return 1
    if files:
        stamp.write_text(json.dumps({file.name: file.stat().st_size for file in files}))
    logger.info("%s is prepared, in %.0f s: %s", name, time.monotonic() - began, cache)
    return 0


def cache_folder() -> Path:
    """Where prepared datasets are kept, as worker/settings.py has it, which would load torch."""
    data = Path(os.environ.get("MODESCOPE_DATA") or "data")
    return Path(os.environ.get("MODESCOPE_CACHE") or data / "cache").absolute()


def is_prepared(stamp: Path) -> bool:
    """Whether every file that the stamp names is there with its size."""
    try:
        sizes = json.loads(stamp.read_text())
        return all((stamp.parent / name).stat().st_size == size for name, size in sizes.items())
    except (FileNotFoundError, ValueError):
        return False


def _parse(arguments: Sequence[str]) -> tuple[str, dict[str, Any]]:  # Any: JSON
    parser = argparse.ArgumentParser(prog="python -m worker.prepare", description="Make a dataset's files.")
    parser.add_argument("dataset", help="its name, for example faces")
    parser.add_argument("params", nargs=argparse.REMAINDER, help="its params, for example --size 32")
    parsed = parser.parse_args(arguments)
    flags, values = parsed.params[::2], parsed.params[1::2]
    if len(flags) != len(values) or not all(flag.startswith("--") for flag in flags):
        parser.error(f"params come in pairs such as --size 32; got {' '.join(parsed.params)}")
    return parsed.dataset, {flag[2:]: _value(value) for flag, value in zip(flags, values, strict=True)}


def _value(text: str) -> Any:  # Any: JSON
    try:
        return json.loads(text)
    except ValueError:
        return text


def _key(name: str, params: dict[str, Any]) -> str:
    """Changes with the request, with the code of the datasets, and with every package that is installed."""
    code = Path(__file__).with_name("datasets")
    packages = Path(sysconfig.get_paths()["purelib"]).glob("*.dist-info")
    parts = [
        json.dumps([name, params], sort_keys=True).encode(),
        *(source.read_bytes() for source in sorted(code.glob("*.py"))),
        *(package.name.encode() for package in sorted(packages)),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _prepare(name: str, params: dict[str, Any], cache: Path) -> Iterable[Path]:
    families = import_module("worker.families")  # only now, for it loads torch
    families.discover()
    dataset = families.FAMILIES["datasets"].create(name, params)
    dataset.prepare(cache)
    return getattr(dataset, "kept", ())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m worker.components`: every component with its file, title, source and knobs. `make components` runs it.

Discovery is convenient and hides what is there; this shows it.
"""

import inspect
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from contract.components import ComponentDescription
from contract.knobs import knobs_of
from contract.spec import GameParams, WatchingParams
from worker.families import FAMILIES, discover
from worker.registry import Component

_SOURCE = re.compile(r"arXiv:\s*[\w.\-/]+|doi:\s*\S+|https?://\S+", re.IGNORECASE)


def listing() -> Iterator[str]:
    """The lines: each family, and below it each of its components.

    Yields:
        A line without its end.
    """
    discover()
    for name, family in FAMILIES.items():
        yield f"{name}"
        for description in family.describe():
            yield from _component(description, family.find(description.name))
        yield ""
    for entry, params in (("game", GameParams), ("watching", WatchingParams)):
        yield entry
        yield f"  knobs: {', '.join(knob.name for knob in knobs_of(entry, params.model_json_schema(), {}))}"


def _component(description: ComponentDescription, cls: type[Component]) -> Iterator[str]:
    entry = "optimiser.<g or d>" if description.family == "optimisers" else description.name
    knobs = [knob.name for knob in knobs_of(entry, description.params, description.defaults())]
    source = _SOURCE.search(description.doc)
    yield f"  {description.name:<20} {description.title}"
    yield f"  {'':<20} {_file(cls)}"
    if source is not None:
        yield f"  {'':<20} {source[0].rstrip('.,;)')}"
    if knobs:
        yield f"  {'':<20} knobs: {', '.join(knobs)}"


def _file(cls: type[Component]) -> str:
    """The file's path, from here where it is below here."""
    path = Path(inspect.getfile(cls))
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in listing())

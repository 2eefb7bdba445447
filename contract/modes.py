"""The names by which the modes of a dataset may be left out (`drop`), as far as a catalogue knows them."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from contract.components import Catalogue, ComponentDescription
from contract.numbers import shown
from contract.resolve import SpecProblem
from contract.spec import RunSpec

MOST_SHOWN = 30
"""Names that a refusal lists: of 1,000 modes the first ones show how they are written."""


def misnamed(spec: RunSpec, catalogue: Catalogue) -> Iterator[SpecProblem]:
    """Names in the dataset's `drop` that stand for none of its modes."""
    description = catalogue.find("datasets", spec.dataset.name)
    given = spec.dataset.params
    modes = description.modes
    if modes is None or any(given.get(param) != description.defaults().get(param) for param in modes.depend_on):
        return
    classes = labels_of(description.attributes)
    for name in given.get("drop") or ():
        if name not in modes.names and name not in classes:
            yield SpecProblem(where="dataset.drop", message=_refusal(name, modes.names, description))


def labels_of(attributes: Mapping[str, Sequence[str]]) -> list[str]:
    """`attribute=class`, and each class alone that only one attribute has.

    >>> labels_of({"hair": ["red", "blue"], "eyes": ["blue"]})
    ['hair=red', 'hair=blue', 'eyes=blue', 'red']
    """
    often = Counter(itertools.chain.from_iterable(attributes.values()))
    full = [f"{attribute}={label}" for attribute, classes in attributes.items() for label in classes]
    return [*full, *(label for classes in attributes.values() for label in classes if often[label] == 1)]


def _refusal(name: str, names: Sequence[str], description: ComponentDescription) -> str:
    full = [f"{attribute}={label}" for attribute, classes in description.attributes.items() for label in classes]
    meant = [label for label in full if label.partition("=")[2] == name]
    if meant:
        return f"{shown(name)} is a class of several attributes; say which: {', '.join(meant)}"
    labels = f"; label classes: {_some(full)}" if full else ""
    return f"no mode or label class is called {shown(name)}; modes: {_some(names)}{labels}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_SHOWN]) + (", …" if len(names) > MOST_SHOWN else "")

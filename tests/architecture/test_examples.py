"""The examples in docstrings are true."""

import doctest
import importlib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
WITH_EXAMPLES = [
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
    for package in ("contract", "api", "worker", "modescope")
    for path in sorted((REPOSITORY / package).rglob("*.py"))
    if ">>> " in path.read_text()
]


def test_there_are_examples():
    assert len(WITH_EXAMPLES) > 3


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples_of_module(module):
    result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0
    assert result.attempted > 0

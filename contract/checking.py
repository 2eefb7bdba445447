"""What the API says of a spec before it is launched: what is wrong with it, how it reads, what it will cost."""

from typing import Any

from pydantic import Field

from contract.numbers import Wire
from contract.resolve import SpecProblem

LONGEST_TEXT = 100_000
"""Characters of a spec as text: an export with some hundred changes by hand in its plan has 40,000."""


class CheckSpec(Wire):
    """A spec that somebody thinks of: as it is, as a recipe with overrides, or as text. Nothing is launched."""

    spec: dict[str, Any] | None = None  # Any: JSON; checked against the catalogue
    recipe: str | None = None
    overrides: dict[str, Any] = {}
    """Deep-merged into the recipe's spec."""
    yaml: str | None = Field(None, max_length=LONGEST_TEXT)
    """A spec, a recipe's file, or `{recipe, overrides}`, as YAML (or JSON)."""


class TextProblem(SpecProblem):
    """One thing wrong with a spec, and where its text says so."""

    line: int | None = None
    """Counted from 1, in `yaml` of the answer; None where it says nothing about it."""


class Estimate(Wire):
    """How long a spec's run will take, by what runs like it took; and what its checkpoints take on the disk."""

    device: str
    """Where it would train: `cpu`, or a GPU's name."""
    n_runs: int
    """Runs that this is based on; 0: none like it was seen there."""
    basis: str
    """What those runs have in common with it, in words."""
    steps_per_s: float | None = None
    """Median of the last measured speeds of those runs."""
    low_per_s: float | None = None
    high_per_s: float | None = None
    seconds: float | None = None
    """At the median speed."""
    checkpoint_bytes: int | None = None
    """Size of one checkpoint of such a run."""


class CheckedSpec(Wire):
    """A spec, looked at and not launched."""

    spec: dict[str, Any] | None  # Any: JSON
    """As it was asked for, overrides merged in; None when it does not have the shape of a spec."""
    yaml: str
    """As text: what came, or what the spec reads like."""
    lines: dict[str, int]
    """Place in the spec → its line in that text, counted from 1."""
    problems: list[TextProblem]
    """Everything for which a launch would be refused."""
    estimate: Estimate | None = None
    """None where the spec cannot run."""

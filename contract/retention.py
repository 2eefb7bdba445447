"""How long what ended runs have left behind is kept, and what that would delete."""

from pydantic import Field

from contract.numbers import Wire

Days = float | None


class Keep(Wire):
    """Days after a run's end for which it keeps each; None: for ever. Runs, their charts and their ledgers stay."""

    events: Days = Field(None, ge=0)
    """Scalar events as they came, of which the charts have their own copy: without them `jsonl` exports lack them."""
    pictures: Days = Field(None, ge=0)
    """Grids, points, spectra, eigenvalues and densities; the last of each series stays."""
    checkpoints: Days = Field(None, ge=0)
    """All but the run's newest one; forks have their own copies of those that they began with."""


class Prunable(Wire):
    """What would be deleted, or was."""

    runs: int = 0
    """Runs that lose something."""
    events: int = 0
    pictures: int = 0
    checkpoints: int = 0
    checkpoint_bytes: int = 0


class Retention(Wire):
    """The settings in force, and what they would delete now."""

    keep: Keep
    prunable: Prunable

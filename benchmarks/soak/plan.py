"""Which sessions there are: each is a stack and a run of its own, disturbed several times."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks._stack import KINDS, may_mount
from tests.postgres import NoPostgres, find_binaries

SPEC_OVERRIDES = {"steps": 1_000_000, "batch": 256}
"""Of `ring-collapse`: more steps than a session has time for; it is stopped when all rounds are over."""
RECIPE = "ring-collapse"
OUTAGES = ("redis held", "sql locked")
"""What training does not feel."""
BLOWS = ("worker held", "checkpoint cut")
"""What ends an attempt: a worker that comes back when its run is another's; half a file as the newest checkpoint."""
FULL_DISK = ("disk full",)
"""Training goes on; measurements that nobody can keep are given up, and said to be. Needs a disk of its own."""
POSTGRES = "postgresql restarted"
"""Only where the stack has PostgreSQL: everybody's connections end, and it is away for some seconds."""
OUTAGE_S = 30.0


@dataclass(frozen=True)
class Session:
    """Disturbances of one run, in their order."""

    key: str
    seed: int
    disturbances: tuple[str, ...]
    on_postgres: bool = False
    """With a PostgreSQL server of its own in the place of the SQLite file."""


def has_postgres() -> bool:
    """Whether a server can be had here."""
    try:
        find_binaries()
    except NoPostgres:
        return False
    return True


def sessions(n_kills: int) -> Iterator[Session]:
    """Outages and blows first, then every process killed in an order of its own, until there were so many kills."""
    yield Session("outages", 0, OUTAGES)
    yield Session("blows", 0, BLOWS)
    if may_mount():
        yield Session("disk", 0, FULL_DISK)
    if has_postgres():
        yield Session("postgresql", 0, (POSTGRES, *KINDS), on_postgres=True)
    for seed in range(1, 1 + -(-n_kills // len(KINDS))):
        order = list(KINDS)
        random.Random(seed).shuffle(order)
        yield Session(f"kills-{seed}", seed, tuple(order))

"""The recorder's and the reaper's patience."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """How long what may take; tests are less patient."""

    lease_ms: int = 5_000
    """After this time without a sign of life another recorder takes over; the cursor in SQL fences the first."""
    block_ms: int = 250
    """Wait this long for an entry before looking after the runs."""
    look_s: float = 1.0
    """Between two looks."""
    grace_s: float = 10.0
    """Unbroken connection to Redis, and uptime of it, before a missing lease means anything: a lease's life."""
    lost_s: float = 3.0
    """A trained run without a lease for so long is lost; a supervisor renews each 2 s and would have taken it back."""
    unclaimed_s: float = 10.0
    """A queued run with neither message nor lease for so long is sent again."""

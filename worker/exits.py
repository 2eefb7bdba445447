"""What a trainer's exit code says to its supervisor. Any other code means that it failed and could not say so."""

DONE = 0
"""The run is finished, stopped or parked, and the trainer has said so."""
BROKEN = 1
"""It could not report any more; also what Python gives an error that nobody caught."""
FAILED = 3
"""The run failed, and the trainer has said why."""
FENCED = 4
"""A higher attempt is in force: nothing is to be said."""
HANDED_BACK = 5
"""It was asked to end, wrote a checkpoint, and has said that the run waits again."""
ORPHANED = 6
"""Its supervisor was gone."""

EXPECTED = frozenset({DONE, FAILED, FENCED, HANDED_BACK})
"""Endings to which the supervisor adds nothing."""

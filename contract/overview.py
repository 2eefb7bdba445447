"""What a table shows of a run besides the run itself: its last picture, one line, its alarms, its turned knobs."""

from pydantic import Field

from contract.events import Watchfulness
from contract.knobs import KnobValue
from contract.numbers import Wire
from contract.ramps import Shape
from contract.runs import Page, Run, ScalarSeries
from contract.sweeps import LastPicture


class RaisedAlarm(Wire):
    """An alarm that holds now."""

    guard: str
    message: str
    step: int | None = None
    """Step at which it was raised."""


class TurnedKnob(Wire):
    """A knob that somebody turned by hand."""

    name: str
    old: KnobValue | None = None
    new: KnobValue | None = None
    over: int = 1
    shape: Shape = "linear"
    step: int | None = None
    """First step with the new value."""


class Overview(Wire):
    """What a table shows of one run besides the run itself, complete up to the run's cursor."""

    picture: LastPicture | None = None
    """Its last samples; of a fork its own, not its parent's."""
    sparkline: ScalarSeries | None = None
    """Its key series in few buckets; of a fork from where it was forked. None before it says what it measures."""
    alarms: list[RaisedAlarm] = []
    """Those that hold now, in the order in which they were raised."""
    guards: dict[str, Watchfulness] = {}
    """What each guard last said that it can say: only where one watches, no alarm is good news."""
    n_turned: int = 0
    """Knobs that people turned, counted once a turn; what plans and rules did is not counted."""
    turned: list[TurnedKnob] = []
    """The newest of them, oldest first."""
    by_hand: list[str] = []
    """People's requests that have no outcome yet."""
    root: str
    """The run that its lineage begins with: itself, unless it is a fork."""
    root_name: str
    sweep_name: str | None = None


class RunList(Page[Run]):
    """Runs, and where asked for what a table shows of them besides."""

    overviews: dict[str, Overview] = Field({}, description="By the id of the run; empty unless `sparkline` is given.")

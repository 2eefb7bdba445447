"""The series that a run will have, with what each means: announced when it starts."""

from collections.abc import Iterable, Iterator

from contract.components import SeriesDescription
from contract.events import SeriesInfo
from worker.monitors import Monitor
from worker.training.game import Game
from worker.training.knob_board import KnobBoard

_LOSSES = (
    ("loss.d", "D's whole loss: adversarial, auxiliary and penalties."),
    ("loss.g", "G's whole loss: adversarial, auxiliary and penalties."),
    ("loss.d.adversarial", "D's adversarial loss, mean over the batch."),
    ("loss.g.adversarial", "G's adversarial loss, mean over the batch."),
    ("logit.real", "Mean logit of D on the real batch; high means real."),
    ("logit.fake", "Mean logit of D on the generated batch; high means real."),
)
_LABEL_TERMS = (
    ("loss.d.auxiliary", "D's label term with its weights in force."),
    ("loss.g.auxiliary", "G's label term with its weights in force."),
)


def announced(game: Game, board: KnobBoard) -> list[SeriesInfo]:
    """Every series that this run can yield."""
    return [*_of_loop(game), *_of_parts(game), *_of_knobs(board), *_of_monitors(game)]


def _of_loop(game: Game) -> Iterator[SeriesInfo]:
    for name, meaning in _LOSSES:
        yield SeriesInfo(name=name, meaning=meaning)
    if game.conditioning.provides.get("auxiliary"):
        for name, meaning in _LABEL_TERMS:
            yield SeriesInfo(name=name, meaning=meaning)
        for attribute in game.dataset.attributes:
            yield SeriesInfo(name=f"auxiliary.{attribute}.loss", meaning=f"D's unweighted label term for {attribute}.")
            yield SeriesInfo(name=f"samples.{attribute}.loss", meaning=f"G's unweighted label term for {attribute}.")
    for regulariser in game.regularisers:
        if regulariser.overrides("penalty"):
            entry = regulariser.entry
            yield SeriesInfo(name=f"penalty.{entry}", meaning="The penalty by itself, mean over the batch.")
            yield SeriesInfo(name=f"weighted.{entry}", meaning="The penalty as it enters the loss: × weight × every.")
    meaning = "G steps a second, everything included, over the last second."
    yield SeriesInfo(name="speed.steps_per_s", unit="1/s", meaning=meaning, high_is="good")


def _of_parts(game: Game) -> Iterator[SeriesInfo]:
    monitors = {monitor.entry for monitor in game.monitors}
    for part in (part for entry, part in game.components() if entry not in monitors):
        for described in part.series:
            name = part.series_name(described.name)
            yield SeriesInfo(**described.model_copy(update={"name": name}).model_dump())


def _of_knobs(board: KnobBoard) -> Iterator[SeriesInfo]:
    for knob in board.describe():
        meaning = f"Value in force of the knob {knob.name}, from this step on."
        yield SeriesInfo(name=f"knob.{knob.name}", unit=knob.unit, meaning=meaning)


def _of_monitors(game: Game) -> Iterator[SeriesInfo]:
    for monitor in game.monitors:
        for described in of_monitor(game, monitor):
            yield SeriesInfo(**described.model_dump(), chart=monitor.chart, monitor=monitor.entry)
        yield SeriesInfo(name=f"cost.{monitor.entry}", unit="ms", meaning="What one look took.", monitor=monitor.entry)
    if game.guards:
        yield SeriesInfo(name="cost.guards", unit="ms", meaning="What one look of all guards that were due took.")


def of_monitor(game: Game, monitor: Monitor) -> Iterator[SeriesDescription]:
    """The series that a monitor yields in this run, by their names in it."""
    for series in monitor.series_of(game.dataset, game.G, game.D):
        yield from _expand(series, game.dataset.attributes)


def _expand(series: SeriesDescription, attributes: Iterable[str]) -> Iterator[SeriesDescription]:
    if "<attribute>" not in series.name:
        yield series
        return
    for attribute in attributes:
        name, meaning = (text.replace("<attribute>", attribute) for text in (series.name, series.meaning))
        yield series.model_copy(update={"name": name, "meaning": meaning})

"""What the command does with runs: launch, runs, watch, set, pause, resume, stop, checkpoint. Each has `--json`."""

import getpass
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from contract.events import CommandName
from contract.numbers import dumps
from contract.ramps import Shape
from contract.resolve import merge
from contract.retention import Keep, Prunable
from contract.runs import Run
from modescope.answers import gather
from modescope.client import Client
from modescope.follow import bar, follow, json_lines, lines
from modescope.overrides import SPEC_FILES, overrides, read_spec, split

ANSWER_S = 30.0
INTERRUPTED = 130
PLAIN_WIDTH = 200
"""Columns of a table that goes into a file or a pipe."""

run_argument = click.argument("run_id", metavar="RUN")
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout, for scripts.")
reason_option = click.option("--reason", help="Why, for the ledger.")
timeout_option = click.option(
    "--timeout", "within_s", default=ANSWER_S, show_default=True, help="Seconds to wait for the outcome."
)


@contextmanager
def connected() -> Iterator[Client]:
    """A client of this machine's server, under this user's name."""
    with Client.find(author=getpass.getuser()) as client:
        yield client


@click.command()
@click.argument("recipe", metavar="RECIPE|FILE")
@click.option(
    "--set", "assignments", multiple=True, metavar="PATH=VALUE", help="Change the recipe: network.width=32, r1.weight=1"
)
@click.option("--name", help="What to call the run.")
@click.option("--follow", "is_followed", is_flag=True, help="Watch it until it ends.")
@json_option
def launch(*, recipe: str, assignments: tuple[str, ...], name: str | None, is_followed: bool, as_json: bool) -> None:
    """Launch a run from RECIPE, or from the spec in FILE (.yaml or .json); the page and the catalogue list recipes."""
    with connected() as client:
        if Path(recipe).suffix in SPEC_FILES:
            spec = read_spec(Path(recipe))
            run = client.launch(spec=merge(spec, overrides(assignments, spec)), name=name or Path(recipe).stem)
        else:
            spec = client.catalogue().recipe(recipe).spec if assignments else {}
            run = client.launch(recipe, overrides(assignments, spec), name=name)
        click.echo(dumps(run) if as_json else f"{run.id}  {run.name}  {_state(run.status, run.reason)}")
        if is_followed:
            _watch(client, run, as_json=as_json)


@click.command()
@run_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "csv", "jsonl", "html"]),
    default="yaml",
    show_default=True,
    help="yaml: the spec that repeats it; csv: its scalars; jsonl: its events; html: its page, to be opened anywhere.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to; stdout by default.")
def export(*, run_id: str, form: str, output: Path | None) -> None:
    """Write RUN as a file. What yaml gives, `modescope launch` repeats to the same numbers."""
    with connected() as client:
        content = client.export(run_id, form)
    if output is None:
        click.echo(content, nl=False)
    else:
        _write(output, content)


def _write(path: Path, content: bytes) -> None:
    """Write a file.

    Raises:
        ClickException: if it cannot be written, and why.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error


@click.command()
@run_argument
@click.argument("request", required=False)
@click.option("--noise", default=2, show_default=True, type=click.IntRange(0, 8), help="Twins with other seeds.")
@json_option
def twin(*, run_id: str, request: str | None, noise: int, as_json: bool) -> None:
    """Launch what RUN would be without the changes of REQUEST, by default its newest one."""
    with connected() as client:
        found = client.twins(run_id, request or _newest_change(client, run_id), noise=noise)
    if as_json:
        click.echo(dumps(found))
        return
    for run in (found.twin, *found.noise):
        click.echo(f"{run.id}  {run.name}  {_state(run.status, run.reason)}")


def _newest_change(client: Client, run_id: str) -> str:
    """Id of the newest request that changed a knob.

    Raises:
        ClickException: if there is none.
    """
    changes = [item for item in client.ledger(run_id) if item.kind == "knob" and item.outcome == "applied"]
    if not changes:
        raise click.ClickException(f"no knob of run {run_id} was changed, so there is nothing to leave out")
    return max(changes, key=lambda item: item.step or 0).request_id


@click.command()
@click.option("--events", type=click.FloatRange(0), help="Days after its end that a run keeps its scalar events.")
@click.option("--pictures", type=click.FloatRange(0), help="… its grids, points and spectra; the last of each stays.")
@click.option("--checkpoints", type=click.FloatRange(0), help="… its checkpoints; the newest one stays.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def prune(*, events: float | None, pictures: float | None, checkpoints: float | None, yes: bool, as_json: bool) -> None:
    """Delete what ended runs need no more; says first what that is. What is not named is kept."""
    keep = _named(Keep(events=events, pictures=pictures, checkpoints=checkpoints))
    with connected() as client:
        found = client.prunable(keep)
        if found != Prunable() and (yes or click.confirm(f"{_in_words(found)}. Delete this?", err=True)):
            found = client.prune(keep)
            said = f"Deleted: {_in_words(found)}."
        else:
            said = "Nothing was deleted."
    click.echo(dumps(found) if as_json else said)


def _named(keep: Keep) -> Keep:
    """What is to be kept for how long.

    Raises:
        UsageError: if nothing is named.
    """
    if keep == Keep():
        raise click.UsageError("name what to prune: --events DAYS, --pictures DAYS, --checkpoints DAYS")
    return keep


def _in_words(found: Prunable) -> str:
    return (
        f"{found.events} events, {found.pictures} pictures and the like, {found.checkpoints} checkpoints "
        f"({found.checkpoint_bytes / 1e6:.1f} MB) of {found.runs} {'run' if found.runs == 1 else 'runs'}"
    )


def _newest_checkpoint(client: Client, run_id: str) -> int:
    """Step of the run's newest checkpoint.

    Raises:
        ClickException: if it has none.
    """
    kept = client.checkpoints(run_id)
    if not kept:
        raise click.ClickException(
            f"run {run_id} has no checkpoint yet: write one with `modescope checkpoint {run_id}`"
        )
    return kept[0].step


@click.command()
@run_argument
@click.argument("assignments", nargs=-1, metavar="[KNOB=VALUE]...")
@click.option("--step", type=click.IntRange(0), help="Step of the checkpoint; the newest one by default.")
@click.option("--set", "changes", multiple=True, metavar="PATH=VALUE", help="Change the spec: steps=9000, seed=1.")
@click.option("--name", help="What to call the fork.")
@json_option
def fork(
    *, run_id: str, assignments: tuple[str, ...], step: int | None, changes: tuple[str, ...], name: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Launch a run that goes on from a checkpoint of RUN, with other knobs from its first step on."""
    with connected() as client:
        parent = client.run(run_id)
        from_step = _newest_checkpoint(client, run_id) if step is None else step
        spec = parent.spec.model_dump(mode="json", by_alias=True)
        knobs = dict(split(assignment) for assignment in assignments)
        run = client.fork(run_id, from_step, knobs, overrides(changes, spec), name=name)
        click.echo(dumps(run) if as_json else f"{run.id}  {run.name}  {_state(run.status, run.reason)}")


@click.command()
@click.option("--status", help="Only runs in this state.")
@click.option("--sweep", metavar="ID", help="Only runs of this sweep.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="At most so many, newest first.")
@json_option
def runs(*, status: str | None, sweep: str | None, limit: int, as_json: bool) -> None:
    """List the runs, newest first."""
    with connected() as client:
        found = list(client.runs(status=status, sweep=sweep, limit=limit))
    if as_json:
        click.echo(dumps({"items": found}))
        return
    table = Table("run", "name", "step", "state", box=None)
    for run in found:
        table.add_row(run.id, run.name, f"{run.step}/{run.steps}", _state(run.status, run.reason))
    show_table(table)


def show_table(table: Table) -> None:
    """Print a table, as wide as the terminal, or wide enough for a file."""
    Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH).print(table)


@click.command()
@run_argument
@json_option
def watch(*, run_id: str, as_json: bool) -> None:
    """Watch RUN until it ends; exit status 1 when it failed. Ctrl-C stops the watching, never the run."""
    with connected() as client:
        _watch(client, client.run(run_id), as_json=as_json)


def _watch(client: Client, run: Run, *, as_json: bool) -> None:
    show = json_lines if as_json else bar if Console().is_terminal else lines
    try:
        watched = follow(run, client.stream(run.id, after=run.cursor), show)
    except KeyboardInterrupt:
        click.echo(f"The run goes on. Watch it again with: modescope watch {run.id}", err=True)
        sys.exit(INTERRUPTED)
    if not as_json:
        click.echo(f"{run.id}  {run.name}  {_state(watched.status, watched.reason)}  step {watched.step}")
    if watched.status == "failed":
        sys.exit(1)


@click.command(name="set")
@run_argument
@click.argument("assignments", nargs=-1, required=True, metavar="KNOB=VALUE...")
@click.option("--over", default=1, type=click.IntRange(1), help="Steps over which they move there; 1: at once.")
@click.option(
    "--shape",
    type=click.Choice(["linear", "cosine", "pulse"]),
    default="linear",
    help="How they move; pulse: there at once, and back after so many steps.",
)
@reason_option
@timeout_option
@json_option
def set_knobs(
    *, run_id: str, assignments: tuple[str, ...], over: int, shape: Shape, reason: str | None, within_s: float,
    as_json: bool,
) -> None:  # fmt: skip
    """Set knobs of RUN, all at one step, and wait for the outcome; exit status 1 unless all were applied."""
    knobs = dict(split(assignment) for assignment in assignments)
    with connected() as client:
        cursor = client.run(run_id).cursor
        accepted = client.set(run_id, knobs, over=over, shape=shape, reason=reason)
        request = Request(run_id, accepted.request_id, knobs, cursor)
        _await(client, request, within_s=within_s, as_json=as_json)


@dataclass(frozen=True)
class Request:
    """A request that waits for its outcome."""

    run_id: str
    request_id: str
    names: Collection[str]
    """The knobs, or the command, that it is about."""
    after: str
    """The outcome comes after this event."""


def _await(client: Client, request: Request, *, within_s: float, as_json: bool) -> None:
    """Print each outcome as it comes; leave with exit status 1 unless every one is `applied`.

    Raises:
        ClickException: if the outcome did not come in time.
    """
    answered = []
    events = client.stream(request.run_id, after=request.after, within_s=within_s)
    for answer in gather(events, request.request_id, request.names):
        answered.append(answer)
        click.echo(dumps(asdict(answer)) if as_json else answer.in_words)
    if len({answer.name for answer in answered}) < len(request.names):
        run = client.run(request.run_id)
        raise click.ClickException(
            f"no outcome within {within_s:g} s; the run is {_state(run.status, run.reason)}. "
            f"Request {request.request_id} still stands: see the run's ledger"
        )
    if any(answer.outcome != "applied" for answer in answered):
        sys.exit(1)


@click.command()
@run_argument
@click.option("-n", "steps", default=1, type=click.IntRange(1), help="How many steps.")
@click.option("--player", type=click.Choice(["D", "G"]), help="Train this one alone: the other stands still.")
@reason_option
@timeout_option
@json_option
def step(
    *, run_id: str, steps: int, player: str | None, reason: str | None, within_s: float, as_json: bool
) -> None:  # fmt: skip
    """Train a paused RUN for some steps; then it is paused again."""
    params: dict[str, int | str] = {"n": steps} | ({} if player is None else {"player": player})
    _give("step", run_id, params, reason=reason, within_s=within_s, as_json=as_json)


def _command(name: CommandName, help_text: str) -> click.Command:
    def give(*, run_id: str, reason: str | None, within_s: float, as_json: bool) -> None:
        _give(name, run_id, {}, reason=reason, within_s=within_s, as_json=as_json)

    decorated: Callable[..., None] = json_option(timeout_option(reason_option(run_argument(give))))
    return click.command(name=name, help=help_text)(decorated)


def _give(
    name: CommandName, run_id: str, params: dict[str, int | str], *, reason: str | None, within_s: float, as_json: bool
) -> None:
    with connected() as client:
        cursor = client.run(run_id).cursor
        accepted = client.command(run_id, name, reason=reason, **params)
        request = Request(run_id, accepted.request_id, [name], cursor)
        _await(client, request, within_s=within_s, as_json=as_json)


def _state(status: str, reason: str | None) -> str:
    return f"{status}: {reason}" if reason else status


VERBS: tuple[click.Command, ...] = (
    launch,
    fork,
    twin,
    export,
    prune,
    runs,
    watch,
    set_knobs,
    _command("pause", "Pause RUN at the next step; it keeps its process and its slot."),
    step,
    _command("resume", "Let a paused RUN go on."),
    _command("stop", "Stop RUN for good, with a last checkpoint."),
    _command("checkpoint", "Write a checkpoint of RUN now."),
)

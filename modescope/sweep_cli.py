"""What the command does with sweeps: launch, list, stop."""

import json
import sys
from collections.abc import Iterable
from typing import Any

import click
from pydantic import ValidationError
from rich.table import Table

from contract.numbers import dumps, shown
from contract.sweeps import AxisRange
from modescope.cli import connected, json_option, reason_option, show_table
from modescope.overrides import BadOverride, overrides, value_of


@click.command()
@click.argument("recipe")
@click.option(
    "--axis",
    "axes",
    multiple=True,
    metavar="PATH=VALUES",
    help="What to vary, as --set names it: loss.gamma=0.3,0.5,0.7; r1.weight=log:0.01:10:4 (from, to, how many); "
    "linear:…; a JSON list.",
)
@click.option("--seeds", metavar="1,2,3", default="", help="Each combination once with each of these seeds.")
@click.option("--set", "assignments", multiple=True, metavar="PATH=VALUE", help="Change the recipe for all runs.")
@click.option("--name", help="What to call the sweep.")
@json_option
def sweep(
    *, recipe: str, axes: tuple[str, ...], seeds: str, assignments: tuple[str, ...], name: str | None, as_json: bool
) -> None:  # fmt: skip
    """Launch RECIPE once for each combination of values, and print where to compare the runs."""
    wanted = _axes(axes)
    with connected() as client:
        spec = client.catalogue().recipe(recipe).spec if assignments else {}
        changes = overrides(assignments, spec)
        launched = client.sweep(recipe, wanted, changes, seeds=list(whole(seeds)), name=name)
        if as_json:
            click.echo(dumps(launched))
            return
        click.echo(f"{launched.id}  {launched.name}  {client.url}/sweeps/{launched.id}")
    table = Table("run", *(each.name for each in launched.axes), "state", box=None)
    for run in launched.runs:
        table.add_row(run.id, *(in_words(run.values[each.name]) for each in launched.axes), run.status)
    show_table(table)


def _axes(texts: Iterable[str]) -> dict[str, Any]:  # Any: as `axis` gives it
    """Each axis once.

    Raises:
        BadOverride: if one came twice.
    """
    wanted: dict[str, Any] = {}
    for name, values in map(axis, texts):
        if name in wanted:
            raise BadOverride(f"--axis {name} came twice; give all of its values in one: {name}=0.1,1,10")
        wanted[name] = values
    return wanted


@click.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="At most so many, newest first.")
@json_option
def sweeps(*, limit: int, as_json: bool) -> None:
    """List the sweeps, newest first; `modescope runs --sweep ID` lists the runs of one."""
    with connected() as client:
        found = list(client.sweeps(limit=limit))
    if as_json:
        click.echo(dumps({"items": found}))
        return
    table = Table("sweep", "name", "axes", "runs", box=None)
    for each in found:
        states = ", ".join(f"{n} {status}" for status, n in each.statuses.items())
        table.add_row(each.id, each.name, " × ".join(one.name for one in each.axes), states)
    show_table(table)


@click.command(name="sweep-stop")
@click.argument("sweep_id", metavar="SWEEP")
@reason_option
@json_option
def sweep_stop(*, sweep_id: str, reason: str | None, as_json: bool) -> None:
    """Stop all runs of SWEEP that have not ended; exit status 1 when one could not be asked."""
    with connected() as client:
        told = client.stop_sweep(sweep_id, reason=reason)
    if as_json:
        click.echo(dumps(told))
    else:
        click.echo(f"asked {len(told.asked)} to stop; {told.n_ended} had ended")
    for each in told.not_asked:
        click.echo(f"{each.run}: {each.reason}", err=True)
    if told.not_asked:
        sys.exit(1)


def axis(text: str) -> tuple[str, list[Any] | AxisRange]:  # Any: JSON
    """The name and the values of `name=values`.

    >>> axis("loss.name=hinge,wasserstein")
    ('loss.name', ['hinge', 'wasserstein'])
    >>> axis('packing.m=[1, 2]')
    ('packing.m', [1, 2])
    >>> axis("r1.weight=log:0.1:10:3")[1].values()
    [0.1, 1.0, 10]

    Raises:
        BadOverride: if it is of no such form.
    """
    name, sign, values = (part.strip() for part in text.partition("="))
    if not sign or not name or not values:
        raise BadOverride(f"{text!r} is not of the form path=values, for example loss.gamma=0.3,0.5,0.7")
    scale, _, rest = values.partition(":")
    if scale in ("log", "linear"):
        return name, _range(text, scale, rest.split(":"))
    if values.startswith("["):
        try:
            return name, list(json.loads(values))
        except ValueError as error:
            raise BadOverride(f"{text!r}: this is no JSON list: {error}") from error
    return name, [value_of(part.strip()) for part in values.split(",")]


def _range(text: str, scale: str, parts: list[str]) -> AxisRange:
    """The values between two ends.

    Raises:
        BadOverride: if there are none.
    """
    example = f"{text!r} is not of the form path={scale}:from:to:count, for example r1.weight=log:0.01:10:4"
    if len(parts) != len(("from", "to", "count")):
        raise BadOverride(example)
    first, last, count = (value_of(part) for part in parts)
    try:
        return AxisRange.model_validate({"from": first, "to": last, "count": count, "scale": scale})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}".strip() for one in error.errors())
        raise BadOverride(f"{example}: {faults}") from error


def whole(text: str) -> Iterable[int]:
    """Whole numbers with commas between them.

    Raises:
        BadOverride: if one is none.
    """
    for part in filter(None, (each.strip() for each in text.split(","))):
        if not part.isdecimal():
            raise BadOverride(f"--seeds takes whole numbers with commas, for example 1,2,3; got {part!r}")
        yield int(part)


def in_words(value: object) -> str:
    """A value as a table shows it."""
    return value if isinstance(value, str) else shown(value)


SWEEP_VERBS: tuple[click.Command, ...] = (sweep, sweeps, sweep_stop)

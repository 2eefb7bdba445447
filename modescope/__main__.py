"""The command `modescope`: start the stack, launch and watch runs, turn their knobs."""

import contextlib

import click

from contract.components import UnknownComponent
from modescope.children import GaveUp
from modescope.cli import VERBS
from modescope.connection import NotReachable, ServerError, StreamReset
from modescope.datafolder import InUse, UnusableDataFolder
from modescope.overrides import BadOverride
from modescope.settings import BadSettings, UpSettings, read
from modescope.stack import Commands, NotReady
from modescope.sweep_cli import SWEEP_VERBS
from modescope.up import CannotListen, up
from modescope.valkey import NoBinary

KNOWN_PROBLEMS = (
    BadOverride,
    BadSettings,
    CannotListen,
    GaveUp,
    InUse,
    NoBinary,
    NotReachable,
    NotReady,
    ServerError,
    StreamReset,
    UnknownComponent,
    UnusableDataFolder,
)
"""Every error whose message tells a person what to do; anything else is a bug and keeps its traceback."""


class Group(click.Group):
    """A group of commands that turns known problems into one line on stderr and exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command.

        Raises:
            ClickException: in place of a known problem.
        """
        try:
            return super().invoke(ctx)
        except KNOWN_PROBLEMS as problem:
            raise click.ClickException(str(problem)) from problem


@click.group(cls=Group)
@click.version_option(package_name="modescope")
def main() -> None:
    """Launch GANs, watch mode collapse as it happens, and turn the regularisation while they train."""


@main.command(name="up")
@click.pass_obj
def up_command(commands: Commands | None) -> None:
    """Start everything on this machine and print the link to sign in; Ctrl-C stops it.

    MODESCOPE_HOST, MODESCOPE_PORT, MODESCOPE_DATA and MODESCOPE_TOKEN say where; see .env.example for the rest.
    """
    up(read(UpSettings), say, commands)


def say(line: str) -> None:
    """A line on stdout, for whoever still reads it: a server does not end because its terminal has gone."""
    with contextlib.suppress(OSError):
        click.echo(line)


for verb in (*VERBS, *SWEEP_VERBS):
    main.add_command(verb)

if __name__ == "__main__":
    main(prog_name="modescope")

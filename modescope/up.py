"""`modescope up`: what must be right before anything starts, then the stack."""

import asyncio
import contextlib
import time
from collections.abc import Iterator

from modescope.children import Say
from modescope.datafolder import DataFolder, InUse
from modescope.ports import is_free
from modescope.settings import UpSettings
from modescope.stack import Commands, Stack

LEFTOVERS_DEADLINE_S = 45.0
"""What a killed `up` leaves behind ends within the longest grace, the worker's."""
POLL_S = 0.1


class CannotListen(RuntimeError):
    """The page's address cannot be used, and what to do."""


def up(settings: UpSettings, say: Say, commands: Commands | None = None) -> None:
    """Run the stack on this machine until SIGINT or SIGTERM.

    Args:
        settings: where it listens and keeps its data.
        say: told each line that the person who watches should read.
        commands: what runs as recorder, api and worker, and what prepares the default dataset.
    """
    folder = DataFolder(settings.data)
    folder.prepare()
    with _locked(folder, settings.url, say) as lock:
        check_port(settings.host, settings.port)
        asyncio.run(Stack(settings, folder, lock, say, commands or Commands()).run())


@contextlib.contextmanager
def _locked(folder: DataFolder, url: str, say: Say) -> Iterator[int]:
    """The lock on the folder, once what a killed server left behind has ended.

    Raises:
        InUse: if a living server holds it, or leftovers do not end.
    """
    deadline = time.monotonic() + LEFTOVERS_DEADLINE_S
    is_waiting = False
    with contextlib.ExitStack() as stack:
        while True:
            try:
                lock = stack.enter_context(folder.locked(url))
                break
            except InUse as error:
                if not error.by_leftovers or time.monotonic() > deadline:
                    raise
            if not is_waiting:
                say("The last server on this data folder was killed; waiting for its processes to end …")
            is_waiting = True
            time.sleep(POLL_S)
        yield lock


def check_port(host: str, port: int) -> None:
    """Find out now whether the page's address can be used.

    Raises:
        CannotListen: if the port is taken, or the address is not one of this machine's.
    """
    try:
        free = is_free(host, port)
    except OSError as error:
        message = (
            f"cannot listen on {host} port {port}: {error.strerror}; "
            "MODESCOPE_HOST must be an address of this machine, and ports below 1024 need more rights"
        )
        raise CannotListen(message) from error
    if not free:
        message = (
            f"port {port} on {host} is in use by another program; "
            f"set MODESCOPE_PORT to a free one, for example MODESCOPE_PORT={port + 1} modescope up"
        )
        raise CannotListen(message)

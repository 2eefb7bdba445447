"""The server: REST, the live stream, sign-in and the page's files; and the recorder that writes history.

Knows the worker only through `contract`: the catalogue that a worker announces, the events that it appends, and
the name of the task that it takes. Never loads torch.
"""

from importlib.metadata import PackageNotFoundError, version


def _version() -> str:
    try:
        return version("modescope")
    except PackageNotFoundError:
        return "0+uninstalled"


VERSION = _version()
"""Version of the installed package."""

"""Settings of the command: environment variables `MODESCOPE_…`, checked before anything is started."""

import ipaddress
from pathlib import Path
from typing import Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "MODESCOPE_"
SECRETS = ("token", "redis_url")
LEAST_PUBLIC_TOKEN = 16
"""Characters that a token must have when other machines can reach the server."""
S = TypeVar("S", bound=BaseSettings)


class BadSettings(ValueError):
    """An environment variable has a value that cannot work; the message names the variable."""


class ClientSettings(BaseSettings):
    """How a command finds the server."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, use_attribute_docstrings=True, env_ignore_empty=True)

    url: str | None = None
    """The server's address. Without it: that of the server that runs on the data folder."""
    token: SecretStr | None = None
    """The server's token. Without it: the one kept in the data folder."""
    data: Path = Path("data")
    """The data folder."""


class UpSettings(BaseSettings):
    """How `modescope up` runs the whole stack on this machine. The api and the worker read their own settings."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, use_attribute_docstrings=True, env_ignore_empty=True)

    host: str = "127.0.0.1"
    """Address to listen on. Anything but this machine's own needs MODESCOPE_TOKEN set."""
    port: int = Field(8000, ge=1, le=65_535)
    """Port of the page and the REST API."""
    data: Path = Path("data")
    """Folder of everything that is kept: token, database, log, artefacts, cache, logs."""
    token: SecretStr | None = None
    """What one signs in with. Without it, one is made at the first start and kept in the data folder."""
    redis_url: SecretStr | None = None
    """A Redis or Valkey server to use; without it one is started on the data folder."""

    @model_validator(mode="after")
    def _public_only_with_a_token(self) -> Self:
        is_guarded = self.token is not None and len(self.token.get_secret_value()) >= LEAST_PUBLIC_TOKEN
        if not is_loopback(self.host) and not is_guarded:
            message = (
                f"MODESCOPE_HOST is {self.host}, which other machines can reach; set MODESCOPE_TOKEN to a secret "
                f"of your own of {LEAST_PUBLIC_TOKEN} characters or more, or use 127.0.0.1"
            )
            raise ValueError(message)
        return self

    @property
    def url(self) -> str:
        """The page's address as one types it on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read(kind: type[S]) -> S:
    """The settings from the environment.

    Raises:
        BadSettings: naming each variable that cannot work, what came and what is allowed.
    """
    try:
        return kind()
    except ValidationError as error:
        raise BadSettings("; ".join(_in_words(problem) for problem in error.errors())) from None


def _in_words(problem: ErrorDetails) -> str:
    """One problem as a sentence; a secret's value is not repeated."""
    if not problem["loc"]:
        return problem["msg"].removeprefix("Value error, ")
    name = str(problem["loc"][0])
    came = "" if name in SECRETS else f"; got {problem['input']!r}"
    return f"{PREFIX}{name.upper()}: {problem['msg']}{came}"

"""Settings of the api and the recorder: environment variables `MODESCOPE_…`, checked before anything is started."""

import ipaddress
import sys
from pathlib import Path
from typing import Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from contract.retention import Keep

PREFIX = "MODESCOPE_"
SECRETS = ("token", "redis_url", "database_url")
LEAST_PUBLIC_TOKEN = 16
"""Characters that a token must have when other machines can reach the server."""
MAKE_ONE = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
S = TypeVar("S", bound=BaseSettings)


class BadSettings(ValueError):
    """An environment variable has a value that cannot work; the message names the variable."""


class StorageSettings(BaseSettings):
    """Where everything is kept; all that the recorder needs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, use_attribute_docstrings=True, env_ignore_empty=True)

    data: Path = Path("data")
    """Folder of everything that is kept on this machine."""
    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    """The Redis or Valkey server that holds the log and the queue."""
    database_url: SecretStr | None = None
    """SQL database: sqlite:///… or postgresql://…. Without it: a SQLite file in the data folder."""
    artefacts_url: str | None = None
    """Where checkpoints and pictures live, as fsspec writes it: a folder, or s3://…. Without it: in the data folder."""

    keep_events_days: float | None = Field(None, ge=0)
    """Days for which a run that has ended keeps its scalar events as they came; the charts have their own copy."""
    keep_pictures_days: float | None = Field(None, ge=0)
    """Days for which a run that has ended keeps grids, points and spectra; the last of each series stays."""
    keep_checkpoints_days: float | None = Field(None, ge=0)
    """Days for which a run that has ended keeps its checkpoints; the newest one stays."""

    @property
    def keep(self) -> Keep:
        """How long what ended runs left behind is kept; what is not set, for ever."""
        days = {"events": self.keep_events_days, "pictures": self.keep_pictures_days}
        return Keep(**days, checkpoints=self.keep_checkpoints_days)

    @property
    def redis(self) -> str:
        """Redis's address with its password."""
        return self.redis_url.get_secret_value()

    @property
    def database(self) -> str:
        """SQLAlchemy's address of the database."""
        if self.database_url is None:
            return f"sqlite:///{self.data.absolute() / 'modescope.db'}"
        url = self.database_url.get_secret_value()
        return url.replace("postgresql://", "postgresql+psycopg://", 1).replace("postgres://", "postgresql+psycopg://")

    @property
    def artefacts(self) -> str:
        """The fsspec address of the artefact store."""
        return self.artefacts_url or f"file://{self.data.absolute() / 'artefacts'}"


class Settings(StorageSettings):
    """What the api needs besides."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(8000, ge=0, le=65_535)
    """Port of the page and the REST API; 0 takes a free one."""
    token: SecretStr
    """What one signs in with."""
    frontend: Path = Path(__file__).parent.parent / "frontend"
    """Folder of the page's files."""
    concepts: Path = Path(__file__).parent.parent / "docs" / "concepts"
    """Folder of the concepts: the docs beside the charts."""
    allowed_hosts: str = ""
    """More names by which a browser may call this server, comma-separated: that of a proxy in front of it."""

    @property
    def secret(self) -> str:
        """The token itself."""
        return self.token.get_secret_value()

    @property
    def hosts(self) -> frozenset[str] | None:
        """Names that a `Host` header may have; None: any, since the server is public and its names are not known."""
        if not is_loopback(self.host):
            return None
        more = (name.strip().lower() for name in self.allowed_hosts.split(","))
        return frozenset({"localhost", "127.0.0.1", "::1", self.host.lower(), *filter(None, more)})

    @model_validator(mode="after")
    def _public_only_with_a_real_token(self) -> Self:
        if not self.secret:
            raise ValueError(f"MODESCOPE_TOKEN is empty; set it to a secret of your own: {MAKE_ONE}")
        if not is_loopback(self.host) and len(self.secret) < LEAST_PUBLIC_TOKEN:
            message = (
                f"MODESCOPE_HOST is {self.host}, which other machines can reach, and MODESCOPE_TOKEN has "
                f"{len(self.secret)} characters; set a token of {LEAST_PUBLIC_TOKEN} or more "
                f"({MAKE_ONE}), or use 127.0.0.1"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _page_is_there(self) -> Self:
        if not (self.frontend / "index.html").is_file():
            message = f"there is no index.html in {self.frontend}; set MODESCOPE_FRONTEND to the folder of the page"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _concepts_are_there(self) -> Self:
        if next(self.concepts.glob("*.md"), None) is None:
            message = f"there is no .md file in {self.concepts}; set MODESCOPE_CONCEPTS to the folder of the concepts"
            raise ValueError(message)
        return self


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
        BadSettings: naming each variable that cannot work, what came and what to do.
    """
    try:
        return kind()
    except ValidationError as error:
        raise BadSettings("; ".join(_in_words(problem) for problem in error.errors())) from None


def read_or_exit(kind: type[S]) -> S:
    """The settings from the environment; ends the process with the reason when they cannot work."""
    try:
        return read(kind)
    except BadSettings as bad:
        sys.exit(f"cannot start: {bad}")


def _in_words(problem: ErrorDetails) -> str:
    """One problem as a sentence; a secret's value is not repeated."""
    if not problem["loc"]:
        return problem["msg"].removeprefix("Value error, ")
    name = str(problem["loc"][0])
    if problem["type"] == "missing":
        made = f"; make one: {MAKE_ONE}, or let `modescope up` make one" if name == "token" else ""
        return f"{PREFIX}{name.upper()} is not set{made}"
    came = "" if name in SECRETS else f"; got {problem['input']!r}"
    return f"{PREFIX}{name.upper()}: {problem['msg']}{came}"

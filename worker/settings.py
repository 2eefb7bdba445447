"""Settings of a worker: environment variables `MODESCOPE_…`, checked at start. Its trainers inherit them."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from worker import devices

PREFIX = "MODESCOPE_"


class BadSettings(ValueError):
    """An environment variable has a value that cannot work; the message names it."""


class Settings(BaseSettings):
    """Everything that a worker must be told: one URL for Redis and one for artefacts; the rest has defaults."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, use_attribute_docstrings=True, env_ignore_empty=True, validate_default=True, frozen=True
    )

    redis_url: str = Field("redis://127.0.0.1:6379/0", repr=False)
    """The Redis or Valkey server that all processes share: `redis://:password@host:port/0`."""
    data: Path = Path("data")
    """Folder for what stays on this machine: the cache, and events that wait for Redis."""
    artefacts_url: str = Field(default_factory=lambda known: f"file://{known['data'] / 'artefacts'}")
    """Where checkpoints go, as an fsspec URL; all workers and the api must see the same."""
    cache: Path = Field(default_factory=lambda known: known["data"] / "cache")
    """Folder in which prepared datasets are kept."""
    slots: int = Field(default_factory=lambda: len(devices.gpus()) or 1, ge=1, le=256)
    """Runs that train here at the same time. Without it: one a GPU, or one."""
    threads: int = Field(default_factory=lambda known: max(1, (devices.cores() - 1) // known["slots"]), ge=1, le=1024)
    """CPU threads of each trainer. Without it: the cores but one, divided by the slots. Threads that share their core
    with a server or a browser wait for each other: measured on two busy cores, 95 ms a step with one, 410 with two."""
    checkpoint_s: float = Field(30.0, gt=0)
    """Seconds between two automatic checkpoints."""
    checkpoint_keep: int = Field(3, ge=1)
    """Automatic checkpoints kept of each run."""
    images: Path = Field(default_factory=lambda known: known["data"] / "images")
    """Folder whose pictures the dataset `folder` may read, and nothing outside it."""
    hub: Path = Field(default_factory=lambda known: known["data"] / "hub")
    """Folder in which the dataset `hub` looks for a repository before it asks the Hugging Face Hub."""
    fashion: Path = Path("/usr/share/datasets/fashion-mnist")
    """Folder with the four files of Fashion-MNIST; without it, that of the Debian package dataset-fashion-mnist."""
    inception: Path | None = None
    """File with the weights of FID's Inception network, for the extractor `inception`; without it there is no FID."""
    plugins: str = ""
    """Packages with components of your own, separated by commas; each must be importable."""
    spool_bytes: int = Field(1 << 30, ge=1 << 16)
    """How large a file of events may grow while Redis is away, a run; then measurements are given up."""

    @property
    def spool(self) -> Path:
        """Folder in which events wait while Redis is away."""
        return self.data / "spool"

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: str) -> str:
        if urlsplit(url).scheme not in ("redis", "rediss"):
            raise ValueError("must begin with redis:// or rediss://, for example redis://:password@host:6379/0")
        return url

    @field_validator("data", "cache")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        """Trainers and workers agree on a folder wherever they were started."""
        return folder.absolute()


def load(**values: Any) -> Settings:  # Any: fields of Settings, for tests and notebooks
    """The settings from the environment.

    Raises:
        BadSettings: naming each variable that cannot work, what came and what is allowed.
    """
    try:
        return Settings(**values)
    except ValidationError as error:
        raise BadSettings("; ".join(_in_words(problem) for problem in error.errors())) from None


def _in_words(problem: ErrorDetails) -> str:
    """One problem as a sentence; an address with a password is not repeated."""
    name = str(problem["loc"][0]) if problem["loc"] else ""
    came = "" if name in ("redis_url", "artefacts_url") else f"; got {problem['input']!r}"
    return f"{PREFIX}{name.upper()}: {problem['msg'].removeprefix('Value error, ')}{came}"

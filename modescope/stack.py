"""The processes of the stack: what each is given, in which order they start and end, and when all is ready.

Redis first; then recorder, api and worker at once, while the default dataset is prepared beside them. They end in the
order prepare, worker, recorder, api, Redis: whoever still has something to say finds somebody to listen.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field

import httpx

from modescope import valkey
from modescope.children import Keeper, Say, Service
from modescope.datafolder import DataFolder
from modescope.settings import UpSettings

STOP_ORDER = ("prepare", "worker", "recorder", "api", "redis")
WORKER_GRACE_S = 32.0
"""The worker gives its trainers 25 s to write a checkpoint and hand their runs back."""
REDIS_DEADLINE_S = 60.0
"""A log of 2 GB is read back in well under this."""
READY_DEADLINE_S = 120.0
REMIND_S = 8.0
POLL_S = 0.1


def _python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *arguments)


@dataclass(frozen=True)
class Commands:
    """What runs as what; tests put stand-ins here."""

    recorder: tuple[str, ...] = field(default_factory=lambda: _python("api.recorder"))
    api: tuple[str, ...] = field(default_factory=lambda: _python("api"))
    worker: tuple[str, ...] = field(default_factory=lambda: _python("worker"))
    prepare: tuple[str, ...] = field(default_factory=lambda: _python("worker.prepare", "faces"))


class NotReady(RuntimeError):
    """The stack did not come up in time, and what it waits for."""


class Stack:
    """Everything that one `modescope up` runs."""

    def __init__(self, settings: UpSettings, folder: DataFolder, lock: int, say: Say, commands: Commands) -> None:
        self.settings = settings
        self.folder = folder
        self.commands = commands
        self.token = settings.token.get_secret_value() if settings.token else folder.token()
        self._say = say
        self._lock = lock
        self._keepers: dict[str, Keeper] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None

    async def run(self) -> None:
        """Start everything, say when it is ready, and stop everything when asked or when something cannot go on.

        Raises:
            GaveUp: if one of the processes cannot be kept alive.
            NotReady: if the stack did not come up in time.
        """
        self._listen_to_signals()
        bringing_up = self._task(self._bring_up())
        await self._stop.wait()
        bringing_up.cancel()
        await self._stop_in_order()
        if self._failure is not None:
            raise self._failure

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
                loop.add_signal_handler(number, self._asked_to_stop)

    def _asked_to_stop(self) -> None:
        if not self._stop.is_set():
            self._stop.set()
            self._say("Stopping: runs that train write a checkpoint and go on at the next start …")
            return
        for keeper in self._keepers.values():
            keeper.kill()

    def _task(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._note_failure)
        self._tasks.append(task)
        return task

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._failure = self._failure or task.exception()
            self._stop.set()

    async def _bring_up(self) -> None:
        started = time.monotonic()
        redis_url = await self._redis_url()
        self._keep(self._service("recorder", self.commands.recorder, redis_url))
        self._keep(self._service("api", self.commands.api, redis_url, MODESCOPE_TOKEN=self.token))
        self._keep(self._service("worker", self.commands.worker, redis_url, grace_s=WORKER_GRACE_S))
        prepared = self._prepare(redis_url)
        await self._until_ready()
        if not prepared.done():
            self._say("Preparing the pictures of the default dataset, this once …")
        await asyncio.shield(prepared)
        self._say(f"Modescope is up after {time.monotonic() - started:.1f} s. Data and logs: {self.folder.path}")
        self._say(f"Sign in at {self.settings.url}/#token={self.token}")
        self._say("Stop with Ctrl-C.")

    def _service(
        self, name: str, command: tuple[str, ...], redis_url: str, *, grace_s: float = 5.0, **more: str
    ) -> Service:
        """A service with its settings; only the api is told the token."""
        inherited = {key: value for key, value in os.environ.items() if key != "MODESCOPE_TOKEN"}
        environment = inherited | {
            "PYTHONUNBUFFERED": "1",
            "MODESCOPE_HOST": self.settings.host,
            "MODESCOPE_PORT": str(self.settings.port),
            "MODESCOPE_DATA": str(self.folder.path),
            "MODESCOPE_REDIS_URL": redis_url,
        }
        return Service(name, command, environment | more, grace_s)

    def _keep(self, service: Service) -> None:
        keeper = self._keepers[service.name] = Keeper(service, self.folder.logs, self._lock, self._say)
        self._task(keeper.keep())

    async def _redis_url(self) -> str:
        """Address of the Redis to use; ours is started, and answers, before this does.

        Raises:
            NotReady: if ours does not answer in time.
        """
        if self.settings.redis_url is not None:
            return self.settings.redis_url.get_secret_value()
        access = valkey.access(self.folder.redis)
        configuration = valkey.configure(self.folder.redis, access)
        self._keep(Service("redis", (str(valkey.binary()), str(configuration)), dict(os.environ)))
        deadline = time.monotonic() + REDIS_DEADLINE_S
        while (problem := await asyncio.to_thread(valkey.ping, access)) is not None:
            if time.monotonic() > deadline:
                raise NotReady(f"Redis did not answer within {REDIS_DEADLINE_S:.0f} s: {problem}. {self._see('redis')}")
            await asyncio.sleep(POLL_S / 4)
        return access.url

    def _prepare(self, redis_url: str) -> asyncio.Task[None]:
        service = self._service("prepare", self.commands.prepare, redis_url)
        keeper = self._keepers["prepare"] = Keeper(service, self.folder.logs, self._lock, self._say)
        return self._task(keeper.run_to_end())

    async def _until_ready(self) -> None:
        deadline, remind = time.monotonic() + READY_DEADLINE_S, time.monotonic() + REMIND_S
        async with httpx.AsyncClient(base_url=self.settings.url, timeout=5, trust_env=False) as client:
            while (missing := await what_is_missing(client)) is not None:
                if time.monotonic() > deadline:
                    raise NotReady(f"not ready within {READY_DEADLINE_S:.0f} s: {missing}. {self._see('*')}")
                if time.monotonic() > remind:
                    self._say(f"Still starting: {missing}")
                    remind += REMIND_S
                await asyncio.sleep(POLL_S)

    def _see(self, name: str) -> str:
        return f"See {self.folder.logs / f'{name}.log'}"

    async def _stop_in_order(self) -> None:
        for name in STOP_ORDER:
            if name in self._keepers:
                await self._keepers[name].stop()
        self._say("Stopped.")


async def what_is_missing(client: httpx.AsyncClient) -> str | None:
    """None when the api answers that everything is there, the worker included; else what is not, in words."""
    try:
        answer = await client.get("/api/v1/ready")
        dependencies = answer.json()["dependencies"]
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        return f"the api does not answer yet ({type(error).__name__})"
    missing = [f"{name} {found['detail']}" for name, found in dependencies.items() if not found["ok"]]
    return "; ".join(missing) or None

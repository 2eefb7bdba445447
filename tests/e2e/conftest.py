"""The real thing: `modescope up` on a folder of its own, and a real headless Chromium in front of it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

import httpx
import pytest

START_S = 240
"""A fresh data folder is prepared first: 6,000 faces rendered, a classifier fitted, on a loaded machine."""
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, *, within_s, what):
    """The condition's first true value; fails with `what` when there is none in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s} s: {what}")


class Server:
    """`modescope up`, as a person starts it."""

    def __init__(self, data, cache, port=None):
        self.data = Path(data)
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MODESCOPE_")},
            "MODESCOPE_DATA": str(data),
            "MODESCOPE_CACHE": str(cache),
            "MODESCOPE_PORT": str(self.port),
            "MODESCOPE_CHECKPOINT_S": "2",
        }
        self.lines = deque(maxlen=400)
        self.clients = []

    def start(self):
        began = time.monotonic()
        self.lines.clear()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "modescope", "up"],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.link = until(self._find_link, within_s=START_S, what="a sign-in link\n" + "".join(self.lines))
        self.started_s = time.monotonic() - began
        return self

    def interrupt(self):
        """Ctrl-C, and wait for the end."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(timeout=60)
        self._close()
        return status

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=10)
            self._close()
        for client in self.clients:
            client.http.close()

    def client(self):
        self.clients.append(Client(self.url, self.link.split("token=")[1]))
        return self.clients[-1]

    def run_command(self, *words, **options):
        return subprocess.run(
            [sys.executable, "-m", "modescope", *words],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,
        )

    def _close(self):
        self.reader.join(timeout=10)
        self.process.stdout.close()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def _find_link(self):
        assert self.process.poll() is None, "modescope up ended:\n" + "".join(self.lines)
        return next((m[0] for line in list(self.lines) if (m := re.search(r"http://\S+#token=\S+", line))), None)


class Client:
    """REST as curl would speak it."""

    def __init__(self, url, token):
        self.http = httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=20)

    def __getattr__(self, verb):
        return getattr(self.http, verb)

    def launch(self, recipe, **overrides):
        answer = self.http.post("/runs", json={"recipe": recipe, "overrides": overrides})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def run(self, run):
        return self.http.get(f"/runs/{run}").json()

    def wait(self, run, condition, *, within_s=60):
        """The run once the condition holds for it."""

        def look():
            found = self.run(run)
            return found if condition(found) else None

        return until(look, within_s=within_s, what=f"run {run}: {json.dumps(self.run(run))[:1500]}")

    def ledger(self, run, *, least=1, within_s=10):
        """The ledger once it has so many rows, each with its outcome: a page hears of it before it is recorded."""

        def look():
            items = self.http.get(f"/runs/{run}/ledger").json()["items"]
            return items if len(items) >= least and all(item["outcome"] for item in items) else None

        return until(look, within_s=within_s, what=f"run {run}: an outcome of every change")

    def steps(self, run, name):
        """Every step of a scalar series that is recorded by now, each point by itself."""
        steps, low, window = [], 0, 10_000
        last = self.run(run)["step"]
        while low <= last:
            params = {"buckets": window, "from": low, "to": low + window - 1}
            answer = self.http.get(f"/runs/{run}/series/{name}", params=params)
            assert answer.status_code == 200, answer.text
            assert answer.json()["bucket_steps"] == 1
            steps += answer.json()["steps"]
            low += window
        return steps

    def events(self, run):
        """All events of a run that are recorded by now."""
        items, after = [], None
        while True:
            page = self.http.get(f"/runs/{run}/events", params={"limit": 1000, **({"after": after} if after else {})})
            items += page.json()["items"]
            after = page.json()["next"]
            if after is None:
                return items


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Prepared datasets, shared by the servers of these tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def new_server():
    """A server of one's own: `new_server(data, cache)`, then `start` and `end`."""
    return Server


@pytest.fixture(scope="module")
def server(tmp_path_factory, cache):
    server = Server(tmp_path_factory.mktemp("data"), cache).start()
    yield server
    server.end()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A fresh page whose console errors fail the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: (
            errors.append(message.text)
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    yield page
    context.close()
    assert errors == []

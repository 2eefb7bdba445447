"""`python -m api`: it starts, serves and ends; or it says why it cannot."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]
START_S = 60


def start(folder, **settings):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    environment |= {f"MODESCOPE_{name}": str(value) for name, value in settings.items()}
    with (folder / "api.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "api"], env=environment, stdout=log, stderr=log, cwd=folder)


def test_without_a_token_it_ends_and_says_what_to_do(tmp_path):
    process = start(tmp_path)
    assert process.wait(START_S) == 1
    assert (tmp_path / "api.log").read_text().startswith("cannot start: MODESCOPE_TOKEN is not set; make one: python")


def test_it_serves_and_ends_on_sigterm(tmp_path, valkey, page_folder, until):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = start(tmp_path, TOKEN="x", REDIS_URL=valkey.url, FRONTEND=page_folder, DATA=tmp_path / "data", PORT=port)

    def answers():
        assert process.poll() is None, (tmp_path / "api.log").read_text()
        try:
            return httpx.get(f"http://127.0.0.1:{port}/api/v1/health").status_code == 200
        except httpx.HTTPError:
            return False

    until(answers, START_S)
    assert httpx.get(f"http://127.0.0.1:{port}/").text.endswith("hello")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) in (0, -signal.SIGTERM)
    assert (tmp_path / "data" / "modescope.db").exists()

"""Stand-ins for recorder, api and worker, and `up` with them: run as a program by the tests of `up`.

`standins.py up FOLDER` is `modescope up` on FOLDER; `standins.py api|recorder|worker|prepare FOLDER` is one service.
Each service writes its start and its end into FOLDER/story, one line each: `<service> start <pid>`.
What a service does beside that is said by files in FOLDER: see `_obey`.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def tell(folder: Path, *words: object) -> None:
    with (folder / "story").open("a") as story:
        story.write(" ".join(str(word) for word in words) + "\n")


class Ready(BaseHTTPRequestHandler):
    folder: Path

    def do_GET(self) -> None:
        """As the api answers `/ready`: 200 also while no worker is online."""
        worker = {"ok": not (self.folder / "worker.is_late").exists(), "detail": "not there: start one"}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"dependencies": {"redis": {"ok": True, "detail": ""}, "worker": worker}}).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def serve(name: str, folder: Path) -> None:
    tell(folder, name, "start", os.getpid())
    if (folder / f"{name}.dies").exists():
        sys.exit(f"{name} cannot work: the sky is falling")
    if (folder / f"{name}.has_child").exists():
        tell(folder, f"{name}-child", "start", subprocess.Popen(["sleep", "600"]).pid)
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    if (folder / f"{name}.is_deaf").exists():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if name == "api":
        Ready.folder = folder
        server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["MODESCOPE_PORT"])), Ready)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    asked.wait()
    tell(folder, name, "end", time.time())


def up(folder: Path) -> None:
    from modescope.__main__ import main
    from modescope.stack import Commands

    def stand_in(name: str) -> tuple[str, ...]:
        return (sys.executable, __file__, name, str(folder))

    commands = Commands(
        recorder=stand_in("recorder"), api=stand_in("api"), worker=stand_in("worker"), prepare=stand_in("prepare")
    )
    main(["up"], obj=commands)


if __name__ == "__main__":
    role, where = sys.argv[1], Path(sys.argv[2])
    if role == "up":
        up(where)
    elif role == "prepare":
        tell(where, "prepare", "start", os.getpid())
        sys.exit("no pictures: the well is dry" if (where / "prepare.dies").exists() else 0)
    else:
        serve(role, where)

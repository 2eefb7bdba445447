"""What a trainer prints: every line goes to the worker's log, and the end of it is kept."""

import logging
import subprocess
import threading

TAIL_BYTES = 64 * 1024
LINE_BYTES = 8 * 1024
"""A longer line is cut into several: a progress bar may never end its own."""
CLOSE_S = 2.0

_log = logging.getLogger("worker.trainer")


class Output:
    """Reads a process's output in a thread, so that it never waits for a full pipe."""

    def __init__(self, process: "subprocess.Popen[bytes]", run: str) -> None:
        self._process = process
        self._run = run
        self._kept = bytearray()
        self._thread = threading.Thread(target=self._read, name=f"output of {run}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait for what is still on its way. Whoever inherited the pipe and lives on is not waited for."""
        self._thread.join(CLOSE_S)

    def tail(self) -> str:
        """The last 64 kB."""
        return bytes(self._kept).decode(errors="replace")

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as pipe:
            while line := pipe.readline(LINE_BYTES):
                self._kept += line
                del self._kept[:-TAIL_BYTES]
                _log.info("%s: %s", self._run, line.decode(errors="replace").rstrip())

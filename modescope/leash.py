"""Runs one command that ends when whoever started this ends: `python -m modescope.leash --log FILE -- COMMAND …`.

`modescope up` holds the other end of this process's stdin. End of file there, also when `up` was killed with -9,
means: SIGTERM to the command, a grace, then SIGKILL to its whole process group. The byte `k` means SIGKILL at once.
The command's output goes to a bounded log from here, so its last words are kept even when `up` is gone.
The command's process id is the one line that this writes to stdout. Only the standard library: it starts in 30 ms.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

LOG_LIMIT_BYTES = 5_000_000
"""A log that has grown to this becomes `<name>.1` (the one before it goes), so a log takes at most twice this."""
KILL = b"k"


class BoundedLog:
    """A file that other processes' output is appended to, and that never takes more than twice its limit."""

    def __init__(self, path: Path, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
        self.path = path
        self.limit_bytes = limit_bytes
        self._file = path.open("ab", buffering=0)
        self._failed = False

    def write(self, data: bytes) -> None:
        """Append; starts a new file first when the limit is reached. A full disk is said once and ends nothing."""
        try:
            if self._file.tell() >= self.limit_bytes:
                self._start_anew()
            self._file.write(data)
        except OSError as error:
            self._say_once(f"cannot write {self.path}: {error.strerror}; its lines are lost until that is mended\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _say_once(self, line: str) -> None:
        if not self._failed:
            self._failed = True
            with contextlib.suppress(OSError):  # a terminal that has gone, or a file on the same full disk
                os.write(sys.stderr.fileno(), line.encode())  # unbuffered: what fails is not tried again at the end

    def _start_anew(self) -> None:
        self._file.close()
        self.path.replace(self.path.with_name(self.path.name + ".1"))
        self._file = self.path.open("ab", buffering=0)


def _copy(source: int, log: BoundedLog) -> None:
    """Drain the command's output into the log, so that the command never waits."""
    while data := os.read(source, 65_536):
        log.write(data)


def _signal_group(command: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of an ended group
        os.killpg(command.pid, number)


class Leash:
    """One command, and the ways in which it is ended."""

    def __init__(self, command: list[str], log: BoundedLog, grace_s: float, keep_fds: tuple[int, ...]) -> None:
        self.grace_s = grace_s
        self._ending = threading.Event()
        self.command = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=keep_fds,
        )
        if self.command.stdout is not None:
            self._copier = threading.Thread(target=_copy, args=(self.command.stdout.fileno(), log), daemon=True)
            self._copier.start()

    def end(self) -> None:
        """SIGTERM to the command alone (it ends its own children in order), SIGKILL to all of them after the grace."""
        if not self._ending.is_set():
            self._ending.set()
            self.command.terminate()
            threading.Timer(self.grace_s, self.kill).start()

    def kill(self) -> None:
        """SIGKILL to the command and to whatever it started in its group."""
        _signal_group(self.command, signal.SIGKILL)

    def watch(self, pipe: int) -> None:
        """Wait for the byte that kills, or for the end of the pipe."""
        while os.read(pipe, 1) == KILL:
            self.kill()
        self.end()

    def wait(self) -> int:
        """The command's exit status, as a shell has it: 128 + signal when a signal ended it."""
        code = self.command.wait()
        self.kill()
        self._copier.join(timeout=1)
        return code if code >= 0 else 128 - code


def run(command: list[str], log: BoundedLog, grace_s: float, keep_fds: tuple[int, ...]) -> int:
    """Run the command until it ends, or stdin does.

    Args:
        command: the program and its arguments.
        log: where its output goes.
        grace_s: seconds between SIGTERM and SIGKILL.
        keep_fds: open files that the command inherits: the lock on the data folder.

    Returns:
        Its exit status, as a shell has it.
    """
    log.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(command)}\n".encode())
    leash = Leash(command, log, grace_s, keep_fds)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: leash.end())
    sys.stdout.write(f"{leash.command.pid}\n")
    sys.stdout.flush()
    threading.Thread(target=leash.watch, args=(sys.stdin.fileno(),), daemon=True).start()
    code = leash.wait()
    log.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} ended with exit status {code}\n".encode())
    return code


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run; 127 when there is no such program."""
    parser = argparse.ArgumentParser(description="Run a command that ends when this process's stdin does.")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--grace-s", type=float, default=10.0)
    parser.add_argument("--keep-fd", type=int, action="append", default=[])
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    log = BoundedLog(options.log)
    try:
        return run(options.command, log, options.grace_s, tuple(options.keep_fd))
    except OSError as error:
        log.write(f"cannot start {options.command[0]}: {error.strerror}\n".encode())
        return 127


if __name__ == "__main__":
    # os._exit: the timer of a grace that is not needed any more, and the thread on stdin, must not hold the process.
    exit_status = main()
    sys.stdout.flush()
    os._exit(exit_status)

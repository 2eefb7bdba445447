"""The leash: a real process whose command ends with the pipe, and whose log is bounded."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from modescope.children import in_words, tail
from modescope.leash import BoundedLog

REPOSITORY = Path(__file__).parents[2]
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
SLEEP = "import time; print('asleep', flush=True); time.sleep(600)"


@pytest.fixture
def leash(tmp_path):
    """`leash(code)`: Python code on a leash; its log is in `tmp_path`."""
    started = []

    def start(*command: str, grace_s: float = 5.0) -> subprocess.Popen:
        arguments = ["--log", str(tmp_path / "log"), "--grace-s", str(grace_s), "--", *command]
        process = subprocess.Popen(
            [sys.executable, "-m", "modescope.leash", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=REPOSITORY,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()
        process.stderr.close()


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def output(folder: Path) -> str:
    """What the command itself wrote."""
    return "\n".join(line for line in (folder / "log").read_text().splitlines() if not line.startswith("---"))


def has_ended(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(("code", "status"), [("pass", 0), ("raise SystemExit(3)", 3), ("import os; os.abort()", 134)])
def test_exit_status_is_passed_on(leash, tmp_path, code, status):
    process = leash(*python(code))
    assert process.wait(20) == status
    assert f"ended with exit status {status}" in (tmp_path / "log").read_text()


def test_program_that_is_not_there_is_said_in_the_log(leash, tmp_path):
    assert leash("/no/such/program").wait(20) == 127
    assert "cannot start /no/such/program: No such file or directory" in (tmp_path / "log").read_text()


def test_end_of_the_pipe_ends_the_command(leash, until, tmp_path):
    process = leash(*python(SLEEP))
    pid = int(process.stdout.readline())
    until(lambda: "asleep" in output(tmp_path))
    process.stdin.close()
    assert process.wait(20) == 128 + signal.SIGTERM
    assert has_ended(pid)


def test_deaf_command_is_killed_after_its_grace(leash, until, tmp_path):
    process = leash(*python(DEAF), grace_s=0.2)
    pid = int(process.stdout.readline())
    until(lambda: "deaf" in output(tmp_path))
    process.stdin.close()
    assert process.wait(20) == 128 + signal.SIGKILL
    assert has_ended(pid)


def test_byte_k_kills_the_whole_group_at_once(leash, until, tmp_path):
    process = leash("sh", "-c", "sleep 600 & echo child $!; wait", grace_s=600)
    int(process.stdout.readline())
    until(lambda: "child" in output(tmp_path))
    child = int(output(tmp_path).split()[-1])
    process.stdin.write(b"k")
    process.stdin.flush()
    assert process.wait(20) == 128 + signal.SIGKILL
    until(lambda: has_ended(child))


def test_sigterm_to_the_leash_ends_the_command_too(leash, until, tmp_path):
    process = leash(*python(SLEEP))
    pid = int(process.stdout.readline())
    until(lambda: "asleep" in output(tmp_path))
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 128 + signal.SIGTERM
    assert has_ended(pid)


def test_what_a_dead_command_left_in_its_group_is_swept(leash, until):
    process = leash("sh", "-c", "sleep 600 & echo $!")
    group = int(process.stdout.readline())
    assert process.wait(20) == 0

    def group_is_empty() -> bool:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        return False

    until(group_is_empty)


def test_log_takes_at_most_twice_its_limit_and_keeps_the_newest(tmp_path):
    with closing(BoundedLog(tmp_path / "log", limit_bytes=100)) as log:
        for number in range(50):
            log.write(b"line %03d\n" % number)
    kept = (tmp_path / "log.1").read_text() + (tmp_path / "log").read_text()
    assert len(kept) <= 2 * (100 + len("line 000\n"))
    lines = kept.splitlines()
    assert lines == [f"line {number:03d}" for number in range(50 - len(lines), 50)]


def test_full_disk_is_said_once_and_the_command_goes_on(leash, tmp_path):
    (tmp_path / "log").symlink_to("/dev/full")
    process = leash(*python("for _ in range(9): print('x' * 200_000)"))
    assert process.wait(20) == 0
    said = process.stderr.read().decode()
    assert (
        said == f"cannot write {tmp_path / 'log'}: No space left on device; its lines are lost until that is mended\n"
    )


def test_full_disk_that_cannot_be_said_stops_nobody_either(tmp_path):
    """`nohup modescope up > up.log` on the full disk itself: the command must not wait for a pipe that nobody reads."""
    (tmp_path / "log").symlink_to("/dev/full")
    command = python("for _ in range(9): print('x' * 200_000)")
    with Path("/dev/full").open("wb") as full:
        leash = [sys.executable, "-m", "modescope.leash", "--log", str(tmp_path / "log"), "--grace-s", "5", "--"]
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": full, "cwd": REPOSITORY}
        with subprocess.Popen([*leash, *command], **options) as process:
            assert process.wait(20) == 0


def test_tail_gives_the_commands_own_last_lines(tmp_path):
    (tmp_path / "log").write_text("--- started\n" + "".join(f"{n}\n" for n in range(100)) + "--- ended\n")
    assert tail(tmp_path / "log", lines=3) == ["97", "98", "99"]


@pytest.mark.parametrize(
    ("status", "words"),
    [(1, "exit status 1"), (127, "exit status 127"), (143, "killed by SIGTERM"),
     (137, "killed by SIGKILL; running out of memory is the usual cause")],
)  # fmt: skip
def test_exit_status_in_words(status, words):
    assert in_words(status) == words

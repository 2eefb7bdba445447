import hashlib
import logging
import multiprocessing
import subprocess
import threading

import pytest

from worker.datasets import DatasetUnavailable
from worker.datasets._cache import Cache


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path, "toys", {"size": 16})


def test_what_is_written_is_read(cache):
    cache.write(".npz", b"pictures")
    assert cache.read(".npz") == b"pictures"
    assert cache.read(".safetensors") is None


def test_name_has_the_dataset_and_a_digest_of_all_that_decides(tmp_path):
    names = {Cache(tmp_path, "toys", identity).path("").name for identity in ({"a": 1}, {"a": 2}, {"b": 1}, {})}
    assert len(names) == 4
    assert all(name.startswith("toys-") and len(name) == 5 + 16 for name in names)
    assert Cache(tmp_path, "toys", {"a": 1, "b": 2}).path("") == Cache(tmp_path, "toys", {"b": 2, "a": 1}).path("")


def test_digest_is_kept_in_the_format_of_sha256sum(cache, tmp_path):
    cache.write(".npz", b"pictures")
    kept = cache.path(".npz.sha256").read_text()
    assert kept == f"{hashlib.sha256(b'pictures').hexdigest()}  {cache.path('.npz').name}\n"
    checked = subprocess.run(["sha256sum", "-c", cache.path(".npz.sha256")], cwd=tmp_path, capture_output=True)
    assert checked.returncode == 0


@pytest.mark.parametrize("content", [b"picturex", b"pictur", b""], ids=["one byte", "cut off", "emptied"])
def test_changed_file_counts_as_missing_and_it_is_said(cache, content, caplog):
    cache.write(".npz", b"pictures")
    cache.path(".npz").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert cache.read(".npz") is None
    assert "is broken" in caplog.text
    assert str(cache.path(".npz")) in caplog.text


def test_file_without_its_digest_counts_as_missing(cache):
    cache.write(".npz", b"pictures")
    cache.path(".npz.sha256").unlink()
    assert cache.read(".npz") is None


def test_failure_half_way_leaves_what_was_there(cache, monkeypatch):
    cache.write(".npz", b"old")

    def fails(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("worker.datasets._cache.os.fsync", fails)
    with pytest.raises(DatasetUnavailable, match=r"No space left on device.*MODESCOPE_CACHE"):
        cache.write(".npz", b"new")
    assert cache.read(".npz") == b"old"


def test_folder_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(DatasetUnavailable, match=r"cannot write.*MODESCOPE_CACHE"),
        Cache(tmp_path / "file" / "cache", "toys", {}).locked(),
    ):
        pass


def test_one_process_at_a_time(tmp_path):
    """Another process holds the lock; this one comes in only after it has let go."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    other = context.Process(target=_hold, args=(tmp_path, there), daemon=True)
    other.start()
    assert here.recv() == "held"
    entered = threading.Event()
    waiting = threading.Thread(target=_enter, args=(tmp_path, entered), daemon=True)
    waiting.start()
    assert not entered.wait(0.3)
    here.send("let go")
    assert entered.wait(20)
    waiting.join(20)
    other.join(20)
    assert other.exitcode == 0


def _hold(folder, pipe):
    with Cache(folder, "toys", {}).locked():
        pipe.send("held")
        pipe.recv()


def _enter(folder, entered):
    with Cache(folder, "toys", {}).locked():
        entered.set()

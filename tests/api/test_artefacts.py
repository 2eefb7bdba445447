"""The artefact store."""

import pytest

from api.artefacts import PIECE_BYTES, Artefacts, UnusableArtefacts


@pytest.fixture(params=["file", "memory"])
def store(request, tmp_path):
    return Artefacts(f"file://{tmp_path}/store" if request.param == "file" else f"memory://{tmp_path.name}")


def test_what_is_put_is_got_back(store):
    content = bytes(range(256)) * (2 * PIECE_BYTES // 256) + b"end"
    store.put("a/b/c", content)
    assert store.get("a/b/c") == content
    pieces = list(store.pieces("a/b/c"))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) == PIECE_BYTES


def test_a_copy_stays_when_its_origin_goes(store):
    content = bytes(range(256)) * (2 * PIECE_BYTES // 256)
    store.put("runs/a/1", content)
    store.copy("runs/a/1", "runs/b/1")
    store.delete("runs/a/")
    assert store.get("runs/b/1") == content
    with pytest.raises(FileNotFoundError):
        store.copy("runs/a/1", "runs/c/1")
    assert not store.exists("runs/c/1")


def test_what_is_not_there_is_said(store):
    assert not store.exists("nothing")
    with pytest.raises(FileNotFoundError):
        store.get("nothing")


def test_deleting_forgets_a_file_or_a_folder(store):
    for name in ("runs/a/1", "runs/a/2", "runs/b/1"):
        store.put(name, b"x")
    store.delete("runs/b/1")
    store.delete("runs/b/1")
    store.delete("runs/a/")
    assert not any(store.exists(name) for name in ("runs/a/1", "runs/a/2", "runs/b/1"))


def test_an_interrupted_write_leaves_what_was_there(tmp_path, monkeypatch):
    store = Artefacts(f"file://{tmp_path}/store")
    store.put("a", b"old")
    monkeypatch.setattr("os.fsync", _full_disk)
    with pytest.raises(OSError, match="No space"):
        store.put("a", b"new")
    assert store.get("a") == b"old"
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["a"]


def test_a_store_that_cannot_be_written_is_said_at_start(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableArtefacts, match=r"cannot write to the artefact store .*MODESCOPE_ARTEFACTS_URL"):
        Artefacts(f"file://{tmp_path}/file/store").check()


def test_checking_leaves_nothing_behind(tmp_path):
    Artefacts(f"file://{tmp_path}/store").check()
    assert list((tmp_path / "store").iterdir()) == []


def test_a_protocol_that_is_not_installed_is_said_at_start():
    with pytest.raises(UnusableArtefacts, match="MODESCOPE_ARTEFACTS_URL 'nonsense://x' cannot be used"):
        Artefacts("nonsense://x")


def _full_disk(_descriptor):
    raise OSError(28, "No space left on device")

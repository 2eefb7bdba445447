"""Artefacts are there wholly or not at all, in a folder and in a store without folders."""

import os
from pathlib import Path

import fsspec
import pytest

from worker.artefacts import ArtefactMissing, Artefacts, ArtefactsUnusable

NAME = "runs/f00d/checkpoints/0000000100-1.safetensors"


@pytest.fixture(params=["file", "memory"])
def artefacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artefacts:
    if request.param == "file":
        return Artefacts(f"file://{tmp_path}/artefacts")
    fsspec.filesystem("memory").store.clear()
    return Artefacts("memory://bucket/folder")


def test_bytes_come_back_the_same(artefacts: Artefacts) -> None:
    content = bytes(range(256)) * 100
    artefacts.put(NAME, content)
    assert artefacts.get(NAME) == content
    assert artefacts.exists(NAME)


def test_second_put_takes_the_place_of_the_first(artefacts: Artefacts) -> None:
    artefacts.put(NAME, b"long content")
    artefacts.put(NAME, b"new")
    assert artefacts.get(NAME) == b"new"


def test_missing_artefact_is_said_by_name(artefacts: Artefacts) -> None:
    assert not artefacts.exists(NAME)
    with pytest.raises(ArtefactMissing, match=f"no artefact '{NAME}' in {artefacts.url}"):
        artefacts.get(NAME)


def test_folder_is_no_artefact(artefacts: Artefacts) -> None:
    artefacts.put(NAME, b"x")
    assert not artefacts.exists("runs/f00d")
    with pytest.raises(ArtefactMissing):
        artefacts.get("runs/f00d")


def test_deleted_artefact_is_gone_and_deleting_again_does_nothing(artefacts: Artefacts) -> None:
    artefacts.put(NAME, b"x")
    artefacts.put("runs/f00d/other", b"y")
    artefacts.delete(NAME)
    artefacts.delete(NAME)
    assert not artefacts.exists(NAME)
    assert artefacts.get("runs/f00d/other") == b"y"


def test_list_names_what_is_below_a_folder(artefacts: Artefacts) -> None:
    for name in ("runs/b/2", "runs/a/1", "runs/a/deep/3", "blobs/ab/abcd"):
        artefacts.put(name, b"x")
    assert artefacts.list("runs") == ["runs/a/1", "runs/a/deep/3", "runs/b/2"]
    assert artefacts.list("runs/a") == ["runs/a/1", "runs/a/deep/3"]
    assert artefacts.list("nothing") == []


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "a//b", "", ".", "a/./b", "a\\b"])
def test_name_that_leads_elsewhere_is_refused_and_nothing_is_written(artefacts: Artefacts, name: str) -> None:
    for act in (
        artefacts.get,
        artefacts.exists,
        artefacts.delete,
        artefacts.list,
        lambda bad: artefacts.put(bad, b"x"),
    ):
        with pytest.raises(ValueError, match="must be a relative path"):
            act(name)


def test_writable_place_passes_and_keeps_nothing_of_the_check(artefacts: Artefacts) -> None:
    artefacts.put("a", b"x")
    artefacts.check_writable()
    assert artefacts.list("a") == []
    assert artefacts.get("a") == b"x"


def test_check_leaves_the_folder_empty(tmp_path: Path) -> None:
    Artefacts(f"file://{tmp_path}").check_writable()
    assert list(tmp_path.iterdir()) == []


def test_place_that_cannot_be_written_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArtefactsUnusable, match="point MODESCOPE_ARTEFACTS_URL elsewhere"):
        Artefacts(f"file://{tmp_path}/file/below").check_writable()


def test_store_that_gives_back_other_bytes_is_unusable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artefacts = Artefacts(f"file://{tmp_path}")
    monkeypatch.setattr(artefacts, "get", lambda _: b"other")
    with pytest.raises(ArtefactsUnusable, match="gives back other bytes"):
        artefacts.check_writable()


@pytest.mark.parametrize("url", ["nowhere://x", "s4://bucket"])
def test_unknown_kind_of_place_is_refused(url: str) -> None:
    with pytest.raises(ArtefactsUnusable, match=f"MODESCOPE_ARTEFACTS_URL {url}"):
        Artefacts(url)


def test_half_written_file_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artefacts = Artefacts(f"file://{tmp_path}")
    artefacts.put(NAME, b"old")
    seen: list[tuple[list[str], bytes]] = []

    def fail(_: int) -> None:
        seen.append((artefacts.list("runs"), artefacts.get(NAME)))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        artefacts.put(NAME, b"new content")
    assert seen == [([NAME], b"old")]
    assert artefacts.get(NAME) == b"old"
    assert [file.name for file in (tmp_path / NAME).parent.iterdir()] == [Path(NAME).name]


def test_file_and_folder_are_on_the_disk_before_put_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(file: int) -> None:
        synced.append(Path(f"/proc/self/fd/{file}").readlink().name)
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    Artefacts(f"file://{tmp_path}").put(NAME, b"x")
    assert synced[0].startswith(Path(NAME).name)
    assert synced[0].endswith(".partial")
    assert synced[1:] == ["checkpoints"]

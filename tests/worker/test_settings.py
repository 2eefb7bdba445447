from pathlib import Path

import pytest

from worker import devices
from worker.settings import BadSettings, load


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("MODESCOPE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(devices, "gpus", lambda: [])
    monkeypatch.setattr(devices, "cores", lambda: 8)


def test_defaults_follow_the_data_folder_wherever_one_stands(tmp_path: Path) -> None:
    settings = load()
    assert settings.redis_url == "redis://127.0.0.1:6379/0"
    assert settings.data == tmp_path / "data"
    assert settings.artefacts_url == f"file://{tmp_path}/data/artefacts"
    assert settings.cache == tmp_path / "data" / "cache"
    assert settings.spool == tmp_path / "data" / "spool"
    assert (settings.checkpoint_s, settings.checkpoint_keep) == (30.0, 3)


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = {
        "REDIS_URL": "rediss://:pw@host:1/2",
        "DATA": str(tmp_path / "d"),
        "ARTEFACTS_URL": "s3://bucket/x",
        "CACHE": str(tmp_path / "c"),
        "SLOTS": "3",
        "THREADS": "5",
        "CHECKPOINT_S": "1.5",
        "CHECKPOINT_KEEP": "7",
        "IMAGES": str(tmp_path / "i"),
        "PLUGINS": "mine,yours",
        "SPOOL_BYTES": "70000",
        "FASHION": str(tmp_path / "f"),
        "HUB": str(tmp_path / "h"),
        "INCEPTION": str(tmp_path / "w.pth"),
    }
    for name, value in values.items():
        monkeypatch.setenv(f"MODESCOPE_{name}", value)
    settings = load()
    assert settings.model_dump() == {
        "redis_url": "rediss://:pw@host:1/2",
        "data": tmp_path / "d",
        "artefacts_url": "s3://bucket/x",
        "cache": tmp_path / "c",
        "slots": 3,
        "threads": 5,
        "checkpoint_s": 1.5,
        "checkpoint_keep": 7,
        "images": tmp_path / "i",
        "plugins": "mine,yours",
        "spool_bytes": 70_000,
        "fashion": tmp_path / "f",
        "hub": tmp_path / "h",
        "inception": tmp_path / "w.pth",
    }


def test_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODESCOPE_SLOTS", "")
    assert load().slots == 1


@pytest.mark.parametrize(("gpus", "slots", "threads"), [([], 1, 7), (["0", "1", "2"], 3, 2), (["0"] * 16, 16, 1)])
def test_slots_are_the_gpus_and_threads_the_cores_of_each(
    monkeypatch: pytest.MonkeyPatch, gpus: list[str], slots: int, threads: int
) -> None:
    monkeypatch.setattr(devices, "gpus", lambda: gpus)
    settings = load()
    assert (settings.slots, settings.threads) == (slots, threads)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SLOTS", "many", "MODESCOPE_SLOTS: Input should be a valid integer.*got 'many'"),
        ("SLOTS", "0", "MODESCOPE_SLOTS: Input should be greater than or equal to 1; got '0'"),
        ("CHECKPOINT_S", "0", "MODESCOPE_CHECKPOINT_S: Input should be greater than 0; got '0'"),
        ("SPOOL_BYTES", "1", "MODESCOPE_SPOOL_BYTES: Input should be greater than or equal to 65536; got '1'"),
        ("REDIS_URL", "http://x", "MODESCOPE_REDIS_URL: must begin with redis:// or rediss://"),
    ],
)
def test_value_that_cannot_work_is_said_with_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(f"MODESCOPE_{name}", value)
    with pytest.raises(BadSettings, match=message):
        load()


def test_every_bad_value_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODESCOPE_CHECKPOINT_KEEP", "0")
    monkeypatch.setenv("MODESCOPE_THREADS", "x")
    with pytest.raises(BadSettings, match=r"MODESCOPE_THREADS: .*; MODESCOPE_CHECKPOINT_KEEP: "):
        load()


def test_password_is_repeated_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODESCOPE_REDIS_URL", "http://:secret@host")
    with pytest.raises(BadSettings) as caught:
        load()
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("MODESCOPE_REDIS_URL", "redis://:secret@host")
    assert "secret" not in repr(load())

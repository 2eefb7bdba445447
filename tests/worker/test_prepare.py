import json
import re
import subprocess
import sys

import pytest

from worker import prepare


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MODESCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("worker.datasets._classifier.STEPS", 4)
    return tmp_path / "cache"


FACES = ["faces", "--n", "60", "--size", "16"]


def test_makes_the_files_and_says_how_it_goes(cache, capsys):
    assert prepare.main(FACES) == 0
    said = capsys.readouterr().out.splitlines()
    assert "drawing faces: 0 of 60" in said
    assert any(
        re.match(r"judge of faces-\w+: right on hair [\d.]+%, eyes [\d.]+% of 6 held-out pictures", s) for s in said
    )
    assert said[-1].startswith("faces is prepared, in ")
    assert sorted(file.suffix for file in cache.glob("faces-*")) == [
        ".lock",
        ".npz",
        ".safetensors",
        ".sha256",
        ".sha256",
    ]


def test_second_call_does_nothing_and_does_not_load_torch(cache, monkeypatch):
    assert prepare.main(FACES) == 0
    before = {file: file.stat().st_mtime_ns for file in cache.iterdir()}
    program = "import sys; from worker.prepare import main; print(main(sys.argv[1:]), 'torch' in sys.modules)"
    again = subprocess.run([sys.executable, "-c", program, *FACES], capture_output=True, text=True, check=True)
    assert again.stdout.splitlines() == [f"faces is prepared already: {cache}", "0 False"]
    assert {file: file.stat().st_mtime_ns for file in cache.iterdir()} == before


def test_another_size_is_another_request(cache, capsys):
    assert prepare.main(FACES) == 0
    assert prepare.main(["faces", "--n", "60", "--size", "32"]) == 0
    assert len(list(cache.glob("*.npz"))) == 2


@pytest.mark.parametrize("loss", ["removed", "cut off"])
def test_lost_file_is_made_again(cache, capsys, loss):
    prepare.main(FACES)
    (pictures,) = cache.glob("*.npz")
    whole = pictures.read_bytes()
    if loss == "removed":
        pictures.unlink()
    else:
        pictures.write_bytes(whole[:100])
    assert prepare.main(FACES) == 0
    assert pictures.read_bytes() == whole


def test_unreadable_stamp_is_no_stamp(cache, capsys):
    prepare.main(FACES)
    (stamp,) = cache.glob("prepared-*.json")
    sizes = json.loads(stamp.read_text())
    stamp.write_text("{")
    assert prepare.main(FACES) == 0
    assert json.loads(stamp.read_text()) == sizes


def test_dataset_that_depends_on_a_persons_files_is_always_looked_at(cache, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MODESCOPE_IMAGES", str(tmp_path))
    assert prepare.main(["folder"]) == 1
    assert "has 0 pictures" in capsys.readouterr().err
    assert list(cache.glob("prepared-*")) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cats"], "no datasets component called 'cats'; known: "),
        (["faces", "--size", "24"], "size: Input should be 16 or 32; got 24"),
        (["faces", "--colour", "red"], 'colour: Extra inputs are not permitted; got "red"'),
    ],
)
def test_what_cannot_be_prepared_is_said(cache, capsys, arguments, words):
    assert prepare.main(arguments) == 1
    assert words in capsys.readouterr().err
    assert not cache.exists()


@pytest.mark.parametrize("arguments", [[], ["faces", "--size"], ["faces", "size", "16"]])
def test_wrong_use_is_said(cache, capsys, arguments):
    with pytest.raises(SystemExit, match="2"):
        prepare.main(arguments)
    assert "usage" in capsys.readouterr().err


def test_cache_is_where_the_workers_settings_have_it(monkeypatch, tmp_path):
    from worker import settings

    monkeypatch.setenv("MODESCOPE_DATA", str(tmp_path / "data"))
    assert prepare.cache_folder() == settings.load().cache == tmp_path / "data" / "cache"
    monkeypatch.setenv("MODESCOPE_CACHE", str(tmp_path / "elsewhere"))
    assert prepare.cache_folder() == settings.load().cache == tmp_path / "elsewhere"

import io
import socket

import numpy as np
import pytest
import torch
from PIL import Image

from worker import datasets
from worker.datasets import DatasetUnavailable, _hub_rows
from worker.datasets._hub_rows import Source, picture_file
from worker.registry import InvalidParams

RED, BLUE = (255, 0, 0), (0, 0, 255)
COLOURS = ["blue", "green", "red"]


@pytest.fixture
def library():
    return pytest.importorskip("datasets", reason="the extra is not installed: pip install 'modescope[hub]'")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The folder in which repositories are looked for, and no way to look elsewhere."""

    def refuse(*arguments):
        raise AssertionError("the network was used")

    root = tmp_path / "hub"
    root.mkdir()
    monkeypatch.setenv("MODESCOPE_HUB", str(root))
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return root


@pytest.fixture
def cache(tmp_path, hasty):
    return tmp_path / "cache"


def encoded(colour, size=(20, 20)):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "png")
    return {"bytes": file.getvalue(), "path": None}


def rows():
    """Twelve rows: even ones red, odd ones blue; green is a class that none has."""
    return {
        "Picture": [encoded(BLUE if i % 2 else RED) for i in range(12)],
        "Hair Colour": [0 if i % 2 else 2 for i in range(12)],
        "side": ["left" if i < 6 else "right" for i in range(12)],
        "flag": [i % 3 == 0 for i in range(12)],
        "year": [2000 + i % 3 for i in range(12)],
        "score": [i / 10 for i in range(12)],
    }


def table(library, columns=None, **features):
    columns = rows() if columns is None else columns
    known = {
        "Picture": library.Image(),
        "Hair Colour": library.ClassLabel(names=COLOURS),
        "side": library.Value("string"),
        "flag": library.Value("bool"),
        "year": library.Value("int64"),
        "score": library.Value("float64"),
    }
    features = library.Features({name: features.get(name, known.get(name)) for name in columns})
    return library.Dataset.from_dict(columns, features=features)


@pytest.fixture
def saved(root, library):
    """A data set saved by save_to_disk under the name `mine`."""
    table(library).save_to_disk(str(root / "mine"))
    return root / "mine"


def prepared(cache, **params):
    hub = datasets.family.create("hub", {"repository": "mine", "size": 16, **params})
    hub.prepare(cache)
    return hub


def refusal(cache, **params):
    """What is said; nothing is kept when it is."""
    with pytest.raises(DatasetUnavailable) as refused:
        prepared(cache, **params)
    assert list(cache.glob("*.npz")) == []
    return str(refused.value)


def as_saved(library, folder):
    table(library).save_to_disk(str(folder))


def as_several_splits(library, folder):
    few = table(library).select(range(3))
    library.DatasetDict({"test": few, "train": table(library)}).save_to_disk(str(folder))


def as_parquet(library, folder):
    (folder / "data").mkdir(parents=True)
    table(library).to_parquet(str(folder / "data" / "train-00000-of-00001.parquet"))


def as_folders(library, folder):
    for i in range(12):
        file = folder / "train" / ("blue" if i % 2 else "red") / f"{i:02}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20), BLUE if i % 2 else RED).save(file)


@pytest.mark.parametrize("write", [as_saved, as_several_splits, as_parquet])
def test_class_labels_and_pictures_are_found_in_every_format(root, library, cache, write):
    write(library, root / "mine")
    hub = prepared(cache)
    assert hub.samples.shape == (12, 3, 16, 16)
    assert hub.samples[:, :, 3, 5].tolist() == [[1, -1, -1], [-1, -1, 1]] * 6
    assert hub.attributes == {"hair_colour": ["blue", "red"]}, "green is left out, for nothing is green"
    assert hub.labels.tolist() == [[1], [0]] * 6
    assert hub.judge.mode_names == ["blue", "red"]


def test_folders_of_pictures_are_labelled_by_their_names(root, library, cache):
    as_folders(library, root / "somebody" / "mine")
    hub = prepared(cache, repository="somebody/mine")
    assert hub.attributes == {"label": ["blue", "red"]}
    assert torch.equal(hub.samples[:, 0, 0, 0] == 1, hub.labels[:, 0] == 1)
    assert len(hub) == 12


def test_columns_may_be_named_and_their_values_are_classes(saved, cache):
    hub = prepared(cache, labels=["side", "year", "flag"], image="Picture")
    assert hub.attributes == {
        "side": ["left", "right"],
        "year": ["2000", "2001", "2002"],
        "flag": ["False", "True"],
    }
    assert hub.labels.tolist() == [[i // 6, i % 3, int(i % 3 == 0)] for i in range(12)]


def test_the_middle_square_is_taken_and_transparency_is_white(root, library, cache):
    picture = np.zeros((40, 80, 4), dtype=np.uint8)
    picture[:, 20:60] = (*RED, 255)
    picture[:, 40:60] = (*BLUE, 0)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png")
    columns = {"Picture": [{"bytes": file.getvalue(), "path": None}] * 10}
    table(library, columns).save_to_disk(str(root / "mine"))
    sample = prepared(cache, labelled=False).samples[0]
    ringing = 1.01 / 127.5  # Lanczos overshoots at the edge between the halves
    for half, colour in ((sample[:, :, :4], [1.0, -1, -1]), (sample[:, :, 12:], [1.0, 1, 1])):
        torch.testing.assert_close(half, torch.tensor(colour)[:, None, None].expand(3, 16, 4), rtol=0, atol=ringing)


def test_without_labels_there_is_no_judge_and_nothing_to_drop(saved, cache):
    hub = prepared(cache, labelled=False)
    assert hub.judge is None
    assert hub.labels.shape == (12, 0)
    with pytest.raises(InvalidParams, match="this set has no labels"):
        prepared(cache, labelled=False, drop=["red"])


def test_only_the_first_rows_are_taken(saved, cache):
    assert len(prepared(cache, n=10)) == 10


def test_second_time_all_of_it_comes_from_the_cache_without_the_library(saved, cache, monkeypatch):
    first = prepared(cache)
    monkeypatch.setattr(_hub_rows, "import_module", None)
    second = prepared(cache)
    assert torch.equal(first.samples, second.samples)
    assert second.attributes == {"hair_colour": ["blue", "red"]}
    assert torch.equal(first.judge(first.samples).mode, second.judge(first.samples).mode)


def test_changed_folder_is_read_again(root, saved, library, cache):
    prepared(cache)
    table(library).select(range(11)).save_to_disk(str(root / "other"))
    for file in saved.iterdir():
        file.unlink()
    saved.rmdir()
    (root / "other").rename(saved)
    hub = prepared(cache)
    assert len(hub) == 11
    assert hub.kept == ()


def test_missing_extra_is_said_with_the_command_that_mends_it(root, cache, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    (root / "mine").mkdir()
    monkeypatch.setattr(_hub_rows, "import_module", missing)
    assert "pip install 'modescope[hub]'" in refusal(cache)


def test_neither_here_nor_a_name_of_the_hub(root, cache):
    message = refusal(cache, repository="yours")
    assert f"there is no 'yours' in {root}" in message
    assert "owner/name" in message


def test_hub_is_asked_for_what_is_not_here_by_stream_and_without_its_code(root, library, cache, monkeypatch):
    asked = {}

    def load(path, config, **options):
        asked.update(options, path=path, config=config)
        return table(library)

    monkeypatch.setattr(library, "load_dataset", load)
    params = {"repository": "somebody/pictures", "revision": "v1", "split": "test", "config": "small"}
    assert len(prepared(cache, **params)) == 12
    assert asked == {
        "path": "somebody/pictures",
        "config": "small",
        "revision": "v1",
        "split": "test",
        "streaming": True,
        "cache_dir": str(cache / "hub"),
    }


def test_hub_that_cannot_be_reached_is_said_with_what_to_do(root, library, cache, monkeypatch):
    def load(*arguments, **options):
        raise ConnectionError("Couldn't reach 'somebody/pictures' on the Hub")

    monkeypatch.setattr(library, "load_dataset", load)
    message = refusal(cache, repository="somebody/pictures")
    assert "Couldn't reach" in message
    assert "put it into a folder of that name in MODESCOPE_HUB" in message


def test_folder_where_the_worker_was_started_is_not_taken_for_the_hub(root, library, cache, monkeypatch, tmp_path):
    as_folders(library, tmp_path / "here" / "somebody" / "pictures")
    monkeypatch.chdir(tmp_path / "here")
    assert "where the worker was started" in refusal(cache, repository="somebody/pictures")


def test_link_that_leads_out_is_refused(root, library, cache, tmp_path):
    as_folders(library, tmp_path / "elsewhere")
    (root / "mine").symlink_to(tmp_path / "elsewhere")
    message = refusal(cache)
    assert "leads out of the folder" in message
    assert "MODESCOPE_HUB" in message


def test_link_to_rows_elsewhere_is_refused(root, library, cache, tmp_path):
    as_parquet(library, tmp_path / "elsewhere")
    (root / "mine").mkdir()
    (root / "mine" / "train.parquet").symlink_to(tmp_path / "elsewhere" / "data" / "train-00000-of-00001.parquet")
    message = refusal(cache)
    assert "train.parquet" in message
    assert "leads out of the folder" in message


@pytest.mark.parametrize("repository", ["", "..", "../x", "/etc", "a/../b", "a/b/c", ".hidden", "hf://x", "a\\b"])
def test_name_that_could_lead_elsewhere_is_refused_by_the_schema(repository):
    with pytest.raises(InvalidParams, match="repository"):
        datasets.family.create("hub", {"repository": repository})


def test_code_in_a_repository_is_not_run(root, library, cache, tmp_path):
    (root / "mine").mkdir()
    trace = tmp_path / "was run"
    (root / "mine" / "mine.py").write_text(f"open({str(trace)!r}, 'w')")
    assert "scripts are no longer supported" in refusal(cache)
    assert not trace.exists()


@pytest.mark.parametrize("params", [{"split": "validation"}, {"config": "large"}])
def test_split_or_configuration_that_is_not_there(root, library, cache, params):
    as_parquet(library, root / "mine")
    message = refusal(cache, **params)
    assert "cannot open the data set 'mine'" in message
    assert next(iter(params.values())) in message


def test_empty_folder(root, library, cache):
    (root / "mine").mkdir()
    assert "doesn't contain any data files" in refusal(cache)


def test_picture_column_that_is_not_there(saved, cache):
    assert "no picture column 'side'; such columns: Picture. Name one in `image`" in refusal(cache, image="side")


def test_several_picture_columns(root, library, cache):
    columns = {"Picture": rows()["Picture"], "other": rows()["Picture"]}
    table(library, columns, other=library.Image()).save_to_disk(str(root / "mine"))
    assert "2 picture columns; such columns: Picture, other" in refusal(cache, labelled=False)
    assert len(prepared(cache, labelled=False, image="other")) == 12


@pytest.mark.parametrize("column", ["shape", "score", "Picture"])
def test_label_column_that_is_none(saved, cache, column):
    message = refusal(cache, labels=[column])
    assert f"no label column {column!r}; such columns: Hair Colour, side, flag, year" in message


def test_no_class_labels(root, library, cache):
    columns = {name: rows()[name] for name in ("Picture", "side")}
    table(library, columns).save_to_disk(str(root / "mine"))
    message = refusal(cache)
    assert "no column of class labels; such columns: side" in message
    assert "switch `labelled` off" in message


def test_columns_that_become_the_same_attribute(root, library, cache):
    columns = rows() | {"hair-colour": rows()["side"]}
    table(library, columns, **{"hair-colour": library.Value("string")}).save_to_disk(str(root / "mine"))
    message = refusal(cache, labels=["Hair Colour", "hair-colour"])
    assert "label columns ['Hair Colour', 'hair-colour'] whose names make no different attributes" in message
    assert prepared(cache, labels=["hair-colour"]).attributes == {"hair_colour": ["left", "right"]}


@pytest.mark.parametrize(("column", "value"), [("Hair Colour", -1), ("side", None)])
def test_row_without_a_label_is_named(root, library, cache, column, value):
    columns = rows()
    columns[column][4] = value
    table(library, columns).save_to_disk(str(root / "mine"))
    message = refusal(cache, labels=[column])
    assert f"row 4 of the data set 'mine' in {root} has no label in column {column!r} (1 such rows)" in message


def test_only_one_class_among_the_first_rows(root, library, cache):
    columns = rows()
    columns["Hair Colour"] = [0] * 12
    table(library, columns).save_to_disk(str(root / "mine"))
    assert "1 combinations of classes in Hair Colour; 2 to 1000 are allowed. Raise n" in refusal(cache)


def test_too_few_rows(root, library, cache):
    table(library).select(range(9)).save_to_disk(str(root / "mine"))
    assert "has 9 rows; at least 10 are wanted" in refusal(cache)


@pytest.mark.parametrize(
    ("picture", "words"), [({"bytes": b"no picture", "path": None}, "cannot identify"), (None, "it is empty")]
)
def test_broken_picture_is_named_by_its_row(root, library, cache, picture, words):
    columns = rows()
    columns["Picture"][7] = picture
    table(library, columns).save_to_disk(str(root / "mine"))
    message = refusal(cache)
    assert "row 7" in message
    assert words in message


def test_row_that_names_a_file_elsewhere_is_refused(root, library, cache, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="comes with the extra")
    Image.new("RGB", (9, 9), RED).save(tmp_path / "secret.png")
    columns = rows()
    columns["Picture"][0] = {"bytes": None, "path": str(tmp_path / "secret.png")}
    (root / "mine").mkdir()
    as_it_is = table(library, columns).with_format("arrow")[:]  # the library's own to_parquet would embed the file
    parquet.write_table(as_it_is, root / "mine" / "train.parquet")
    message = refusal(cache)
    assert "secret.png" in message
    assert "not inside it" in message


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        ("hf://datasets/a/b@main/x.png", True),
        ("zip://x.png::hf://datasets/a/b@main/x.zip", True),
        ("hf://datasets/a/bc@main/x.png", False),
        ("hf://datasets/a/b@main/../../c/d/x.png", False),
        ("hf://models/a/b@main/x.png", False),
        ("/etc/passwd", False),
        ("zip://x.png::/etc/x.zip", False),
        ("file:///etc/x::hf://datasets/a/b@main/x.png", False),
        ("https://elsewhere/x.png", False),
    ],
)
def test_of_the_hub_only_files_of_the_repository_are_opened(path, is_ours, tmp_path, monkeypatch):
    class Opened:
        def open(self):
            return io.BytesIO(b"content")

    source = Source("a/b", None, None, "main", "train", tmp_path)
    monkeypatch.setattr(_hub_rows.fsspec, "open", lambda *arguments: Opened())
    if is_ours:
        assert picture_file(source, {"bytes": None, "path": path}).read() == b"content"
    else:
        with pytest.raises(DatasetUnavailable, match="not inside it"):
            picture_file(source, {"bytes": None, "path": path})

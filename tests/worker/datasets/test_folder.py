import csv
import os

import numpy as np
import pytest
import torch
from PIL import Image

from worker import datasets
from worker.datasets import DatasetUnavailable, _folder_files, _folder_labels, _pictures
from worker.registry import InvalidParams

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def images(tmp_path, monkeypatch):
    """The folder that runs may read, with a folder of twelve pictures in it: even ones red, odd ones blue."""
    root = tmp_path / "images"
    (root / "mine").mkdir(parents=True)
    for i in range(12):
        Image.new("RGB", (20, 20), BLUE if i % 2 else RED).save(root / "mine" / f"{i:02}.png")
    monkeypatch.setenv("MODESCOPE_IMAGES", str(root))
    return root


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def prepared(cache, **params):
    folder = datasets.family.create("folder", {"path": "mine", "size": 16, **params})
    folder.prepare(cache)
    return folder


def write_labels(images, rows, header=("file", "colour"), name="labels.csv"):
    with (images / "mine" / name).open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def colour_rows():
    return [(f"{i:02}.png", "blue" if i % 2 else "red") for i in range(12)]


def refusal(cache, **params):
    """What is said; nothing is kept when it is."""
    with pytest.raises(DatasetUnavailable) as refused:
        prepared(cache, **params)
    assert list(cache.glob("*.npz")) == []
    return str(refused.value)


def test_pictures_come_in_the_order_of_their_names(images, cache):
    folder = prepared(cache)
    assert folder.samples.shape == (12, 3, 16, 16)
    assert folder.samples[:, :, 3, 5].tolist() == [[-1, -1, 1], [1, -1, -1]][::-1] * 6
    assert folder.labels.shape == (12, 0)
    assert folder.attributes == {}
    assert folder.judge is None


def test_the_middle_square_is_taken_and_transparency_is_white(images, cache):
    for file in (images / "mine").iterdir():
        file.unlink()
    picture = np.zeros((40, 80, 4), dtype=np.uint8)
    picture[:, 20:60] = (*RED, 255)
    picture[:, 40:60] = (*BLUE, 0)
    Image.fromarray(picture).save(images / "mine" / "wide.png")
    sample = prepared(cache).samples[0]
    ringing = 1.01 / 127.5  # Lanczos overshoots at the edge between the halves
    for half, colour in ((sample[:, :, :4], [1.0, -1, -1]), (sample[:, :, 12:], [1.0, 1, 1])):
        torch.testing.assert_close(half, torch.tensor(colour)[:, None, None].expand(3, 16, 4), rtol=0, atol=ringing)


def test_pictures_are_turned_as_their_camera_says(images, cache):
    for file in (images / "mine").iterdir():
        file.unlink()
    picture = Image.new("RGB", (32, 32), RED)
    picture.paste(BLUE, (0, 0, 32, 16))
    upside_down = Image.Exif()
    upside_down[0x0112] = 3
    picture.save(images / "mine" / "turned.png", exif=upside_down)
    sample = prepared(cache).samples[0]
    assert sample[:, 2, 8].tolist() == [1, -1, -1]
    assert sample[:, 13, 8].tolist() == [-1, -1, 1]


def test_labels_become_attributes_a_judge_and_modes(images, cache, monkeypatch):
    monkeypatch.setattr(_pictures, "fit_to_bytes", _count_calls(calls := [], _pictures.fit_to_bytes))
    monkeypatch.setattr("worker.datasets._classifier.STEPS", 40)
    rows = [(name, colour, "left" if name < "06" else "right") for name, colour in colour_rows()]
    write_labels(images, reversed(rows), header=("file", "colour", "side"))
    folder = prepared(cache, labels="labels.csv")
    assert folder.attributes == {"colour": ["blue", "red"], "side": ["left", "right"]}
    assert folder.labels.tolist() == [[1, 0], [0, 0]] * 3 + [[1, 1], [0, 1]] * 3
    assert folder.judge.mode_names == ["blue / left", "blue / right", "red / left", "red / right"]
    assert torch.equal(folder.judge(folder.samples).labels[:, 0], folder.labels[:, 0])
    prepared(cache, labels="labels.csv")
    assert len(calls) == 1, "the second time the judge comes from the cache"


def _count_calls(calls, function):
    def counted(*arguments):
        calls.append(arguments)
        return function(*arguments)

    return counted


def test_empty_path_is_the_folder_itself(images, cache):
    Image.new("RGB", (9, 9), RED).save(images / "one.jpg")
    assert prepared(cache, path="").samples.shape == (1, 3, 16, 16)


def test_empty_path_has_its_labels_beside_its_pictures(images, cache, hasty):
    (images / "labels.csv").write_text("file,colour\n" + "".join(f"{i}.png,{'ab'[i % 2]}\n" for i in range(10)))
    for i in range(10):
        Image.new("RGB", (9, 9), RED).save(images / f"{i}.png")
    assert prepared(cache, path="", labels="labels.csv").attributes == {"colour": ["a", "b"]}


def test_without_the_variable_it_is_images_in_the_data_folder(images, cache, monkeypatch, tmp_path):
    monkeypatch.delenv("MODESCOPE_IMAGES")
    monkeypatch.setenv("MODESCOPE_DATA", str(tmp_path))
    assert len(prepared(cache)) == 12


def test_changed_picture_is_read_again(images, cache):
    before = prepared(cache).samples
    Image.new("RGB", (20, 20), BLUE).save(images / "mine" / "00.png")
    after = prepared(cache)
    assert not torch.equal(before, after.samples)
    assert after.kept == ()


def test_no_pictures(images, cache):
    (images / "empty").mkdir()
    (images / "empty" / "notes.txt").write_text("none here")
    message = refusal(cache, path="empty")
    assert "has 0 pictures" in message
    assert ".png, .jpg" in message
    assert "Put pictures there" in message


def test_too_many_pictures(images, cache, monkeypatch):
    monkeypatch.setattr(_folder_files, "MAX_PICTURES", 11)
    assert "has 12 pictures; allowed are 1 to 11" in refusal(cache)


def test_no_such_folder(images, cache):
    message = refusal(cache, path="yours")
    assert "there is no 'yours'" in message
    assert "There: mine" in message


def test_a_file_is_no_folder(images, cache):
    assert "is a file" in refusal(cache, path="mine/00.png")


@pytest.mark.parametrize(
    "content", [b"not a picture", b"\x89PNG\r\n\x1a\n", b""], ids=["text", "a beginning only", "nothing"]
)
def test_corrupt_picture_is_named(images, cache, content):
    (images / "mine" / "07.png").write_bytes(content)
    message = refusal(cache)
    assert "07.png" in message
    assert "Mend it or take it away" in message


def test_cut_off_picture_is_named(images, cache):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = images / "mine" / "07.png"
    Image.fromarray(noise).save(whole)
    whole.write_bytes(whole.read_bytes()[:-2000])
    assert "07.png" in refusal(cache)


def test_too_large_picture_is_named(images, cache, monkeypatch):
    monkeypatch.setattr(_folder_files, "MAX_PIXELS", 399)
    message = refusal(cache)
    assert "00.png" in message
    assert "20×20 pixels, more than 399" in message


@pytest.mark.parametrize(
    "path", ["..", "../other", "mine/../..", "/etc", "mine//x", ".hidden", "a\0b", "mine\\..", "~"]
)
def test_name_that_could_lead_out_is_refused_by_the_schema(path):
    with pytest.raises(InvalidParams, match="path"):
        datasets.family.create("folder", {"path": path})


@pytest.mark.parametrize("labels", ["../labels.csv", "/etc/passwd", "sub/labels.csv"])
def test_labels_outside_the_folder_are_refused_by_the_schema(labels):
    with pytest.raises(InvalidParams, match="labels"):
        datasets.family.create("folder", {"labels": labels})


def test_name_that_leads_out_is_refused_whatever_the_schema_let_through(images, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    for name in ("..", "../elsewhere", "mine/../../elsewhere", str(tmp_path / "elsewhere")):
        with pytest.raises(DatasetUnavailable, match="leads out of the folder"):
            _folder_files.inside(images.resolve(), name)


def test_neighbour_with_the_same_beginning_is_outside(images, tmp_path):
    (tmp_path / "images2").mkdir()
    with pytest.raises(DatasetUnavailable, match="leads out of the folder"):
        _folder_files.inside(images.resolve(), "../images2")


def test_link_to_a_folder_outside_is_refused(images, cache, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    Image.new("RGB", (9, 9), RED).save(tmp_path / "elsewhere" / "secret.png")
    (images / "link").symlink_to(tmp_path / "elsewhere")
    message = refusal(cache, path="link")
    assert "leads out of the folder" in message
    assert "copy what you need into it" in message


def test_link_to_a_picture_outside_is_refused(images, cache, tmp_path):
    Image.new("RGB", (9, 9), RED).save(tmp_path / "secret.png")
    (images / "mine" / "link.png").symlink_to(tmp_path / "secret.png")
    message = refusal(cache)
    assert "link.png" in message
    assert "leads out of the folder" in message


def test_link_to_labels_outside_is_refused(images, cache, tmp_path):
    (tmp_path / "secret.csv").write_text("file,colour\n")
    (images / "mine" / "labels.csv").symlink_to(tmp_path / "secret.csv")
    assert "leads out of the folder" in refusal(cache, labels="labels.csv")


def test_link_inside_is_followed(images, cache):
    (images / "again").symlink_to("mine")
    assert len(prepared(cache, path="again")) == 12


def test_no_such_labels(images, cache):
    assert "there is no 'mine/labels.csv'" in refusal(cache, labels="labels.csv")


def test_label_without_a_picture(images, cache):
    write_labels(images, [*colour_rows(), ("99.png", "red")])
    assert "a label for '99.png', which is no picture in that folder (1 such)" in refusal(cache, labels="labels.csv")


def test_picture_without_a_label(images, cache):
    write_labels(images, colour_rows()[2:])
    assert "no label for the picture '00.png' (2 such)" in refusal(cache, labels="labels.csv")


@pytest.mark.parametrize(
    "header", [("name", "colour"), ("file",), ("file", "Hair Colour"), ("file", "colour", "colour"), ("file", "")]
)
def test_wrong_header(images, cache, header):
    write_labels(images, [row + ("x",) * (len(header) - 2) for row in colour_rows()], header=header)
    message = refusal(cache, labels="labels.csv")
    assert f"the header '{','.join(header)}'" in message
    assert "`file,<attribute>,...`" in message


@pytest.mark.parametrize("row", [("00.png",), ("00.png", ""), ("00.png", "red", "more")])
def test_wrong_row_is_shown(images, cache, row):
    write_labels(images, [row, *colour_rows()[1:]])
    message = refusal(cache, labels="labels.csv")
    assert f"the row '{','.join(row)}'" in message
    assert "2 cells in each row" in message


def test_two_rows_for_one_picture(images, cache):
    write_labels(images, [*colour_rows(), colour_rows()[3]])
    assert "two rows for '03.png'" in refusal(cache, labels="labels.csv")


@pytest.mark.parametrize(("content", "words"), [(b"", "an empty file"), (b"file,c\xff\n", "cannot be read")])
def test_labels_that_are_no_table(images, cache, content, words):
    (images / "mine" / "labels.csv").write_bytes(content)
    assert words in refusal(cache, labels="labels.csv")


def test_spreadsheets_mark_and_blanks_are_taken(images):
    path = images / "mine" / "labels.csv"
    path.write_text("\ufefffile, colour \n a.png , red\n\n", "utf-8")
    with pytest.raises(DatasetUnavailable, match="1 labelled pictures; allowed: at least 10"):
        _folder_labels.read_labels(path, ["a.png"])


def test_too_many_modes(images, cache, monkeypatch):
    monkeypatch.setattr(_folder_labels, "MAX_MODES", 23)
    write_labels(images, [(*row, str(i)) for i, row in enumerate(colour_rows())], header=("file", "colour", "number"))
    assert "2 colour × 12 number = 24 combinations; allowed: at most 23" in refusal(cache, labels="labels.csv")


def test_what_is_no_file_is_no_picture(images, cache):
    pipe = images / "mine" / "03.png"
    pipe.unlink()
    os.mkfifo(pipe)
    assert len(prepared(cache)) == 11


def test_file_that_may_not_be_read_is_named(tmp_path):
    with pytest.raises(DatasetUnavailable, match=r"secret\.png in .* cannot be read: Is a directory"):
        _folder_files.digest_of([_folder(tmp_path / "secret.png")])


def _folder(path):
    """A folder cannot be read as a file, whoever runs the tests."""
    path.mkdir()
    return path

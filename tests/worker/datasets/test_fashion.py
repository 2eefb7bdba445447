import gzip
import struct

import pytest
import torch

from worker import datasets
from worker.datasets import DatasetUnavailable
from worker.datasets.fashion import CLASSES, PACKAGE_FOLDER, _read_idx

N = 30


def pixel(i, row, column):
    return (31 * i + 7 * row + column) % 256


def idx(*shape, values, magic=None):
    header = struct.pack(f">{1 + len(shape)}I", 0x800 + len(shape) if magic is None else magic, *shape)
    return gzip.compress(header + bytes(values))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a training part of thirty small pictures and a test part of ten."""
    folder = tmp_path / "fashion"
    folder.mkdir()
    for prefix, n in (("train", N), ("t10k", 10)):
        values = [pixel(i, row, column) for i in range(n) for row in range(28) for column in range(28)]
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(idx(n, 28, 28, values=values))
        (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(idx(n, values=[(3 * i) % 10 for i in range(n)]))
    monkeypatch.setenv("MODESCOPE_FASHION", str(folder))
    return folder


@pytest.fixture
def prepared(tmp_path, hasty):
    def prepare(**params):
        fashion = datasets.family.create("fashion", params)
        fashion.prepare(tmp_path / "cache")
        return fashion

    return prepare


def test_thirty_two_pixels_are_the_files_with_a_black_border_of_two(folder, prepared):
    fashion = prepared()
    assert fashion.samples.shape == (N, 3, 32, 32)
    assert fashion.labels[:, 0].tolist() == [(3 * i) % 10 for i in range(N)]
    expected = torch.full((32, 32), -1.0)
    for row in range(28):
        for column in range(28):
            expected[2 + row, 2 + column] = pixel(17, row, column) / 127.5 - 1
    torch.testing.assert_close(fashion.samples[17], expected.expand(3, 32, 32), rtol=0, atol=1e-6)


def test_sixteen_pixels_are_means_over_two_by_two(folder, prepared):
    sample = prepared(size=16).samples[5]
    mean = sum(pixel(5, row, column) for row in (6, 7) for column in (10, 11)) / 4
    assert sample[:, 4, 6].tolist() == pytest.approx([mean / 127.5 - 1] * 3, abs=0.5 / 127.5)
    assert sample[:, 0, 0].tolist() == [-1.0] * 3


def test_test_part_is_its_own_files(folder, prepared):
    assert len(prepared(part="test")) == 10


def test_only_the_first_are_taken(folder, prepared, monkeypatch):
    field = datasets.family.find("fashion").Params.model_fields["n"]
    assert field.default == 20_000
    fashion = datasets.family.create("fashion", {"n": 1000})
    fashion.params.__dict__["n"] = 12  # fewer than the schema allows, since the pictures here are few
    fashion.identity()
    pictures = fashion.make()
    assert pictures.pixels.shape == (12, 32, 32, 1)
    assert pictures.labels[:, 0].tolist() == [(3 * i) % 10 for i in range(12)]


def test_changed_file_is_read_again(folder, prepared):
    before = prepared(size=16)
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(idx(N, values=[1] * N))
    assert prepared(size=16).labels[:, 0].tolist() == [1] * N
    assert before.kept == ()


@pytest.mark.parametrize("missing", ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"])
def test_missing_file_is_said_with_the_command_that_mends_it(folder, prepared, tmp_path, missing):
    (folder / missing).unlink()
    with pytest.raises(DatasetUnavailable, match="apt-get install dataset-fashion-mnist") as refused:
        prepared()
    assert f"there is no {missing} in {folder}" in str(refused.value)
    assert list(tmp_path.glob("cache/*.npz")) == []


@pytest.mark.parametrize(
    "content",
    [
        b"no gzip",
        idx(N, 28, 28, values=[0] * (N * 784))[:-20],
        idx(N, 28, 28, values=[0] * (N * 784 - 1)),
        idx(N, 28, 28, values=[0] * (N * 784), magic=0x903),
        idx(N, 14, 56, values=[0] * (N * 784)),
        gzip.compress(b"\0\0"),
    ],
    ids=["no gzip", "cut off", "a byte short", "no bytes", "another shape", "no header"],
)
def test_broken_file_is_named(folder, prepared, tmp_path, content):
    (folder / "train-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(DatasetUnavailable, match=r"train-images-idx3-ubyte\.gz.*apt-get install"):
        prepared()
    assert list(tmp_path.glob("cache/*.npz")) == []


@pytest.mark.parametrize("labels", [[0] * (N - 1), [0] * (N - 1) + [10]], ids=["one short", "no class"])
def test_labels_that_do_not_fit_are_refused(folder, prepared, labels):
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(idx(len(labels), values=labels))
    with pytest.raises(DatasetUnavailable, match=f"{N} pictures and train-labels-idx1-ubyte.gz {len(labels)} labels"):
        prepared()


def test_without_the_variable_it_is_the_packages_folder(monkeypatch, prepared):
    monkeypatch.delenv("MODESCOPE_FASHION", raising=False)
    monkeypatch.setattr("worker.datasets.fashion.PACKAGE_FOLDER", PACKAGE_FOLDER / "nowhere")
    with pytest.raises(DatasetUnavailable, match=r"in /usr/share/datasets/fashion-mnist/nowhere\."):
        prepared()


@pytest.mark.skipif(not PACKAGE_FOLDER.is_dir(), reason="the Debian package dataset-fashion-mnist is not installed")
def test_the_debian_package_has_sixty_thousand_pictures_and_begins_as_published(monkeypatch):
    """The first ten labels, and 6,000 of each class, are what everybody sees who opens the published files."""
    monkeypatch.delenv("MODESCOPE_FASHION", raising=False)
    fashion = datasets.family.create("fashion", {"n": 60_000, "size": 16})
    fashion.identity()
    pictures = fashion.make()
    assert pictures.pixels.shape == (60_000, 16, 16, 1)
    assert [CLASSES[label] for label in pictures.labels[:4, 0]] == ["ankle boot", "T-shirt", "T-shirt", "dress"]
    assert pictures.labels[:10, 0].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert torch.bincount(torch.from_numpy(pictures.labels[:, 0])).tolist() == [6000] * 10
    whole = _read_idx(PACKAGE_FOLDER / "train-images-idx3-ubyte.gz", (28, 28)) / 255
    assert whole.mean() == pytest.approx(0.2860, abs=5e-5), "mean and deviation by which everybody normalises it"
    assert whole.std() == pytest.approx(0.3530, abs=5e-5)

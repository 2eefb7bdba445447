import math

import numpy as np
import pytest
import torch

from tests.worker.features.inception_weights import mount, random_state
from tests.worker.monitors.toys import ToyDataset
from worker.features import inception
from worker.features._inception_v3 import InceptionV3
from worker.features.inception import Inception, load, network_input, resized

NAME = "weights-inception-2015-12-05-6726825d.pth"


def pictures():
    return ToyDataset((3, 8, 8))


# --- the resize ---


def resized_by_hand(picture, out=299):
    """TensorFlow 1's formula, one pixel after the other, in exact fractions of pixels and float64."""
    height, width = picture.shape
    made = np.empty((out, out))
    for i in range(out):
        top, down = divmod(i * height, out)
        for j in range(out):
            left, right = divmod(j * width, out)
            a, b = down / out, right / out
            below, beside = min(top + 1, height - 1), min(left + 1, width - 1)
            made[i, j] = (1 - a) * ((1 - b) * picture[top, left] + b * picture[top, beside]) + a * (
                (1 - b) * picture[below, left] + b * picture[below, beside]
            )
    return made


@pytest.mark.parametrize(("height", "width"), [(16, 16), (2, 3), (32, 64), (310, 299)])
def test_resize_is_that_of_tensorflow_1(height, width):
    picture = np.random.default_rng(0).integers(0, 256, (height, width)).astype(float)
    made = resized(torch.from_numpy(picture)[None, None])
    np.testing.assert_allclose(made[0, 0].numpy(), resized_by_hand(picture), rtol=0, atol=1e-10)


def test_two_pixels_become_a_slope_over_half_the_width_then_the_last_one_alone():
    """Place i reads from 2i/299: with half-pixel centres the slope would lie in the middle."""
    made = resized(torch.tensor([[[[0.0, 299.0]]]], dtype=torch.float64))
    expected = torch.tensor([float(min(2 * i, 299)) for i in range(299)], dtype=torch.float64)
    torch.testing.assert_close(made[0, 0], expected.expand(299, 299), rtol=0, atol=1e-10)


def test_picture_of_299_pixels_stays_as_it_is():
    picture = torch.rand(1, 3, 299, 299)
    assert torch.equal(resized(picture), picture)


# --- the bytes ---


def test_every_byte_comes_back_and_enters_as_tensorflow_scales_it():
    """x = byte/127.5 - 1, as the datasets have it."""
    bytes_ = torch.arange(256.0)
    samples = bytes_.div(127.5).sub(1).view(256, 1, 1, 1).expand(256, 3, 1, 1)
    assert torch.equal(network_input(samples)[:, 0, 7, 200], (bytes_ - 128) / 128)


def test_values_between_bytes_become_the_nearest_and_those_beyond_the_last():
    samples = torch.tensor([10.4, 10.6, -40.0, 300.0]).div(127.5).sub(1).view(4, 1, 1, 1).expand(4, 3, 1, 1)
    assert (network_input(samples)[:, 0, 0, 0] * 128 + 128).tolist() == [10.0, 11.0, 0.0, 255.0]


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_does_not_become_a_byte(broken):
    samples = torch.zeros(2, 3, 4, 4)
    samples[1, 0, 2, 2] = broken
    made = network_input(samples)
    assert made[0].isfinite().all()
    assert made[1, 0].isnan().any()


# --- the network ---


class ByHand:
    """Inception v3 of the weights file in NumPy, float64, written down from the paper's figures; no layer of torch."""

    def __init__(self, state):
        self.state = {name: tensor.double().numpy() for name, tensor in state.items()}
        self.used = set()

    def unit(self, x, name, *, pad=(0, 0), stride=1):
        """Convolution, (x - mean)/√(variance + 0.001) · weight + bias, and nothing below 0."""
        kernel, scale, shift, mean, variance = (
            self.take(f"{name}.{part}")
            for part in ("conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var")
        )
        x = np.pad(x, ((0, 0), (pad[0], pad[0]), (pad[1], pad[1])))
        windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[2:], axis=(1, 2))[:, ::stride, ::stride]
        made = np.tensordot(kernel, windows, axes=([1, 2, 3], [0, 3, 4]))
        made = (made - mean[:, None, None]) / np.sqrt(variance + 0.001)[:, None, None]
        return np.maximum(made * scale[:, None, None] + shift[:, None, None], 0)

    def take(self, name):
        self.used.add(name)
        return self.state[name]

    def __call__(self, x):
        x = self.unit(x, "Conv2d_1a_3x3", stride=2)
        x = self.unit(self.unit(x, "Conv2d_2a_3x3"), "Conv2d_2b_3x3", pad=(1, 1))
        x = self.unit(self.unit(largest(x, 2), "Conv2d_3b_1x1"), "Conv2d_4a_3x3")
        x = largest(x, 2)
        for name in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
            x = self.fives(x, f"{name}.branch")
        x = self.to_17(x, "Mixed_6a.branch")
        for name in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
            x = self.sevens(x, f"{name}.branch")
        x = self.to_8(x, "Mixed_7a.branch")
        x = self.last(x, "Mixed_7b.branch", average(x))
        x = self.last(x, "Mixed_7c.branch", largest(x, 1, border=1))
        return x.mean((1, 2))

    def fives(self, x, b):
        wide = self.unit(self.unit(x, f"{b}5x5_1"), f"{b}5x5_2", pad=(2, 2))
        twice = self.unit(self.unit(x, f"{b}3x3dbl_1"), f"{b}3x3dbl_2", pad=(1, 1))
        twice = self.unit(twice, f"{b}3x3dbl_3", pad=(1, 1))
        return np.concatenate([self.unit(x, f"{b}1x1"), wide, twice, self.unit(average(x), f"{b}_pool")])

    def to_17(self, x, b):
        twice = self.unit(self.unit(x, f"{b}3x3dbl_1"), f"{b}3x3dbl_2", pad=(1, 1))
        twice = self.unit(twice, f"{b}3x3dbl_3", stride=2)
        return np.concatenate([self.unit(x, f"{b}3x3", stride=2), twice, largest(x, 2)])

    def sevens(self, x, b):
        once = self.unit(self.unit(x, f"{b}7x7_1"), f"{b}7x7_2", pad=(0, 3))
        once = self.unit(once, f"{b}7x7_3", pad=(3, 0))
        twice = self.unit(x, f"{b}7x7dbl_1")
        for k, pad in ((2, (3, 0)), (3, (0, 3)), (4, (3, 0)), (5, (0, 3))):
            twice = self.unit(twice, f"{b}7x7dbl_{k}", pad=pad)
        return np.concatenate([self.unit(x, f"{b}1x1"), once, twice, self.unit(average(x), f"{b}_pool")])

    def to_8(self, x, b):
        short = self.unit(self.unit(x, f"{b}3x3_1"), f"{b}3x3_2", stride=2)
        long = self.unit(self.unit(x, f"{b}7x7x3_1"), f"{b}7x7x3_2", pad=(0, 3))
        long = self.unit(self.unit(long, f"{b}7x7x3_3", pad=(3, 0)), f"{b}7x7x3_4", stride=2)
        return np.concatenate([short, long, largest(x, 2)])

    def last(self, x, b, pooled):
        once = self.unit(x, f"{b}3x3_1")
        twice = self.unit(self.unit(x, f"{b}3x3dbl_1"), f"{b}3x3dbl_2", pad=(1, 1))
        lying, standing = (0, 1), (1, 0)
        parts = [
            self.unit(x, f"{b}1x1"),
            self.unit(once, f"{b}3x3_2a", pad=lying),
            self.unit(once, f"{b}3x3_2b", pad=standing),
            self.unit(twice, f"{b}3x3dbl_3a", pad=lying),
            self.unit(twice, f"{b}3x3dbl_3b", pad=standing),
            self.unit(pooled, f"{b}_pool"),
        ]
        return np.concatenate(parts)


def largest(x, stride, border=0):
    x = np.pad(x, ((0, 0), (border, border), (border, border)), constant_values=-np.inf)
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))[:, ::stride, ::stride].max((3, 4))


def average(x):
    """The mean of the neighbours that there are: 4 in a corner, 6 at a side, 9 inside."""
    padded, there = (np.pad(y, ((0, 0), (1, 1), (1, 1))) for y in (x, np.ones_like(x)))
    sums, counts = (
        np.lib.stride_tricks.sliding_window_view(y, (3, 3), axis=(1, 2)).sum((3, 4)) for y in (padded, there)
    )
    return sums / counts


@pytest.fixture(scope="module")
def state():
    return random_state()


def test_network_is_that_of_the_papers_figures_with_the_poolings_of_the_graph_of_2015(state):
    """139 pixels end at 3×3 places, so that borders count more than at 299. float32 against float64."""
    network = InceptionV3()
    network.load_state_dict(state)
    picture = torch.randn(3, 139, 139, generator=torch.Generator().manual_seed(0))
    by_hand = ByHand(state)
    expected = by_hand(picture.double().numpy())
    with torch.no_grad():
        found = network.eval()(picture[None])[0]
    assert found.shape == (2048,)
    torch.testing.assert_close(found.double(), torch.from_numpy(expected), rtol=1e-4, atol=1e-4)
    left = {name for name in state if not name.endswith("num_batches_tracked")} - by_hand.used
    assert left == {"fc.weight", "fc.bias"}, "every other tensor of the file is used"


def test_it_has_as_many_weights_as_the_published_one(state):
    """torchvision's Inception v3 without its auxiliary head has 23,834,568 with 1,000 outputs; the file has 1,008."""
    assert sum(p.numel() for p in InceptionV3().parameters()) == 23_834_568 + 8 * (2048 + 1)
    assert state["fc.weight"].shape == (1008, 2048)


def test_features_do_not_depend_on_the_batch(state, monkeypatch, tmp_path):
    mount(monkeypatch, tmp_path / NAME, state)
    extractor = Inception(pictures())
    monkeypatch.setattr(inception, "BATCH", 2)
    samples = 2 * torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0)) - 1
    samples[1, 2, 3, 3] = math.inf
    found = extractor(samples)
    assert (found.shape, found.dtype) == ((3, 2048), torch.float64)
    assert found.isfinite().all(1).tolist() == [True, False, True], "a broken sample spoils its own features alone"
    torch.testing.assert_close(extractor(samples[2:]), found[2:], rtol=1e-4, atol=1e-4)


# --- the file ---


def test_loading_leaves_randomness_alone_and_freezes(state, monkeypatch, tmp_path):
    mount(monkeypatch, tmp_path / NAME, state)
    before = torch.get_rng_state()
    network = load()
    assert torch.equal(torch.get_rng_state(), before)
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert torch.equal(network.Mixed_7c.branch_pool.conv.weight, state["Mixed_7c.branch_pool.conv.weight"])


def test_file_without_counts_of_batches_is_as_good(state, monkeypatch, tmp_path):
    """Files written by torch before 0.4.1 have none."""
    mount(monkeypatch, tmp_path / NAME, {name: t for name, t in state.items() if "num_batches" not in name})
    assert torch.equal(load().fc.bias, state["fc.bias"])


def test_no_file_is_said_with_where_to_get_it(monkeypatch):
    for value in (None, ""):
        monkeypatch.delenv("MODESCOPE_INCEPTION", raising=False)
        if value is not None:
            monkeypatch.setenv("MODESCOPE_INCEPTION", value)
        with pytest.raises(ValueError, match=rf"MODESCOPE_INCEPTION names no file\. Fetch https.*{NAME}") as error:
            Inception(pictures())
        assert "or take extractor 'thumbnails'" in str(error.value)


def test_missing_file_and_a_folder_are_said(monkeypatch, tmp_path):
    for path, why in ((tmp_path / "none.pth", "No such file"), (tmp_path, "Is a directory")):
        monkeypatch.setenv("MODESCOPE_INCEPTION", str(path))
        with pytest.raises(ValueError, match=rf"MODESCOPE_INCEPTION names {path}, .*{why}.*Fetch https"):
            load()


def test_other_content_is_refused_before_anything_of_it_is_loaded(monkeypatch, tmp_path):
    path = tmp_path / NAME
    path.write_bytes(b"something else")
    monkeypatch.setenv("MODESCOPE_INCEPTION", str(path))
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("it was loaded"))
    with pytest.raises(ValueError, match=r"is not the weights file of FID: its sha256 is [0-9a-f]{64}, .*6726825d"):
        load()


def test_published_hash_begins_with_what_stands_in_the_published_name():
    """torch hub's convention: the first eight digits of the sha256 are part of the file's name."""
    assert NAME.endswith(f"-{inception.SHA256[:8]}.pth")
    assert len(inception.SHA256) == 64


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([torch.zeros(1)], "it holds a list"),
        ({"fc.weight": torch.zeros(1008, 2048)}, "471 of its names or shapes are wrong"),
        ({"a number": 1.0}, "473 of its names or shapes are wrong"),
        ({7: torch.zeros(1)}, "473 of its names"),
    ],
)
def test_what_is_no_state_dict_of_this_network_is_said(content, words, monkeypatch, tmp_path):
    mount(monkeypatch, tmp_path / NAME, content)
    with pytest.raises(ValueError, match=rf"has no state dict of FID's Inception: .*{words}.*Fetch https"):
        load()


def test_wrong_shape_is_said_by_name(state, monkeypatch, tmp_path):
    mount(monkeypatch, tmp_path / NAME, {**state, "fc.bias": torch.zeros(1000)})
    with pytest.raises(ValueError, match=r"1 of its names or shapes are wrong, the first is 'fc.bias'"):
        load()


def test_what_torch_cannot_load_as_tensors_is_said(monkeypatch, tmp_path):
    """Pickled code is never run, whatever the hash says."""
    mount(monkeypatch, tmp_path / NAME, {"a": ToyDataset})
    with pytest.raises(ValueError, match=r"torch cannot load it .*Fetch https"):
        load()

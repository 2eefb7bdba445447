import pytest
import torch

from worker.networks import UnfitNetwork
from worker.networks._pictures import as_map, fitting_picture


@pytest.mark.parametrize("size", [16, 32, 64])
def test_channels_and_size_of_what_fits(size):
    assert fitting_picture("net", (3, size, size), None) == (3, size)
    assert fitting_picture("net", (6, size, size), size) == (6, size)


@pytest.mark.parametrize(
    ("shape", "wanted", "words"),
    [
        ((2,), None, r"net makes pictures.*shape \(2,\).*'mlp' for points"),
        ((3, 16, 32), None, "16, 32, 64 pixels; the samples have 16×32"),
        ((3, 128, 128), None, "the samples have 128×128"),
        ((3, 32, 32), 16, "net was asked for 16 pixels, but the samples have 32"),
    ],
)
def test_the_rest_is_refused_in_words(shape, wanted, words):
    with pytest.raises(UnfitNetwork, match=words):
        fitting_picture("net", shape, wanted)


def test_a_map_is_the_vector_with_its_channels_last_and_no_copy():
    flat = torch.arange(2 * 12.0).reshape(2, 12)
    x = as_map(flat, 2)
    assert x.shape == (2, 3, 2, 2)
    assert x[1, 2, 0, 1] == flat[1, 1 * 3 + 2]
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert x.data_ptr() == flat.data_ptr()

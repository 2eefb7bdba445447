import torch

from worker import datasets


def test_every_sample_is_zero_and_nothing_is_cached(tmp_path):
    origin = datasets.family.create("origin", {})
    origin.prepare(tmp_path)
    samples, labels = origin.sample(5, torch.Generator().manual_seed(0))
    assert samples.tolist() == [[0.0]] * 5
    assert samples.dtype == torch.float32
    assert labels.shape == (5, 0)
    assert list(tmp_path.iterdir()) == []

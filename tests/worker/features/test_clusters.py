import torch

from worker.features.clusters import Clusters


def blobs(counts, seed=0):
    generator = torch.Generator().manual_seed(seed)
    places = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]], dtype=torch.float64)
    noise = torch.randn(sum(counts), 2, generator=generator, dtype=torch.float64)
    return places.repeat_interleave(torch.tensor(counts), dim=0) + 0.1 * noise


def test_separate_blobs_are_the_clusters():
    x = blobs([40, 30, 20, 10])
    clusters = Clusters.of(x, 4, seed=3)
    expected = torch.stack([part.mean(0) for part in x.split([40, 30, 20, 10])])
    order = clusters.centres.sum(1).argsort()
    assert sorted(clusters.counts(x).tolist()) == [10, 20, 30, 40]
    found = clusters.centres[order][[0, 3]]
    torch.testing.assert_close(found, expected[[0, 3]])


def test_no_centre_can_be_moved_to_fit_better():
    """Lloyd's fixed point: each centre is the mean of what is nearest to it."""
    x = torch.randn(200, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    centres = Clusters.of(x, 7, seed=1).centres
    nearest = torch.cdist(x, centres).argmin(1)
    means = torch.stack([x[nearest == k].mean(0) for k in range(7)])
    torch.testing.assert_close(centres, means)


def test_same_seed_gives_the_same_clusters_and_leaves_randomness_alone():
    x = torch.randn(100, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    before = torch.get_rng_state()
    first, second, other = (Clusters.of(x, 5, seed).centres for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_fewer_different_samples_than_clusters_leaves_some_empty():
    x = torch.tensor([[0.0], [0.0], [0.0], [5.0]], dtype=torch.float64)
    clusters = Clusters.of(x, 3, seed=0)
    assert sorted(clusters.counts(x).tolist()) == [0, 1, 3]
    assert clusters.centres.isfinite().all()

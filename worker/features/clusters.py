"""K-means, small and repeatable: bins of the data, found once a run."""

from dataclasses import dataclass

import torch
from torch import Tensor

from worker.features.distances import squared_distances

ROUNDS = 50
"""Rounds at most; on 2,000 faces it settles within 30."""


@dataclass(frozen=True)
class Clusters:
    """Places, each standing for all that is nearer to it than to the others."""

    centres: Tensor
    """(K, F) float64."""

    @classmethod
    def of(cls, features: Tensor, k: int, seed: int) -> "Clusters":
        """K-means of features (N, F), K ≤ N: Lloyd's rounds from k-means++, until no sample changes its cluster.

        k-means++ draws each first centre from the samples, with a probability in proportion to the squared distance
        from the nearest one drawn before. A cluster that loses all its samples stays where it is.

        Source: Lloyd 1982; Arthur & Vassilvitskii 2007.
        """
        centres = _first_centres(features, k, torch.Generator().manual_seed(seed))
        before = torch.full((len(features),), -1, device=features.device)
        for _ in range(ROUNDS):
            nearest = squared_distances(features, centres).argmin(1)
            if torch.equal(nearest, before):
                break
            before = nearest
            sums = torch.zeros_like(centres).index_add_(0, nearest, features)
            counts = torch.bincount(nearest, minlength=k)[:, None]
            centres = torch.where(counts > 0, sums / counts.clamp_min(1), centres)
        return cls(centres)

    def counts(self, features: Tensor) -> Tensor:
        """(K,): how many of the features (N, F) are nearest to each centre."""
        return torch.bincount(squared_distances(features, self.centres).argmin(1), minlength=len(self.centres))


def _first_centres(features: Tensor, k: int, generator: torch.Generator) -> Tensor:
    chosen = [int(torch.randint(len(features), (1,), generator=generator))]
    nearest = squared_distances(features, features[chosen])[:, 0]
    for _ in range(k - 1):
        heights = nearest.cpu().cumsum(0)
        at = torch.rand(1, generator=generator, dtype=torch.float64) * heights[-1]
        chosen.append(min(int(torch.searchsorted(heights, at, right=True)), len(features) - 1))
        nearest = torch.minimum(nearest, squared_distances(features, features[chosen[-1:]])[:, 0])
    return features[chosen]

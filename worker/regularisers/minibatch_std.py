"""Minibatch standard deviation: D is told how much the samples of a group differ."""

from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from contract.components import ComponentParams
from worker import regularisers
from worker.regularisers._appending import verdict_layers

EPS = 1e-8
"""Added to the variance: the root of 0 has no slope."""


class GroupSpread(nn.Module):
    """One number a group: the standard deviation of a feature within the group, averaged over the features."""

    def __init__(self, group: int) -> None:
        super().__init__()
        self.group = group

    def forward(self, features: Tensor) -> Tensor:
        """(N, 1), the same number throughout a group; features: (N, F)."""
        # All groups but the last at once; the last one also takes what is left over.
        whole = max(len(features) // self.group - 1, 0) * self.group
        first = _spread(features[:whole].reshape(-1, self.group, features.shape[1])) if whole else features.new_empty(0)
        last = _spread(features[None, whole:])
        return torch.cat([first.repeat_interleave(self.group), last.expand(len(features) - whole)])[:, None]


def _spread(groups: Tensor) -> Tensor:
    """(groups,), from (groups, samples, features)."""
    centred = groups - groups.mean(dim=1, keepdim=True)
    return (centred.square().mean(dim=1) + EPS).sqrt().mean(dim=1)


@regularisers.register
class MinibatchStd(regularisers.Regulariser):
    """Minibatch standard deviation: one more feature, the spread of D's features within a group of samples.

    s = mean over features f of √(mean over the group of (f - mean f)² + 1e-8), the same number for each of the group,
    appended to the features before the logit and the heads. Samples i g … i g + g - 1 of a batch make a group; those
    left over join the last one, and a batch of fewer is one group.
    In a batch all samples are real, or all fake; the logit of one depends on its group. So a gradient penalty, which
    differentiates the sum of the logits, takes with a sample's own slope what the sample does to the others' logits,
    and is steep where a group collapses: there s has the curvature 1/√1e-8. With packing, a group counts packs.

    Source: Karras et al. 2018, arXiv:1710.10196, section 3, with groups of 4 as in its code. Deviation: there s is a
    map beside D's last 4 x 4 map, with a convolution behind it; here it is a number beside the flat features, so that
    every network can have it.
    """

    title: ClassVar[str] = "Minibatch standard deviation"
    needs: ClassVar[dict[str, Any]] = {"features": True}
    appends: ClassVar[bool] = True

    class Params(ComponentParams):
        """How large a group is."""

        group: int = Field(4, ge=2, le=1024)
        """Samples that are compared with each other."""

    params: Params

    def build(self, player: nn.Module) -> None:
        """Append the spread to D's features.

        Raises:
            NowhereToAppend: if D has no features.
        """
        verdict_layers(player, self.entry).append(GroupSpread(self.params.group), 1)

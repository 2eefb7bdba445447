"""The Inception v3 network of the published FID, as a plain module that takes the published weights by their names.

It is not torchvision's Inception v3: the TensorFlow graph of 2015-12-05 that FID is defined by differs from it in
its poolings (see `_average` and `_last`). The names of the parts are those of the weights file, and torchvision's.

Source: Szegedy et al. 2016, arXiv:1512.00567, figures 5, 6, 7 and 10; Heusel et al. 2017, arXiv:1706.08500; names of
the weights and the differences of the graph: pytorch-fid 0.3.0 and torch-fidelity 0.4.0. Deviation: no auxiliary head,
and nothing is computed of the 1,008 logits.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIDE = 299
"""Height and width of the pictures that it takes (pixels)."""
FEATURES = 2048
"""Channels of the last block, averaged over its 8×8 places: pool3."""
LOGITS = 1008
"""Outputs of the layer `fc`: the weights file has it, FID does not."""
EPSILON = 0.001
"""Added to the variance by the batch normalisation, as in the TensorFlow graph."""

Stage = dict[str, nn.Module]
"""Parts that all see the same input; their outputs are joined along the channels."""


class Unit(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, n_in: int, n_out: int, kernel: tuple[int, int], *, stride: int = 1, pad: bool = True) -> None:
        """Of n_in to n_out channels; kernel: height, width, both odd; pad: a stride of 1 then keeps the size."""
        super().__init__()
        height, width = kernel
        padding = (height // 2, width // 2) if pad else (0, 0)
        self.conv = nn.Conv2d(n_in, n_out, kernel, stride=stride, padding=padding, bias=False)
        self.bn = nn.BatchNorm2d(n_out, eps=EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_in, height, width) → (N, n_out, …)."""
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Block(nn.Module):
    """Branches that see the same input, each a chain of stages; their outputs are joined along the channels."""

    def __init__(self, *branches: Sequence[Stage]) -> None:
        """Of branches, whose parts become this module's own under their names."""
        super().__init__()
        self._branches = [[list(stage) for stage in branch] for branch in branches]
        for branch in branches:
            for stage in branch:
                for name, part in stage.items():
                    self.add_module(name, part)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, height, width) → (N, sum of the branches' channels, …)."""
        return torch.cat([self._along(branch, x) for branch in self._branches], dim=1)

    def _along(self, branch: list[list[str]], x: Tensor) -> Tensor:
        for names in branch:
            outputs = [self.get_submodule(name)(x) for name in names]
            x = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=1)
        return x


class InceptionV3(nn.Module):
    """Pictures in, the 2,048 features of pool3 out."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Unit(3, 32, (3, 3), stride=2, pad=False)
        self.Conv2d_2a_3x3 = Unit(32, 32, (3, 3), pad=False)
        self.Conv2d_2b_3x3 = Unit(32, 64, (3, 3))
        self.Conv2d_3b_1x1 = Unit(64, 80, (1, 1))
        self.Conv2d_4a_3x3 = Unit(80, 192, (3, 3), pad=False)
        self.Mixed_5b = _fives(192, n_pooled=32)
        self.Mixed_5c = _fives(256, n_pooled=64)
        self.Mixed_5d = _fives(288, n_pooled=64)
        self.Mixed_6a = _halving_to_17(288)
        self.Mixed_6b = _sevens(128)
        self.Mixed_6c = _sevens(160)
        self.Mixed_6d = _sevens(160)
        self.Mixed_6e = _sevens(192)
        self.Mixed_7a = _halving_to_8(768)
        self.Mixed_7b = _last(1280, _average())
        self.Mixed_7c = _last(2048, nn.MaxPool2d(3, stride=1, padding=1))
        self.fc = nn.Linear(FEATURES, LOGITS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, 299, 299), bytes as (byte - 128)/128 → (N, 2048), none negative."""
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = F.max_pool2d(x, 3, stride=2)
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x))
        x = F.max_pool2d(x, 3, stride=2)
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        return x.mean((2, 3))


def _average() -> nn.Module:
    """The mean of 3×3 places, at the border of those only that are there: in that torchvision's network differs."""
    return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)


def _fives(n_in: int, *, n_pooled: int) -> Block:
    """At 35×35 (figure 5): 224 channels and n_pooled."""
    return Block(
        [{"branch1x1": Unit(n_in, 64, (1, 1))}],
        [{"branch5x5_1": Unit(n_in, 48, (1, 1))}, {"branch5x5_2": Unit(48, 64, (5, 5))}],
        [
            {"branch3x3dbl_1": Unit(n_in, 64, (1, 1))},
            {"branch3x3dbl_2": Unit(64, 96, (3, 3))},
            {"branch3x3dbl_3": Unit(96, 96, (3, 3))},
        ],
        [{"average": _average()}, {"branch_pool": Unit(n_in, n_pooled, (1, 1))}],
    )


def _halving_to_17(n_in: int) -> Block:
    """From 35×35 to 17×17 (figure 10): 480 channels and those that came."""
    return Block(
        [{"branch3x3": Unit(n_in, 384, (3, 3), stride=2, pad=False)}],
        [
            {"branch3x3dbl_1": Unit(n_in, 64, (1, 1))},
            {"branch3x3dbl_2": Unit(64, 96, (3, 3))},
            {"branch3x3dbl_3": Unit(96, 96, (3, 3), stride=2, pad=False)},
        ],
        [{"largest": nn.MaxPool2d(3, stride=2)}],
    )


def _sevens(n: int) -> Block:
    """At 17×17 (figure 6), 768 channels in and out, n inside the factorised branches."""
    return Block(
        [{"branch1x1": Unit(768, 192, (1, 1))}],
        [
            {"branch7x7_1": Unit(768, n, (1, 1))},
            {"branch7x7_2": Unit(n, n, (1, 7))},
            {"branch7x7_3": Unit(n, 192, (7, 1))},
        ],
        [
            {"branch7x7dbl_1": Unit(768, n, (1, 1))},
            {"branch7x7dbl_2": Unit(n, n, (7, 1))},
            {"branch7x7dbl_3": Unit(n, n, (1, 7))},
            {"branch7x7dbl_4": Unit(n, n, (7, 1))},
            {"branch7x7dbl_5": Unit(n, 192, (1, 7))},
        ],
        [{"average": _average()}, {"branch_pool": Unit(768, 192, (1, 1))}],
    )


def _halving_to_8(n_in: int) -> Block:
    """From 17×17 to 8×8: 512 channels and those that came."""
    return Block(
        [{"branch3x3_1": Unit(n_in, 192, (1, 1))}, {"branch3x3_2": Unit(192, 320, (3, 3), stride=2, pad=False)}],
        [
            {"branch7x7x3_1": Unit(n_in, 192, (1, 1))},
            {"branch7x7x3_2": Unit(192, 192, (1, 7))},
            {"branch7x7x3_3": Unit(192, 192, (7, 1))},
            {"branch7x7x3_4": Unit(192, 192, (3, 3), stride=2, pad=False)},
        ],
        [{"largest": nn.MaxPool2d(3, stride=2)}],
    )


def _last(n_in: int, pool: nn.Module) -> Block:
    """At 8×8 (figure 7), 2,048 channels out.

    The graph of 2015 averages in the first such block, and takes the largest of 3×3 in the second, where torchvision's
    averages again.
    """
    return Block(
        [{"branch1x1": Unit(n_in, 320, (1, 1))}],
        [
            {"branch3x3_1": Unit(n_in, 384, (1, 1))},
            {"branch3x3_2a": Unit(384, 384, (1, 3)), "branch3x3_2b": Unit(384, 384, (3, 1))},
        ],
        [
            {"branch3x3dbl_1": Unit(n_in, 448, (1, 1))},
            {"branch3x3dbl_2": Unit(448, 384, (3, 3))},
            {"branch3x3dbl_3a": Unit(384, 384, (1, 3)), "branch3x3dbl_3b": Unit(384, 384, (3, 1))},
        ],
        [{"pool": pool}, {"branch_pool": Unit(n_in, 192, (1, 1))}],
    )

"""Residual players for small pictures, in the shape that spectral normalisation was shown with."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from contract.components import ComponentParams
from worker import networks
from worker.networks import Problem
from worker.networks._parts import LabelledLatents, VerdictLayers
from worker.networks._pictures import as_map, fitting_picture
from worker.verdict import Verdict

BASE = 4
"""Height and width of the map that G begins with."""
END = 8
"""Height and width of the map that D ends with."""
L = TypeVar("L", nn.Linear, nn.Conv2d)


class UpBlock(nn.Module):
    """Residual block of G that doubles the map: BN, ReLU, ×2, conv 3×3, BN, ReLU, conv 3×3, beside ×2 of a conv 1×1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(2))
        # No biases: the normalisations behind, that of the last layer included, take every channel's mean off.
        self.convs = nn.ModuleList(_conv(channels, channels, gain=math.sqrt(2), bias=False) for _ in range(2))
        self.shortcut = _conv(channels, channels, kernel=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, 2 size, 2 size), from (N, channels, size, size)."""
        h = self.convs[0](_doubled(F.relu(self.norms[0](x))))
        h = self.convs[1](F.relu(self.norms[1](h)))
        # A 1×1 convolution and nearest-neighbour doubling commute: this order is four times cheaper.
        out: Tensor = h + _doubled(self.shortcut(x))
        return out


class DownBlock(nn.Module):
    """Residual block of D: (ReLU,) conv 3×3, ReLU, conv 3×3, halved if asked, beside x or a conv 1×1 of it."""

    def __init__(self, n_in: int, n_out: int, *, first: bool = False, halves: bool = False) -> None:
        super().__init__()
        self.first = first
        self.halves = halves
        self.convs = nn.ModuleList(_conv(n, n_out, gain=math.sqrt(2)) for n in (n_in, n_out))
        self.shortcut = _conv(n_in, n_out, kernel=1) if halves or n_in != n_out else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_out, size, size), or half that size, from (N, n_in, size, size)."""
        h = self.convs[1](F.relu(self.convs[0](x if self.first else F.relu(x))))
        # A 1×1 convolution and mean pooling commute: this order is four times cheaper.
        out: Tensor = self._pooled(h) + self.shortcut(self._pooled(x))
        return out

    def _pooled(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2) if self.halves else x


class ResnetGenerator(nn.Module):
    """Latent and labels → 4×4 map → doubled until it is a picture."""

    def __init__(self, latents: LabelledLatents, width: int, *, colours: int, size: int) -> None:
        super().__init__()
        self.latents = latents
        self.project = _glorot(nn.Linear(latents.width, BASE * BASE * width))
        self.blocks = nn.Sequential(*(UpBlock(width) for _ in range((size // BASE).bit_length() - 1)))
        self.last = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), _conv(width, colours), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """(N, channels, size, size) in [-1, 1], from z: (N, z_dim) and labels: (N, attributes)."""
        pictures: Tensor = self.last(self.blocks(as_map(self.project(self.latents(z, labels)), BASE)))
        return pictures


class ResnetDiscriminator(nn.Module):
    """Picture → halved to an 8×8 map → two more blocks → sum over the map → verdict."""

    def __init__(self, colours: int, size: int, *, width: int, verdict: VerdictLayers) -> None:
        super().__init__()
        halvings = (size // END).bit_length() - 1
        self.blocks = nn.Sequential(
            DownBlock(colours, width, first=True, halves=True),
            *(DownBlock(width, width, halves=True) for _ in range(halvings - 1)),
            *(DownBlock(width, width) for _ in range(2)),
        )
        self.verdict = verdict

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Verdict:
        """The verdict on x: (N, channels, size, size); its features are sums, not means, over the last map."""
        verdict: Verdict = self.verdict(F.relu(self.blocks(x)).sum((2, 3)), labels)
        return verdict


@networks.register
class Resnet(networks.Network):
    """ResNet: residual players for pictures of 16, 32 or 64 pixels, as SNGAN has them for CIFAR-10.

    G: latent and one-hot labels → linear → 4×4, then residual blocks of `generator_width` channels, each with two batch
    normalisations, which double the side (three of them at 32 pixels); batch normalisation, ReLU, a 3×3 convolution and
    tanh make the picture.
    D: residual blocks of `discriminator_width` channels, the first without a ReLU before it, those at the front halving
    the side by mean pooling down to 8×8, then two that keep it; ReLU, the sum over the map, and linear layers: one
    logit, and what the conditioning asks for. At 32 pixels these are ten convolutions, the two shortcuts of 1×1 among
    them. D has no normalisation: add `spectral_norm`.

    Source: Miyato et al. 2018, arXiv:1802.05957, and the public code pfnet-research/sngan_projection, with its widths
    (256 and 128) and its initialisation (Glorot, uniform, × √2 in the residual branches). Deviations: 16 and 64 pixels,
    by fewer or more of the doubling and halving blocks; the logit has a bias; G's blocks have none, where batch
    normalisation would take it off; labels enter G beside the latent, not through its normalisations; batch
    normalisation keeps torch's momentum and ε.
    """

    title: ClassVar[str] = "ResNet (pictures)"
    needs: ClassVar[Mapping[str, Any]] = {"sample": "image", "size": "$size"}
    provides: ClassVar[Mapping[str, Any]] = {"features": True, "layers": True}

    class Params(ComponentParams):
        """Sizes of both players."""

        size: Literal[16, 32, 64] | None = None
        """Height and width of the pictures (pixels); none: whatever the dataset has."""
        z_dim: int = Field(128, ge=1, le=1024)
        """Length of a latent."""
        generator_width: int = Field(256, ge=4, le=1024)
        """Channels of every map in G."""
        discriminator_width: int = Field(128, ge=4, le=1024)
        """Channels of every map in D; a narrow D and a large batch is where spectra collapse."""

    params: Params

    @property
    def z_dim(self) -> int:  # type: ignore[override]  # read only here: it follows the param
        """Length of a latent."""
        return self.params.z_dim

    def generator(self, problem: Problem) -> nn.Module:
        """G.

        Raises:
            UnfitNetwork: if samples are not square pictures of a size that it can make.
        """
        colours, size = fitting_picture("resnet", problem.sample_shape, self.params.size)
        latents = LabelledLatents(self.z_dim, problem.generator_classes)
        return ResnetGenerator(latents, self.params.generator_width, colours=colours, size=size)

    def discriminator(self, problem: Problem) -> nn.Module:
        """D.

        Raises:
            UnfitNetwork: if samples are not square pictures of a size that it can judge.
        """
        colours, size = fitting_picture("resnet", problem.sample_shape, self.params.size)
        width = self.params.discriminator_width
        verdict = VerdictLayers(width, problem.label_head)
        _glorot(verdict.logit)
        return ResnetDiscriminator(colours, size, width=width, verdict=verdict)


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


def _conv(n_in: int, n_out: int, *, kernel: int = 3, gain: float = 1.0, bias: bool = True) -> nn.Conv2d:
    conv = nn.Conv2d(n_in, n_out, kernel, padding=kernel // 2, bias=bias)
    return _glorot(conv, gain)


def _glorot(layer: L, gain: float = 1.0) -> L:
    nn.init.xavier_uniform_(layer.weight, gain=gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer

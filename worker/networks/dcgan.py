"""Convolutional players for small pictures."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from contract.components import ComponentParams
from worker import networks
from worker.networks import Problem
from worker.networks._parts import LabelledLatents, VerdictLayers, initialise
from worker.networks._pictures import as_map, fitting_picture
from worker.verdict import Verdict

BASE = 4
"""Height and width of the smallest feature map, where G begins and D ends."""
SLOPE = 0.2
"""Negative slope of D's LeakyReLU: Radford et al., section 4."""


class DcganGenerator(nn.Module):
    """Latent and labels → 4×4 map → doubled until it is a picture."""

    def __init__(self, latents: LabelledLatents, channels: list[int]) -> None:
        super().__init__()
        self.latents = latents
        self.project = nn.Linear(latents.width, channels[0] * BASE * BASE, bias=False)
        self.up = nn.Sequential(*_up(channels))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """(N, channels, size, size) in [-1, 1], from z: (N, z_dim) and labels: (N, attributes)."""
        pictures: Tensor = self.up(as_map(self.project(self.latents(z, labels)), BASE))
        return pictures


class DcganDiscriminator(nn.Module):
    """Picture → halved to a 4×4 map → verdict."""

    def __init__(self, channels: list[int], *, normalised: bool, verdict: VerdictLayers) -> None:
        super().__init__()
        self.down = nn.Sequential(*_down(channels, normalised=normalised))
        self.verdict = verdict

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Verdict:
        """The verdict on x: (N, channels, size, size)."""
        verdict: Verdict = self.verdict(self.down(x).flatten(1), labels)
        return verdict


@networks.register
class Dcgan(networks.Network):
    """DCGAN: convolutional players for pictures of 16, 32 or 64 pixels.

    G: latent and one-hot labels → linear → 4×4, then transposed convolutions (4×4, stride 2), each after batch
    normalisation and ReLU, which double the side and halve the channels, down to `width`; the last one makes the
    picture, through tanh.
    D: the mirror image with LeakyReLU 0.2, from `width` channels up, ending in linear layers on the flattened 4×4 map:
    one logit, and one head an attribute. 64 pixels with width 64 has 512 channels at 4×4.

    Source: Radford, Metz & Chintala 2016, arXiv:1511.06434. Deviations: 16 and 32 pixels, by leaving out the widest
    layers (the paper starts from 1024 channels); labels; D without batch normalisation unless asked for, since
    `spectral_norm`, its usual partner here, and gradient penalties want each sample judged alone.
    """

    title: ClassVar[str] = "DCGAN (pictures)"
    needs: ClassVar[dict[str, Any]] = {"sample": "image", "size": "$size"}
    provides: ClassVar[dict[str, Any]] = {"features": True, "layers": True}

    class Params(ComponentParams):
        """Sizes of both players."""

        size: Literal[16, 32, 64] | None = None
        """Height and width of the pictures (pixels); none: whatever the dataset has."""
        width: int = Field(64, ge=4, le=512)
        """Channels of the largest feature map; they double as it halves."""
        z_dim: int = Field(100, ge=1, le=1024)
        """Length of a latent."""
        normalisation: Literal["none", "batch"] = "none"
        """Batch normalisation in D, in all but its first layer, or nothing."""
        init_std: float | None = Field(0.02, gt=0, le=1)
        """Standard deviation of the initial weights, biases 0; none: torch's own initialisation."""

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
        channels = self._channels(problem)[::-1]
        latents = LabelledLatents(self.z_dim, problem.generator_classes)
        return initialise(DcganGenerator(latents, channels), self.params.init_std)

    def discriminator(self, problem: Problem) -> nn.Module:
        """D.

        Raises:
            UnfitNetwork: if samples are not square pictures of a size that it can judge.
        """
        channels = self._channels(problem)
        verdict = VerdictLayers(channels[-1] * BASE * BASE, problem.label_head)
        normalised = self.params.normalisation == "batch"
        return initialise(DcganDiscriminator(channels, normalised=normalised, verdict=verdict), self.params.init_std)

    def _channels(self, problem: Problem) -> list[int]:
        """Channels from the picture to the 4×4 map: [3, width, 2 width, …]."""
        colours, size = fitting_picture("dcgan", problem.sample_shape, self.params.size)
        halvings = (size // BASE).bit_length() - 1
        return [colours, *(self.params.width << layer for layer in range(halvings))]


def _up(channels: list[int]) -> Iterator[nn.Module]:
    for layer, (n_in, n_out) in enumerate(pairwise(channels), start=2):
        is_last = layer == len(channels)
        yield from (nn.BatchNorm2d(n_in), nn.ReLU(), nn.ConvTranspose2d(n_in, n_out, 4, 2, 1, bias=is_last))
    yield nn.Tanh()


def _down(channels: list[int], *, normalised: bool) -> Iterator[nn.Module]:
    for layer, (n_in, n_out) in enumerate(pairwise(channels)):
        normalise = normalised and layer > 0
        yield nn.Conv2d(n_in, n_out, 4, 2, 1, bias=not normalise)
        if normalise:
            yield nn.BatchNorm2d(n_out)
        yield nn.LeakyReLU(SLOPE)

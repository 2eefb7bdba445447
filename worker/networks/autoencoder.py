"""An auto-encoder for a discriminator: what it cannot reconstruct it takes for fake. Pictures, or points."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from contract.components import ComponentParams
from worker import networks
from worker.networks import Problem, UnfitNetwork
from worker.networks._pictures import as_map, fitting_picture
from worker.verdict import Verdict

BASE = 8
"""Height and width of the smallest feature map, where the decoder begins and the encoder ends."""
HIDDEN = 2
"""Hidden layers of the players for points."""


class Decoder(nn.Module):
    """Latent or code → 8×8 map → doubled until it is a picture."""

    def __init__(self, n_inputs: int, width: int, *, colours: int, size: int) -> None:
        super().__init__()
        self.project = nn.Linear(n_inputs, BASE * BASE * width)
        self.up = nn.Sequential(*_up(width, _scales(size)), nn.Conv2d(width, colours, 3, padding=1))

    def forward(self, code: Tensor) -> Tensor:
        """(N, channels, size, size), unbounded, from (N, n_inputs)."""
        pictures: Tensor = self.up(as_map(self.project(code), BASE))
        return pictures


class Encoder(nn.Module):
    """Picture → halved to an 8×8 map → code."""

    def __init__(self, width: int, n_outputs: int, *, colours: int, size: int) -> None:
        super().__init__()
        scales = _scales(size)
        first = nn.Conv2d(colours, width, 3, padding=1)
        self.down = nn.Sequential(first, nn.ELU(), *_down(width, scales))
        self.code = nn.Linear(BASE * BASE * width * scales, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_outputs), from (N, channels, size, size)."""
        code: Tensor = self.code(self.down(x).flatten(1))
        return code


class AutoencoderGenerator(nn.Module):
    """G: a decoder of latents."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """(N, *sample), from z: (N, z_dim); labels are not looked at."""
        samples: Tensor = self.decoder(z)
        return samples


class AutoencoderDiscriminator(nn.Module):
    """D: encoder and decoder; the logit is minus the error."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, power: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.power = power

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Verdict:
        """The verdict on x: (N, *sample); its logits are at most 0."""
        code = self.encoder(x)
        reconstruction = self.decoder(code)
        error = (x - reconstruction).abs() if self.power == 1 else (x - reconstruction).square()
        return Verdict(logits=-error.flatten(1).mean(1), features=code, reconstruction=reconstruction)


@networks.register
class Autoencoder(networks.Network):
    """Auto-encoder D (BEGAN): D reconstructs what it is shown, and its logit is minus the error; G is like its decoder.

    logit(x) = -mean over the sample's numbers of |x - D(x)|^p, at most 0, so that a high logit means real here too; the
    features are the code h. Played with loss `began` only: others ask for logits that an error cannot be.
    Pictures of 16, 32 or 64 pixels: 3×3 convolutions with ELU, no normalisation. The decoder, and G, go from a linear
    layer to 8×8 and `width` channels, then two convolutions a scale, with nearest-neighbour doubling between scales,
    and a last convolution. The encoder has a first convolution, two a scale with `width`, 2 `width`, … channels, one of
    stride 2 between scales, and a linear layer to h. Scales: log2(size) - 2.
    Points: two hidden layers of `width` units with ELU in G, in the encoder and in the decoder each.

    Source: Berthelot, Schumm & Metz 2017, arXiv:1703.10717, as the public code carpedm20/BEGAN-tensorflow has it.
    Deviations: G ends in tanh on pictures, since all networks here make pictures in [-1, 1], where that code leaves it
    linear (D's decoder is linear here too); latents are N(0, I), where it has them uniform in [-1, 1]; torch's own
    initialisation; 16 pixels; points; the paper's skip connections are left out, as in that code.
    """

    title: ClassVar[str] = "Auto-encoder D (pictures, points)"
    needs: ClassVar[Mapping[str, Any]] = {
        "sample": ["image", "points"],
        "size": "$size",
        "conditioned": [None],
    }
    provides: ClassVar[Mapping[str, Any]] = {"reconstruction": True, "layers": True}

    class Params(ComponentParams):
        """Sizes of both players, and what counts as an error."""

        size: Literal[16, 32, 64] | None = None
        """Height and width of the pictures (pixels); none: whatever the dataset has."""
        width: int = Field(64, ge=1, le=512)
        """Channels of the largest feature map, or units of a hidden layer for points."""
        z_dim: int = Field(64, ge=1, le=1024)
        """Length of a latent."""
        code: int = Field(64, ge=1, le=1024)
        """Length of D's code h; if it is no shorter than a sample (2 for points in the plane), D can copy anything."""
        power: Literal[1, 2] = 1
        """p of the error |x - D(x)|^p: 1 is the absolute error, 2 the square."""

    params: Params

    @property
    def z_dim(self) -> int:  # type: ignore[override]  # read only here: it follows the param
        """Length of a latent."""
        return self.params.z_dim

    def generator(self, problem: Problem) -> nn.Module:
        """G.

        Raises:
            UnfitNetwork: if samples are neither points nor square pictures of a size that it can make, or have labels.
        """
        decoder = self._decoder(self.z_dim, _unlabelled(problem))
        return AutoencoderGenerator(nn.Sequential(decoder, nn.Tanh()) if _are_pictures(problem) else decoder)

    def discriminator(self, problem: Problem) -> nn.Module:
        """D.

        Raises:
            UnfitNetwork: if samples are neither points nor square pictures of a size that it can judge, or have labels.
        """
        encoder = self._encoder(_unlabelled(problem))
        return AutoencoderDiscriminator(encoder, self._decoder(self.params.code, problem), self.params.power)

    def _decoder(self, n_inputs: int, problem: Problem) -> nn.Module:
        width = self.params.width
        if not _are_pictures(problem):
            return nn.Sequential(*_hidden(n_inputs, width), nn.Linear(width, problem.sample_shape[0]))
        colours, size = fitting_picture("autoencoder", problem.sample_shape, self.params.size)
        return Decoder(n_inputs, width, colours=colours, size=size)

    def _encoder(self, problem: Problem) -> nn.Module:
        width = self.params.width
        if not _are_pictures(problem):
            return nn.Sequential(*_hidden(problem.sample_shape[0], width), nn.Linear(width, self.params.code))
        colours, size = fitting_picture("autoencoder", problem.sample_shape, self.params.size)
        return Encoder(width, self.params.code, colours=colours, size=size)


def _unlabelled(problem: Problem) -> Problem:
    if problem.generator_classes or problem.label_head:
        raise UnfitNetwork("autoencoder has no place for labels; take conditioning 'none'")
    return problem


def _are_pictures(problem: Problem) -> bool:
    return len(problem.sample_shape) != 1


def _scales(size: int) -> int:
    """How many sizes there are from 8×8 to the picture's own."""
    return (size // BASE).bit_length()


def _up(width: int, scales: int) -> Iterator[nn.Module]:
    for scale in range(scales):
        if scale:
            yield nn.Upsample(scale_factor=2)
        for _ in range(2):
            yield from (nn.Conv2d(width, width, 3, padding=1), nn.ELU())


def _down(width: int, scales: int) -> Iterator[nn.Module]:
    channels = width
    for scale in range(1, scales + 1):
        for n_in in (channels, width * scale):
            yield from (nn.Conv2d(n_in, width * scale, 3, padding=1), nn.ELU())
        channels = width * scale
        if scale < scales:
            yield from (nn.Conv2d(channels, channels, 3, stride=2, padding=1), nn.ELU())


def _hidden(n_inputs: int, width: int) -> Iterator[nn.Module]:
    for layer in range(HIDDEN):
        yield from (nn.Linear(width if layer else n_inputs, width), nn.ELU())

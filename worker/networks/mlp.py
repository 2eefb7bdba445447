"""Fully connected players for points in the plane."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from contract.components import ComponentParams
from worker import networks
from worker.networks import Problem, UnfitNetwork
from worker.networks._parts import LabelledLatents, Maxout, VerdictLayers, initialise
from worker.verdict import Verdict


class MlpGenerator(nn.Module):
    """Latent and labels → hidden layers → point."""

    def __init__(self, latents: LabelledLatents, layers: nn.Sequential) -> None:
        super().__init__()
        self.latents = latents
        self.layers = layers

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """(N, d), from z: (N, z_dim) and labels: (N, attributes) where G was built for them."""
        x: Tensor = self.layers(self.latents(z, labels))
        return x


class MlpDiscriminator(nn.Module):
    """Point → hidden layers → verdict."""

    def __init__(self, hidden: nn.Sequential, verdict: VerdictLayers) -> None:
        super().__init__()
        self.hidden = hidden
        self.verdict = verdict

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Verdict:
        """The verdict on x: (N, d)."""
        verdict: Verdict = self.verdict(self.hidden(x), labels)
        return verdict


@networks.register
class Mlp(networks.Network):
    """Multi-layer perceptrons: fully connected players, for points in the plane.

    G: latent and one-hot labels → `generator_layers` hidden layers of ReLU, with batch normalisation if asked → point.
    D: point → `discriminator_layers` hidden layers, ReLU or maxout → logit, and one head an attribute.

    PacGAN's toy networks (Lin et al. 2018, arXiv:1712.04086, and its public code) are z_dim 2, four normalised G layers
    of 400, three maxout layers of 200 with 5 pieces in D, init_std 0.02. Deviation: batch normalisation keeps torch's
    momentum of 0.1 for its running statistics, where that code has 0.05.
    """

    title: ClassVar[str] = "MLP (points)"
    needs: ClassVar[dict[str, Any]] = {"sample": ["points", "scalar"]}
    provides: ClassVar[dict[str, Any]] = {"features": True, "layers": True}

    class Params(ComponentParams):
        """Sizes of both players."""

        z_dim: int = Field(2, ge=1, le=1024)
        """Length of a latent."""
        generator_layers: int = Field(3, ge=1, le=16)
        """Hidden layers of G."""
        generator_width: int = Field(128, ge=1, le=4096)
        """Units in each hidden layer of G."""
        generator_norm: Literal["none", "batch"] = "none"
        """Batch normalisation after each hidden linear layer of G, or nothing."""
        discriminator: Literal["relu", "maxout"] = "relu"
        """What the hidden layers of D are made of."""
        discriminator_layers: int = Field(3, ge=1, le=16)
        """Hidden layers of D."""
        discriminator_width: int = Field(128, ge=1, le=4096)
        """Units in each hidden layer of D."""
        slope: float = Field(0.0, ge=0, lt=1)
        """Negative slope of D's ReLU; 0 is plain ReLU. Maxout has none."""
        pieces: int = Field(5, ge=2, le=32)
        """Linear maps that each maxout unit chooses from."""
        init_std: float | None = Field(None, gt=0, le=1)
        """Standard deviation of the initial weights, biases 0; none: torch's own initialisation."""

    params: Params

    @property
    def z_dim(self) -> int:  # type: ignore[override]  # read only here: it follows the param
        """Length of a latent."""
        return self.params.z_dim

    def generator(self, problem: Problem) -> nn.Module:
        """G.

        Raises:
            UnfitNetwork: if samples are not vectors.
        """
        width = self.params.generator_width
        latents = LabelledLatents(self.z_dim, problem.generator_classes)
        layers = list(self._generator_layers(latents.width))
        last = nn.Linear(width, _length(problem))
        return initialise(MlpGenerator(latents, nn.Sequential(*layers, last)), self.params.init_std)

    def discriminator(self, problem: Problem) -> nn.Module:
        """D.

        Raises:
            UnfitNetwork: if samples are not vectors.
        """
        hidden = nn.Sequential(*self._discriminator_layers(_length(problem)))
        verdict = VerdictLayers(self.params.discriminator_width, problem.label_head)
        return initialise(MlpDiscriminator(hidden, verdict), self.params.init_std)

    def _generator_layers(self, n_inputs: int) -> Iterator[nn.Module]:
        width, normalised = self.params.generator_width, self.params.generator_norm == "batch"
        for layer in range(self.params.generator_layers):
            # Batch normalisation has a shift of its own, so the linear layer before it needs none.
            yield nn.Linear(width if layer else n_inputs, width, bias=not normalised)
            if normalised:
                yield nn.BatchNorm1d(width)
            yield nn.ReLU()

    def _discriminator_layers(self, n_inputs: int) -> Iterator[nn.Module]:
        width = self.params.discriminator_width
        for layer in range(self.params.discriminator_layers):
            n_in = width if layer else n_inputs
            if self.params.discriminator == "maxout":
                yield Maxout(n_in, width, self.params.pieces)
            else:
                yield from (nn.Linear(n_in, width), nn.LeakyReLU(self.params.slope))


def _length(problem: Problem) -> int:
    if len(problem.sample_shape) != 1:
        raise UnfitNetwork(
            f"mlp makes vectors such as points, shape (d,); the samples have shape {problem.sample_shape}. "
            "Take network 'dcgan' for pictures"
        )
    return problem.sample_shape[0]

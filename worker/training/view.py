"""The run as a monitor sees it."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from contract.spec import Player
from worker.datasets import Dataset
from worker.regularisers import Moment, Parameters, Regulariser
from worker.training.game import Game
from worker.training.lookahead import own_loss, own_losses
from worker.training.streams import seed_of, stream
from worker.verdict import Verdict


class View:
    """A read-only look at a game after a step; private randomness, players in eval mode, no gradients."""

    def __init__(self, game: Game, monitor: str, step: int) -> None:
        self._game = game
        self._monitor = monitor
        self._step = step
        self._generator = stream("cpu", game.spec.seed, "monitor", monitor, step)
        self._fixed = stream("cpu", game.spec.seed, "monitor", monitor)

    @property
    def step(self) -> int:
        """The step that has just ended."""
        return self._step

    @property
    def G(self) -> nn.Module:
        """The generator as it trains."""
        return self._game.G

    @property
    def D(self) -> nn.Module:
        """The discriminator as it trains."""
        return self._game.D

    @property
    def averaged_D(self) -> nn.Module:
        """D's average where one is kept, else D itself."""
        return self._game.averaging.averaged(self._game.D)

    @property
    def dataset(self) -> Dataset:
        """What it is trained on."""
        return self._game.dataset

    @property
    def device(self) -> torch.device:
        """Where the players live."""
        return self._game.device

    @property
    def generator(self) -> torch.Generator:
        """A stream of this look's own, on the CPU."""
        return self._generator

    @property
    def fixed(self) -> torch.Generator:
        """A stream that begins anew at every look, on the CPU."""
        return self._fixed

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, z_dim) draws from the prior, on the device."""
        return self._game.network.latents(n, generator).to(self.device)

    def labels(self, n: int, generator: torch.Generator) -> Tensor | None:
        """(n, attributes) labels from the empirical prior; None when G takes none."""
        if not self._game.conditioning.labels_generator:
            return None
        chosen = torch.randint(len(self.dataset), (n,), generator=generator)
        return self.dataset.labels[chosen].to(self.device)

    @torch.no_grad()
    def generate(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """(n, *sample) from the averaged G in eval mode."""
        samples: Tensor = self._game.averaging.sampler(self._game.G).eval()(z, labels)
        return samples

    def own_loss(self, player: Player, parameters: Parameters | None = None) -> Tensor:
        """A player's own loss on a batch that is the same at every look, with a graph."""
        self._begin_as_in_training()
        return own_loss(self._game, player, self._step, parameters)

    def own_losses(self) -> Mapping[Player, Tensor]:
        """Both players' own losses on one batch that is the same at every look, with one graph."""
        self._begin_as_in_training()
        return own_losses(self._game, self._step)

    def _begin_as_in_training(self) -> None:
        """Players in training mode whatever the look did before; dropout leaves out the same at every look."""
        self._game.G.train()  # `undisturbed` puts modes back, and the global stream that is seeded here
        self._game.D.train()
        torch.manual_seed(seed_of(self._game.spec.seed, "own loss", "dropout"))

    @torch.no_grad()
    def judge(self, x: Tensor, labels: Tensor | None = None) -> Verdict:
        """D in eval mode; a D that sees several samples at once is shown copies of each."""
        return self._verdict(x, labels)

    @torch.enable_grad()
    def slope(self, x: Tensor) -> Tensor:
        """The gradient, with respect to each sample, of the logit that `judge` gives it."""
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self._verdict(x, None).logits.sum(), x)
        return gradient

    def _verdict(self, x: Tensor, labels: Tensor | None) -> Verdict:
        for regulariser in self._packing():
            x = regulariser.inputs(x.repeat_interleave(regulariser.pack, dim=0), self._moment())
        verdict: Verdict = self._game.D.eval()(x, labels)
        return verdict

    def packed(self, x: Tensor) -> Tensor:
        """Samples as D is shown them; those that do not fill a pack are left out."""
        for regulariser in self._packing():
            x = regulariser.inputs(x[: len(x) - len(x) % regulariser.pack], self._moment())
        return x

    def _packing(self) -> list[Regulariser]:
        return [regulariser for regulariser in self._game.regularisers if regulariser.pack > 1]

    def _moment(self) -> Moment:
        return Moment(self._step, "D", stream(self.device, self._game.spec.seed, "monitor", self._monitor))

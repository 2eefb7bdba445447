"""A run small enough to know everything about: players that disturb easily, data with known modes, a view of both."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils.parametrizations import spectral_norm

from worker.datasets import Dataset, Judge, Judgement
from worker.networks.dirac import DiracDiscriminator, DiracGenerator
from worker.verdict import Verdict

Z_DIM = 5


class ToyG(nn.Module):
    """Batch norm and dropout: both change what a look in training mode would leave behind."""

    def __init__(self, sample_shape, n_labels=0):
        super().__init__()
        self.sample_shape = sample_shape
        n_out = torch.Size(sample_shape).numel()
        self.layers = nn.Sequential(
            nn.Linear(Z_DIM + n_labels, 8),
            nn.BatchNorm1d(8),
            nn.Dropout(0.3),
            nn.ReLU(),
            nn.Linear(8, n_out),
            nn.Tanh(),
        )

    def forward(self, z, labels=None):
        x = z if labels is None else torch.cat([z, labels.float()], dim=1)
        return self.layers(x).view(-1, *self.sample_shape)


class Sampler(nn.Module):
    """A G whose samples are known, one after the other, whatever the latents."""

    def __init__(self, samples):
        super().__init__()
        self.samples = samples

    def forward(self, z, labels=None):
        return self.samples[torch.arange(len(z)) % len(self.samples)]


class ToyD(nn.Module):
    """Spectral norm, whose vectors move with every pass in training mode."""

    def __init__(self, sample_shape, heads=None):
        super().__init__()
        n_in = torch.Size(sample_shape).numel()
        self.body = nn.Sequential(spectral_norm(nn.Linear(n_in, 8)), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.ReLU())
        self.logit = nn.Linear(8, 1)
        self.heads = nn.ModuleDict({name: nn.Linear(8, n) for name, n in (heads or {}).items()})

    def forward(self, x, labels=None):
        features = self.body(x.flatten(1))
        auxiliary = {name: head(features) for name, head in self.heads.items()}
        return Verdict(logits=self.logit(features)[:, 0], auxiliary=auxiliary)


class CornerJudge(Judge):
    """Judges by the signs of the first numbers of a sample, one an attribute; good is what lies away from zero."""

    def __init__(self, n_attributes):
        self.n = n_attributes
        self.mode_names = [f"corner {k}" for k in range(2**n_attributes)]

    def __call__(self, samples):
        first = samples.flatten(1)[:, : self.n]
        labels = (first > 0).long()
        mode = (labels * 2 ** torch.arange(self.n)).sum(1)
        return Judgement(mode=mode, good=first.abs().amin(1) > 0.1, labels=labels)


class ToyDataset(Dataset):
    """64 samples of one shape, with as many two-class attributes as wanted."""

    def __init__(self, shape, n_attributes=0, *, judged=True):
        generator = torch.Generator().manual_seed(5)
        self.shape = shape
        self.samples = 2 * torch.rand(64, *shape, generator=generator) - 1
        self.attributes = {name: ["low", "high"] for name in ("first", "second", "third")[:n_attributes]}
        self.labels = (self.samples.flatten(1)[:, :n_attributes] > 0).long()
        self.judge = CornerJudge(n_attributes or 2) if judged else None

    def prepare(self, cache):
        """Nothing to do."""


@dataclass
class ToyView:
    """A TrainingView without a run behind it. Like the real one it gives new streams to each look."""

    dataset: Dataset
    G: nn.Module
    D: nn.Module
    step: int = 1
    conditional: bool = False
    pack: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    generator: torch.Generator = field(init=False)
    fixed: torch.Generator = field(init=False)

    def __post_init__(self):
        self.generator = torch.Generator().manual_seed(1000 + self.step)
        self.fixed = torch.Generator().manual_seed(7)

    @property
    def averaged_D(self) -> nn.Module:
        return self.D

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.randn(n, Z_DIM, generator=generator)

    def labels(self, n: int, generator: torch.Generator) -> Tensor | None:
        if not self.conditional:
            return None
        return self.dataset.labels[torch.randint(len(self.dataset), (n,), generator=generator)]

    def own_loss(self, player, parameters=None):
        return self._losses(player, parameters or {})[player]

    def own_losses(self):
        return self._losses("G", {})

    def _losses(self, player, parameters):
        """Both players' losses on the first 16 samples, on copies of their buffers; dropout is seeded."""
        self.G.train()
        self.D.train()
        torch.manual_seed(11)
        given = {"G": {}, "D": {}} | {player: parameters}
        G, D = (self._copied(module, given[name]) for name, module in (("G", self.G), ("D", self.D)))
        labels = self.dataset.labels[:16] if self.conditional else None
        z = torch.randn(16, Z_DIM, generator=torch.Generator().manual_seed(9), dtype=self.dataset.samples.dtype)
        real, fake = D(self.dataset.samples[:16]).logits, D(G(z, labels)).logits
        softplus = nn.functional.softplus
        return {"G": softplus(-fake).mean(), "D": softplus(-real).mean() + softplus(fake).mean()}

    @staticmethod
    def _copied(module, parameters):
        buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
        return lambda *given: functional_call(module, {**buffers, **parameters}, given)

    @torch.no_grad()
    def generate(self, z: Tensor, labels: Tensor | None) -> Tensor:
        return self.G.eval()(z, labels)

    @torch.no_grad()
    def judge(self, x: Tensor, labels: Tensor | None = None) -> Verdict:
        return self.D.eval()(x, labels)

    def slope(self, x: Tensor) -> Tensor:
        x = x.detach().requires_grad_()
        with torch.enable_grad():
            return torch.autograd.grad(self.D.eval()(x).logits.sum(), x)[0]

    def packed(self, x: Tensor) -> Tensor:
        whole = x[: len(x) - len(x) % self.pack]
        return whole.reshape(len(whole) // self.pack, self.pack * x.shape[1], *x.shape[2:])


@dataclass
class ToyRun:
    """Data and players, and views of them."""

    dataset: Dataset
    G: nn.Module
    D: nn.Module
    conditional: bool

    def view(self, step=1):
        return ToyView(self.dataset, self.G, self.D, step, self.conditional)

    def train(self, optimisers):
        """One step of each player on a random batch, drawn from the global stream as dropout is."""
        self.G.train()
        self.D.train()
        labels = self.dataset.labels[:16] if self.conditional else None
        fake = self.G(torch.randn(16, Z_DIM), labels)
        for player, sign in (("D", -1), ("G", 1)):
            verdict = self.D(fake if player == "G" else fake.detach())
            loss = nn.functional.softplus(-sign * verdict.logits).mean()
            for column, head in enumerate(verdict.auxiliary.values()):
                loss = loss + nn.functional.cross_entropy(head, labels[:, column])
            optimisers[player].zero_grad()
            loss.backward(retain_graph=player == "D")
            optimisers[player].step()


def dirac_run():
    """The game of two numbers: a G that is one and a D that is the other."""
    return ToyRun(ToyDataset((1,)), DiracGenerator(0.5), DiracDiscriminator(-0.25), conditional=False)


def toy_run(shape=(2,), n_attributes=0, *, conditional=False, judged=True):
    """A run on samples of that shape; conditional: G takes the labels, and D has a head for each."""
    dataset = ToyDataset(shape, n_attributes, judged=judged)
    heads = dict.fromkeys(dataset.attributes, 2) if conditional else {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        G, D = ToyG(shape, n_attributes if conditional else 0), ToyD(shape, heads)
    return ToyRun(dataset, G, D, conditional)

"""The game of one run: both players with everything that acts on them, built from a spec."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contract.spec import ComponentSpec, GameParams, Player, RunSpec, WatchingParams
from worker.averaging import Averaging
from worker.conditioning import Conditioning
from worker.datasets import Dataset
from worker.families import FAMILIES
from worker.guards import Guard
from worker.losses import Loss
from worker.monitors import Monitor
from worker.networks import Network, Problem
from worker.optimisers import OptimiserComponent
from worker.registry import Component, InvalidParams
from worker.regularisers import HOOKS, Moment, Regulariser
from worker.rules import Rule
from worker.training.readings import Readings
from worker.training.streams import DataOrder, Streams, seed_of

ON_DEVICE_BYTES = 2**30
"""A set up to this size lives on the device as a whole; a larger one is copied batch by batch."""


@dataclass
class Game:
    """Players, parts and streams. Everything that a step reads or changes is here."""

    spec: RunSpec
    params: GameParams
    watching: WatchingParams
    device: torch.device
    dataset: Dataset
    network: Network
    conditioning: Conditioning
    loss: Loss
    regularisers: list[Regulariser]
    optimiser_parts: Mapping[Player, OptimiserComponent]
    averaging: Averaging
    G: nn.Module
    D: nn.Module
    optimisers: Mapping[Player, Optimizer]
    streams: Streams
    data: DataOrder
    fake_labels: Tensor
    """(N, attributes): the empirical prior that labels of fakes are drawn from, on the device."""
    monitors: list[Monitor]
    guards: list[Guard]
    rules: list[Rule]
    readings: Readings
    """What the monitors measured last, for the guards."""
    hooks: Mapping[str, list[Regulariser]]
    """Hook → the regularisers that have it, in the order of the spec; who packs samples changes them last."""
    weights: Mapping[Player, list[nn.Parameter]]
    extrapolates: list[Player]
    """The players whose optimisers look ahead before each step."""

    def player(self, name: Player) -> nn.Module:
        """G or D."""
        return self.G if name == "G" else self.D

    def networks(self) -> list[nn.Module]:
        """Both players, and the averages of them that are kept: all that a look may touch."""
        kept = (self.averaging.sampler(self.G), self.averaging.averaged(self.D))
        averages = [average for average, player in zip(kept, (self.G, self.D), strict=True) if average is not player]
        return [self.G, self.D, *averages]

    def components(self) -> list[tuple[str, Component]]:
        """Every component of the run, as (entry, component), in the order of the spec."""
        single: list[Component] = [self.dataset, self.network, self.conditioning, self.loss]
        players: list[Component] = [self.optimiser_parts["G"], self.optimiser_parts["D"], self.averaging]
        watching: list[Component] = [*self.monitors, *self.guards, *self.rules]
        return [(part.entry, part) for part in (*single, *self.regularisers, *players, *watching)]

    def draw_labels(self, n: int) -> Tensor | None:
        """(n, attributes) labels for fakes from the empirical prior; None when G takes none."""
        if not self.conditioning.labels_generator:
            return None
        chosen = torch.randint(
            len(self.fake_labels), (n,), generator=self.streams.labels, device=self.streams.labels.device
        )
        return self.fake_labels[chosen]

    def draw_latents(self, n: int, moment: Moment) -> Tensor:
        """(n, z_dim) latents as training uses them: drawn from the prior, then through the latent hooks."""
        z = self.network.latents(n, self.streams.latents)
        for regulariser in self.hooks["latents"]:
            z = regulariser.latents(z, moment)
        return z


def resolve_device(wanted: str) -> torch.device:
    """The torch device for a spec's `device`.

    Raises:
        RuntimeError: if a GPU is asked for and there is none.
    """
    if wanted.startswith("cuda") and not torch.cuda.is_available():
        raise RuntimeError(f"device {wanted!r} was asked for, but this worker sees no GPU; use 'auto' or 'cpu'")
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(wanted)


def build(spec: RunSpec, cache: Path) -> Game:
    """The game at step 0.

    Args:
        spec: a resolved spec.
        cache: folder for prepared datasets.

    Returns:
        A game whose weights depend on the spec's seed alone.
    """
    device = resolve_device(spec.device)
    dataset: Dataset = _make("datasets", spec.dataset)
    dataset.prepare(cache)
    classes = {name: len(names) for name, names in dataset.attributes.items()}
    conditioning: Conditioning = _make("conditioning", spec.conditioning)
    conditioning.begin(classes)
    network: Network = _make("networks", spec.network)
    regularisers: list[Regulariser] = [_make("regularisers", part) for part in spec.regularisers]
    _check(spec, regularisers)
    G, D = _players(spec.seed, network, _problems(dataset, conditioning, regularisers), regularisers, device)
    averaging: Averaging = _make("averaging", spec.averaging)
    averaging.begin(G, D)
    g_part: OptimiserComponent = _make("optimisers", spec.optimisers["G"], "optimiser.g")
    d_part: OptimiserComponent = _make("optimisers", spec.optimisers["D"], "optimiser.d")
    parts: dict[Player, OptimiserComponent] = {"G": g_part, "D": d_part}
    return Game(
        spec=spec,
        params=spec.game.model_copy(),
        watching=spec.watching.model_copy(),
        device=device,
        dataset=dataset,
        network=network,
        conditioning=conditioning,
        loss=_make("losses", spec.loss),
        regularisers=regularisers,
        optimiser_parts=parts,
        averaging=averaging,
        G=G,
        D=D,
        optimisers={"G": g_part.build(G.parameters()), "D": d_part.build(D.parameters())},
        streams=Streams(spec.seed, device),
        data=DataOrder(*_placed(dataset, device), spec.seed),
        fake_labels=dataset.labels.to(device),
        monitors=[_make("monitors", part) for part in spec.monitors or []],
        guards=[_make("guards", part) for part in spec.guards or []],
        rules=[_make("rules", part) for part in spec.rules],
        readings=Readings(),
        hooks={hook: _having(hook, regularisers) for hook in HOOKS},
        weights={"G": list(G.parameters()), "D": list(D.parameters())},
        extrapolates=[player for player in parts if parts[player].extrapolates],
    )


def _pack(regularisers: list[Regulariser]) -> int:
    """How many samples D sees at once."""
    return math.prod(regulariser.pack for regulariser in regularisers)


def _check(spec: RunSpec, regularisers: list[Regulariser]) -> None:
    pack = _pack(regularisers)
    if spec.batch % pack:
        raise InvalidParams(f"D sees {pack} samples at once: the batch must be a multiple of that; it is {spec.batch}")
    looking = [regulariser.entry for regulariser in regularisers if regulariser.overrides("before_generator")]
    if len(looking) > 1:
        raise InvalidParams(f"only one of {', '.join(looking)} can say which D G answers; leave the others out")


def _make(family: str, part: ComponentSpec, entry: str | None = None) -> Any:  # Any: of the family's own base
    return FAMILIES[family].create(part.name, part.params, entry or part.entry)


def _having(hook: str, regularisers: list[Regulariser]) -> list[Regulariser]:
    """Those that have the hook, in an order in which none undoes another: see `appends` and `pack`."""
    found = [each for each in regularisers if each.overrides(hook)]
    return sorted(found, key=lambda each: not each.appends if hook == "build" else each.pack > 1)


def _problems(
    dataset: Dataset, conditioning: Conditioning, regularisers: list[Regulariser]
) -> Mapping[Player, Problem]:
    """What each player must fit. D may see several samples at once, one behind the other in its first dimension."""
    first, *rest = dataset.shape
    seen = (first * _pack(regularisers), *rest)
    if not conditioning.labels_generator:
        return {"G": Problem(dataset.shape, {}), "D": Problem(seen, {})}
    classes = {name: len(names) for name, names in dataset.attributes.items()}
    return {"G": Problem(dataset.shape, classes), "D": Problem(seen, {}, conditioning.head)}


def _players(
    seed: int,
    network: Network,
    problems: Mapping[Player, Problem],
    regularisers: list[Regulariser],
    device: torch.device,
) -> tuple[nn.Module, nn.Module]:
    """Both players, initialised on the CPU so that the weights do not depend on the device."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(seed, "weights"))
        G, D = network.generator(problems["G"]), network.discriminator(problems["D"])
        for regulariser in _having("build", regularisers):
            regulariser.build(G if regulariser.player == "G" else D)
    torch.manual_seed(seed_of(seed, "global"))
    return _at_home(G, problems["G"], device), _at_home(D, problems["D"], device)


def _at_home(player: nn.Module, problem: Problem, device: torch.device) -> nn.Module:
    """The player on its device; pictures in channels-last format (measured: 1.2 times as fast on a CPU)."""
    player = player.to(device).train()
    if len(problem.sample_shape) == 3:
        player = player.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    return player


def _placed(dataset: Dataset, device: torch.device) -> tuple[Tensor, Tensor]:
    samples, labels = dataset.samples, dataset.labels
    if samples.dim() == 4:
        samples = samples.contiguous(memory_format=torch.channels_last)
    if samples.nbytes <= ON_DEVICE_BYTES:
        return samples.to(device), labels.to(device)
    return samples, labels

"""The run's randomness: one private stream a purpose, so that looking at one thing never shifts another."""

from collections.abc import Iterable
from hashlib import sha256

import torch
from torch import Tensor


def seed_of(*parts: object) -> int:
    """A 63-bit seed that depends on every part, and on nothing else."""
    digest = sha256("\0".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def stream(device: torch.device | str, *parts: object) -> torch.Generator:
    """A generator on the device, seeded by the parts."""
    return torch.Generator(device=device).manual_seed(seed_of(*parts))


class Streams:
    """The streams that training draws from; their states are in every checkpoint."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.latents = stream(device, seed, "latents")
        self.labels = stream(device, seed, "labels")
        self.regularisers = stream(device, seed, "regularisers")

    def state_dict(self) -> dict[str, Tensor]:
        """States of the three streams and of torch's global ones, which dropout draws from."""
        states = {name: generator.get_state() for name, generator in self._named()}
        states["global.cpu"] = torch.get_rng_state()
        if self.latents.device.type == "cuda":
            states["global.cuda"] = torch.cuda.get_rng_state(self.latents.device)
        return states

    def load_state_dict(self, states: dict[str, Tensor]) -> None:
        """Go on from stored states; on another kind of device, with draws that they determine but do not continue."""
        for name, generator in self._named():
            _go_on(generator, states[name])
        torch.set_rng_state(states["global.cpu"])
        if "global.cuda" in states and self.latents.device.type == "cuda":
            torch.cuda.set_rng_state(states["global.cuda"], self.latents.device)

    def _named(self) -> Iterable[tuple[str, torch.Generator]]:
        return (("latents", self.latents), ("labels", self.labels), ("regularisers", self.regularisers))


def _go_on(generator: torch.Generator, state: Tensor) -> None:
    """A CPU's generator and a GPU's have states of different size, and neither can take the other's."""
    if len(state) == len(generator.get_state()):
        generator.set_state(state)
    else:
        generator.manual_seed(seed_of(bytes(state.tolist())))


class DataOrder:
    """Batches of a finite set, epoch by epoch, each epoch in a new random order.

    The last batch of an epoch is filled up from the next one, so that every batch has the same size. Its state
    is the stream's state at the start of the epoch and the position in it: the order itself is drawn again.
    """

    def __init__(self, samples: Tensor, labels: Tensor, seed: int) -> None:
        self.samples = samples
        self.labels = labels
        self._generator = stream("cpu", seed, "data")
        self._position = 0
        self._begin_epoch()

    def next(self, n: int) -> tuple[Tensor, Tensor]:
        """The next n samples (n, *sample) and their labels (n, attributes), on the set's own device."""
        chosen = self._order[self._position : self._position + n]
        self._position += len(chosen)
        while len(chosen) < n:
            self._begin_epoch()
            more = self._order[: n - len(chosen)]
            self._position = len(more)
            chosen = torch.cat([chosen, more])
        chosen = chosen.to(self.samples.device, non_blocking=True)
        return self.samples[chosen], self.labels[chosen]

    def state_dict(self) -> dict[str, Tensor]:
        """Where the order is: enough to go on with the same batches."""
        return {"epoch": self._epoch_start, "position": torch.tensor(self._position)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from a stored place."""
        self._generator.set_state(state["epoch"])
        self._begin_epoch()
        self._position = int(state["position"])

    def _begin_epoch(self) -> None:
        self._epoch_start = self._generator.get_state()
        self._order = torch.randperm(len(self.samples), generator=self._generator)
        self._position = 0

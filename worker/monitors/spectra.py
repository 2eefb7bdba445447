"""The singular values of every weight matrix of both players, and what their shape comes to."""

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from contract.components import Cost, SeriesDescription
from contract.events import Spectrum
from worker import monitors
from worker.datasets import Dataset
from worker.layers import as_matrix, effective_weight, named_layers, rank
from worker.monitors import Measurement, MonitorParams, TrainingView

NUMBERS = {
    "sigma_1": ("output per unit of input", "neither", "the largest singular value σ_1"),
    "stable_rank": ("share of full rank", "good", "stable rank Σσ²/σ_1², divided by the number of singular values"),
    "effective_rank": (
        "share of full rank",
        "good",
        "effective rank exp(-Σ p ln p), p = σ/Σσ, divided by the number of singular values",
    ),
    "above_half": ("share of singular values", "good", "share of the singular values that exceed σ_1/2"),
}
"""What is said of each spectrum: unit, whether high is good, and what it is."""

BLOCK = 64
"""Rows of a Gram matrix that are computed at once: 256 rows then take 5/8 of the products of the whole matrix."""


def _described(letter: str) -> Iterator[SeriesDescription]:
    """The series of one player."""
    player = letter.upper()
    yield SeriesDescription(
        name=f"spectrum.{letter}.<layer>",
        kind="spectrum",
        unit="output per unit of input",
        meaning=f"Singular values of the weight with which {player}'s layer <layer> multiplies, largest first; exact "
        "to a millionth of the largest.",
    )
    for number, (unit, high_is, meaning) in NUMBERS.items():
        yield SeriesDescription(
            name=f"spectrum.{letter}.<layer>.{number}",
            unit=unit,
            high_is=high_is,
            meaning=f"{player}'s layer <layer>: {meaning}; NaN for a weight that is 0 or not finite.",
        )
    for number, (unit, high_is, meaning) in NUMBERS.items():
        yield SeriesDescription(
            name=f"spectrum.{letter}.least.{number}",
            unit=unit,
            high_is=high_is,
            meaning=f"Least over all of {player}'s layers: {meaning}. NaN where a weight is not finite.",
        )
    yield SeriesDescription(
        name=f"spectrum.{letter}.greatest.sigma_1",
        unit="output per unit of input",
        meaning=f"Greatest over all of {player}'s layers: the largest singular value σ_1; NaN where a weight is not "
        "finite.",
    )


@monitors.register
class Spectra(monitors.Monitor):
    """Weight spectra: the singular values σ_1 ≥ … ≥ σ_r of every linear and convolutional layer of G and D.

    A kernel is taken as the matrix W (out, in · kh · kw), r = min of both, a transposed one by its own axes; it is the
    weight that the layer multiplies by, so with `spectral_norm` the normalised one. With W or its transpose, whichever
    gives the smaller Gram matrix, σ_k = √λ_k(W Wᵀ) in float64. That is exact to about 1e-8 σ_1 (below it a singular
    value is rounding) and takes a third to a fifth of the time of a float32 decomposition, which knows less. Of each:

    stable rank = Σσ²/(r σ_1²),  effective rank = exp(-Σ p ln p)/r with p = σ/Σσ,  share above half = #{σ_k > σ_1/2}/r,

    all in [1/r, 1], 1 where every direction counts alike. A weight that is 0 has no shape: NaN, and not in the least.
    One that is not finite is NaN throughout. A layer's spectrum is always yielded; its numbers are series of their own
    for the `layers` layers of a player with most singular values, and enter the least and the greatest from all.

    Source: Liu et al. 2019 (SR-GAN), arXiv:1908.10999, for the spectrum divided by σ_1 as a picture of collapse; it
    names no threshold, and the shares here are ours. Effective rank: Roy & Vetterli 2007
    (EUSIPCO). Deviation: both ranks are divided by r, so that layers can be compared. Other parameters, as
    minibatch discrimination's tensor, are not looked at, and W is no operator norm of a convolution.
    """

    title: ClassVar[str] = "Weight spectra"
    needs: ClassVar[dict[str, bool]] = {"layers": True}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "moderate"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (*_described("d"), *_described("g"))

    class Params(MonitorParams):
        """How often, and for how many layers by name."""

        every: int = Field(100, ge=1, le=1_000_000)
        """Steps between two looks."""
        layers: int = Field(8, ge=0, le=1000)
        """Layers of each player whose numbers are series of their own: those with most singular values."""

    params: Params

    def series_of(self, dataset: Dataset, G: nn.Module, D: nn.Module) -> Sequence[SeriesDescription]:
        """With the layers' names put in; nothing of a player without layers."""
        return [
            expanded
            for letter, player in (("d", D), ("g", G))
            for described in _described(letter)
            for expanded in self._expanded(described, named_layers(player))
        ]

    def measure(self, view: TrainingView) -> Measurement:
        """One look at both players."""
        scalars: dict[str, float] = {}
        spectra: list[Spectrum] = []
        for letter, player in (("d", view.D), ("g", view.G)):
            layers = named_layers(player)
            if not layers:
                continue
            found = spectra_of(player)
            numbers = shapes(found)
            spectra += [
                Spectrum(series=f"spectrum.{letter}.{name}", values=values.tolist())
                for name, values in zip(layers, found, strict=True)
            ]
            for name in self._by_name(layers):
                place = list(layers).index(name)
                scalars |= {f"spectrum.{letter}.{name}.{what}": of[place].item() for what, of in numbers.items()}
            scalars |= {f"spectrum.{letter}.least.{what}": _least(of, found) for what, of in numbers.items()}
            scalars[f"spectrum.{letter}.greatest.sigma_1"] = numbers["sigma_1"].amax().item()
        return Measurement(scalars=scalars, spectra=spectra)

    def _expanded(self, described: SeriesDescription, layers: dict[str, nn.Module]) -> Iterator[SeriesDescription]:
        if "<layer>" not in described.name:
            yield from [described] if layers else []
            return
        for name in layers if described.kind == "spectrum" else self._by_name(layers):
            put_in = {each: getattr(described, each).replace("<layer>", name) for each in ("name", "meaning")}
            yield described.model_copy(update=put_in)

    def _by_name(self, layers: dict[str, nn.Module]) -> list[str]:
        """The layers with most singular values, in the order in which the player declares them."""
        largest = sorted(layers, key=lambda name: -rank(layers[name]))[: self.params.layers]
        return [name for name in layers if name in largest]


@torch.no_grad()
def spectra_of(player: nn.Module) -> list[Tensor]:
    """The singular values of each layer, (r,) float64 on the CPU, in the order of `named_layers`; in eval mode."""
    layers = named_layers(player.eval())
    return [singular_values(as_matrix(layer, effective_weight(layer))).cpu() for layer in layers.values()]


def singular_values(matrix: Tensor) -> Tensor:
    """(r,) float64, largest first, of a matrix (m, n), r = min(m, n): roots of its smaller Gram matrix's eigenvalues.

    Wrong by about 1e-8 of the largest at most. All NaN where the matrix is not finite. It waits for the device.
    """
    exact = matrix.detach().double()
    gram = _lower_gram(exact if exact.shape[0] <= exact.shape[1] else exact.T)
    # Whatever is not finite in a row is so in that row's square, which lies on the diagonal.
    if not math.isfinite(gram.trace().item()):
        return torch.full((len(gram),), math.nan, dtype=torch.float64, device=gram.device)
    squares: Tensor = torch.linalg.eigvalsh(gram)
    return squares.clamp_min(0).sqrt().flip(0)


def _lower_gram(rows: Tensor) -> Tensor:
    """Rows times their transpose, the blocks above the diagonal left 0: of a symmetric matrix, eigvalsh reads half."""
    gram = rows.new_zeros(len(rows), len(rows))
    for begin in range(0, len(rows), BLOCK):
        gram[begin : begin + BLOCK, : begin + BLOCK] = rows[begin : begin + BLOCK] @ rows[: begin + BLOCK].T
    return gram


def shapes(spectra: Sequence[Tensor]) -> dict[str, Tensor]:
    """Each of `NUMBERS` → (layers,) float64, from the singular values of each layer, largest first."""
    sigma = pad_sequence(list(spectra), batch_first=True)
    ranks = torch.tensor([len(each) for each in spectra])
    largest = sigma[:, 0]
    shares = sigma / sigma.sum(1, keepdim=True)
    above = (sigma > largest[:, None] / 2).sum(1).double() / ranks
    return {
        "sigma_1": largest,
        "stable_rank": sigma.square().sum(1) / largest.square() / ranks,
        "effective_rank": torch.exp(-torch.xlogy(shares, shares).sum(1)) / ranks,
        "above_half": torch.where(largest > 0, above, math.nan),
    }


def _least(of: Tensor, spectra: Sequence[Tensor]) -> float:
    """The least over the layers whose weight is not 0; NaN if one of them is NaN, or there is none."""
    alive = of[torch.stack([each[0] for each in spectra]) != 0]
    return alive.amin().item() if len(alive) else math.nan

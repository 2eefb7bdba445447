"""Spectral regularisation: D's singular values are lifted, since a D with few of them left lets G collapse."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field, PrivateAttr, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError
from torch import Tensor, nn
from torch.nn.utils import parametrize

from contract.components import ComponentParams
from contract.knobs import knob
from worker import regularisers
from worker.layers import (
    CONVOLUTIONS,
    NoSuchLayer,
    as_kernel,
    named_layers,
    rank,
    refuse_second,
    trained_weight,
)
from worker.regularisers._spectrum import Compensation, spectrum


class BeyondRank(ValueError):
    """More singular values are to be lifted than the smallest layer has."""


@regularisers.register
class SpectralRegularisation(regularisers.Regulariser):
    """Spectral regularisation (SR-GAN): singular values of D's layers are lifted to the largest, or kept from falling.

    A weight W as the matrix (out, in · kh · kw) has singular values s_1 ≥ … ≥ s_r. General form:
    W_SR = (W + Σ_k (t_k - s_k) u_k v_kᵀ) / s_1, so that W_SR has the singular values t_k / s_1, with

    - `static`: t_k = s_1 for the first i, else s_k. i = 1 is plain spectral normalisation;
    - `dynamic`: t_k = γ_k s_1, γ_k the largest s_k / s_1 so far: relative singular values may rise and never fall.

    i is the same number in every layer, or max(1, ⌊share · r⌋) of each. Two forms:

    - `project`, the authors' code: after D's steps of every n-th step W itself is overwritten; no gradient goes through
      it, and the optimiser's moments stay as they are. Static divides by s_1 (W then has s_1 = 1), dynamic keeps W's
      scale, and its first call only notes the spectrum. With several D steps to a G step it acts after each of them,
      like that code. There `spectral_norm` stays in the forward pass: use both; the raw weight is overwritten.
    - `reparam`: D computes with W_SR and W is trained; u_k, v_k are held fixed in the gradient, so that autograd gives
      ∂/∂W of the formula with s_k = u_kᵀ W v_k. They are found anew after D's steps of every n-th step: exact with
      `every` 1, and in between as old as that, s_1 included. Dynamic notes γ at the start and at each of these. It
      divides by s_1 itself and is refused beside spectral_norm.

    The decomposition runs in the weights' own precision: in float32 singular values are off by up to 1e-6 of s_1, those
    of a projected weight by 4e-6 (measured up to 512 × 4,096, which takes a CPU core a quarter of a second). It waits
    for the device, so a step in which it runs is not an ordinary one. A weight that is 0 or not finite is left alone.

    Source: Liu, Tang, Zhou & Qiu 2019, arXiv:1908.10999, whose text could not be opened: definitions follow its public
    notes and the authors' code, max-liu-112/SRGANs-Spectral-Regularization-GANs- (static, i = ⌊r/2⌋, every 5
    iterations, convolutions of D only, on CIFAR-10) and max-liu-112/SRGANs (dynamic, on ImageNet, begun from a snapshot
    trained with spectral norm alone). Deviations: their iterations count from 0, these steps from 1; `reparam`.
    """

    title: ClassVar[str] = "Spectral regularisation (SR-GAN)"
    needs: ClassVar[dict[str, Any]] = {"layers": True}

    class Params(ComponentParams):
        """What is lifted, how, in which layers, and how often."""

        mode: Literal["static", "dynamic"] = "static"
        """Lift the first i singular values to the largest, or let none fall below its largest share so far."""
        form: Literal["project", "reparam"] = "project"
        """Overwrite weights now and then, or compute with a function of them."""
        share: float = knob(0.5, gt=0, le=1)
        """Share of a layer's singular values that static lifts, where i is 0."""
        i: int = knob(0, ge=0, le=65_536)
        """How many singular values static lifts in each layer; 0: by the share. At most the smallest layer's rank."""
        every: int = knob(5, ge=1, le=1_000_000, unit="steps")
        """Steps from one decomposition to the next; in form project a number above the run's steps switches it off."""
        layers: Literal["convolutions", "all"] | Annotated[list[str], Field(min_length=1)] = "convolutions"
        """Which layers: D's convolutions (all, where it has none), all (linear ones too), or those of these names."""
        player: Literal["D"] = "D"
        """Whose layers: D's alone."""

        _smallest: tuple[str, int] | None = PrivateAttr(None)

        def __setattr__(self, name: str, value: Any) -> None:  # Any: as in the base
            # A validator of the model would come too late: pydantic has assigned by then, and does not take it back.
            if name == "i" and self._smallest is not None and value > self._smallest[1]:
                error = PydanticCustomError("beyond_rank", "{message}", {"message": _beyond(*self._smallest)})
                raise ValidationError.from_exception_data(
                    "Params", [InitErrorDetails(type=error, loc=(name,), input=value)]
                )
            super().__setattr__(name, value)

        def bind(self, ranks: Mapping[str, int]) -> None:
            """Hold i to the ranks of the layers that were chosen, from now on.

            A layer of one singular value, such as that of D's logit, has nothing to lift and sets no bound.

            Raises:
                BeyondRank: if it is above the smallest one already.
            """
            lifted = {name: n_values for name, n_values in ranks.items() if n_values > 1} or ranks
            self._smallest = min(lifted.items(), key=lambda item: item[1])
            if self.i > self._smallest[1]:
                raise BeyondRank(f"spectral_regularisation: i = {self.i}: {_beyond(*self._smallest)}")

    params: Params

    def __init__(self, params: Any, entry: str) -> None:  # Any: as in the base
        super().__init__(params, entry)
        self._names: list[str] = []
        self._peaks: dict[str, Tensor] = {}

    def build(self, player: nn.Module) -> None:
        """Choose the layers, and in form `reparam` parametrise their weights.

        Raises:
            NoSuchLayer: if D has no such layers; the message names those it has.
            BeyondRank: if i is above the rank of one of them.
            ParametrisedTwice: if form `reparam` stands beside spectral_norm.
        """
        layers = self._chosen(player)
        self._names = list(layers)
        self.params.bind({name: rank(layer) for name, layer in layers.items()})
        if self.params.form == "reparam":
            for name, layer in layers.items():
                refuse_second("spectral_regularisation with form 'reparam'", name, layer)
            for layer in layers.values():
                self._parametrise(layer)

    def n_lifted(self, n_values: int) -> int:
        """How many singular values static lifts in a layer that has so many."""
        # 0.29 · 100 is 28.999999999999996 in floating point.
        return min(self.params.i or max(1, math.floor(self.params.share * n_values + 1e-9)), n_values)

    def after_step(self, player: nn.Module, step: int) -> None:
        """Project the weights, or find their singular vectors anew."""
        if step % self.params.every:
            return
        with torch.no_grad():
            for name in self._names:
                layer = player.get_submodule(name)
                if self.params.form == "project":
                    self._project(name, layer)
                else:
                    _refresh(layer)

    def _parametrise(self, layer: nn.Module) -> None:
        # A function, where a bound method would do: a deep copy of D copies the method's component with it, and would
        # then miss the knobs.
        n_lifted = None if self.params.mode == "dynamic" else lambda n_values: self.n_lifted(n_values)
        parametrize.register_parametrization(layer, "weight", Compensation(layer, trained_weight(layer), n_lifted))

    def _project(self, name: str, layer: nn.Module) -> None:
        weight = trained_weight(layer)
        found = spectrum(layer, weight)
        if found is None:
            return
        s = found.relative
        if self.params.mode == "static":
            s[: self.n_lifted(len(s))] = 1
        else:
            before = self._peaks.get(name)
            self._peaks[name] = s if before is None else torch.maximum(before.to(s), s)
            if before is None:
                return
            s = self._peaks[name] * found.s[0]
        weight.copy_(as_kernel(layer, found.rebuilt(s), weight))

    def _chosen(self, player: nn.Module) -> dict[str, nn.Module]:
        every, wanted = named_layers(player), self.params.layers
        if isinstance(wanted, list):
            unknown = [name for name in wanted if name not in every]
            if unknown:
                raise NoSuchLayer(f"D has no layer called {', '.join(map(repr, unknown))}; it has {_listed(every)}")
            return {name: every[name] for name in wanted}
        found = every if wanted == "all" else named_layers(player, CONVOLUTIONS) or every
        if not found:
            raise NoSuchLayer("spectral_regularisation found no linear or convolutional layer in D; leave it out")
        return found

    def state_dict(self) -> dict[str, Tensor]:
        """Form `project`, mode `dynamic`: layer → (r,) largest s_k / s_1 so far. Form `reparam` keeps them in D."""
        return dict(self._peaks)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state_dict` gave."""
        self._peaks = dict(state)


def _beyond(layer: str, n_values: int) -> str:
    return (
        f"it must be at most {n_values}, the number of singular values of layer {layer!r}, the smallest of those chosen"
    )


def _refresh(layer: nn.Module) -> None:
    for module in layer.modules():
        if isinstance(module, Compensation):
            module.refresh(trained_weight(layer))


def _listed(layers: Mapping[str, nn.Module]) -> str:
    return ", ".join(layers) if layers else "none"

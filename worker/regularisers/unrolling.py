"""Unrolling: G answers the D that would be, K steps of D ahead, rather than the D of the moment."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer

from contract.components import ComponentParams
from contract.knobs import knob
from contract.spec import Player
from worker import regularisers
from worker.regularisers import LookaheadView, Parameters


@regularisers.register
class Unrolling(regularisers.Regulariser):
    """Unrolled GAN: G's loss is taken at the weights that D would have after K more steps, a function of G's weights.

    ψ⁰ = ψ, D's weights now;  ψᵏ⁺¹ = ψᵏ - step(∇L_D(θ, ψᵏ));  G minimises L_G(θ, ψᴷ(θ)), its gradient going through all
    K steps. All of them see the samples of G's phase. L_D is D's adversarial loss and label terms, with the changes
    that other regularisers make to samples and targets; their penalties are left out. D's own weights, its optimiser's
    state and its buffers stay as they are.
    `step` is what D's own optimiser does: `adam` goes on from its present moments, with bias correction, and `sgd` from
    its momentum; for every other optimiser, those of Adam's kin too, it is η ∇L_D, which at their rates is next to
    nothing. η is D's learning rate in force. Through Adam G's gradient can be very steep where one of D's weights has
    had next to no gradient yet.
    Costs about 2K + 1 times the memory of G's phase, and as much more time. With K = 0 it is as if it were not there.

    Source: Metz, Poole, Pfau & Sohl-Dickstein 2017, arXiv:1611.02163, section 2; its public demo has K = 5 and Adam
    inside. Deviations: L_G is the run's own loss, where that code has G ascend all of L_D (take loss `minimax` for
    the same gradient of the fake part); Adam goes on from D's moments, where it starts afresh there.
    """

    title: ClassVar[str] = "Unrolling (Unrolled GAN)"
    player: Player = "G"

    class Params(ComponentParams):
        """How far."""

        steps: int = knob(5, ge=0, le=20, unit="D steps")
        """K: steps that D is ahead; 0: none."""

    params: Params

    def before_generator(self, view: LookaheadView) -> Parameters | None:
        """D's weights after K steps, with a graph to G's; None when K is 0."""
        if self.params.steps == 0:
            return None
        rules = _rules(view.parameters, view.optimiser)
        weights = dict(view.parameters)
        for _ in range(self.params.steps):
            names = list(weights)
            found = torch.autograd.grad(
                view.loss(weights), [weights[name] for name in names], create_graph=True, allow_unused=True
            )
            for name, gradient in zip(names, found, strict=True):
                if gradient is not None:
                    weights[name] = weights[name] - rules[name].change(gradient)
        return weights


class _Rule:
    """What is taken from one weight in a step, as a differentiable function of its gradient: here η g."""

    def __init__(self, group: Mapping[str, Any], state: Mapping[str, Any]) -> None:  # Any: as in torch's optimisers
        self.group = group
        self.rate: float = group["lr"]

    def change(self, gradient: Tensor) -> Tensor:
        """What one more step takes away."""
        return self.rate * gradient


class _Sgd(_Rule):
    """Torch's SGD: b ← μ b + g, the first time b = g; η b."""

    def __init__(self, group: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        super().__init__(group, state)
        self.buffer: Tensor | None = state.get("momentum_buffer")

    def change(self, gradient: Tensor) -> Tensor:
        if self.group["momentum"] != 0:
            self.buffer = gradient if self.buffer is None else self.group["momentum"] * self.buffer + gradient
            gradient = self.buffer
        return self.rate * gradient


class _Adam(_Rule):
    """Torch's Adam: η m̂ / (√v̂ + ε)."""

    def __init__(self, group: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        super().__init__(group, state)
        # In double precision: in float32, 1 - 0.999 is off by 3e-5 of itself.
        self.n_steps: Tensor = torch.as_tensor(state.get("step", 0.0)).double()
        self.mean: Tensor | float = state.get("exp_avg", 0.0)
        self.square: Tensor | float = state.get("exp_avg_sq", 0.0)

    def change(self, gradient: Tensor) -> Tensor:
        beta1, beta2 = self.group["betas"]
        self.n_steps = self.n_steps + 1
        self.mean = beta1 * self.mean + (1 - beta1) * gradient
        self.square = beta2 * self.square + (1 - beta2) * gradient.square()
        mean = self.mean / (1 - beta1**self.n_steps)
        square = self.square / (1 - beta2**self.n_steps)
        change: Tensor = self.rate * mean / (_root(square) + self.group["eps"])
        return change


def _root(square: Tensor) -> Tensor:
    """√, with slope 0 instead of ∞ at 0: a unit of D that no sample has reached must not make G's gradient NaN."""
    return torch.where(square > 0, torch.where(square > 0, square, 1).sqrt(), 0)


def _rules(parameters: Parameters, optimiser: Optimizer) -> dict[str, _Rule]:
    """Name of each weight → the rule of its optimiser, going on from the state that it has there."""
    kind = _Adam if isinstance(optimiser, Adam) else _Sgd if isinstance(optimiser, SGD) else _Rule
    groups = {weight: group for group in optimiser.param_groups for weight in group["params"]}
    # `get`: the optimiser's state is a defaultdict, where a look with [] would leave an entry behind.
    return {name: kind(groups[weight], optimiser.state.get(weight, {})) for name, weight in parameters.items()}

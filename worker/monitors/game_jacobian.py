"""Whether the two players circle each other: eigenvalues of the game's vector field, which are complex."""

import math
from typing import ClassVar

from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from contract.events import Eigenvalues
from worker import monitors
from worker.curvature.jacobian import ComplexEigenvalues, JacobianOperator, outermost
from worker.monitors import Measurement, MonitorParams, TrainingView

TOLERANCE = 0.02
"""Largest residual of a pair that has settled, relative to the largest absolute eigenvalue."""
UNIT = "loss per squared unit of weight"


@monitors.register
class GameJacobian(monitors.Monitor):
    """Eigenvalues of J = ∂v/∂w, with v = (∇_G L_G, ∇_D L_D) and w all weights of both players, G's first.

    Gradient descent of both players with rate η moves w to w - η v, so near an equilibrium an error is multiplied by
    I - η J: it dies away where |1 - η λ| < 1 for all eigenvalues λ. Re λ > 0 attracts, Re λ < 0 repels, and Im λ makes
    the players circle: a purely imaginary pair grows by √(1 + η² |λ|²) a step, however small η. L_G and L_D are the
    players' own losses, penalties left out, on one fixed batch; normalisation as in the monitor `hessian`.

    The `k` eigenvalues of largest absolute value, by Arnoldi with full re-orthogonalisation, each with ‖Jx - λx‖,
    ‖x‖ = 1. Settled: within 0.02 of the largest |λ|. J is not symmetric, so a small residual says that λ is exact for a
    game this near, not that it is within that of an eigenvalue of this one.

    Source: Mescheder, Nowozin & Geiger 2017, arXiv:1705.10461; closed form of the smallest game: Mescheder, Geiger &
    Nowozin 2018, arXiv:1801.04406. Deviation: v has the opposite sign there.
    """

    title: ClassVar[str] = "Game Jacobian"
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "dear"
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="game_jacobian.eigenvalues",
            kind="eigenvalues",
            unit=UNIT,
            meaning="Eigenvalues of the game's Jacobian of largest absolute value that have settled, with ‖Jx - λx‖.",
        ),
        SeriesDescription(
            name="game_jacobian.radius",
            unit=UNIT,
            meaning="Largest |λ| of those that have settled; NaN if none has.",
            high_is="bad",
        ),
        SeriesDescription(
            name="game_jacobian.real.least",
            unit=UNIT,
            meaning="Smallest real part of those that have settled; below 0 the point repels. NaN if none has.",
            high_is="good",
        ),
        SeriesDescription(
            name="game_jacobian.imaginary",
            unit=UNIT,
            meaning="Largest imaginary part of those that have settled: how fast the players circle. NaN if none has.",
            high_is="bad",
        ),
        SeriesDescription(
            name="game_jacobian.residual",
            unit="share",
            meaning="Largest ‖Jx - λx‖ of those looked for, over the largest |λ|; above 0.02 some have not settled.",
            high_is="bad",
        ),
        SeriesDescription(
            name="game_jacobian.products", unit="products", meaning="Products with the Jacobian that the look took."
        ),
    )

    class Params(MonitorParams):
        """How many, and at what price."""

        every: int = Field(2000, ge=1, le=1_000_000)
        """Steps between two looks."""
        k: int = Field(8, ge=1, le=40)
        """Eigenvalues of largest absolute value; one more where that would part a conjugate pair."""
        products: int = Field(60, ge=10, le=1000)
        """Products that a look may take; each costs two backward passes through a kept graph."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""

        def losses() -> tuple[Tensor, Tensor]:
            both = view.own_losses()
            return both["G"], both["D"]

        operator = JacobianOperator(losses, list(view.G.parameters()), list(view.D.parameters()))
        found = outermost(
            operator,
            operator.n,
            count=self.params.k,
            generator=view.fixed,
            device=operator.device,
            tolerance=TOLERANCE,
            most_products=self.params.products,
        )
        return Measurement(scalars=_scalars(found), eigenvalues=[_body(found)])


def _scalars(found: ComplexEigenvalues) -> dict[str, float | Tensor]:
    settled = found.values[found.converged]
    largest = float(found.values.abs().max())
    unknown = len(settled) == 0
    return {
        "game_jacobian.radius": math.nan if unknown else float(settled.abs().max()),
        "game_jacobian.real.least": math.nan if unknown else float(settled.real.min()),
        "game_jacobian.imaginary": math.nan if unknown else float(settled.imag.max()),
        "game_jacobian.residual": float(found.residuals.max()) / largest if largest else 0.0,
        "game_jacobian.products": float(found.products),
    }


def _body(found: ComplexEigenvalues) -> Eigenvalues:
    """What has settled, and NaN where nothing is finite: that is not the same as nothing settled."""
    shown = found.converged | found.residuals.isnan()
    return Eigenvalues(
        series="game_jacobian.eigenvalues",
        real=found.values[shown].real.tolist(),
        imaginary=found.values[shown].imag.tolist(),
        residuals=found.residuals[shown].tolist(),
        products=found.products,
    )

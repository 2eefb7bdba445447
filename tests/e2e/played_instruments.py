"""A user's own monitor, as MODESCOPE_PLUGINS takes it; its spectra, eigenvalues and densities are known beforehand."""

import math
from typing import ClassVar

from pydantic import Field

from contract.components import SeriesDescription
from contract.events import Density, Eigenvalues, Spectrum
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView

AT = [place / 4 for place in range(-12, 13)]
BROKEN_STEP = 20


@monitors.register
class PlayedInstruments(monitors.Monitor):
    """Numbers that depend on the step alone: singular values e^(-i (1 + step/100)), an eigenvalue step/10, bell curves.

    Source: none, it measures nothing.
    """

    title: ClassVar[str] = "Played instruments"
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(name="spectrum.d.played", kind="spectrum", meaning="Not a matrix'."),
        SeriesDescription(name="hessian.g.played", kind="eigenvalues", meaning="Not a Hessian's."),
        SeriesDescription(name="game_jacobian.played", kind="eigenvalues", meaning="Not a game's."),
        SeriesDescription(name="scores.real", kind="density", meaning="Nobody's scores."),
        SeriesDescription(name="scores.fake", kind="density", meaning="Nobody's scores."),
        SeriesDescription(name="spectrum.d.played.sigma", meaning="Its largest."),
    )

    class Params(MonitorParams):
        """How often."""

        every: int = Field(10, ge=1)
        """Steps between two looks."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        step = view.step
        values = [math.exp(-i * (1 + step / 100)) for i in range(8)]
        values[5] = math.nan if step == BROKEN_STEP else values[5]
        real, fake = (_bell(name, mean) for name, mean in (("scores.real", 1.0), ("scores.fake", -1.0)))
        return Measurement(
            scalars={"spectrum.d.played.sigma": values[0]},
            spectra=[Spectrum(series="spectrum.d.played", values=values)],
            eigenvalues=[
                Eigenvalues(series="hessian.g.played", real=[step / 10, -1.0], residuals=[0.5, 0.25], products=12),
                Eigenvalues(
                    series="game_jacobian.played", real=[-1.0, -1.0], imaginary=[2.0, -2.0], residuals=[0.1, 0.1],
                    products=30,
                ),
            ],
            densities=[real, fake],
        )  # fmt: skip


def _bell(series: str, mean: float) -> Density:
    density = [math.exp(-((at - mean) ** 2) / 2) / math.sqrt(2 * math.pi) for at in AT]
    return Density(series=series, at=AT, density=density, stderr=[0.1 * height for height in density])

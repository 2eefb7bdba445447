"""Every knob of every component moves a run that is under way: turned at step 3, it changes the weights soon after."""

from pathlib import Path

import pytest
import torch

from contract.knobs import knobs_of
from contract.resolve import resolve
from contract.spec import RunSpec
from worker.catalogue import build_catalogue
from worker.families import FAMILIES
from worker.training.game import build
from worker.training.knob_board import KnobBoard
from worker.training.step import train_step

BEFORE, AFTER = 2, 4
"""Steps before the knob is turned, and after."""
CATALOGUE = build_catalogue(Path("/nonexistent"))

# What must be so for a knob to have a say, and what it is turned to where half or double its value would not do.
TOGETHER = {
    "decay_from": {"decay_steps": 3},
    "decay_to": {"decay_steps": 2},
    "decay_steps": {"decay_to": 0.5},
    "lecam.start": {"start": 0},
    "lecam.weight": {"start": 0},
    "lecam.decay": {"start": 0},
    "instance_noise.anneal_steps": {"std": 1.0},
    "top_k.decay": {"every": 1},
    "top_k.every": {"every": 4, "decay": 0.7, "floor": 0.1},
    "top_k.floor": {"every": 1, "decay": 0.1},
    "label_smoothing.low": {"high": 0.95},
    "ema.beta": {"rampup": 0.0},
    "ema.rampup": {"beta": 0.9},
    "spectral_regularisation.i": {"every": 1},
    "spectral_regularisation.share": {"every": 1},
    "nudged_adam.threshold": {"every": 1},
    "nudged_adam.strength": {"every": 1},
    "d2d_ce.margin": {"margin": 0.5},
}
TURNED = {
    "decay_steps": 3,
    "decay_from": 1,
    "warmup": 20,
    "hinge.margin": 1e-4,
    "lecam.start": 100,
    "instance_noise.anneal_steps": 3,
    "top_k.share": 0.25,
    "top_k.decay": 0.1,
    "top_k.every": 1,
    "top_k.floor": 0.99,
    "label_smoothing.high": 1.0,
    "label_smoothing.fake": 0.2,
    "spectral_regularisation.i": 1,
    "spectral_regularisation.every": 3,
    "spectral_regularisation.share": 0.9,
    "nudged_adam.threshold": 1e9,
    "nudged_adam.strength": 1.0,
    "nudged_adam.every": 1,
    "momentum": 0.5,
    "unrolling.steps": 0,
    "weight_clipping.c": 0.001,
    "ema.start": 1000,
    "uniform.start": 1000,
    "auxiliary.weights.hair": 5.0,
}
MOVES_AVERAGE = ("averaging",)
"""Families whose knobs move what is sampled, not the players."""


def knobs():
    """(family, component, knob) of all that is no monitor, dataset or network."""
    for component in CATALOGUE.components:
        if component.family in ("losses", "conditioning", "regularisers", "optimisers", "averaging"):
            for knob in knobs_of(component.name, component.params, component.defaults()):
                yield pytest.param(component.family, component.name, knob, id=knob.name)


def spec_of(family, name, params):
    parts = {
        "dataset": {"name": "tiny_images"},
        "network": {"name": "dcgan", "width": 4, "z_dim": 4},
        "loss": {"name": "nonsaturating"},
        "monitors": [],
        "steps": 100,
        "batch": 8,
    }
    part = {"name": name, **params}
    match family:
        case "losses":
            parts["loss"] = part
            if name == "began":
                parts["network"] = {"name": "autoencoder", "width": 4}
        case "conditioning" | "averaging":
            parts[family] = part
        case "regularisers":
            parts["regularisers"] = [part]
        case "optimisers":
            parts["optimisers"] = {"G": part, "D": part}
            if FAMILIES["optimisers"].find(name).needs.get("updates"):
                parts["game"] = {"updates": "simultaneous"}
    return resolve(RunSpec.model_validate(parts), CATALOGUE)


def found(table, knob):
    """The table's entry for the knob by its whole name or by its param alone."""
    return table.get(knob.name, table.get(knob.name.rsplit(".", 1)[-1]))


def other_value(knob):
    """Another value that is allowed."""
    wanted = found(TURNED, knob)
    if wanted is not None:
        return wanted
    if knob.kind == "boolean":
        return not knob.default
    value = knob.default / 2 if knob.default else 1.0
    return round(value) if knob.kind == "integer" else value


def trained(spec, tmp_path, turn):
    """Weights of both players and of what is sampled, with or without the knob turned half way."""
    game = build(spec, tmp_path)
    for step in range(1, BEFORE + AFTER + 1):
        if step == BEFORE + 1 and turn:
            KnobBoard(game).set(turn)
        train_step(game, step)
    players = (game.G, game.D, game.averaging.sampler(game.G))
    return torch.cat([value.double().flatten() for player in players for value in player.state_dict().values()])


@pytest.mark.parametrize(("family", "name", "knob"), [*knobs()])
def test_turning_it_changes_the_run(tmp_path, family, name, knob):
    spec = spec_of(family, name, found(TOGETHER, knob) or {})
    entry = f"optimiser.d.{knob.name.removeprefix(name + '.')}" if family == "optimisers" else knob.name
    wanted = {entry: other_value(knob)}
    still, turned = trained(spec, tmp_path, {}), trained(spec, tmp_path, wanted)
    assert turned.isfinite().all()
    assert not torch.equal(still, turned), f"{wanted} changed nothing"


@pytest.mark.parametrize(("family", "name", "knob"), [*knobs()])
def test_what_would_break_mathematics_is_refused_with_the_bound(family, name, knob):
    """A value beyond either end is refused in words that name the end."""
    if knob.kind == "boolean":
        return
    if knob.minimum is not None:
        assert f"{knob.minimum:g}" in knob.refusal(knob.minimum - 1)
    if knob.maximum is not None:
        assert f"{knob.maximum:g}" in knob.refusal(knob.maximum + 1)
    assert knob.minimum is not None, "a knob without a lower bound takes minus a million"
    assert knob.maximum is not None, "a knob without an upper bound takes a million"

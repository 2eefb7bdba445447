"""What a run reports is what it announced, whatever the loss and the conditioning."""

import re

import pytest
import torch

from worker import conditioning
from worker.training.knob_board import KnobBoard
from worker.training.series import announced
from worker.training.step import train_step

BEGAN = {"network": {"name": "autoencoder", "width": 4, "z_dim": 5, "code": 3}, "loss": {"name": "began"}}


def told_and_reported(attempt, steps=3):
    game = attempt._game
    told = {series.name for series in announced(game, KnobBoard(game))}
    reported = set()
    for step in range(1, steps + 1):
        report = train_step(game, step)
        reported |= set(report)
        assert all(torch.as_tensor(value).isfinite() for value in report.values())
    # Knobs, speed and costs come from the loop; a rate is reported where it is scheduled.
    not_the_steps = {name for name in told if name.startswith(("knob.", "speed.", "cost.", "optimiser."))}
    return told - not_the_steps, reported


@pytest.mark.parametrize("name", conditioning.family.names)
def test_label_terms_are_announced_where_there_are_some(bench, images, name):
    told, reported = told_and_reported(bench.attempt({**images, "conditioning": {"name": name}}))
    assert told == reported
    assert ("loss.d.auxiliary" in told) == (name not in ("none", "projection"))


@pytest.mark.parametrize("data", ["tiny_points", "tiny_images"])
def test_began_reports_its_control(bench, points, data):
    told, reported = told_and_reported(bench.attempt({**points, **BEGAN, "dataset": {"name": data}}))
    assert told == reported
    assert {"began.k", "began.m_global", "began.ratio"} <= told


@pytest.mark.parametrize(("data", "features"), [("points", "coordinates"), ("images", "own classifier|8×8 thumbnails")])
def test_series_are_announced_with_the_features_and_the_number_of_samples(bench, request, data, features):
    spec = {**request.getfixturevalue(data), "monitors": [{"name": "frechet", "n": 20}]}
    game = bench.attempt(spec)._game
    [unit] = {series.unit for series in announced(game, KnobBoard(game)) if series.name.startswith("frechet.")}
    assert re.fullmatch(rf"FD \(({features}), n=20\)", unit)

import math

import pytest
import torch
from torch.testing import assert_close

from contract.spec import RunSpec
from worker import losses, regularisers
from worker.registry import InvalidParams
from worker.regularisers import Moment
from worker.training.game import build
from worker.training.knob_board import KnobBoard, RefusedKnob
from worker.verdict import Verdict

LOGITS = torch.tensor([0.3, -1.2, 2.0, 0.0])


def moment(player="D"):
    return Moment(1, player, torch.Generator().manual_seed(7))


def targets(params, on, player="D"):
    component = regularisers.family.create("label_smoothing", params)
    return component.verdict(Verdict(logits=LOGITS), on, moment(player)).target


def test_by_default_real_samples_have_nine_tenths_and_fake_ones_none():
    assert torch.equal(targets({}, "real"), torch.full((4,), 0.9))
    assert torch.equal(targets({}, "fake"), torch.zeros(4))


def test_targets_between_two_knobs_are_drawn_evenly_one_a_sample():
    draws = torch.rand(4, generator=torch.Generator().manual_seed(7))
    assert_close(targets({"low": 0.7, "high": 1.0}, "real"), 0.7 + 0.3 * draws, rtol=1e-6, atol=0)


def test_fake_samples_have_the_target_of_their_own_knob():
    assert torch.equal(targets({"fake": 0.1}, "fake"), torch.full((4,), 0.1))


@pytest.mark.parametrize("on", ["real", "fake"])
def test_the_generators_phase_passes_unchanged(on):
    component = regularisers.family.create("label_smoothing", {"fake": 0.2})
    verdict = Verdict(logits=LOGITS)
    assert component.verdict(verdict, on, moment("G")) is verdict


def test_the_loss_of_d_is_the_cross_entropy_to_the_targets():
    component = regularisers.family.create("label_smoothing", {"low": 0.8, "high": 0.8, "fake": 0.1})
    real, fake = (component.verdict(Verdict(logits=LOGITS), on, moment()) for on in ("real", "fake"))
    loss = losses.family.create("nonsaturating", {}).discriminator(real, fake)

    def entropy(logit, target):
        p = 1 / (1 + math.exp(-logit))
        return -target * math.log(p) - (1 - target) * math.log(1 - p)

    expected = sum(entropy(logit, 0.8) + entropy(logit, 0.1) for logit in LOGITS.tolist()) / 4
    assert_close(loss.item(), expected, rtol=1e-6, atol=0)


def test_knobs_do_not_shift_the_stream():
    streams = []
    for params in ({}, {"low": 0.5, "high": 1.0}):
        at = moment()
        regularisers.family.create("label_smoothing", params).verdict(Verdict(logits=LOGITS), "real", at)
        streams.append(at.generator.get_state())
    assert torch.equal(*streams)


def test_a_low_above_the_high_is_refused_at_the_start():
    with pytest.raises(InvalidParams, match=r"low must be at most high; got 0\.95 and 0\.9"):
        regularisers.family.create("label_smoothing", {"low": 0.95})


@pytest.fixture
def board(tmp_path):
    spec = {
        "dataset": {"name": "ring"},
        "network": {"name": "mlp"},
        "loss": {"name": "nonsaturating"},
        "regularisers": [{"name": "label_smoothing", "as": name, "low": 0.2, "high": 0.3} for name in ("a", "b")],
    }
    return KnobBoard(build(RunSpec.model_validate(spec), tmp_path))


def test_a_low_above_the_high_is_refused_mid_run_and_nothing_has_changed(board):
    before = board.values()
    with pytest.raises(RefusedKnob, match=r"low must be at most high; got 0\.4 and 0\.3"):
        board.set({"a.fake": 0.3, "a.low": 0.4})
    assert board.values() == before
    board.set({"a.high": 0.4, "a.low": 0.4})
    assert (board.values()["a.low"], board.values()["a.high"]) == (0.4, 0.4)


def test_what_was_set_before_a_refusal_is_put_back_in_an_order_that_is_allowed(board):
    before = board.values()
    with pytest.raises(RefusedKnob, match="low must be at most high"):
        board.set({"a.high": 0.8, "a.low": 0.7, "b.high": 0.1})
    assert board.values() == before

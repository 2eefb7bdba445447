import pytest
import torch
from torch.testing import assert_close

from contract.spec import RunSpec
from worker import losses, regularisers
from worker.regularisers import Moment
from worker.training.game import build
from worker.training.step import train_step
from worker.verdict import Verdict

LOGITS = torch.tensor([0.3, -1.2, 2.0, 0.0, 5.0, -7.0])


def top_k(**params):
    return regularisers.family.create("top_k", params)


def moment(step=1, player="G"):
    return Moment(step, player, torch.Generator())


def test_g_learns_from_the_samples_with_the_highest_logits_alone():
    logits = LOGITS.clone().requires_grad_()
    verdict = top_k(share=0.5).verdict(Verdict(logits=logits, features=torch.arange(6.0)[:, None]), "fake", moment())
    assert sorted(verdict.logits.tolist()) == [pytest.approx(0.3), 2.0, 5.0]
    assert_close(verdict.features[:, 0], torch.tensor([4.0, 2.0, 0.0]))
    losses.family.create("wasserstein", {}).generator(None, verdict).backward()
    assert_close(logits.grad, torch.tensor([-1, 0, -1, 0, -1, 0]) / 3)


@pytest.mark.parametrize(
    ("step", "k"), [(1, 100), (10, 100), (11, 80), (20, 80), (21, 64), (31, 51), (41, 50), (10**6, 50)]
)
def test_k_falls_by_a_factor_every_so_many_steps_down_to_the_floor(step, k):
    assert top_k(decay=0.8, every=10, floor=0.5).count(100, step) == k


def test_a_floor_above_the_share_does_not_raise_it():
    assert top_k(share=0.2, floor=0.5).count(10, 1) == 2


def test_one_sample_is_always_left():
    assert top_k(share=0.01, floor=0.01).count(4, 1) == 1


@pytest.mark.parametrize(("on", "player"), [("real", "G"), ("real", "D"), ("fake", "D")])
def test_ds_phase_and_real_samples_pass_unchanged(on, player):
    verdict = Verdict(logits=LOGITS)
    assert top_k(share=0.5).verdict(verdict, on, moment(player=player)) is verdict


def test_with_the_whole_batch_the_answer_passes_unchanged():
    verdict = Verdict(logits=LOGITS)
    assert top_k().verdict(verdict, "fake", moment()) is verdict


def test_in_a_run_only_gs_adversarial_loss_is_another(tmp_path):
    spec = {
        "dataset": {"name": "ring"},
        "network": {"name": "mlp", "generator_width": 8, "discriminator_width": 8},
        "loss": {"name": "wasserstein"},
        "monitors": [],
        "batch": 8,
    }
    plain = build(RunSpec.model_validate(spec), tmp_path)
    best = build(RunSpec.model_validate(spec | {"regularisers": [{"name": "top_k", "share": 0.25}]}), tmp_path)
    with_all, with_best = train_step(plain, 1), train_step(best, 1)
    assert torch.equal(with_best["loss.d"], with_all["loss.d"])
    again = build(RunSpec.model_validate(spec), tmp_path)
    again.network.latents(8, again.streams.latents)
    logits = plain.D(again.G(again.network.latents(8, again.streams.latents), None)).logits
    assert_close(with_best["loss.g"], -logits.sort(descending=True).values[:2].mean(), rtol=1e-5, atol=0)

import pytest
import torch
from torch.testing import assert_close

from contract.spec import RunSpec
from worker import regularisers
from worker.regularisers import Moment, PenaltyView
from worker.training.game import build
from worker.training.step import train_step
from worker.training.undisturbed import undisturbed
from worker.training.view import View
from worker.verdict import Verdict

MOMENT = Moment(1, "D", torch.Generator())
RING = {
    "dataset": {"name": "ring"},
    "network": {"name": "mlp", "generator_width": 8, "discriminator_width": 8},
    "loss": {"name": "nonsaturating"},
    "monitors": [{"name": "gradient_norms"}, {"name": "modes"}, {"name": "points"}],
    "batch": 12,
}


def game(tmp_path, *others, m=3, **more):
    spec = RING | {"regularisers": [{"name": "packing", "m": m}, *others]} | more
    return build(RunSpec.model_validate(spec), tmp_path)


def test_points_lie_one_behind_the_other():
    x = torch.arange(12.0).reshape(6, 2)
    packed = regularisers.family.create("packing", {"m": 3}).inputs(x, MOMENT)
    assert packed.tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_pictures_lie_channels_behind_channels(order):
    x = torch.randn(4, 3, 5, 6).contiguous(memory_format=order)
    packed = regularisers.family.create("packing", {}).inputs(x, MOMENT)
    assert packed.shape == (2, 6, 5, 6)
    assert torch.equal(packed[1, :3], x[2])
    assert torch.equal(packed[1, 3:], x[3])


def test_a_sample_left_over_is_refused_with_both_numbers():
    with pytest.raises(ValueError, match="3 samples into a pack, but was given 7"):
        regularisers.family.create("packing", {"m": 3}).inputs(torch.zeros(7, 2), MOMENT)


def test_only_ds_first_layer_is_wider(tmp_path):
    plain = build(RunSpec.model_validate(RING), tmp_path)
    packed = game(tmp_path)
    shapes = [{name: tuple(weight.shape) for name, weight in each.D.named_parameters()} for each in (plain, packed)]
    different = {name: shapes[1][name] for name in shapes[0] if shapes[0][name] != shapes[1][name]}
    assert different == {"hidden.0.weight": (8, 6)}
    assert plain.G.state_dict().keys() == packed.G.state_dict().keys()


def test_the_gradient_penalty_is_that_of_whole_packs(view_of):
    """D(pack) = w·pack: the slope of a pack is ‖w‖, whatever each of its samples has."""
    weight = torch.tensor([3.0] * 12 + [1.0] * 12 + [2.0] * 12)
    packing = regularisers.family.create("packing", {"m": 3})

    def judge(x, labels):
        return Verdict(logits=packing.inputs(x, MOMENT).flatten(1) @ weight)

    view = view_of(lambda x, labels: Verdict(logits=x.flatten(1).sum(1)))
    view = PenaltyView(**{**vars(view), "judge": judge, "real": view.real[:6], "fake": view.fake[:6]})
    penalty = regularisers.family.create("gradient_penalty", {}).penalty(view)
    assert_close(penalty.item(), ((12 * (9 + 1 + 4)) ** 0.5 - 1) ** 2, rtol=1e-6, atol=0)


@pytest.mark.parametrize("loss", ["nonsaturating", "wasserstein"])
def test_a_run_with_a_penalty_trains_and_its_monitors_judge(tmp_path, loss):
    played = game(tmp_path, {"name": "gradient_penalty"}, {"name": "r1"}, loss={"name": loss})
    for step in range(1, 4):
        report = train_step(played, step)
    assert all(torch.as_tensor(value).isfinite() for value in report.values())
    for monitor in played.monitors:
        with undisturbed([played.G, played.D]):
            monitor.measure(View(played, monitor.entry, 3))


def test_the_loss_is_a_mean_over_packs(tmp_path):
    """By hand: the logits of the packs of a batch that the streams give."""
    played, again = game(tmp_path, m=4), game(tmp_path, m=4)
    report = train_step(played, 1)
    real, _ = again.data.next(12)
    fake = again.G(again.network.latents(12, again.streams.latents), None)
    logits = [again.D(x.reshape(3, 8)).logits for x in (real, fake)]
    expected = torch.nn.functional.softplus(-logits[0]).sum() / 3 + torch.nn.functional.softplus(logits[1]).sum() / 3
    assert_close(report["loss.d"], expected, rtol=1e-6, atol=0)


def test_monitors_show_d_copies_of_a_sample(tmp_path):
    played = game(tmp_path)
    x = torch.randn(5, 2)
    with undisturbed([played.G, played.D]):
        judged = View(played, "modes", 1).judge(x).logits
    assert_close(judged, played.D(torch.cat([x, x, x], dim=1)).logits, rtol=0, atol=0)


def test_other_changes_to_samples_come_before_packing(tmp_path):
    """Noise has the same draws whether it stands before or behind packing in the spec."""
    noise = {"name": "instance_noise"}
    behind = game(tmp_path, noise)
    before = game(tmp_path, regularisers=[noise, {"name": "packing", "m": 3}])
    assert [each.entry for each in behind.hooks["inputs"]] == ["instance_noise", "packing"]
    assert torch.equal(train_step(behind, 1)["loss.d"], train_step(before, 1)["loss.d"])


def test_view_packs_different_samples_as_training_does_and_leaves_out_the_rest(tmp_path):
    played, x = game(tmp_path), torch.arange(14.0).reshape(7, 2)
    assert_close(View(played, "scores", 1).packed(x), x[:6].reshape(2, 6), rtol=0, atol=0)
    x.requires_grad_()
    assert View(played, "scores", 1).packed(x).requires_grad

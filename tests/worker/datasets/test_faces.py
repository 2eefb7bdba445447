import sys
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
import torch
from PIL import ImageColor

from worker import datasets
from worker.datasets import DatasetUnavailable, _pictures
from worker.datasets import faces as faces_module
from worker.datasets._cache import Cache
from worker.registry import InvalidParams


def pixels(dataset):
    """(N, 3, size, size) uint8, from the samples alone."""
    return ((dataset.samples + 1) * 127.5).round().to(torch.uint8)


def count_colour(pictures, colour):
    """Pixels of exactly that colour, a picture."""
    rgb = torch.tensor(ImageColor.getrgb(colour), dtype=torch.uint8)[:, None, None]
    return (pictures == rgb).all(1).sum((1, 2))


@pytest.mark.parametrize(("attribute", "column"), [("hair", 0), ("eyes", 1)])
def test_labels_are_what_counting_pixels_of_exact_colours_finds(faces, attribute, column):
    palette = {"hair": faces_module.HAIR, "eyes": faces_module.EYES}[attribute]
    counts = torch.stack([count_colour(pixels(faces), colour) for colour in palette.values()], dim=1)
    present = counts > 0
    assert (present.sum(1) == 1).all(), "every face has one of the colours, and only one"
    assert torch.equal(counts.argmax(1), faces.labels[:, column])
    assert faces.attributes[attribute] == list(palette)


def test_there_are_sixty_modes_equally_full(faces):
    assert len(faces.judge.mode_names) == 60
    assert faces.judge.mode_names[:7:6] == ["black / black", "brown / black"]
    counts = torch.bincount(faces.labels[:, 0] * 6 + faces.labels[:, 1])
    assert counts.tolist() == [20] * 60


def test_faces_are_all_different(faces):
    assert len(pixels(faces).flatten(1).unique(dim=0)) == len(faces)


def test_colours_are_far_apart():
    for palette in (faces_module.HAIR, faces_module.EYES):
        colours = np.array([ImageColor.getrgb(colour) for colour in palette.values()], dtype=float)
        distances = np.linalg.norm(colours[:, None] - colours[None], axis=-1)
        assert distances[~np.eye(len(colours), dtype=bool)].min() > 60


def test_thirty_two_pixels_are_the_same_faces_doubled(faces, tmp_path, hasty):
    large = datasets.family.create("faces", {"size": 32, "n": 60})
    large.prepare(tmp_path)
    assert large.shape == (3, 32, 32)
    doubled = faces.samples[:60].repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    assert torch.equal(large.samples, doubled)


def test_second_time_nothing_is_drawn_or_fitted(faces, cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "worker.datasets._drawing", None)
    monkeypatch.setattr(_pictures, "fit_to_bytes", None)
    again = datasets.family.create("faces", {"n": len(faces)})
    again.prepare(cache)
    assert torch.equal(again.samples, faces.samples)
    assert torch.equal(again.labels, faces.labels)
    assert again.judge.accuracy == faces.judge.accuracy


def test_what_cannot_be_drawn_is_said_with_the_command_that_mends_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "worker.datasets._drawing", None)
    with pytest.raises(DatasetUnavailable, match=r"pip install 'modescope\[worker\]'"):
        datasets.family.create("faces", {"n": 60}).prepare(tmp_path)
    assert list(tmp_path.glob("*.npz")) == []


def test_missing_package_is_named(tmp_path, monkeypatch):
    def missing(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(_pictures, "version", missing)
    with pytest.raises(DatasetUnavailable, match="dicebear-core is not installed"):
        datasets.family.create("faces", {}).prepare(tmp_path)


def test_another_version_or_palette_is_another_file(tmp_path, monkeypatch):
    def file(n):
        return Cache(tmp_path, "faces", datasets.family.create("faces", {"n": n}).identity()).path(".npz")

    files = [file(60), file(120)]
    monkeypatch.setattr(_pictures, "version", lambda package: "99")
    files.append(file(60))
    monkeypatch.setattr(faces_module, "HAIR", dict(reversed(faces_module.HAIR.items())))
    files.append(file(60))
    assert len(set(files)) == 4, "the same colours in another order are other labels"


@pytest.mark.parametrize("params", [{"size": 64}, {"n": 59}, {"hair": 3}])
def test_params_out_of_bounds_are_refused(params):
    with pytest.raises(InvalidParams, match=next(iter(params))):
        datasets.family.create("faces", params)

"""What every dataset must keep to. A new file in worker/datasets is taken up by itself."""

import gzip
import importlib.util
import io
import json
import socket
import struct
import zipfile

import pytest
import torch
from PIL import Image

from contract.components import Catalogue
from contract.resolve import resolve
from contract.spec import RunSpec
from worker import datasets
from worker.catalogue import build_catalogue
from worker.datasets import _classifier
from worker.registry import InvalidParams

SMALL = {
    "ring": {"n": 1000},
    "grid": {"n": 1000},
    "faces": {"n": 120},
    "folder": {"labels": "labels.csv", "size": 16},
    "stacked_digits": {"n": 2000},
    "fashion": {"size": 16},
    "hub": {"repository": "somebody/pictures", "size": 16},
    "uploaded": {"id": "ab" * 8, "size": 16, "labels": True},
}
"""Params that make a dataset quick to prepare."""


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Several threads wait for each other at every small layer, and for whoever else uses the machine."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


def write_pictures(folder):
    """What the dataset `folder` reads: twenty pictures and their labels."""
    folder.mkdir()
    rows = ["file,tone,side"]
    for i in range(20):
        Image.new("RGB", (16, 16), (12 * i, 0, 0)).save(folder / f"{i:02}.png")
        rows.append(f"{i:02}.png,{'dark' if i < 10 else 'light'},{'odd' if i % 2 else 'even'}")
    (folder / "labels.csv").write_text("\n".join(rows))


def write_fashion(folder):
    """What the dataset `fashion` reads: thirty pictures, three of each class, in two IDX files."""
    folder.mkdir()
    pixels = bytes((8 * i + k) % 256 for i in range(30) for k in range(28 * 28))
    images = struct.pack(">4I", 0x803, 30, 28, 28) + pixels
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
    labels = struct.pack(">2I", 0x801, 30) + bytes(i % 10 for i in range(30))
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))


def write_repository(folder):
    """What the dataset `hub` reads: pictures in three folders that are named as their classes."""
    for i in range(20):
        file = folder / "train" / ("dark", "dim", "light")[i // 7] / f"{i:02}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (12 * i, 0, 0)).save(file)


def write_upload(folder):
    """What the dataset `uploaded` reads: twenty pictures in three classes, as the api keeps them."""
    folder.mkdir(parents=True)
    files = []
    with zipfile.ZipFile(folder / f"{'ab' * 8}.zip", "w") as kept:
        for i in range(20):
            picture = io.BytesIO()
            Image.new("RGB", (16, 16), (12 * i, 0, 0)).save(picture, "PNG")
            kept.writestr(f"{i:06}.png", picture.getvalue())
            files.append({"file": f"{i:06}.png", "was": f"{i}.png", "label": ("dark", "dim", "light")[i // 7]})
        kept.writestr("manifest.json", json.dumps({"files": files}))


class NetworkUsed(Exception):
    """A dataset called out."""


def _refuse(*arguments):
    raise NetworkUsed


@pytest.fixture(scope="module", params=datasets.family.names)
def dataset(request, tmp_path_factory):
    """Each dataset in turn, prepared without a network; `again` prepares another one from the same cache."""
    if request.param == "hub" and importlib.util.find_spec("datasets") is None:
        pytest.skip("the extra is not installed: pip install 'modescope[hub]'")
    folder = tmp_path_factory.mktemp(request.param)
    write_pictures(folder / "images")
    write_fashion(folder / "fashion")
    write_repository(folder / "hub" / "somebody" / "pictures")
    write_upload(folder / "artefacts" / "datasets")

    def prepare(**params):
        dataset = datasets.family.create(request.param, SMALL.get(request.param, {}) | params)
        dataset.prepare(folder / "cache")
        return dataset

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODESCOPE_IMAGES", str(folder / "images"))
        patch.setenv("MODESCOPE_FASHION", str(folder / "fashion"))
        patch.setenv("MODESCOPE_HUB", str(folder / "hub"))
        patch.setenv("MODESCOPE_ARTEFACTS_URL", f"file://{folder / 'artefacts'}")
        patch.setattr(_classifier, "STEPS", 4)
        patch.setattr(socket.socket, "connect", _refuse)
        before = torch.get_rng_state()
        dataset = prepare()
        dataset.left_randomness_alone = torch.equal(before, torch.get_rng_state())
        dataset.again = prepare
        dataset.cache = folder / "cache"
        yield dataset


def fact(dataset, name):
    """A fact that the class provides, with "$param" put in."""
    value = dataset.provides.get(name)
    return getattr(dataset.params, value[1:]) if isinstance(value, str) and value.startswith("$") else value


def test_samples_and_labels_have_their_types_and_shapes(dataset):
    assert dataset.samples.dtype == torch.float32
    assert dataset.samples.shape == (len(dataset), *dataset.shape)
    assert dataset.samples.isfinite().all()
    assert dataset.samples.device.type == "cpu"
    assert dataset.labels.dtype == torch.int64
    assert dataset.labels.shape == (len(dataset), len(dataset.attributes))


def test_shape_is_that_of_the_kind_that_it_provides(dataset):
    size = fact(dataset, "size")
    shapes = {"points": (2,), "scalar": (1,), "image": (3, size, size)}
    assert dataset.shape == shapes[fact(dataset, "sample")]


def test_pictures_lie_in_the_range(dataset):
    if fact(dataset, "sample") == "image":
        assert dataset.samples.min() >= -1
        assert dataset.samples.max() <= 1
        assert dataset.samples.max() - dataset.samples.min() > 0.5, "values of 0 to 255 were divided twice"


def test_labels_are_classes_that_have_names(dataset):
    for column, classes in enumerate(dataset.attributes.values()):
        assert sorted(dataset.labels[:, column].unique().tolist()) == list(range(len(classes)))
        assert len(set(classes)) == len(classes)


def test_facts_are_true(dataset):
    assert bool(fact(dataset, "labels")) == bool(dataset.attributes)
    assert bool(fact(dataset, "judge")) == (dataset.judge is not None)
    assert dataset.class_attributes in ({}, dataset.attributes)
    assert dataset.source


def test_same_generator_draws_the_same_samples_of_the_set(dataset):
    (first, labels), (second, same) = (dataset.sample(50, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(labels, same)
    flat = dataset.samples.flatten(1)
    for sample, label in zip(first[:5].flatten(1), labels[:5], strict=True):
        places = (flat == sample).all(1).nonzero()[:, 0]
        assert (dataset.labels[places] == label).all(1).any()


def test_preparing_leaves_the_global_randomness_alone(dataset):
    assert dataset.left_randomness_alone


def test_prepared_again_it_is_the_same_bit_for_bit(dataset):
    again = dataset.again()
    assert torch.equal(again.samples, dataset.samples)
    assert torch.equal(again.labels, dataset.labels)
    assert again.attributes == dataset.attributes
    if dataset.judge is not None:
        one, other = dataset.judge(dataset.samples[:100]), again.judge(dataset.samples[:100])
        assert torch.equal(one.mode, other.mode)
        assert torch.equal(one.good, other.good)
        assert torch.equal(one.labels, other.labels)


def test_judge_answers_for_any_number_of_samples(dataset):
    if dataset.judge is None:
        return
    names = dataset.judge.mode_names
    assert len(set(names)) == len(names) > 1
    for n in (1, 70):
        judgement = dataset.judge(dataset.sample(n, torch.Generator().manual_seed(0))[0])
        assert judgement.mode.shape == judgement.good.shape == (n,)
        assert judgement.mode.dtype == torch.int64
        assert judgement.good.dtype == torch.bool
        assert judgement.labels.shape == (n, len(dataset.attributes))
        assert judgement.mode.min() >= 0
        assert judgement.mode.max() < len(names)


def test_judge_calls_nothing_good_that_is_no_number(dataset):
    if dataset.judge is not None:
        assert not dataset.judge(torch.full((3, *dataset.shape), float("nan"))).good.any()


def test_judge_of_labels_says_how_often_it_is_right(dataset):
    if dataset.judge is not None:
        assert list(dataset.judge.accuracy) == list(dataset.attributes)
        assert all(0 <= share <= 1 for share in dataset.judge.accuracy.values())


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.glob("*") if file.suffix in (".npz", ".safetensors")}


def rows_of(samples):
    return {row.numpy().tobytes() for row in samples.flatten(1)}


def test_set_with_modes_can_be_made_uneven_and_be_robbed_of_modes(dataset):
    fields = type(dataset.params).model_fields
    assert ({"imbalance", "drop"} <= fields.keys()) == (dataset.judge is not None)


def test_shaped_set_is_a_part_of_the_full_one_with_the_same_files_and_the_same_judge(dataset):
    if dataset.judge is None:
        return
    kept = contents(dataset.cache)
    before = torch.get_rng_state()
    shaped, again = (dataset.again(imbalance=5, drop=dataset.judge.mode_names[:1]) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert contents(dataset.cache) == kept
    assert 0 < len(shaped) < len(dataset)
    assert torch.equal(shaped.samples, again.samples)
    assert torch.equal(shaped.labels, again.labels)
    assert len(shaped.labels) == len(shaped.samples)
    assert rows_of(shaped.samples) < rows_of(dataset.samples)
    assert shaped.attributes == dataset.attributes
    assert shaped.judge.mode_names == dataset.judge.mode_names, "what is dropped stays a mode of the judge"
    one, other = dataset.judge(dataset.samples[:100]), shaped.judge(dataset.samples[:100])
    assert torch.equal(one.mode, other.mode)


def test_unknown_mode_is_refused_with_the_names_of_those_there_are(dataset):
    if dataset.judge is None:
        return
    with pytest.raises(InvalidParams, match="'no such mode'") as refused:
        dataset.again(drop=["no such mode"])
    assert dataset.judge.mode_names[0] in str(refused.value)


def test_options_pass_through_the_catalogue_and_come_out_resolved(dataset):
    """As the api does it: the catalogue travels as JSON, and the spec is resolved against it."""
    if dataset.judge is None:
        return
    name = type(dataset).__module__.rsplit(".", 1)[-1]
    catalogue = Catalogue.model_validate_json(build_catalogue().model_dump_json())
    params = {**SMALL.get(name, {}), "name": name, "drop": ["a mode"]}
    network = {"name": "mlp"} if dataset.shape == (2,) else {"name": "dcgan", "size": fact(dataset, "size")}
    asked = {"dataset": params, "network": network, "loss": {"name": "nonsaturating"}}
    resolved = resolve(RunSpec.model_validate(asked), catalogue).dataset.params
    assert resolved["drop"] == ["a mode"]
    assert resolved["imbalance"] == 1

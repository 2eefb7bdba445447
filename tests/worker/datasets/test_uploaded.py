"""Uploaded pictures: read out of the artefact store, cut to a square, named by their sub-folders."""

import io
import json
import zipfile

import pytest
from PIL import Image

from worker import datasets
from worker.datasets import DatasetUnavailable, _classifier

ID = "0123456789abcdef"
RED, BLUE = (255, 0, 0), (0, 0, 255)


def png(colour, size=(30, 20)):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def keep(tmp_path, monkeypatch):
    """Puts a set into the store, as the api does."""
    monkeypatch.setenv("MODESCOPE_ARTEFACTS_URL", f"file://{tmp_path / 'artefacts'}")
    (tmp_path / "artefacts" / "datasets").mkdir(parents=True)

    def put(pictures):
        with zipfile.ZipFile(tmp_path / "artefacts" / "datasets" / f"{ID}.zip", "w") as kept:
            files = []
            for i, (label, content) in enumerate(pictures):
                kept.writestr(f"{i:06}.png", content)
                files.append({"file": f"{i:06}.png", "was": f"cat {i}.png", "label": label})
            kept.writestr("manifest.json", json.dumps({"files": files}))

    return put


def prepared(tmp_path, **params):
    found = datasets.family.create("uploaded", {"id": ID, "size": 16, **params})
    found.prepare(tmp_path / "cache")
    return found


def test_pictures_come_in_their_order_without_labels(keep, tmp_path):
    keep([(None, png(BLUE if i % 2 else RED)) for i in range(12)])
    found = prepared(tmp_path)
    assert found.samples.shape == (12, 3, 16, 16)
    assert found.samples[:, :, 3, 5].tolist() == [[1, -1, -1], [-1, -1, 1]] * 6
    assert (found.attributes, found.labels.shape, found.judge) == ({}, (12, 0), None)


def test_sub_folders_are_the_classes_and_make_a_judge(keep, tmp_path, monkeypatch):
    monkeypatch.setattr(_classifier, "STEPS", 4)
    keep([("sea" if i % 2 else "fire", png(BLUE if i % 2 else RED)) for i in range(20)])
    found = prepared(tmp_path, labels=True)
    assert found.attributes == {"class": ["fire", "sea"]}
    assert found.labels[:, 0].tolist() == [0, 1] * 10
    assert found.judge is not None
    assert found.judge.mode_names == ["fire", "sea"]
    kept = prepared(tmp_path, labels=True, drop=["sea"])
    assert len(kept) == 10


def test_grey_is_by_the_weights_of_itu_r_601(keep, tmp_path):
    keep([(None, png((100, 150, 200)))] * 10)
    found = prepared(tmp_path, colours="grey")
    grey = round(0.299 * 100 + 0.587 * 150 + 0.114 * 200)
    assert found.samples.shape == (10, 3, 16, 16)
    assert found.samples.unique().tolist() == pytest.approx([grey / 127.5 - 1], abs=1e-6)


def test_what_is_gone_or_torn_is_said_with_what_to_do(keep, tmp_path):
    with pytest.raises(DatasetUnavailable, match=f"there is no upload {ID}: it was deleted, or"):
        prepared(tmp_path)
    keep([(None, png(RED))] * 11 + [(None, png(RED)[:40])])
    with pytest.raises(DatasetUnavailable, match=r"cat 11\.png of upload .* cannot be read as a picture"):
        prepared(tmp_path)
    keep([(None, png(RED))] * 12)
    with pytest.raises(DatasetUnavailable, match="no sub-folders for labels"):
        prepared(tmp_path, labels=True)

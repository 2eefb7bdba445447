"""Recipes' pictures: every recipe has one, small, and the artefact store gets it under its own content."""

import hashlib
import json

import pytest
from PIL import Image

from contract.names import recipe_picture_name
from worker.artefacts import Artefacts
from worker.catalogue import RECIPES, build_catalogue
from worker.recipe_pictures import FOLDER, MADE, keep_pictures, picture_of

MOST_BYTES = 8192


@pytest.mark.parametrize("recipe", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_that_is_sized_for_a_cpu_has_a_small_picture_twice_as_wide_as_high(recipe):
    picture = picture_of(recipe)
    if picture is None and "\ndevice: gpu" in recipe.read_text():
        return
    assert picture is not None, "`make pictures` draws it"
    path = recipe.parent / FOLDER / f"{recipe.stem}.png"
    assert path.stat().st_size <= MOST_BYTES
    with Image.open(path) as image:
        assert image.width == 2 * image.height
        assert len(image.convert("RGB").getcolors(1 << 16) or ()) > 2, "something is to be seen"
    assert 0 < picture.step <= picture.steps


def test_the_store_gets_each_picture_once_under_its_content(tmp_path):
    artefacts, catalogue = Artefacts(f"file://{tmp_path}"), build_catalogue()
    keep_pictures(catalogue, artefacts)
    kept = artefacts.list("recipes")
    assert kept
    for name in kept:
        assert name == recipe_picture_name(hashlib.sha256(artefacts.get(name)).hexdigest())
    before = [(tmp_path / name).stat().st_mtime_ns for name in kept]
    keep_pictures(catalogue, artefacts)
    assert [(tmp_path / name).stat().st_mtime_ns for name in kept] == before


def test_a_recipe_without_a_picture_or_a_word_about_it_has_none(tmp_path):
    recipe = tmp_path / "mine.yaml"
    assert picture_of(recipe) is None
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "mine.png").write_bytes(b"png")
    assert picture_of(recipe) is None
    (tmp_path / FOLDER / MADE).write_text(json.dumps({"recipe": "mine", "step": 3, "steps": 9, "seed": 0}) + "\n")
    found = picture_of(recipe)
    assert found is not None
    assert (found.sha256, found.step) == (hashlib.sha256(b"png").hexdigest(), 3)

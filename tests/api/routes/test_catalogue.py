"""The catalogue's pictures: out of the artefact store, kept for good by whoever names their content."""

import pytest

from contract import names
from contract.components import RecipePicture

pytestmark = pytest.mark.stack
SHA = "ab" * 32


@pytest.fixture
def pictured(server, catalogue):
    picture = RecipePicture(sha256=SHA, step=30, steps=500, seed=0)
    recipe = catalogue.recipes[0].model_copy(update={"picture": picture})
    announced = catalogue.model_copy(update={"recipes": [recipe]})
    server.redis.set(names.CATALOGUE, announced.model_dump_json())
    return server


def test_a_recipes_picture_comes_from_the_artefact_store(pictured):
    from api.artefacts import Artefacts

    Artefacts(pictured.settings.artefacts).put(names.recipe_picture_name(SHA), b"\x89PNG")
    named = pictured.http.get("/catalogue/recipes/faces-acgan/picture", params={"sha256": SHA})
    assert (named.status_code, named.content, named.headers["content-type"]) == (200, b"\x89PNG", "image/png")
    assert "immutable" in named.headers["cache-control"]
    plain = pictured.http.get("/catalogue/recipes/faces-acgan/picture")
    assert plain.headers["cache-control"] == "no-cache"
    kept = {"If-None-Match": plain.headers["etag"]}
    assert pictured.http.get("/catalogue/recipes/faces-acgan/picture", headers=kept).status_code == 304
    assert pictured.get("/catalogue")["recipes"][0]["picture"] == {"sha256": SHA, "step": 30, "steps": 500, "seed": 0}


def test_what_has_no_picture_says_so(server, pictured):
    gone = pictured.http.get("/catalogue/recipes/faces-acgan/picture")
    assert (gone.status_code, gone.json()["code"]) == (503, "artefacts-away")
    unknown = pictured.http.get("/catalogue/recipes/cats/picture")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no-such-picture")
    assert "known: faces-acgan" in unknown.json()["detail"]


def test_a_recipe_that_nobody_has_drawn_has_none(server):
    answer = server.http.get("/catalogue/recipes/faces-acgan/picture")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-picture")

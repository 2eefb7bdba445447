"""What a worker announces: all that it has, and no recipe that cannot run."""

import json
from pathlib import Path

import pytest
import yaml

from contract.components import Catalogue
from contract.resolve import resolve
from contract.spec import RunSpec
from worker.catalogue import RECIPES, BadRecipe, build_catalogue, check_params, worker_version
from worker.families import FAMILIES

SPEC = {"dataset": {"name": "ring"}, "network": {"name": "mlp"}, "loss": {"name": "hinge"}, "monitors": []}
RECIPE = {"title": "Ring", "look": "Look at it.", "duration": "1 min on 2 cores", "spec": SPEC}


def write(folder: Path, name: str, content: object) -> None:
    (folder / f"{name}.yaml").write_text(content if isinstance(content, str) else yaml.safe_dump(content))


def test_every_component_file_is_in_the_catalogue(tmp_path: Path) -> None:
    catalogue = build_catalogue(tmp_path)
    for family in FAMILIES:
        folder = Path(__file__).parents[2] / "worker" / family
        files = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
        assert files <= set(catalogue.names(family)), family
    assert len(catalogue.components) == sum(len(family.names) for family in FAMILIES.values())
    assert catalogue.names("losses") != []


def test_catalogue_comes_back_the_same_from_strict_json(tmp_path: Path) -> None:
    write(tmp_path, "ring-one", RECIPE)
    catalogue = build_catalogue(tmp_path)
    text = catalogue.model_dump_json()
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert Catalogue.model_validate_json(text) == catalogue
    assert catalogue.version == worker_version()


def test_recipe_has_the_name_of_its_file(tmp_path: Path) -> None:
    write(tmp_path, "ring-two", RECIPE)
    write(tmp_path, "ring-one", RECIPE | {"title": "First"})
    recipes = build_catalogue(tmp_path).recipes
    assert [(recipe.name, recipe.title) for recipe in recipes] == [("ring-one", "First"), ("ring-two", "Ring")]
    assert recipes[0].spec == SPEC
    assert (recipes[0].look, recipes[0].duration) == ("Look at it.", "1 min on 2 cores")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("title: [", "no YAML"),
        ("just words", "should be a valid dictionary"),
        (RECIPE | {"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({key: value for key, value in RECIPE.items() if key != "look"}, "look: Field required"),
        (RECIPE | {"spec": SPEC | {"loss": {"name": "hing"}}}, "no losses component called 'hing'; known: "),
        (RECIPE | {"spec": SPEC | {"steps": 0}}, "steps: Input should be greater than or equal to 1"),
        (RECIPE | {"spec": SPEC | {"loss": {"name": "hinge", "colour": 1}}}, "colour: Extra inputs are not permitted"),
        (RECIPE | {"spec": SPEC | {"network": {"name": "dcgan"}}}, "dcgan needs a dataset with sample = image"),
        (
            RECIPE | {"cures": [{"title": "Less", "knobs": {"r2.weight": 1}}]},
            "cure 'Less': no knob called 'r2.weight'",
        ),
        (
            RECIPE | {"cures": [{"title": "None", "knobs": {"game.d_steps": 0}}]},
            "cure 'None': game.d_steps must be a whole number from 1 to 100; got 0",
        ),
        (RECIPE | {"cures": [{"title": "Late", "knobs": {}, "at": 9999999}]}, "at must be a step from 0 to "),
    ],
)
def test_bad_recipe_is_refused_with_its_file_and_what_is_wrong(tmp_path: Path, content: object, message: str) -> None:
    write(tmp_path, "good", RECIPE)
    write(tmp_path, "wrong", content)
    with pytest.raises(BadRecipe) as caught:
        build_catalogue(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'wrong.yaml'}: ")
    assert message in str(caught.value)


def test_recipe_that_is_no_text_is_refused_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadRecipe, match=r"wrong\.yaml: .*codec can.t decode"):
        build_catalogue(tmp_path)


def test_every_recipe_of_ours_resolves_and_says_what_to_look_at() -> None:
    catalogue = build_catalogue()
    names = {size: [each.name for each in catalogue.recipes if each.device == size] for size in ("cpu", "gpu")}
    assert [each.name for each in catalogue.recipes] == names["cpu"] + names["gpu"]
    assert sorted(names["cpu"] + names["gpu"]) == sorted(path.stem for path in RECIPES.glob("*.yaml"))
    assert all(these == sorted(these) for these in names.values())
    assert {"ring-collapse", "grid-collapse", "faces-acgan", "digits-dcgan"} <= {
        recipe.name for recipe in catalogue.recipes
    }
    for recipe in catalogue.recipes:
        check_params(resolve(RunSpec.model_validate(recipe.spec), catalogue))
        sentences = recipe.look.count(". ") + recipe.look.endswith(".")
        assert 2 <= sentences <= 4, f"{recipe.name}: what to see, what to turn, and what seeds have shown"

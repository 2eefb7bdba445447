import pytest

from contract.components import FAMILIES, Catalogue, ComponentDescription, RecipeDescription, UnknownComponent


def described(name: str) -> ComponentDescription:
    params = {"properties": {"margin": {"default": 1.0}, "needed": {"type": "number"}}}
    return ComponentDescription(family="losses", name=name, title=name, summary="", doc="", params=params)


CATALOGUE = Catalogue(
    version="1",
    components=[described("wasserstein"), described("hinge")],
    recipes=[RecipeDescription(name="ring-collapse", title="Ring", look="…", duration="1 min", spec={"seed": 1})],
)


def test_component_is_found_by_family_and_name() -> None:
    assert CATALOGUE.find("losses", "hinge") is CATALOGUE.components[1]
    assert CATALOGUE.names("losses") == ["hinge", "wasserstein"]
    assert CATALOGUE.names("guards") == []


def test_unknown_component_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownComponent, match="no losses component called 'wgan'; known: hinge, wasserstein"):
        CATALOGUE.find("losses", "wgan")


def test_unknown_recipe_is_refused_with_the_known_ones() -> None:
    assert CATALOGUE.recipe("ring-collapse").spec == {"seed": 1}
    with pytest.raises(UnknownComponent, match="no recipe called 'ring'; known: ring-collapse"):
        CATALOGUE.recipe("ring")


def test_only_params_with_a_default_have_one() -> None:
    assert described("hinge").defaults() == {"margin": 1.0}


def test_catalogue_comes_back_the_same_from_json() -> None:
    assert Catalogue.model_validate_json(CATALOGUE.model_dump_json()) == CATALOGUE


def test_families_are_those_of_the_design_and_the_rules() -> None:
    assert FAMILIES == (
        "datasets", "networks", "conditioning", "losses", "regularisers", "optimisers", "averaging", "monitors",
        "guards", "rules",
    )  # fmt: skip

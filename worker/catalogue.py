"""What this worker can run, as it announces it: every component that discovery finds, and the recipes."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml
from pydantic import ValidationError

from contract.components import Catalogue, Cure, RecipeDescription
from contract.resolve import InvalidSpec, knobs_of_spec, resolve
from contract.spec import RunSpec
from worker.families import FAMILIES, discover
from worker.recipe_pictures import picture_of
from worker.registry import in_words

RECIPES = Path(__file__).parent / "recipes"


class BadRecipe(ValueError):
    """A recipe's file cannot be read, or its spec cannot run; the message names the file."""


def build_catalogue(recipes: Path = RECIPES) -> Catalogue:
    """Everything that this worker has.

    Args:
        recipes: folder of `<name>.yaml`.

    Raises:
        BadComponent: if a component's file does not keep to the rules.
        BadRecipe: if a recipe cannot run.
    """
    discover()
    components = [component for family in FAMILIES.values() for component in family.describe()]
    catalogue = Catalogue(version=worker_version(), components=components)
    described = [read_recipe(path, catalogue) for path in sorted(recipes.glob("*.yaml"), key=lambda path: path.stem)]
    # What this machine can run first; what is sized for a GPU behind it.
    return catalogue.model_copy(update={"recipes": sorted(described, key=lambda recipe: recipe.device)})


def read_recipe(path: Path, catalogue: Catalogue) -> RecipeDescription:
    """One recipe, checked against what the worker has.

    Raises:
        BadRecipe: if it cannot be read, a param is out of bounds, or its parts do not go together.
    """
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(written, dict):
            raise BadRecipe(f"{path}: should be a valid dictionary with title, look, duration and spec")
        recipe = RecipeDescription.model_validate({**written, "name": path.stem, "picture": picture_of(path)})
        spec = resolve(RunSpec.model_validate(recipe.spec), catalogue)
        check_params(spec)
    except yaml.YAMLError as error:
        raise BadRecipe(f"{path}: no YAML: {error}") from error
    except ValidationError as error:
        raise BadRecipe(f"{path}: {in_words(error)}") from error
    except (InvalidSpec, UnicodeDecodeError) as error:
        raise BadRecipe(f"{path}: {error}") from error
    problems = [problem for cure in recipe.cures for problem in _problems(cure, spec, catalogue)]
    if problems:
        raise BadRecipe(f"{path}: {'; '.join(problems)}")
    return recipe


def _problems(cure: Cure, spec: RunSpec, catalogue: Catalogue) -> Iterator[str]:
    """Each knob of a cure that the run would not have, or whose value it would refuse."""
    known = {knob.name: knob for knob in knobs_of_spec(spec, catalogue)}
    for name, value in cure.knobs.items():
        reason = (
            known[name].refusal(value) if name in known else f"no knob called {name!r}; there are: {', '.join(known)}"
        )
        if reason:
            yield f"cure {cure.title!r}: {reason}"
    if not 0 <= cure.at < spec.steps:
        yield f"cure {cure.title!r}: at must be a step from 0 to {spec.steps - 1}; got {cure.at}"


def check_params(spec: RunSpec) -> None:
    """Let each component's own class look at its params.

    Raises:
        ValidationError: of the first component that refuses one.
    """
    for family, _, component in spec.entries():
        FAMILIES[family].find(component.name).Params(**component.params)


def worker_version() -> str:
    """Version of the installed package; a source tree that was never installed has none."""
    try:
        return version("modescope")
    except PackageNotFoundError:
        return "0+source"

"""What this worker can run, as it announces it: every component that discovery finds, and the recipes."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from contract.components import Catalogue, RecipeDescription
from contract.numbers import Wire
from contract.resolve import InvalidSpec, resolve
from contract.spec import RunSpec
from worker.families import FAMILIES, discover
from worker.registry import in_words

RECIPES = Path(__file__).parent / "recipes"


class BadRecipe(ValueError):
    """A recipe's file cannot be read, or its spec cannot run; the message names the file."""


class _RecipeFile(Wire):
    """What stands in a recipe's file; its name is the file's."""

    title: str
    look: str
    duration: str
    spec: dict[str, Any]  # Any: a spec, checked below


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
    described = [read_recipe(path, catalogue) for path in sorted(recipes.glob("*.yaml"))]
    return catalogue.model_copy(update={"recipes": described})


def read_recipe(path: Path, catalogue: Catalogue) -> RecipeDescription:
    """One recipe, checked against what the worker has.

    Raises:
        BadRecipe: if it cannot be read, a param is out of bounds, or its parts do not go together.
    """
    try:
        content = _RecipeFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        check_params(resolve(RunSpec.model_validate(content.spec), catalogue))
    except yaml.YAMLError as error:
        raise BadRecipe(f"{path}: no YAML: {error}") from error
    except ValidationError as error:
        raise BadRecipe(f"{path}: {in_words(error)}") from error
    except (InvalidSpec, UnicodeDecodeError) as error:
        raise BadRecipe(f"{path}: {error}") from error
    return RecipeDescription(name=path.stem, **content.model_dump())


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

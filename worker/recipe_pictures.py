"""What recipes look like: pictures that runs of them made (`make pictures`), kept beside them.

The catalogue names a picture by its content; the picture itself goes where the api finds it, in the artefact store.
"""

import hashlib
import json
from pathlib import Path

from contract.components import Catalogue, RecipePicture
from contract.names import recipe_picture_name
from worker.artefacts import Artefacts

FOLDER = "pictures"
MADE = "made.jsonl"
"""One line a picture: at which step of how many, with which seed, at which commit."""
RECIPES = Path(__file__).parent / "recipes"


def picture_of(recipe: Path) -> RecipePicture | None:
    """What is known of a recipe's picture; None where there is none.

    Args:
        recipe: its file, `<name>.yaml`; the picture is `pictures/<name>.png` beside it.
    """
    picture, made = recipe.parent / FOLDER / f"{recipe.stem}.png", recipe.parent / FOLDER / MADE
    if not picture.is_file() or not made.is_file():
        return None
    lines = [json.loads(line) for line in made.read_text(encoding="utf-8").splitlines()]
    about = next((line for line in lines if line["recipe"] == recipe.stem), None)
    if about is None:
        return None
    sha256 = hashlib.sha256(picture.read_bytes()).hexdigest()
    return RecipePicture(sha256=sha256, step=about["step"], steps=about["steps"], seed=about["seed"])


def keep_pictures(catalogue: Catalogue, artefacts: Artefacts, recipes: Path = RECIPES) -> None:
    """Put every picture that the catalogue names into the artefact store, where it is not there yet."""
    for recipe in catalogue.recipes:
        if recipe.picture is None:
            continue
        name = recipe_picture_name(recipe.picture.sha256)
        if not artefacts.exists(name):
            artefacts.put(name, (recipes / FOLDER / f"{recipe.name}.png").read_bytes())

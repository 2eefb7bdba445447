"""How a worker describes what it has: components, their params as JSON schema, and recipes."""

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from contract.knobs import KnobValue
from contract.numbers import Wire

Family = Literal[
    "datasets",
    "networks",
    "conditioning",
    "losses",
    "regularisers",
    "optimisers",
    "averaging",
    "monitors",
    "guards",
    "rules",
]
FAMILIES: tuple[Family, ...] = get_args(Family)

SeriesKind = Literal["scalar", "grid", "points", "spectrum", "eigenvalues", "density"]
Cost = Literal["cheap", "moderate", "dear"]


class ComponentParams(BaseModel):
    """Base of every component's `Params`: strict, checked on assignment, documented field by field."""

    model_config = ConfigDict(
        extra="forbid", validate_assignment=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class SeriesDescription(Wire):
    """A named, typed sequence of measurements."""

    name: str
    """Dotted, general to particular; `<attribute>` stands for each attribute of the dataset, `<layer>`, in a monitor,
    for layers of a player, and `<entry>`, in a component that is no monitor, for the name by which the run knows it."""
    kind: SeriesKind = "scalar"
    unit: str = ""
    meaning: str = ""
    """One sentence: what it is, and how it is estimated."""
    high_is: Literal["good", "bad", "neither"] = "neither"


class ModeNames(Wire):
    """The modes of a dataset with default params, by name."""

    names: list[str]
    depend_on: list[str] = []
    """Params with whose values the names change."""


class ComponentDescription(Wire):
    """One member of a family."""

    family: Family
    name: str
    title: str
    summary: str
    """First line of the docstring."""
    doc: str
    """The docstring: formula, shapes, source."""
    params: dict[str, Any]  # Any: a JSON schema
    """JSON schema of its params; a property with `knob` may change mid-run."""
    provides: dict[str, Any] = {}  # Any: a fact, or "$param" for the value of that param
    needs: dict[str, Any] = {}
    """Facts that other components must provide: see `contract.needs`."""
    attributes: dict[str, list[str]] = {}
    """Datasets: each label attribute with the names of its classes."""
    modes: ModeNames | None = None
    """Datasets: their modes, where they are known before the data are read."""
    series: list[SeriesDescription] = []
    chart: str | None = None
    cost: Cost | None = None
    default: bool = False
    """Monitors and guards: on unless the spec lists its own."""

    def defaults(self) -> dict[str, Any]:
        """Value of every param that has one."""
        return {name: prop["default"] for name, prop in self.params.get("properties", {}).items() if "default" in prop}


class Cure(Wire):
    """Knobs that turn what a recipe shows into something else: a collapse into its cure, or the other way round."""

    title: str
    """What is done, in a few words."""
    knobs: dict[str, KnobValue]
    """Knob → value; they are asked for in one request, and so take effect at one step."""
    at: int = 0
    """Step after which `make results` applies it; in the browser, people do when they like."""


class RecipePicture(Wire):
    """What a recipe looks like: a picture that a run of it made, in the artefact store."""

    sha256: str
    step: int
    """Step at which it was taken."""
    steps: int
    """Steps of the whole recipe."""
    seed: int


class RecipeDescription(Wire):
    """A named, documented spec that shows something: a collapse, or its cure."""

    name: str
    title: str
    look: str
    """Two sentences: what to look at."""
    duration: str
    """How long it takes to show its point, and on what."""
    group: str = "Others"
    """Heading that it stands under, with others of its kind."""
    spec: dict[str, Any]  # Any: a spec before defaults are filled in
    cures: list[Cure] = []
    device: Literal["cpu", "gpu"] = "cpu"
    """What it is sized for."""
    picture: RecipePicture | None = None
    """None: nobody has made one."""


class UnknownComponent(ValueError):
    """A spec names something that no worker has announced."""


class Catalogue(Wire):
    """All that a worker can run."""

    version: str
    """Version of the worker that announced it."""
    components: list[ComponentDescription]
    recipes: list[RecipeDescription] = []

    def names(self, family: str) -> list[str]:
        """The members of a family, in alphabetical order."""
        return sorted(component.name for component in self.components if component.family == family)

    def find(self, family: str, name: str) -> ComponentDescription:
        """The component of that family and name.

        Raises:
            UnknownComponent: if there is none; the message lists those there are.
        """
        for component in self.components:
            if component.family == family and component.name == name:
                return component
        message = f"no {family} component called {name!r}; known: {', '.join(self.names(family))}"
        raise UnknownComponent(message)

    def recipe(self, name: str) -> RecipeDescription:
        """The recipe of that name.

        Raises:
            UnknownComponent: if there is none; the message lists those there are.
        """
        for recipe in self.recipes:
            if recipe.name == name:
                return recipe
        message = f"no recipe called {name!r}; known: {', '.join(sorted(r.name for r in self.recipes))}"
        raise UnknownComponent(message)

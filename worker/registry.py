"""How a component becomes a choice in the browser: one file in a family's folder, one decorator.

A family is a package. Every module in it whose name does not start with "_" holds one component, and the
module's name is the component's public name. Discovery imports them all and fails loudly at start.
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import ValidationError
from torch import Tensor

from contract.components import (
    ComponentDescription,
    ComponentParams,
    Cost,
    ModeNames,
    SeriesDescription,
    UnknownComponent,
)
from contract.components import Family as FamilyName
from contract.numbers import shown


class Component:
    """Base of every component: it describes itself, and holds its params, which may change while it is used."""

    title: ClassVar[str]
    Params: ClassVar[type[ComponentParams]] = ComponentParams
    needs: ClassVar[Mapping[str, Any]] = {}  # Any: JSON facts, see contract.resolve
    provides: ClassVar[Mapping[str, Any]] = {}
    class_attributes: ClassVar[Mapping[str, list[str]]] = {}
    """Datasets whose attributes do not depend on their params: name → class names."""
    series: ClassVar[tuple[SeriesDescription, ...]] = ()
    chart: ClassVar[str | None] = None
    cost: ClassVar[Cost | None] = None
    default: ClassVar[bool] = False

    @classmethod
    def known_modes(cls) -> ModeNames | None:
        """Datasets whose modes are known before the data are read: their names, with default params."""
        return None

    def __init__(self, params: Any, entry: str) -> None:  # Any: an instance of this class's own Params
        self.params = params
        self.entry = entry

    def series_name(self, declared: str) -> str:
        """The name in this run of a series that the class declares: `<entry>` becomes the entry."""
        return declared.replace("<entry>", self.entry)

    def state_dict(self) -> dict[str, Tensor]:
        """Tensors that a checkpoint must hold besides the players' own; none by default."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state_dict` gave."""


C = TypeVar("C", bound=Component)


class BadComponent(TypeError):
    """A component's file does not keep to the rules; said at start, with the file."""


class InvalidParams(ValueError):
    """Params that the component's schema refuses."""


class Family(Generic[C]):
    """The components of one family."""

    def __init__(self, name: FamilyName, base: type[C]) -> None:
        self.name = name
        self.base = base
        self._classes: dict[str, type[C]] = {}
        self._discovered = False

    def register(self, cls: type[C]) -> type[C]:
        """Class decorator: takes the class up under its module's name.

        Raises:
            BadComponent: if the class is not of the family's base, has no docstring or title, or its name is taken.
        """
        name = cls.__module__.rsplit(".", 1)[-1]
        where = sys.modules[cls.__module__].__file__
        if not issubclass(cls, self.base):
            raise BadComponent(f"{where}: {cls.__name__} must derive from {self.base.__name__}")
        if not cls.__doc__ or not getattr(cls, "title", None):
            raise BadComponent(f"{where}: {cls.__name__} needs a docstring and a title")
        taken = self._classes.get(name, cls)
        if (taken.__module__, taken.__qualname__) != (cls.__module__, cls.__qualname__):
            raise BadComponent(f"{where}: {self.name} has a {name!r} already: one component a file, one file a name")
        self._classes[name] = cls
        return cls

    def discover(self) -> None:
        """Import every module of the family's package, the first time that it is called.

        Raises:
            BadComponent: if a public module registers nothing.
        """
        if self._discovered:
            return
        package = importlib.import_module(f"worker.{self.name}")
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.startswith("_"):
                importlib.import_module(f"worker.{self.name}.{module.name}")
                if module.name not in self._classes:
                    raise BadComponent(f"worker/{self.name}/{module.name}.py registers no component")
        self._discovered = True

    @property
    def names(self) -> list[str]:
        """Public names, in alphabetical order."""
        self.discover()
        return sorted(self._classes)

    def find(self, name: str) -> type[C]:
        """The class of that public name.

        Raises:
            UnknownComponent: if there is none; the message lists those there are.
        """
        self.discover()
        if name not in self._classes:
            raise UnknownComponent(f"no {self.name} component called {name!r}; known: {', '.join(self.names)}")
        return self._classes[name]

    def create(self, name: str, params: Mapping[str, Any], entry: str | None = None) -> C:
        """A component with checked params.

        Raises:
            UnknownComponent: if there is none of that name.
            InvalidParams: if a param is unknown or out of bounds; the message says which and what is allowed.
        """
        cls = self.find(name)
        try:
            checked = cls.Params(**params)
        except ValidationError as error:
            raise InvalidParams(f"{self.name} component {name!r}: {in_words(error)}") from error
        return cls(checked, entry or name)

    def describe(self) -> list[ComponentDescription]:
        """What the catalogue says of each component."""
        return [self._describe(name) for name in self.names]

    def _describe(self, name: str) -> ComponentDescription:
        cls = self.find(name)
        doc = inspect.getdoc(cls) or ""
        return ComponentDescription(
            family=self.name,
            name=name,
            title=cls.title,
            summary=doc.splitlines()[0],
            doc=doc,
            params=cls.Params.model_json_schema(),
            provides=dict(cls.provides),
            needs=dict(cls.needs),
            attributes=dict(cls.class_attributes),
            modes=cls.known_modes(),
            series=list(cls.series),
            chart=cls.chart,
            cost=cls.cost,
            default=cls.default,
        )


def in_words(error: ValidationError) -> str:
    """A pydantic error as one sentence: each param, what came, what is allowed."""
    parts = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"]) or "params"
        if problem["type"] == "value_error":  # raised by a component, which says what came
            parts.append(f"{where}: {problem['msg'].removeprefix('Value error, ')}")
        else:
            parts.append(f"{where}: {problem['msg']}; got {shown(problem['input'])}")
    return "; ".join(parts)

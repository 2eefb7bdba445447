"""The registry's rules, on families made for the test."""

import sys
import types

import pytest

from contract import components
from contract.components import ComponentParams, UnknownComponent
from contract.knobs import knob
from worker import losses
from worker.families import FAMILIES
from worker.registry import BadComponent, Component, Family, InvalidParams


class Base(Component):
    """What the test's family is made of."""


class WarmParams(ComponentParams):
    """How warm."""

    heat: float = knob(1.0, ge=0, le=10)
    """Degrees."""
    colour: str = "red"


@pytest.fixture
def family(monkeypatch):
    """A family of its own, with the discovery of worker.losses, which it does not mind."""
    monkeypatch.setattr(losses, "__path__", [])
    return Family("losses", Base)


@pytest.fixture
def module(monkeypatch):
    """Makes a class that looks as if it came from the module of that name."""

    def make(name, base=Base, qualname="Warm", doc="Warm: it warms.\n\nMore of it.", **members):
        fake = types.ModuleType(name)
        fake.__file__ = f"/somewhere/{name.replace('.', '/')}.py"
        monkeypatch.setitem(sys.modules, name, fake)
        return type(qualname, (base,), {"__module__": name, "__doc__": doc, "title": "Warm", **members})

    return make


def test_the_modules_name_is_the_components_name(family, module):
    cls = family.register(module("worker.losses.warm"))
    assert family.names == ["warm"]
    assert family.find("warm") is cls


def test_an_unknown_name_is_refused_with_those_there_are(family, module):
    family.register(module("worker.losses.warm"))
    family.register(module("worker.losses.cold"))
    with pytest.raises(UnknownComponent, match="no losses component called 'wram'; known: cold, warm"):
        family.find("wram")


def test_a_class_of_another_base_is_refused_with_its_file(family, module):
    with pytest.raises(BadComponent, match=r"/somewhere/worker/losses/warm\.py: Warm must derive from Base"):
        family.register(module("worker.losses.warm", base=Component))
    assert family.names == []


@pytest.mark.parametrize("lack", [{"doc": None}, {"title": None}])
def test_a_class_without_docstring_or_title_of_its_own_is_refused(family, module, lack):
    with pytest.raises(BadComponent, match="needs a docstring and a title"):
        family.register(module("worker.losses.warm", **lack))
    assert family.names == []


def test_two_classes_of_one_name_are_refused_and_the_first_stays(family, module):
    first = family.register(module("worker.losses.warm"))
    with pytest.raises(BadComponent, match="has a 'warm' already"):
        family.register(module("worker.losses.warm", qualname="Warmer"))
    assert family.find("warm") is first


def test_a_plugin_cannot_take_a_name_quietly_by_naming_its_class_alike(family, module):
    first = family.register(module("worker.losses.warm"))
    with pytest.raises(BadComponent, match="has a 'warm' already"):
        family.register(module("plugin.warm"))
    assert family.find("warm") is first


def test_the_same_class_may_be_registered_again_when_its_module_is_reloaded(family, module):
    family.register(module("worker.losses.warm"))
    reloaded = family.register(module("worker.losses.warm"))
    assert family.find("warm") is reloaded


def test_create_checks_params_and_names_the_entry(family, module):
    family.register(module("worker.losses.warm", Params=WarmParams))
    component = family.create("warm", {"heat": 3}, entry="warmth")
    assert (component.params.heat, component.params.colour, component.entry) == (3.0, "red", "warmth")
    assert family.create("warm", {}).entry == "warm"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"heat": 11}, r"losses component 'warm': heat: .*less than or equal to 10; got 11"),
        ({"heat": float("nan")}, r"heat: .*finite number; got NaN"),
        ({"head": 1}, r"head: Extra inputs are not permitted; got 1"),
        ({"heat": "hot", "colour": 3}, r'heat: .*got "hot"; colour: .*got 3'),
    ],
)
def test_bad_params_are_refused_saying_which_and_what_is_allowed(family, module, params, words):
    family.register(module("worker.losses.warm", Params=WarmParams))
    with pytest.raises(InvalidParams, match=words):
        family.create("warm", params)


def test_describe_tells_the_catalogue_what_the_class_says(family, module):
    family.register(module("worker.losses.warm", Params=WarmParams, needs={"labels": True}, provides={"heat": "$heat"}))
    (described,) = family.describe()
    assert (described.name, described.title, described.summary) == ("warm", "Warm", "Warm: it warms.")
    assert described.doc == "Warm: it warms.\n\nMore of it."
    assert described.needs == {"labels": True}
    assert described.provides == {"heat": "$heat"}
    assert described.defaults() == {"heat": 1.0, "colour": "red"}
    assert described.params["properties"]["heat"]["description"] == "Degrees."


def test_a_file_that_registers_nothing_is_refused_at_discovery(family, monkeypatch, tmp_path):
    (tmp_path / "blank.py").write_text('"""Nothing."""\n')
    monkeypatch.setattr(losses, "__path__", [str(tmp_path)])
    with pytest.raises(BadComponent, match=r"worker/losses/blank\.py registers no component"):
        family.discover()
    monkeypatch.delitem(sys.modules, "worker.losses.blank")


def test_a_file_whose_name_starts_with_an_underscore_is_no_component(family, monkeypatch, tmp_path):
    (tmp_path / "_shared.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.setattr(losses, "__path__", [str(tmp_path)])
    family.discover()
    assert family.names == []


def test_a_component_has_no_state_of_its_own_unless_it_says_so(module):
    component = module("worker.losses.warm")(WarmParams(), "warm")
    assert component.state_dict() == {}


def test_every_family_of_the_contract_is_there():
    assert [*FAMILIES] == [*components.FAMILIES]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_component_describes_itself(name):
    for component in FAMILIES[name].describe():
        where = f"{name}/{component.name}"
        assert component.summary.endswith((".", ":")), f"{where}: the first line is a sentence"
        for param, schema in component.params.get("properties", {}).items():
            assert schema.get("description"), f"{where}.{param} has no docstring"
            assert "default" in schema, f"{where}.{param} has no default"

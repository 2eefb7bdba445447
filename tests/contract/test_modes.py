"""The names by which modes are left out, as the api can judge them: the same that the worker takes."""

import pytest

from contract.modes import misnamed
from contract.resolve import merge, resolve
from contract.spec import RunSpec
from worker.catalogue import build_catalogue
from worker.families import FAMILIES
from worker.registry import InvalidParams


@pytest.fixture(scope="module")
def known():
    return build_catalogue()


def problems(known, recipe, **dataset):
    spec = RunSpec.model_validate(merge(known.recipe(recipe).spec, {"dataset": dataset}))
    return [(one.where, one.message) for one in misnamed(resolve(spec, known), known)]


@pytest.mark.parametrize(
    ("recipe", "names"),
    [
        ("ring-gan", ["(1, 0)", "(0, -1)"]),
        ("grid-gan", ["(0, 0)", "(-4, 2)"]),
        ("faces-acgan", ["hair=red", "blonde", "black / blue"]),
        ("digits-dcgan", ["7", "digit=3"]),
        ("stacked-1000", ["703", "red=7"]),
    ],
)
def test_names_that_stand_for_modes_are_taken(known, recipe, names):
    assert problems(known, recipe, drop=names[:1]) == []
    found = problems(known, recipe, drop=names)
    assert [message for _, message in found if "no mode or label class" in message and "blonde" not in message] == []


def test_another_name_is_answered_with_those_there_are(known, tmp_path):
    ((where, message),) = problems(known, "ring-gan", drop=["(2, 0)"])
    assert where == "dataset.drop"
    assert message.startswith('no mode or label class is called "(2, 0)"; modes: (1, 0), (0.707, 0.707), (0, 1)')
    with pytest.raises(InvalidParams, match=r"no mode or label class is called '\(2, 0\)'"):
        FAMILIES["datasets"].create("ring", {"drop": ["(2, 0)"]}).prepare(tmp_path)


def test_a_class_of_several_attributes_must_say_which(known):
    ((_, message),) = problems(known, "faces-acgan", drop=["black"])
    assert message == '"black" is a class of several attributes; say which: hair=black, eyes=black'


def test_modes_that_stand_elsewhere_are_left_to_the_worker(known):
    assert problems(known, "ring-gan", radius=2.0, drop=["(2, 0)"]) == []

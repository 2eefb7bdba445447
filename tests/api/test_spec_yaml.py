"""A spec as text: what is read, on which line, and what is refused before anything is built from it."""

import json
import math

import pytest
import yaml

from api.spec_yaml import NotYaml, read, write
from worker.catalogue import RECIPES

TEXT = """\
dataset: {name: ring}   # the smallest
optimisers:
  G:
    name: adam
    lr: 1e-4
regularisers:
  - name: r1
    weight: 10
  - {name: lecam, "on": yes}
"""


def test_each_part_has_the_line_on_which_it_stands():
    written = read(TEXT)
    assert {place: written.lines[place] for place in written.lines if "." in place or place == "dataset"} == {
        "dataset": 1, "dataset.name": 1, "optimisers.G": 3, "optimisers.G.name": 4, "optimisers.G.lr": 5,
        "regularisers.0": 7, "regularisers.0.name": 7, "regularisers.0.weight": 8,
        "regularisers.1": 9, "regularisers.1.name": 9, "regularisers.1.on": 9,
    }  # fmt: skip


def test_numbers_and_words_are_those_of_yaml_1_2():
    """PyYAML's own reading: '1e-4' is text, `on` and `yes` are true, 010 is eight, 1:30 is ninety."""
    plain = "a: 1e-4\nb: on\nc: yes\nd: 010\ne: 1:30\nf: 2026-01-01\ng: .inf\nh: ~\ni: True\nj: '1'\nk: -0.5\nl:"
    content = read(plain).content
    assert content == {
        "a": 1e-4, "b": "on", "c": "yes", "d": 10, "e": "1:30", "f": "2026-01-01", "g": math.inf, "h": None,
        "i": True, "j": "1", "k": -0.5, "l": None,
    }  # fmt: skip
    assert math.isnan(read("x: .NaN").content["x"])


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [1,\n", 2, "never closed"),
        ("a: 1\nb: 2\na: 3", 3, '"a" stands here for the second time'),
        ("a: &x [1]\nb: *x", 1, "anchors"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]", 2, "tag"),
        ("a: 1\n---\nb: 2", 2, "second document"),
        ("a:\n\t- b", 2, "cannot start any token"),
        ("? [1, 2]\n: 3", 1, "plain text"),
        ("[" * 5000, 1, "24 levels"),
        ("a: \x00", 1, "not allowed"),
    ],
)
def test_what_a_spec_has_no_use_for_is_refused_with_its_line(text, line, words):
    with pytest.raises(NotYaml) as refused:
        read(text)
    assert refused.value.line == line
    assert words in refused.value.message


def test_a_few_lines_do_not_unfold_to_gigabytes():
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    with pytest.raises(NotYaml, match="line 1: anchors"):
        read(bomb)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_reads_and_is_written_so_that_other_readers_understand_it(path):
    spec = read(path.read_text(encoding="utf-8")).content["spec"]
    assert spec == yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
    text = write(spec)
    assert read(text).content == spec
    assert yaml.safe_load(text) == spec
    assert max(map(len, text.splitlines())) <= 84


@pytest.mark.parametrize(
    "value", [1e-4, 2e-4, 1.5e-7, 0.1, 0.0, -3e-9, 1e22, 1 / 3, 123456.789, 5e-324, "1e-4", "on", ""]
)
def test_a_written_value_is_the_same_when_it_is_read(value):
    text = write({"x": value, "deeper": [{"x": value}]})
    assert read(text).content == {"x": value, "deeper": [{"x": value}]}
    assert yaml.safe_load(text) == json.loads(json.dumps({"x": value, "deeper": [{"x": value}]}))

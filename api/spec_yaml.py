"""A spec as text that a person writes: YAML in, with the line of every part; YAML out, as the recipes have it.

The text comes from a browser while somebody types. It holds plain data and nothing else: no tags, no references to
other parts (a few lines of them unfold to gigabytes), no more depth than a spec can need.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from contract.numbers import shown

DEEPEST = 24
"""Of the deepest spec six are used."""
WIDTH = 62
"""Columns of the written text: what the page shows without scrolling sideways."""
_WORDS = {"null": None, "~": None, "": None, "true": True, "false": False}
_WHOLE = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ENDLESS = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}


class NotYaml(ValueError):
    """The text is no YAML, or holds what a spec has no use for."""

    def __init__(self, message: str, line: int) -> None:
        self.message, self.line = message, line
        super().__init__(f"line {line}: {message}")


@dataclass(frozen=True)
class Written:
    """What a text says."""

    content: Any  # Any: JSON
    lines: dict[str, int] = field(default_factory=dict)
    """Place (`optimisers.G.lr`) → its line, counted from 1."""


def read(text: str) -> Written:
    """The content of a text, and where it says what.

    Numbers and words are those of YAML 1.2, so that `1e-4` is a number and `on` is a word.

    Raises:
        NotYaml: with the line, and what is wrong there.
    """
    try:
        _check_events(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotYaml(_in_words(error), 1 if mark is None else mark.line + 1) from error
    except yaml.YAMLError as error:  # a character that no text may have
        raise NotYaml(" ".join(str(error).split()), 1) from error
    if root is None:
        return Written(None)
    lines: dict[str, int] = {}
    return Written(_content(root, "", lines), lines)


def write(spec: Mapping[str, Any]) -> str:  # Any: JSON
    """The spec as text: a component a line where it fits."""
    return yaml.dump(
        spec, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=WIDTH, indent=2
    )


class _Dumper(yaml.SafeDumper):
    """Floats as people write them, and lists indented below their name."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002  # PyYAML's own
        """As PyYAML does it, with a list one step further in than what holds it."""
        super().increase_indent(flow, indentless=False)

    def float(self, value: float) -> ScalarNode:
        """1.0e-4 rather than 0.0001: small steps are told apart at a glance."""
        text = repr(value)
        if math.isfinite(value) and value != 0 and abs(value) < 1e-2:
            mantissa, _, exponent = f"{value:e}".partition("e")
            short = f"{mantissa.rstrip('0').ljust(3, '0')}e{int(exponent)}"
            text = short if float(short) == value else text
        elif not math.isfinite(value):
            text = {math.inf: ".inf", -math.inf: "-.inf"}.get(value, ".nan")
        if "e" in text and "." not in text:
            text = text.replace("e", ".0e")  # without a point YAML 1.1 reads a word
        return self.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(float, _Dumper.float)
# So that a text that `read` would take for a number is written in quotes.
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(f"^({_NUMBER.pattern})$"), list("-+.0123456789"))


def _check_events(text: str) -> None:
    """Look at the text before anything is built from it: what is deep would need as deep a call.

    Raises:
        NotYaml: if it does not end what it begins, refers to itself, is too deep, or is more than one document.
        MarkedYAMLError: as PyYAML has it, for everything else that is no YAML.
    """
    opened: list[int] = []
    n_documents = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = event.start_mark.line + 1 if event.start_mark is not None else 1
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append(line)
            elif isinstance(event, yaml.CollectionEndEvent):
                opened.pop()
            n_documents += isinstance(event, yaml.DocumentStartEvent)
            _check_event(event, line, n_documents, len(opened))
    except yaml.MarkedYAMLError as error:
        if opened and "<stream end>" in str(error.problem):
            _refuse("what begins here is never closed: a ] or } is missing", opened[-1])
        raise


def _check_event(event: yaml.Event, line: int, n_documents: int, depth: int) -> None:
    if n_documents > 1:
        _refuse("a second document begins here; give one spec at a time", line)
    if depth > DEEPEST:
        _refuse(f"this is nested more than {DEEPEST} levels deep; no spec is", line)
    if getattr(event, "anchor", None) is not None:
        _refuse("anchors (&) and references to them (*) are not taken; write the part out", line)
    tag = getattr(event, "tag", None)
    if tag is not None:
        _refuse(f"the tag {tag} is not taken; write the plain value", line)


def _in_words(error: yaml.MarkedYAMLError) -> str:
    """What the parser stumbled over."""
    said = [part for part in (error.context, error.problem) if part]
    return " ".join(", but ".join(said).split()) or "this is not YAML"


def _content(node: Node, place: str, lines: dict[str, int]) -> Any:  # Any: JSON
    if place:
        lines[place] = node.start_mark.line + 1
    if isinstance(node, SequenceNode):
        return [_content(each, _below(place, number), lines) for number, each in enumerate(node.value)]
    if isinstance(node, MappingNode):
        return dict(_pairs(node, place, lines))
    if not isinstance(node, ScalarNode):
        raise TypeError(f"YAML has scalars, lists and objects; got {type(node).__name__}")
    return _value(node)


def _pairs(node: MappingNode, place: str, lines: dict[str, int]) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarNode):
            _refuse("a name must be plain text", line)
        if key.value in seen:
            _refuse(f"{shown(key.value)} stands here for the second time", line)
        seen.add(key.value)
        inner = _below(place, key.value)
        content = _content(value, inner, lines)
        lines[inner] = line
        yield key.value, content


def _below(place: str, name: object) -> str:
    return f"{place}.{name}" if place else str(name)


def _value(node: ScalarNode) -> Any:  # Any: JSON
    """A plain scalar by the rules of YAML 1.2; a quoted one is text."""
    text: str = node.value
    if node.style is not None:
        return text
    if text.lower() in _WORDS and text in (text.lower(), text.capitalize(), text.upper()):
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text) if len(text) <= 30 else float(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    return _ENDLESS.get(text.lower(), text)


def _refuse(message: str, line: int) -> NoReturn:
    raise NotYaml(message, line)

"""Concepts: what a chart or panel shows, how to read it and when it misleads; written in `docs/concepts`."""

from typing import Literal

from contract.numbers import Wire

Tag = Literal[
    "text", "p", "h2", "h3", "ul", "ol", "li", "em", "strong", "code", "pre", "a", "br", "blockquote",
    "table", "thead", "tbody", "tr", "th", "td",
]  # fmt: skip
"""What a text is made of, by the HTML element that shows it; `text` is text alone. The list is closed."""


class Node(Wire):
    """A part of a text."""

    tag: Tag
    text: str = ""
    """Of `text`, `code` and `pre`: what it says, as it is."""
    anchor: str | None = None
    """Of a heading: what comes after # in an address that leads to it."""
    href: str | None = None
    """Of `a`: a concept's address on the page, or one elsewhere."""
    children: list["Node"] = []


class ConceptSummary(Wire):
    """A concept in a list."""

    name: str
    title: str
    summary: str
    """Its first sentence."""


class Concept(ConceptSummary):
    """A concept with its text."""

    body: list[Node]
    """All but the title."""

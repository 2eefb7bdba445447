"""The concepts: the Markdown of `docs/concepts`, parsed once into parts that a page can show without trusting them."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import get_args

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from api.problems import NoSuchConcept
from contract.concepts import Concept, ConceptSummary, Node, Tag
from contract.numbers import shown

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
"""HTML in a text stays text."""
TAGS = frozenset(get_args(Tag))
SENTENCE = re.compile(r".+?[.!?](?=\s|$)")
OUTSIDE = "https://"


class UnknownMarkup(ValueError):
    """A concept's text has something that no part stands for."""


class Concepts:
    """The concepts of a folder, by name. A name is looked up in the list; it never becomes a path."""

    def __init__(self, folder: Path) -> None:
        self._by_name = {path.stem: _read(path, path.stat().st_mtime_ns) for path in sorted(folder.glob("*.md"))}

    def listed(self) -> list[ConceptSummary]:
        """All of them, in the order of their titles."""
        concepts = sorted(self._by_name.values(), key=lambda concept: concept.title.lower())
        return [ConceptSummary(name=each.name, title=each.title, summary=each.summary) for each in concepts]

    def find(self, name: str) -> Concept:
        """The concept of that name.

        Raises:
            NoSuchConcept: if there is none.
        """
        if name not in self._by_name:
            raise NoSuchConcept(f"there is no concept {shown(name)}; GET /api/v1/concepts lists those there are")
        return self._by_name[name]


def parse(name: str, text: str) -> Concept:
    """A concept from its Markdown, whose first line is its title.

    Raises:
        UnknownMarkup: if the text has something that no part stands for, such as a picture.
    """
    nodes = list(_nodes(SyntaxTreeNode(MARKDOWN.parse(text)).children))
    title, first = nodes[0], next((node for node in nodes if node.tag == "p"), Node(tag="p"))
    sentence = SENTENCE.match(words([first]))
    return Concept(name=name, title=words([title]), summary=sentence[0] if sentence else words([first]), body=nodes[1:])


def words(nodes: Iterable[Node]) -> str:
    """The text of parts, without what it looks like."""
    return "".join(node.text + words(node.children) for node in nodes)


@lru_cache(maxsize=256)
def _read(path: Path, _changed_ns: int) -> Concept:
    return parse(path.stem, path.read_text(encoding="utf-8"))


def _nodes(parts: Iterable[SyntaxTreeNode]) -> Iterator[Node]:
    for part in parts:
        if part.type == "inline" or (part.type == "paragraph" and part.hidden):
            yield from _nodes(part.children)  # around the words of a paragraph, and the paragraph in a tight list
        elif part.type in ("text", "softbreak"):
            yield Node(tag="text", text=part.content or " ")
        elif part.type in ("code_inline", "fence", "code_block"):
            yield Node(tag="code" if part.type == "code_inline" else "pre", text=part.content.rstrip("\n"))
        elif part.type == "link":
            yield Node(tag="a", href=_address(str(part.attrs["href"])), children=list(_nodes(part.children)))
        elif part.type == "heading":
            children = list(_nodes(part.children))
            tag: Tag = "h2" if part.tag in ("h1", "h2") else "h3"
            yield Node(tag=tag, anchor=_anchor(words(children)), children=children)
        elif part.tag in TAGS:
            yield Node.model_validate({"tag": part.tag, "children": list(_nodes(part.children))})
        else:
            raise UnknownMarkup(f"{part.type} in line {part.map}: a concept's text cannot have it")


def _address(href: str) -> str | None:
    """Where a link leads: to a concept, or out of here; what lies beside the concepts is not served."""
    if href.startswith((OUTSIDE, "#")):
        return href
    page, _, anchor = href.partition("#")
    if not page.endswith(".md") or "/" in page:
        return None
    return f"/docs/{page.removesuffix('.md')}" + (f"#{anchor}" if anchor else "")


def _anchor(title: str) -> str:
    """A heading as the usual Markdown renderers make an address of it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")

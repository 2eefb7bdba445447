"""Concepts: every page of the docs is parsed, and nothing of its markup is left in what is shown."""

import re
from pathlib import Path

import pytest

from api.concepts import Concepts, UnknownMarkup, parse, words
from contract.concepts import Node

FOLDER = Path(__file__).parents[2] / "docs" / "concepts"
NAMES = sorted(path.stem for path in FOLDER.glob("*.md"))
MARKUP = re.compile(r"\*\*|(?<!\w)`|\]\(|^#+ |^\||^- ", re.MULTILINE)


def every(nodes):
    for node in nodes:
        yield node
        yield from every(node.children)


def prose(nodes):
    """What is shown outside code, where a star is a star."""
    return "".join(
        "" if node.tag in ("code", "pre") else node.text + prose(node.children) + ("\n" if node.tag == "p" else "")
        for node in nodes
    )


def test_text_becomes_parts():
    blocks = ["# A & <b>", "It is *this*, `x<y>`. And more.", "## When it Misleads?", "- one\n- [two](b.md#c-d)"]
    concept = parse("a", "\n\n".join([*blocks, "| h |\n|---|\n| 1 |\n"]))
    assert (concept.title, concept.summary) == ("A & <b>", "It is this, x<y>.")
    assert [node.tag for node in concept.body] == ["p", "h2", "ul", "table"]
    assert concept.body[1].anchor == "when-it-misleads"
    (link,) = [node for node in every(concept.body) if node.tag == "a"]
    assert (link.href, words([link])) == ("/docs/b#c-d", "two")
    assert [node.tag for node in concept.body[2].children[0].children] == ["text"], "a tight list has no paragraphs"
    assert concept.body[0].children[1] == Node(tag="em", children=[Node(tag="text", text="this")])


@pytest.mark.parametrize(
    ("href", "leads_to"),
    [
        ("b.md", "/docs/b"),
        ("#c", "#c"),
        ("https://example.org/x", "https://example.org/x"),
        ("../results-watch.md", None),
        ("http://example.org", None),
        ("//example.org/x.md", None),
        ("data:text/html,x", None),
    ],
)
def test_a_link_leads_to_a_concept_or_out_of_here_and_nowhere_else(href, leads_to):
    (paragraph,) = parse("a", f"# A\n\n[x]({href})\n").body
    assert paragraph.children[0].href == leads_to


def test_html_stays_text():
    (paragraph,) = parse("a", "# A\n\n<script>alert(1)</script>\n").body
    assert words([paragraph]) == "<script>alert(1)</script>"


@pytest.mark.parametrize("text", ["![picture](x.png)", "a\n\n---\n\nb"])
def test_what_cannot_be_shown_is_refused(text):
    with pytest.raises(UnknownMarkup, match="cannot have it"):
        parse("a", f"# A\n\n{text}\n")


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_parsed_and_nothing_is_shown_as_markup(name):
    concept = Concepts(FOLDER).find(name)
    assert MARKUP.findall(prose(concept.body)) == []
    assert concept.title
    assert len(concept.summary) > 20
    shown = re.sub(r"\W", "", words(concept.body))
    written = re.sub(
        r"\W", "", re.sub(r"\]\([^)]*\)|^```\w*$|^\d+\. ", "", (FOLDER / f"{name}.md").read_text(), flags=re.M)
    )
    assert written == re.sub(r"\W", "", concept.title) + shown, "every word is there, in its order"


def test_links_between_concepts_lead_to_concepts_and_headings_that_exist():
    concepts = Concepts(FOLDER)
    for name in NAMES:
        links = [node.href for node in every(concepts.find(name).body) if node.href]
        for href in (href for href in links if href.startswith("/docs/")):
            other, _, anchor = href.removeprefix("/docs/").partition("#")
            anchors = {node.anchor for node in concepts.find(other).body}
            assert not anchor or anchor in anchors, (name, href)


@pytest.mark.stack
def test_concepts_are_served_by_name_and_a_name_is_no_path(server):
    listed = server.get("/concepts")
    assert [item["name"] for item in listed["items"]] != []
    assert sorted(item["name"] for item in listed["items"]) == NAMES
    assert listed["next"] is None
    titles = [item["title"].lower() for item in listed["items"]]
    assert titles == sorted(titles)
    assert server.get("/concepts/modes")["title"] == "Modes"
    for name in ("nosuch", "modes.md", "..%2fsteering", "%2fetc%2fpasswd", "..%2F..%2FREADME"):
        answer = server.http.get(f"/concepts/{name}")
        assert (answer.status_code, answer.json()["code"]) in {(404, "no-such-concept"), (404, "not-found")}, name

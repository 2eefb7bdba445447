"""The docs are true: links resolve, commands and make targets exist, pictures are there."""

import itertools
import re
import shlex
import shutil
import sys
from pathlib import Path

import click
import pytest

from modescope.__main__ import main

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELLS = {"sh", "bash", "console"}
ALIKE_EVERYWHERE = {
    "cd",
    "export",
    "cp",
    "curl",
    "git",
    "python3",
    "apt",
    "docker",
    "kill",
    "sudo",
    "pip",
    "true",
    "cat",
}
"""Programs that a reader has, or that the page says to install."""


def anchors(page: Path) -> set[str]:
    """The headings of a page as addresses, in the way of the usual Markdown renderers."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def links() -> list[tuple[Path, str]]:
    return [(page, link) for page in PAGES for link in LINK.findall(page.read_text()) if "://" not in link]


def shell_lines(page: Path) -> list[str]:
    """The lines of a page's shell blocks; of blocks without a language, those that are plainly commands."""
    found = []
    for language, block in FENCE.findall(page.read_text()):
        lines = block.replace("\\\n", " ").splitlines()
        plain = [line for line in lines if re.match(r"(make|modescope|\.venv/bin/\S+) ", line)]
        found += lines if language in SHELLS else plain if not language else []
    return [line.removeprefix("$ ") for line in found]


def commands() -> list[tuple[str, list[str]]]:
    """Every command in the docs as (page, words), without comments, assignments and what stands around it."""
    found = []
    for page in PAGES:
        for line in shell_lines(page):
            inner = re.sub(r"^\w+=\$\((.*)\)$", r"\1", line)
            words: list[str] = []
            for word in [*shlex.split(inner, comments=True), "|"]:
                if word not in ("|", "||", "&&"):
                    words.append(word)
                    continue
                command = list(itertools.dropwhile(re.compile(r"\w+=").match, words))
                found += [(page.name, command)] if command else []
                words = []
    return found


@pytest.mark.parametrize(("page", "link"), links(), ids=lambda value: getattr(value, "name", value))
def test_link_resolves(page, link):
    address, _, anchor = link.partition("#")
    target = (page.parent / address).resolve() if address else page
    assert target.exists(), f"{page.name} links to {link}, which is not there"
    if anchor and target.suffix == ".md":
        assert anchor in anchors(target), f"{page.name}: {target.name} has no heading #{anchor}"


@pytest.mark.parametrize(("page", "words"), commands(), ids=lambda value: value if isinstance(value, str) else value[0])
def test_command_exists(page, words):
    program = Path(words[0]).name
    if program == "make":
        assert {word for word in words[1:] if "=" not in word} <= TARGETS, f"{page}: {' '.join(words)}"
    elif program == "modescope":
        parse(main, words[1:])
    elif words[0].startswith(".venv/bin/"):
        assert shutil.which(program, path=str(Path(sys.executable).parent)), f"{page}: {words[0]}"
    else:
        assert program in ALIKE_EVERYWHERE, f"{page}: what is {program}? Say how a reader gets it, then list it here"


def parse(command: click.Command, words: list[str]) -> None:
    """Fails when the command line has an unknown command, option, or too few or many arguments."""
    context = command.make_context(command.name, list(words))
    if isinstance(command, click.Group):
        _, inner, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        parse(inner, rest)


def test_readme_names_every_target_that_a_newcomer_needs():
    named = {word for _, words in commands() if words[0] == "make" for word in words[1:]}
    assert {"run", "test"} <= named
    assert "make test" in (REPOSITORY / ".ci/run").read_text(), "CI calls the README's test command"


def test_make_prints_each_target_with_its_help():
    public = {"run", "test", "test-fast", "lint", "types", "arch", "docs", "bench", "components", "dev", "clean"}
    assert public <= TARGETS

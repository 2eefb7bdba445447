"""Where things lie: tests mirror the tree, every component has its oracle test, every monitor its page."""

import subprocess
from pathlib import Path

import pytest

from worker import families

REPOSITORY = Path(__file__).parents[2]
families.discover()
COMPONENTS = [
    (family, name)
    for family, members in families.FAMILIES.items()
    for name in members.names
    if members.find(name).__module__.startswith("worker.")
]
"""Ours: other tests add plug-ins of their own."""
MONITORS = [name for family, name in COMPONENTS if family == "monitors"]


def test_tests_are_no_packages():
    """With __init__.py below tests/, `import contract.events` finds the folder of tests."""
    assert list((REPOSITORY / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize(("family", "name"), COMPONENTS)
def test_component_has_a_test_with_an_oracle(family, name):
    test = REPOSITORY / "tests" / "worker" / family / f"test_{name}.py"
    assert test.is_file(), f"write {test.relative_to(REPOSITORY)}: the number, from somewhere independent"


@pytest.mark.parametrize("name", MONITORS)
def test_monitor_has_a_page_that_says_when_it_misleads(name):
    page = REPOSITORY / "docs" / "concepts" / f"{name}.md"
    assert page.is_file(), f"write {page.relative_to(REPOSITORY)}: what it measures, how to read it, when it misleads"
    assert "mislead" in page.read_text().lower()


def test_nothing_large_is_tracked():
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    files = [REPOSITORY / name for name in tracked.stdout.split("\0") if name]
    pictures = REPOSITORY / "docs" / "images"
    limits = {file: 1_000_000 if file.is_relative_to(pictures) else 500_000 for file in files if file.is_file()}
    assert [str(file) for file, limit in limits.items() if file.stat().st_size > limit] == []

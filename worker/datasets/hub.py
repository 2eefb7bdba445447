"""Data sets of the Hugging Face Hub, or in its formats: an optional extra, since its library is large."""

import itertools
import logging
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NoReturn

import numpy as np
import numpy.typing as npt
from pydantic import Field

from worker import datasets
from worker.datasets import DatasetUnavailable
from worker.datasets._folder_files import UNREADABLE, inside, middle_square
from worker.datasets._folder_labels import ATTRIBUTE, MAX_MODES, MIN_PICTURES
from worker.datasets._hub_rows import Source, Table, open_table, picture_file
from worker.datasets._pictures import Pictures, PictureSet
from worker.datasets._shaping import Shaping

logger = logging.getLogger(__name__)

NAME = r"^(\w[\w.-]*)?$"
DRAWING = 1
"""Raised when the way from the rows to the pictures changes."""


@datasets.register
class Hub(PictureSet):
    """Hub: pictures of a Hugging Face data set, from a folder here or from the Hub.

    A repository is first looked for as a folder in the one that MODESCOPE_HUB names (by default `hub` in
    MODESCOPE_DATA): saved by `save_to_disk`, parquet files, or folders of pictures; then no network is used. Otherwise,
    when it is called owner/name, its first rows are streamed from the Hub, once: what they hold is kept in the cache,
    and a repository that changes under the same revision is not read again. No code of a repository is ever run.

    The first n rows are taken in their order. Each picture is cut to the square in its middle and resized (Lanczos),
    transparent parts white. With labels, the set has a classifier of its own as a judge, and as many modes as there are
    combinations of classes; classes that none of these rows has are left out. It needs an extra: modescope[hub].
    """

    title: ClassVar[str] = "Hub (Hugging Face data sets)"
    source: ClassVar[str] = "https://huggingface.co/datasets; licence and citation: see the data set's own page."
    provides: ClassVar[Mapping[str, Any]] = {
        "sample": "image",
        "size": "$size",
        "labels": "$labelled",
        "judge": "$labelled",
    }

    class Params(Shaping):
        """Which data set, which of its columns, and how large pictures become."""

        repository: str = Field("uoft-cs/cifar10", max_length=200, pattern=r"^\w[\w.-]*(/\w[\w.-]*)?$")
        """owner/name on the Hub, or a folder in MODESCOPE_HUB."""
        config: str = Field("", max_length=100, pattern=NAME)
        """Configuration, of those that a repository offers; empty: its only one."""
        revision: str = Field("main", max_length=100, pattern=NAME)
        """Branch, tag or commit on the Hub; only a commit is always the same pictures."""
        split: str = Field("train", max_length=100, pattern=NAME)
        """Part of the data set."""
        image: str = Field("", max_length=100)
        """Column of the pictures; empty: its only one."""
        labelled: bool = True
        """Whether labels are taken; without them there is no judge, and there are no modes."""
        labels: list[Annotated[str, Field(max_length=100)]] = Field([], max_length=8)
        """Columns of the labels, as a list: ["label"]; empty: all whose feature is a class label."""
        size: Literal[16, 32, 64] = 32
        """Height and width to which pictures are resized (pixels)."""
        n: int = Field(10_000, ge=MIN_PICTURES, le=50_000)
        """The first so many rows, or all that there are."""

    params: Params
    is_fixed: ClassVar[bool] = False  # folders may come and go

    def prepare(self, cache: Path) -> None:
        """As all sets of pictures; what the library itself writes goes into a folder of the cache.

        Raises:
            DatasetUnavailable: if the data set or a column is not there, or cannot be read.
            InvalidParams: if what is to be dropped is unknown, or all there is.
        """
        self._downloads = cache / "hub"
        super().prepare(cache)

    def identity(self) -> Mapping[str, Any]:
        """The params, and of a folder the names, sizes and times of its files.

        Raises:
            DatasetUnavailable: if there is no such folder, and its name is not one that the Hub could have.
        """
        params = self.params
        folder = _folder_of(params.repository)
        self._source = Source(
            params.repository, folder, params.config or None, params.revision, params.split, self._downloads
        )
        self.attributes = {}
        asked = params.model_dump(exclude={"imbalance", "drop"})
        return {**asked, "drawing": DRAWING, "files": None if folder is None else _files_of(folder)}

    def make(self) -> Pictures:
        """Read, cut and resize the first n.

        Raises:
            DatasetUnavailable: if the data set, a column or a picture is not what it should be.
        """
        table = open_table(self._source)
        image = self._image_column(table)
        columns = self._label_columns(table) if self.params.labelled else []
        pixels: list[npt.NDArray[np.uint8]] = []
        values: list[tuple[object, ...]] = []
        for row in table.rows(image, columns, self.params.n):
            if len(pixels) % 1000 == 0:
                logger.info("reading the %s: %d pictures", self._source.words, len(pixels))
            pixels.append(self._picture(len(pixels), row[image]))
            values.append(tuple(row[column] for column in columns))
        self._check_number(len(pixels))
        attributes, labels = self._labels(table, columns, values)
        return Pictures(pixels=np.stack(pixels), labels=labels, attributes=attributes)

    def _image_column(self, table: Table) -> str:
        images, asked = table.columns.images, self.params.image
        if asked in images:
            return asked
        if not asked and len(images) == 1:
            return images[0]
        self._refuse(f"no picture column {asked!r}" if asked else f"{len(images)} picture columns", images, "image")

    def _label_columns(self, table: Table) -> list[str]:
        allowed = [*table.columns.classes, *table.columns.plain]
        columns = self.params.labels or list(table.columns.classes)
        strangers = [column for column in columns if column not in allowed]
        if strangers:
            self._refuse(f"no label column {strangers[0]!r}", allowed, "labels")
        if not columns:
            self._refuse("no column of class labels", allowed, "labels", " or switch `labelled` off")
        names = [_attribute(column) for column in columns]
        if len(set(names)) < len(names) or not all(ATTRIBUTE.fullmatch(name) for name in names):
            self._refuse(f"label columns {columns} whose names make no different attributes", allowed, "labels")
        return columns

    def _picture(self, row: int, picture: Mapping[str, Any]) -> npt.NDArray[np.uint8]:
        try:
            with picture_file(self._source, picture or {}) as file:
                return middle_square(file, self.params.size)
        except UNREADABLE as error:
            raise DatasetUnavailable(
                f"row {row} of the {self._source.words} cannot be read as a picture: {error}. "
                "Take fewer rows, or mend it"
            ) from error

    def _check_number(self, n: int) -> None:
        if n < MIN_PICTURES:
            raise DatasetUnavailable(
                f"the {self._source.words} has {n} rows; at least {MIN_PICTURES} are wanted. Name another split or set"
            )

    def _labels(
        self, table: Table, columns: Sequence[str], values: Sequence[tuple[object, ...]]
    ) -> tuple[dict[str, list[str]], npt.NDArray[np.int64]]:
        """Names and indices of the classes that there are.

        Raises:
            DatasetUnavailable: if a row has no label, or there are too few or too many modes.
        """
        attributes: dict[str, list[str]] = {}
        labels = np.empty((len(values), len(columns)), np.int64)
        for place, column in enumerate(columns):
            cells = [row[place] for row in values]
            classes, labels[:, place] = self._classes(column, cells, table.columns.classes.get(column))
            attributes[_attribute(column)] = classes
        modes = math.prod(len(classes) for classes in attributes.values())
        if columns and not 1 < modes <= MAX_MODES:
            raise DatasetUnavailable(
                f"the first {len(values)} rows of the {self._source.words} have {modes} combinations of classes in "
                f"{', '.join(columns)}; 2 to {MAX_MODES} are allowed. Raise n, or choose other columns in `labels`"
            )
        return attributes, labels

    def _classes(
        self, column: str, cells: Sequence[object], names: Sequence[str] | None
    ) -> tuple[list[str], npt.NDArray[np.int64]]:
        present = set(cells)
        known = range(len(names)) if names is not None else sorted(present - {None}, key=str)
        unlabelled = [row for row, cell in enumerate(cells) if cell not in known]
        if unlabelled:
            raise DatasetUnavailable(
                f"row {unlabelled[0]} of the {self._source.words} has no label in column {column!r} ({len(unlabelled)} "
                "such rows). Name another split, choose other columns in `labels`, or switch `labelled` off"
            )
        order = [value for value in known if value in present]
        place = {value: index for index, value in enumerate(order)}
        spoken = [str(value) if names is None else names[int(str(value))] for value in order]
        return spoken, np.array([place[cell] for cell in cells], np.int64)

    def _refuse(self, came: str, allowed: Sequence[str], param: str, more: str = "") -> NoReturn:
        listed = ", ".join(itertools.islice(allowed, 50)) or "none"
        raise DatasetUnavailable(
            f"the {self._source.words} has {came}; such columns: {listed}. Name one in `{param}`{more}"
        )


def hub_root() -> Path:
    """The folder in which repositories are looked for before the Hub is asked."""
    data = Path(os.environ.get("MODESCOPE_DATA") or "data")
    return Path(os.environ.get("MODESCOPE_HUB") or data / "hub").resolve()


def _folder_of(repository: str) -> Path | None:
    """The folder of that name here; None when only the Hub can have it.

    Raises:
        DatasetUnavailable: if there is neither, or the name leads elsewhere.
    """
    root = hub_root()
    if (root / repository).exists():
        return inside(root, repository, setting="MODESCOPE_HUB")
    if "/" not in repository:
        raise DatasetUnavailable(
            f"there is no {repository!r} in {root}, and on the Hub names are owner/name. Put it there, let "
            "MODESCOPE_HUB name the folder that has it, or name its owner"
        )
    return None


def _files_of(folder: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of every file: pictures by the gigabyte are not read to see that nothing has changed.

    Raises:
        DatasetUnavailable: if one is a link that leads out of what runs may read.
    """
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    for file in files:
        inside(hub_root(), str(file), setting="MODESCOPE_HUB")
    return [(str(file.relative_to(folder)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]


def _attribute(column: str) -> str:
    """The column's name as it may be part of a series' name."""
    return re.sub(r"[^a-z0-9_]+", "_", column.lower())

"""Reads rows of a data set by the library `datasets` of Hugging Face: from a folder here, or from the Hub.

The library is an optional extra, and looked for only when rows are needed. It runs no code of a repository: since its
version 4 it refuses loading scripts. Pictures are decoded here and not by it, as those of the dataset `folder` are:
only in the formats named there, up to a size, and never from a file outside the repository.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import fsspec

from worker.datasets import DatasetUnavailable

INSTALL = "pip install 'modescope[hub]'"
SAVED = ("dataset_dict.json", "state.json")
"""Marks of a folder that was made by `save_to_disk`."""


@dataclass(frozen=True)
class Source:
    """Where rows come from."""

    repository: str
    """owner/name on the Hub, or the name of a folder."""
    folder: Path | None
    """The folder of that name here; None: the Hub."""
    config: str | None
    revision: str
    split: str
    downloads: Path
    """Folder that the library may write to."""

    @property
    def words(self) -> str:
        """What and where it is."""
        where = "on the Hugging Face Hub" if self.folder is None else f"in {self.folder.parent}"
        return f"data set {self.repository!r} {where}"


@dataclass(frozen=True)
class Columns:
    """What a table has for us."""

    images: list[str]
    """Columns whose feature is a picture."""
    classes: dict[str, list[str]]
    """Columns whose feature is a class label, with its names."""
    plain: list[str]
    """Columns of strings, whole numbers or booleans, whose values may serve as classes."""


@dataclass(frozen=True)
class Table:
    """An opened table. Nothing of it has been read but what its columns are."""

    source: Source
    columns: Columns
    _rows: Any  # Any: the library's Dataset or IterableDataset
    _library: Any  # Any: the module

    def rows(self, image: str, labels: Sequence[str], n: int) -> Iterator[Mapping[str, Any]]:
        """The first n rows, with these columns; the picture is {"bytes", "path"}, not decoded.

        Yields:
            Column → cell.

        Raises:
            DatasetUnavailable: if the library cannot read it.
        """
        chosen = self._rows.select_columns([image, *labels]).cast_column(image, self._library.Image(decode=False))
        rows = iter(chosen)
        for _ in range(n):
            try:
                row = next(rows)
            except StopIteration:
                return
            except _troubles(self._library) as error:
                raise DatasetUnavailable(
                    f"cannot read the {self.source.words}: {error}. Try again, or mend it"
                ) from error
            yield row


def open_table(source: Source) -> Table:
    """The table, found but not read.

    Raises:
        DatasetUnavailable: if the extra, the repository, its configuration or its split is not there.
    """
    try:
        library = import_module("datasets")
    except ImportError as error:
        raise DatasetUnavailable(
            f"the dataset `hub` needs the package datasets: {error}. Install it: {INSTALL}"
        ) from error
    library.disable_progress_bars()
    try:
        rows = _open(source, library)
    except _troubles(library) as error:
        raise DatasetUnavailable(
            f"cannot open the {source.words}: {error}. Check its name, config, revision and split; without a network, "
            "put it into a folder of that name in MODESCOPE_HUB"
        ) from error
    return Table(source, _columns_of(rows.features or {}, library), rows, library)


def picture_file(source: Source, picture: Mapping[str, Any]) -> BinaryIO:
    """The encoded picture of one row, to be read and closed.

    Raises:
        DatasetUnavailable: if the row names a file that is not of this repository.
        ValueError: if it has no picture.
    """
    if picture.get("bytes") is not None:
        return io.BytesIO(picture["bytes"])
    if picture.get("path") is None:
        raise ValueError("it is empty")
    path = str(picture["path"])
    if source.folder is not None:
        file = (source.folder / path).resolve()
        if file.is_relative_to(source.folder) and file.is_file():
            return file.open("rb")
    elif _is_on_the_hub(path, source.repository):
        return fsspec.open(path, "rb").open()  # type: ignore[no-any-return]  # fsspec is not typed
    raise DatasetUnavailable(
        f"a row of the {source.words} names the file {path!r}, which is not inside it; only its own pictures are read. "
        "Save it with the pictures embedded, as to_parquet does"
    )


def _troubles(library: Any) -> tuple[type[Exception], ...]:  # Any: see Table
    """What the library raises when data are not there or not what they should be."""
    return (OSError, ValueError, RuntimeError, KeyError, library.exceptions.DatasetsError)


def _open(source: Source, library: Any) -> Any:  # Any: see Table
    if source.folder is not None and any((source.folder / mark).is_file() for mark in SAVED):
        saved = library.load_from_disk(str(source.folder))
        return saved[source.split] if isinstance(saved, library.DatasetDict) else saved
    if source.folder is None and Path(source.repository).exists():
        raise ValueError("a folder of that name lies where the worker was started, and the library would take that one")
    return library.load_dataset(
        str(source.folder or source.repository),
        source.config,
        split=source.split,
        revision=None if source.folder is not None else source.revision,
        cache_dir=str(source.downloads),
        streaming=True,  # reads what it needs, instead of all that there is
    )


def _columns_of(features: Mapping[str, Any], library: Any) -> Columns:
    def of_kind(kind: Any) -> list[str]:
        return [name for name, feature in features.items() if isinstance(feature, kind)]

    plain = ("string", "large_string", "bool")
    return Columns(
        images=of_kind(library.Image),
        classes={name: list(features[name].names) for name in of_kind(library.ClassLabel)},
        plain=[
            name
            for name in of_kind(library.Value)
            if features[name].dtype in plain or features[name].dtype.lstrip("u").startswith("int")
        ],
    )


def _is_on_the_hub(path: str, repository: str) -> bool:
    """Whether it is `hf://datasets/<repository>@…` or a member of an archive there."""
    *members, last = path.split("::")
    inside = last.startswith((f"hf://datasets/{repository}@", f"hf://datasets/{repository}/")) and ".." not in last
    return inside and all(member.startswith("zip://") for member in members)

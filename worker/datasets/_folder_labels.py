"""Reads the labels of a folder's pictures: a CSV file, one row a picture, one column an attribute."""

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from worker.datasets import DatasetUnavailable

MIN_PICTURES = 10
"""Below that none could be held out to measure the judge on."""
MAX_MODES = 1000
ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""Attributes become parts of the names of series and knobs."""


@dataclass(frozen=True)
class LabelTable:
    """Labels as indices."""

    attributes: dict[str, list[str]]
    """Attribute → its classes, in alphabetical order."""
    rows: list[list[int]]
    """One row a picture, in the pictures' order: the class of each attribute."""


def read_labels(path: Path, names: Sequence[str]) -> LabelTable:
    """The labels of the pictures of those names.

    Raises:
        DatasetUnavailable: if the file is not such a table, or does not have exactly one row for each picture.
    """
    header, *rows = _table(path)
    _check_header(path, header)
    by_name = _by_name(path, header, rows)
    _check_names(path, set(names), set(by_name))
    if len(names) < MIN_PICTURES:
        _refuse(path, f"{len(names)} labelled pictures", f"at least {MIN_PICTURES}", "add pictures, or drop labels")
    columns = zip(*by_name.values(), strict=True)
    attributes = {name: sorted(set(column)) for name, column in zip(header[1:], columns, strict=True)}
    modes = math.prod(len(classes) for classes in attributes.values())
    if modes > MAX_MODES:
        counts = " × ".join(f"{len(classes)} {name}" for name, classes in attributes.items())
        _refuse(path, f"{counts} = {modes} combinations", f"at most {MAX_MODES}", "merge classes or leave out some")
    order = [{label: i for i, label in enumerate(classes)} for classes in attributes.values()]
    return LabelTable(
        attributes, [[index[label] for index, label in zip(order, by_name[name], strict=True)] for name in names]
    )


def _table(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = [[cell.strip() for cell in row] for row in csv.reader(file, strict=True) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        _refuse(path, f"it cannot be read ({error})", "CSV in UTF-8", "save it again as CSV")
    if not table:
        _refuse(path, "an empty file", "a header and one row a picture", "fill it, or drop labels")
    return table


def _check_header(path: Path, header: list[str]) -> None:
    wanted = "`file,<attribute>,...`, each attribute once, in small letters, digits and _"
    attributes = header[1:]
    is_right = header[0] == "file" and attributes and len(set(attributes)) == len(attributes)
    if not is_right or not all(ATTRIBUTE.fullmatch(name) for name in attributes):
        _refuse(path, f"the header {','.join(header)!r}", wanted, "mend the first line")


def _by_name(path: Path, header: list[str], rows: list[list[str]]) -> dict[str, list[str]]:
    by_name: dict[str, list[str]] = {}
    for row in rows:
        if len(row) != len(header) or not all(row):
            wanted = f"{len(header)} cells in each row, none of them empty"
            _refuse(path, f"the row {','.join(row)!r}", wanted, "mend that row")
        if row[0] in by_name:
            _refuse(path, f"two rows for {row[0]!r}", "one row a picture", "take one of them away")
        by_name[row[0]] = row[1:]
    return by_name


def _check_names(path: Path, pictures: set[str], labelled: set[str]) -> None:
    without_picture, without_label = sorted(labelled - pictures), sorted(pictures - labelled)
    if without_picture:
        _refuse(
            path,
            f"a label for {without_picture[0]!r}, which is no picture in that folder ({len(without_picture)} such)",
            "one row for each picture there",
            "add the picture or take the row away",
        )
    if without_label:
        _refuse(
            path,
            f"no label for the picture {without_label[0]!r} ({len(without_label)} such)",
            "one row for each picture there",
            "add a row or take the picture away",
        )


def _refuse(path: Path, came: str, allowed: str, remedy: str) -> NoReturn:
    raise DatasetUnavailable(f"labels {path.name}: {came}; allowed: {allowed}; {remedy}")

"""A person's own pictures: a folder, and optionally a CSV file with their labels."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from worker import datasets
from worker.datasets._folder_files import digest_of, inside, list_pictures, read_picture
from worker.datasets._folder_labels import LabelTable, read_labels
from worker.datasets._pictures import Pictures, PictureSet
from worker.datasets._shaping import Shaping

DRAWING = 1
"""Raised when the way from the files to the pictures changes."""


@datasets.register
class Folder(PictureSet):
    """Folder: your own pictures, from a folder inside the one that MODESCOPE_IMAGES names.

    Every png, jpg, jpeg, webp, bmp or gif file directly in the folder is one picture, in the order of their names: its
    first frame, turned as its EXIF data say, cut to the square in its middle, resized (Lanczos), transparent parts
    white. With a labels file (CSV; header `file,<attribute>,...`; one row a picture) the set has attributes, a
    classifier of its own as a judge, and as many modes as there are combinations of classes; without it, neither.

    Whoever runs the worker decides what may be read: MODESCOPE_IMAGES (by default the folder `images` in
    MODESCOPE_DATA). A run names a folder in there; a name or a link that leads out of it is refused.
    """

    title: ClassVar[str] = "Folder (your own pictures)"
    source: ClassVar[str] = "Your own; nothing is uploaded or downloaded."
    provides: ClassVar[Mapping[str, Any]] = {
        "sample": "image",
        "size": "$size",
        "labels": "$labels",
        "judge": "$labels",
    }

    class Params(Shaping):
        """Where the pictures are, and how large they become."""

        path: str = Field("", max_length=200, pattern=r"^(\w[\w .-]*(/\w[\w .-]*)*)?$")
        """Folder with the pictures, relative to MODESCOPE_IMAGES; empty: that folder itself."""
        size: Literal[16, 32, 64] = 32
        """Height and width to which pictures are resized (pixels)."""
        labels: str | None = Field(None, max_length=100, pattern=r"^\w[\w .-]*$")
        """Name of a CSV file in that folder; none: the pictures have no labels."""

    params: Params
    is_fixed: ClassVar[bool] = False  # files may come and go

    def identity(self) -> Mapping[str, Any]:
        """Size, and a digest of every file's name and content.

        Raises:
            DatasetUnavailable: if the folder, its pictures or its labels are missing or wrong.
        """
        root = images_root()
        folder = inside(root, self.params.path)
        labels = self.params.labels
        self._files = list_pictures(root, folder)
        names = [file.name for file in self._files]
        table = None if labels is None else inside(root, str(Path(self.params.path) / labels))
        self._labels = LabelTable({}, [[] for _ in names]) if table is None else read_labels(table, names)
        self.attributes = self._labels.attributes
        files = digest_of([*self._files, *([table] if table else [])])
        return {"size": self.params.size, "drawing": DRAWING, "files": files}

    def make(self) -> Pictures:
        """Read and resize them all.

        Raises:
            DatasetUnavailable: if a picture cannot be read; the message names it.
        """
        pixels = np.stack([read_picture(file, self.params.size) for file in self._files])
        labels = np.array(self._labels.rows, dtype=np.int64).reshape(len(self._files), len(self.attributes))
        return Pictures(pixels=pixels, labels=labels)


def images_root() -> Path:
    """The one folder that a run may read pictures from."""
    data = Path(os.environ.get("MODESCOPE_DATA") or "data")
    return Path(os.environ.get("MODESCOPE_IMAGES") or data / "images").resolve()

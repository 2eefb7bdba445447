"""Pictures that somebody has uploaded, out of the artefact store."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from contract.names import dataset_name
from contract.uploads import ID, MANIFEST
from worker import datasets
from worker.artefacts import ArtefactMissing, Artefacts
from worker.datasets import DatasetUnavailable
from worker.datasets._folder_files import UNREADABLE, middle_square
from worker.datasets._pictures import Pictures, PictureSet
from worker.datasets._shaping import Shaping
from worker.settings import load

DRAWING = 1
"""Raised when the way from the files to the pictures changes."""
ATTRIBUTE = "class"
LEAST_LABELLED = 10
"""Below that none could be held out to measure the judge on."""


@datasets.register
class Uploaded(PictureSet):
    """Uploaded: your own pictures, as they were sent from the browser or to `POST /api/v1/datasets`.

    Each png, jpeg or webp of the upload is one picture, in the order of the names: turned as its EXIF data say, cut to
    the square in its middle, resized (Lanczos), transparent parts white; in grey, by ITU-R 601's weights. With
    `labels`, the sub-folders are the classes of one attribute, `class`: the set then has a classifier of its own as a
    judge, and as many modes as classes; without, neither.

    The set is named by its content, so that a run means the same pictures for ever; one that was deleted is refused.
    """

    title: ClassVar[str] = "Uploaded (your own pictures)"
    source: ClassVar[str] = "Your own; kept in this server's artefact store, and sent nowhere else."
    provides: ClassVar[Mapping[str, Any]] = {
        "sample": "image",
        "size": "$size",
        "labels": "$labels",
        "judge": "$labels",
    }

    class Params(Shaping):
        """Which upload, and how large its pictures become."""

        id: str = Field("0" * 16, pattern=ID)
        """Of the upload: 16 digits, as the page and `GET /api/v1/datasets` show it."""
        size: Literal[16, 32, 64] = 32
        """Height and width to which pictures are resized (pixels)."""
        colours: Literal["colour", "grey"] = "colour"
        """As they are, or in grey."""
        labels: bool = False
        """Whether the sub-folders of the upload are labels."""

    params: Params
    is_fixed: ClassVar[bool] = False  # an upload may be deleted

    def identity(self) -> Mapping[str, Any]:
        """The upload's id, which is of its content, and what is done with it."""
        self.attributes = {}
        asked = self.params.model_dump(include={"id", "size", "colours", "labels"})
        return {**asked, "drawing": DRAWING}

    def make(self) -> Pictures:
        """Read and resize them all.

        Raises:
            DatasetUnavailable: if the upload is gone, or one of its pictures cannot be read; the message names it.
        """
        with zipfile.ZipFile(io.BytesIO(self._content())) as kept:
            files = json.loads(kept.read(MANIFEST))["files"]
            pixels = np.stack([self._pixels(kept.read(each["file"]), each["was"]) for each in files])
        classes = sorted({each["label"] for each in files}) if self._is_labelled(files) else []
        labels = np.array([[classes.index(each["label"])] if classes else [] for each in files], dtype=np.int64)
        return Pictures(
            pixels=pixels,
            labels=labels.reshape(len(files), int(bool(classes))),
            attributes={ATTRIBUTE: classes} if classes else {},
        )

    def _is_labelled(self, files: list[dict[str, Any]]) -> bool:
        """Whether labels are wanted.

        Raises:
            DatasetUnavailable: if they are, and there are none.
        """
        if self.params.labels and (files[0]["label"] is None or len(files) < LEAST_LABELLED):
            raise DatasetUnavailable(
                f"upload {self.params.id} has {len(files)} pictures, and no sub-folders for labels or too few pictures "
                f"({LEAST_LABELLED} are the least); set labels to false, or upload pictures in folders"
            )
        return self.params.labels

    def _pixels(self, content: bytes, name: str) -> Any:  # Any: an array; numpy's own type says no more
        try:
            square = middle_square(io.BytesIO(content), self.params.size)
        except UNREADABLE as error:
            raise DatasetUnavailable(
                f"{name} of upload {self.params.id} cannot be read as a picture: {error}. "
                "Upload the set again without it"
            ) from error
        if self.params.colours == "colour":
            return square
        return np.round(square @ np.array([0.299, 0.587, 0.114]))[..., None].astype(np.uint8)

    def _content(self) -> bytes:
        """The kept zip.

        Raises:
            DatasetUnavailable: if it is not there.
        """
        try:
            return Artefacts(load().artefacts_url).get(dataset_name(self.params.id, "zip"))
        except ArtefactMissing as missing:
            raise DatasetUnavailable(
                f"there is no upload {self.params.id}: it was deleted, or this worker has another "
                "MODESCOPE_ARTEFACTS_URL than the api. Upload the pictures, and launch with the id that comes back"
            ) from missing

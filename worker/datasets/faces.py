"""Pixel-art faces, drawn here from installed packages: labels are exact, since they are what was asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from worker import datasets
from worker.datasets import DatasetUnavailable
from worker.datasets._pictures import Pictures, PictureSet, package_versions
from worker.datasets._shaping import Shaping

HAIR = {
    "black": "#17171f",
    "brown": "#6b3a14",
    "blond": "#f2cf3b",
    "orange": "#f27a1a",
    "red": "#c8102e",
    "pink": "#ff7ac0",
    "purple": "#8e3fd0",
    "blue": "#1f5fe0",
    "cyan": "#19c4c4",
    "green": "#2fb344",
}
EYES = {
    "black": "#0c0c0c",
    "blue": "#1a86ff",
    "green": "#00a040",
    "red": "#e0002a",
    "violet": "#9a2bf0",
    "amber": "#ffa800",
}
"""Colours that the style uses for nothing else, so that a pixel's exact colour proves a label."""
DRAWING = 1
"""Raised when the drawing changes in another way than by its packages or colours."""
INSTALL = "pip install 'modescope[worker]'"


@datasets.register
class Faces(PictureSet):
    """Faces: drawn pixel-art portraits, labelled by 10 hair and 6 eye colours, 60 modes in all.

    Rendered from the installed DiceBear style `pixel-art` (no photographs, no download), once; 45 hair cuts, 12 eyes,
    23 mouths, 23 clothes and 8 skins vary inside each mode; no hats, glasses, beards or accessories. Labels are exact
    and balanced: picture i has mode i mod 60. The style is drawn on a 16×16 lattice, so 32 pixels hold no more than 16.
    Hair is a large attribute (4 to 80 of 256 pixels), the eyes are a small one (1 or 2): the set shows gross and
    subtle collapse. Judged by its own classifier, as right as 99 % or more on held-out faces; good: see the judge.
    """

    title: ClassVar[str] = "Faces (pixel art, hair × eyes)"
    source: ClassVar[str] = (
        "DiceBear pixel-art, https://www.dicebear.com/styles/pixel-art; art CC0 1.0, code MIT; drawn locally."
    )
    provides: ClassVar[Mapping[str, Any]] = {"sample": "image", "size": "$size", "labels": True, "judge": True}
    class_attributes: ClassVar[Mapping[str, list[str]]] = {"hair": list(HAIR), "eyes": list(EYES)}

    class Params(Shaping):
        """How many, and how large."""

        size: Literal[16, 32] = 16
        """Height and width (pixels)."""
        n: int = Field(6000, ge=60, le=50_000)
        """Pictures in the set; about 1 ms each, once."""

    params: Params

    def identity(self) -> Mapping[str, Any]:
        """Size, number, colours, and the versions of what draws.

        Raises:
            DatasetUnavailable: if a package is missing.
        """
        self.attributes = {name: list(classes) for name, classes in self.class_attributes.items()}
        colours = [list(palette.items()) for palette in (HAIR, EYES)]  # lists: their order is part of it
        versions = package_versions("dicebear-core", "dicebear-styles", "resvg-py", hint=INSTALL)
        size, n = self.params.size, self.params.n
        return {"size": size, "n": n, "colours": colours, "drawing": DRAWING, "versions": versions}

    def make(self) -> Pictures:
        """Draw them all.

        Raises:
            DatasetUnavailable: if a package is broken.
        """
        try:
            drawing = import_module("worker.datasets._drawing")  # needed once, then the cache has what it makes
        except ImportError as error:
            raise DatasetUnavailable(f"faces cannot be drawn: {error}. Install what is missing: {INSTALL}") from error
        mode = np.arange(self.params.n) % (len(HAIR) * len(EYES))
        labels = np.stack([mode // len(EYES), mode % len(EYES)], axis=1).astype(np.int64)
        hair, eyes = list(HAIR.values()), list(EYES.values())
        colours = [(hair[of_hair], eyes[of_eyes]) for of_hair, of_eyes in labels]
        return Pictures(pixels=drawing.draw_faces(colours, self.params.size), labels=labels)

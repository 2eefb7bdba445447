"""Draws pixel-art faces. In one process: two would each spend more on starting (torch) than they save (3 s)."""

import io
import json
import logging
from collections.abc import Sequence
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import resvg_py
from dicebear import Avatar, Style
from PIL import Image

logger = logging.getLogger(__name__)

LEFT_OUT = {"hatProbability": 0, "glassesProbability": 0, "beardProbability": 0, "accessoriesProbability": 0}
"""What may hide hair or eyes."""
BACKGROUND = "#ffffff"


def draw_faces(colours: Sequence[tuple[str, str]], size: int) -> npt.NDArray[np.uint8]:
    """One face each of (hair, eyes) colours: (N, size, size, 3). Face i always has the same features."""
    style = Style(json.loads(files("dicebear_styles").joinpath("pixel-art.json").read_text("utf-8")))
    faces = np.empty((len(colours), size, size, 3), dtype=np.uint8)
    for i, (hair, eyes) in enumerate(colours):
        if i % 1000 == 0:
            logger.info("drawing faces: %d of %d", i, len(colours))
        options = {"seed": str(i), "hairColor": [hair], "eyesColor": [eyes], **LEFT_OUT}
        faces[i] = _pixels(Avatar(style, options).to_string(), size)
    return faces


def _pixels(svg: str, size: int) -> npt.NDArray[np.uint8]:
    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        width=size,
        height=size,
        background=BACKGROUND,
        skip_system_fonts=True,
        shape_rendering="crisp_edges",
    )
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))

"""What a recipe's picture is drawn from, and how: a sheet of samples, points over D's surface, a path of two numbers.

All of them are twice as wide as high, of the plain size in which the page shows them twice as sharp, and small: a
palette of so many colours that the file takes 8 kB at most.
"""

import io
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageDraw

from worker.training.game import Game
from worker.training.undisturbed import undisturbed
from worker.training.view import View

MOST_BYTES = 8192
PLATE = (440, 220)
"""Pixels of a drawing."""
CELLS = {16: (8, 4), 32: (6, 3), 64: (4, 2)}
"""Pixels of a sample → samples in a row, and rows."""
GROUND, SURFACE = (14, 17, 22), (30, 58, 102)
"""Where D is sure of a fake, and where it is sure of a real one: the page's dark ground, and D's blue on it."""
REAL, FAKE, AVERAGE = (99, 231, 190), (222, 148, 104), (253, 188, 254)
"""The page's dark colours of what is real, of G, and of an average."""
LEVELS = 5
"""Steps of the surface: few enough to be a map, and to be small."""
N_POINTS = 400
MARGIN = 0.2
REACH = 3.2
"""The plane of two numbers is shown from -REACH to REACH: the same for all of its recipes, so that they compare."""

RING = 9
"""Radius of the ring about the solution (pixels)."""

Points = npt.NDArray[np.float64]
Plate = tuple[float, float, float, float]
"""Least x, greatest x, least y, greatest y."""


def sheet(game: Game, step: int) -> Image.Image:
    """Samples of fixed latents, as the sample grid takes them: nobody has chosen."""
    side = game.dataset.shape[-1]
    columns, rows = CELLS[side]
    with undisturbed(game.networks()):
        view = View(game, "samples", step)
        n = columns * rows
        pictures = view.generate(view.latents(n, view.fixed), view.labels(n, view.fixed)).cpu()
    pixels = ((pictures.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).numpy()
    tiled = (
        pixels.reshape(rows, columns, 3, side, side).transpose(0, 3, 1, 4, 2).reshape(rows * side, columns * side, 3)
    )
    return Image.fromarray(np.ascontiguousarray(tiled))


def cloud(game: Game, step: int) -> Image.Image:
    """Real points and generated ones over D's surface."""
    with undisturbed(game.networks()):
        view = View(game, "points", step)
        chosen = torch.randperm(len(game.dataset), generator=view.fixed)[:N_POINTS]
        real = game.dataset.samples[chosen].double().numpy()
        generated = view.generate(view.latents(N_POINTS, view.fixed), view.labels(N_POINTS, view.fixed))
        plate = _plate(game.dataset.samples.double().numpy())
        probability = torch.sigmoid(view.judge(_lattice(plate).to(view.device)).logits).double().cpu().numpy()
    image = _surface(probability.reshape(PLATE[1], PLATE[0]))
    draw = ImageDraw.Draw(image)
    # Real ones are wider and lie below, so that a mode that is met shows both.
    for spots, colour, radius in ((real, REAL, 5), (generated.double().cpu().numpy(), FAKE, 2.5)):
        for x, y in _placed(spots, plate):
            _dot(draw, x, y, radius, colour)
    return image


def path(iterates: Sequence[tuple[float, float]], averages: Sequence[tuple[float, float]]) -> Image.Image:
    """The way of two numbers, of their average, and the solution between them."""
    image = Image.new("RGB", PLATE, GROUND)
    draw, plate = ImageDraw.Draw(image), (-2 * REACH, 2 * REACH, -REACH, REACH)
    for way, colour, width in ((averages, AVERAGE, 2), (iterates, FAKE, 3)):
        inside = _placed(np.array(way, dtype=np.float64), plate)
        draw.line(inside, fill=colour, width=width, joint="curve")
        _dot(draw, *inside[-1], 5, colour)
    x, y = _placed(np.zeros((1, 2)), plate)[0]
    draw.ellipse((x - RING, y - RING, x + RING, y + RING), outline=REAL, width=3)
    return image


def encoded(image: Image.Image) -> bytes:
    """The picture as a PNG of at most 8 kB, in as many colours as that allows; a drawing has few, and keeps them all.

    Raises:
        ValueError: if even eight colours take more.
    """
    for colours in (128, 96, 64, 48, 32, 24, 16, 12, 8):
        buffer = io.BytesIO()
        few = image.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(buffer, "PNG", optimize=True)
        if buffer.tell() <= MOST_BYTES:
            return buffer.getvalue()
    raise ValueError(
        f"a picture of {image.size} takes {buffer.tell()} bytes in eight colours; allowed are {MOST_BYTES}"
    )


def _plate(samples: Points) -> Plate:
    """The real points with a border, made as wide as the picture is; both axes have one scale."""
    low, high = samples.min(0), samples.max(0)
    centre, reach = (low + high) / 2, (high - low).max() / 2 * (1 + MARGIN)
    wide = reach * PLATE[0] / PLATE[1]
    return centre[0] - wide, centre[0] + wide, centre[1] - reach, centre[1] + reach


def _lattice(plate: Plate) -> torch.Tensor:
    """(pixels, 2): the place of each pixel, row by row from the top."""
    left, right, bottom, top = plate
    y, x = torch.meshgrid(torch.linspace(top, bottom, PLATE[1]), torch.linspace(left, right, PLATE[0]), indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1)


def _surface(probability: Points) -> Image.Image:
    share = np.round(np.nan_to_num(probability, nan=0.0) * LEVELS)[..., None] / LEVELS
    colours = np.array(GROUND) * (1 - share) + np.array(SURFACE) * share
    return Image.fromarray(np.round(colours).astype(np.uint8))


def _placed(points: Points, plate: Plate) -> list[tuple[float, float]]:
    """Pixels of the points; what is far outside, or no number, is left out."""
    left, right, bottom, top = plate
    width, height = PLATE
    placed = [((x - left) / (right - left) * width, (top - y) / (top - bottom) * height) for x, y in points]
    return [(x, y) for x, y in placed if math.isfinite(x + y) and abs(x) < 1e6 and abs(y) < 1e6]


def _dot(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

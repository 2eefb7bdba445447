"""What networks for pictures share: which pictures they fit, and maps made of a flat vector."""

from torch import Tensor

from worker.networks import UnfitNetwork

SIZES = (16, 32, 64)
"""Heights and widths that networks for pictures can do (pixels)."""


def fitting_picture(name: str, shape: tuple[int, ...], wanted: int | None) -> tuple[int, int]:
    """Channels and size of pictures of that shape.

    Args:
        name: the network that asks.
        shape: of one sample, which should be (channels, size, size).
        wanted: the size that the network was asked for (pixels); none: any.

    Raises:
        UnfitNetwork: if samples are not square pictures of a size that networks for pictures can do, or not as wanted.
    """
    if len(shape) != 3:
        raise UnfitNetwork(
            f"{name} makes pictures, shape (channels, size, size); the samples have shape {shape}. "
            "Take network 'mlp' for points"
        )
    colours, height, width = shape
    if height != width or height not in SIZES:
        raise UnfitNetwork(
            f"{name} makes square pictures of {', '.join(map(str, SIZES))} pixels; the samples have "
            f"{height}×{width}. Take another size of the dataset"
        )
    if wanted not in (None, height):
        raise UnfitNetwork(
            f"{name} was asked for {wanted} pixels, but the samples have {height}. "
            f"Set one of the two sizes to the other, or leave {name}'s out"
        )
    return colours, height


def as_map(flat: Tensor, side: int) -> Tensor:
    """(N, channels, side, side), from (N, side · side · channels).

    The channels come last in the vector, so that in memory they lie as convolutions like it, without a copy.
    """
    return flat.reshape(len(flat), side, side, -1).permute(0, 3, 1, 2)

"""Differentiable augmentation: D sees altered pictures only, real and generated alike."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from contract.components import ComponentParams
from contract.knobs import knob
from worker import regularisers
from worker.regularisers import Moment


@regularisers.register
class DiffAugment(regularisers.Regulariser):
    """DiffAugment: colours, place and a hole in each picture are drawn anew whenever D looks, for real and fake alike.

    In this order, with u ~ U(0, 1) drawn anew for each sample and policy, c = `colour`, H × W the picture:
    brightness x + c (u - ½);  saturation m + (1 + c (2u - 1)) (x - m), m the mean over channels of each pixel;
    contrast m + (1 + c (u - ½)) (x - m), m the mean of the whole picture;
    translation by whole pixels, uniform from -[r H] to [r H] and -[r W] to [r W], r = `translation`, zeros coming in;
    cutout: zeros in a rectangle of [q H] × [q W] pixels, q = `cutout`, its middle uniform over the picture, so that
    it may be cut off at the edge. [·] rounds half up. The policies have no weights and G's gradient goes through them.
    At 0 a policy leaves every picture unchanged, bit for bit; its numbers are drawn all the same, so that turning a
    knob does not shift the run's other random numbers. Under a gradient penalty D's slope is that of D ∘ T.
    Packing comes after. Monitors show D pictures as they are.

    Source: Zhao, Liu, Lin, Zhu & Han 2020, arXiv:2006.10738, section 3, and its public code, whose strengths are the
    defaults here (c = 1, r = 0.125, q = 0.5). Deviation: the strengths are knobs.
    """

    title: ClassVar[str] = "Differentiable augmentation (DiffAugment)"
    needs: ClassVar[dict[str, Any]] = {"sample": "image"}

    class Params(ComponentParams):
        """How strong each policy is; 0 turns it off."""

        colour: float = knob(1.0, ge=0, le=1)
        """Range of brightness (this much of half the values' range), saturation and contrast."""
        translation: float = knob(0.125, ge=0, le=0.5)
        """Farthest shift, as a share of height and width."""
        cutout: float = knob(0.5, ge=0, le=1)
        """Side of the hole, as a share of height and width."""

    params: Params

    def inputs(self, x: Tensor, moment: Moment) -> Tensor:
        """(N, C, H, W), altered."""
        draws = torch.rand(7, len(x), generator=moment.generator, device=moment.generator.device).to(x.device)
        x = _coloured(x, draws[:3].to(x), self.params.colour)
        x = _shifted(x, draws[3:5], self.params.translation)
        return _cut_out(x, draws[5:7], self.params.cutout)


def _coloured(x: Tensor, draws: Tensor, strength: float) -> Tensor:
    if strength == 0:
        return x
    brightness, saturation, contrast = draws[:, :, None, None, None]
    x = x + strength * (brightness - 0.5)
    grey = x.mean(dim=1, keepdim=True)
    x = torch.lerp(grey, x, 1 + strength * (2 * saturation - 1))
    middle = x.mean(dim=(1, 2, 3), keepdim=True)
    return torch.lerp(middle, x, 1 + strength * (contrast - 0.5))


def _shifted(x: Tensor, draws: Tensor, share: float) -> Tensor:
    rows, row_inside = _sources(x.shape[2], draws[0], share)
    columns, column_inside = _sources(x.shape[3], draws[1], share)
    samples = torch.arange(len(x), device=x.device)[:, None, None]
    # Channels last while indexing: each pixel is then fetched as one piece.
    moved = x.permute(0, 2, 3, 1)[samples, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    inside = row_inside[:, None, :, None] & column_inside[:, None, None, :]
    return torch.where(inside, moved, 0)


def _sources(side: int, draws: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Where each of `side` places comes from, (N, side), and whether that lies inside."""
    farthest = int(share * side + 0.5)
    shift = (draws * (2 * farthest + 1)).long() - farthest
    wanted = torch.arange(side, device=draws.device) - shift[:, None]
    return wanted.clamp(0, side - 1), (wanted >= 0) & (wanted < side)


def _cut_out(x: Tensor, draws: Tensor, share: float) -> Tensor:
    in_rows = _covered(x.shape[2], draws[0], share)
    in_columns = _covered(x.shape[3], draws[1], share)
    return torch.where(in_rows[:, None, :, None] & in_columns[:, None, None, :], 0, x)


def _covered(side: int, draws: Tensor, share: float) -> Tensor:
    """(N, side): whether a place lies in the hole."""
    length = int(share * side + 0.5)
    # An even hole has its middle between two places, and one more place for it to be.
    middle = (draws * (side + 1 - length % 2)).long()
    first = (middle - length // 2)[:, None]
    places = torch.arange(side, device=draws.device)
    return (places >= first) & (places < first + length)

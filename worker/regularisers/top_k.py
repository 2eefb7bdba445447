"""Top-k training: G learns only from those of its samples that come closest to passing as real."""

from dataclasses import replace
from typing import Any, ClassVar, Literal

from torch import Tensor

from contract.components import ComponentParams
from contract.knobs import knob
from worker import regularisers
from worker.regularisers import Moment
from worker.verdict import Verdict


@regularisers.register
class TopK(regularisers.Regulariser):
    """Top-k: G's adversarial loss is the mean over the k samples of its batch with the highest logits.

    k = max(1, round(N · max(floor, share · decay^⌊(t - 1)/every⌋))) at step t from 1, but never above `share`: it
    starts at `share` of the batch and falls to `floor` of it. D's loss, label terms and penalties see all samples.
    With packing, N counts packs. Reported logits are those of all samples.

    Source: Sinha et al. 2020, arXiv:2002.06224: k starts at the batch size and falls by a factor each epoch, down to
    a share of it. Its factor and floor we could not confirm: the numbers here are ours, and an epoch is `every` steps.
    """

    title: ClassVar[str] = "Top-k training of G"
    player = "G"
    needs: ClassVar[dict[str, Any]] = {"paired": [None]}

    class Params(ComponentParams):
        """How many, and how that falls."""

        share: float = knob(1.0, gt=0, le=1)
        """Share of the batch that G learns from at the first step."""
        decay: float = knob(0.99, gt=0, le=1)
        """Factor by which the share falls; 1: it does not."""
        every: int = knob(100, ge=1, le=1_000_000, unit="steps")
        """Steps from one fall to the next."""
        floor: float = knob(0.5, gt=0, le=1)
        """Share below which it does not fall."""

    params: Params

    def count(self, n: int, step: int) -> int:
        """How many of n samples count at a step, from 1."""
        fallen = self.params.share * self.params.decay ** ((step - 1) // self.params.every)
        share = max(fallen, min(self.params.floor, self.params.share))
        return max(1, round(share * n))

    def verdict(self, verdict: Verdict, on: Literal["real", "fake"], moment: Moment) -> Verdict:
        """D's answer on the k best of G's samples; every other answer passes unchanged."""
        n = len(verdict.logits)
        k = self.count(n, moment.step)
        if moment.player == "D" or on == "real" or k == n:
            return verdict
        best = verdict.logits.detach().topk(k).indices

        def chosen(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor[best]

        return replace(
            verdict,
            logits=verdict.logits[best],
            auxiliary={name: logits[best] for name, logits in verdict.auxiliary.items()},
            features=chosen(verdict.features),
            reconstruction=chosen(verdict.reconstruction),
            private={},
            target=chosen(verdict.target),
        )

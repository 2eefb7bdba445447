"""Cross-entropy of D's answer, to the plain target of its batch or to a smoothed one."""

from torch import Tensor
from torch.nn import functional as F

from worker.verdict import Verdict


def cross_entropy(verdict: Verdict, target: float) -> Tensor:
    """Cross-entropy t softplus(-D) + (1 - t) softplus(D), mean over the batch, in nats.

    Args:
        verdict: logits, and the targets t where those are not plain.
        target: the plain t: 1 for real samples, 0 for fake ones.

    Returns:
        A scalar. A plain target takes one softplus, so that its numbers stay those of the textbook, bit for bit.
    """
    if verdict.target is None:
        return F.softplus(-verdict.logits if target == 1.0 else verdict.logits).mean()
    logits = verdict.logits
    return (verdict.target * F.softplus(-logits) + (1 - verdict.target) * F.softplus(logits)).mean()

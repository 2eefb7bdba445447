"""Gradients of D with respect to its input: what R1, WGAN-GP and their kin are made of."""

import torch
from torch import Tensor

from worker.regularisers import PenaltyView


def input_gradients(view: PenaltyView, x: Tensor, labels: Tensor | None) -> Tensor:
    """∇D(x), with a graph for the second backward pass.

    With packing, where D sees m samples at once and answers N/m times, the gradient is that of a whole pack.

    The gradient of the sum of the logits is each sample's own gradient as long as D looks at samples one by one;
    batch normalisation in D couples them.

    Args:
        view: what the penalty may look at.
        x: (N, *sample).
        labels: (N, attributes), or None.

    Returns:
        (N, d), or (N/m, m d): the gradient of each logit, all dimensions of what it was an answer to in a row.
    """
    x = x.detach().requires_grad_()
    logits = view.judge(x, labels).logits
    (gradients,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return gradients.reshape(len(logits), -1)

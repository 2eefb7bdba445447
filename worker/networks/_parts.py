"""What every pair of networks needs: labels beside latents going in, and verdicts coming out."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from worker.verdict import Verdict


class LabelledLatents(nn.Module):
    """Puts a one-hot code of each label behind the latent."""

    def __init__(self, z_dim: int, classes: Mapping[str, int]) -> None:
        super().__init__()
        self.classes = dict(classes)
        self.width = z_dim + sum(classes.values())
        """Length of what comes out."""

    def forward(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """(N, width), from z: (N, z_dim) and labels: (N, attributes), which G without classes does not look at.

        Raises:
            ValueError: if G was built for labels and is given none.
        """
        if not self.classes:
            return z
        if labels is None:
            raise ValueError(f"this generator needs labels for {', '.join(self.classes)}; got none")
        # Compared rather than `one_hot`: that asks for the largest label, which vmap cannot answer.
        codes = [
            (labels[:, column, None] == torch.arange(n, device=labels.device)).to(z.dtype)
            for column, n in enumerate(self.classes.values())
        ]
        return torch.cat([z, *codes], dim=1)


class VerdictLayers(nn.Module):
    """The last linear layers of a discriminator: one logit, and one layer of class logits an attribute."""

    def __init__(self, n_features: int, heads: Mapping[str, int]) -> None:
        super().__init__()
        self.logit = nn.Linear(n_features, 1)
        self.attributes = tuple(heads)
        # A list rather than a ModuleDict, which refuses attributes called "type" or "keys".
        self.heads = nn.ModuleList(nn.Linear(n_features, n_classes) for n_classes in heads.values())

    def forward(self, features: Tensor) -> Verdict:
        """The verdict on features of shape (N, n_features)."""
        auxiliary = {name: head(features) for name, head in zip(self.attributes, self.heads, strict=True)}
        return Verdict(logits=self.logit(features).squeeze(1), auxiliary=auxiliary, features=features)


class Maxout(nn.Module):
    """Linear maxout: each output is the largest of `pieces` linear maps. Goodfellow et al. 2013, arXiv:1302.4389."""

    def __init__(self, n_inputs: int, n_outputs: int, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(n_inputs, n_outputs * pieces)

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_outputs), from (N, n_inputs)."""
        maps: Tensor = self.linear(x).unflatten(1, (-1, self.pieces))
        return maps.amax(dim=2)


def initialise(player: nn.Module, std: float | None) -> nn.Module:
    """The player with weights of linear and convolutional layers drawn from N(0, std²), biases 0; None: torch's own."""
    if std is not None:
        for module in player.modules():
            if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, std=std)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
    return player

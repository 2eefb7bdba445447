"""What every pair of networks needs: labels beside latents going in, and verdicts coming out."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from worker.verdict import LabelAnswer, LabelHead, Verdict


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
    """The end of a discriminator: from features to one logit, and to whatever the conditioning asks of D.

    A regulariser may put a layer before it that appends features (`append`): minibatch discrimination does.
    """

    def __init__(self, n_features: int, label_head: LabelHead | None) -> None:
        super().__init__()
        self.n_features = n_features
        self.appended = nn.ModuleList()
        self.logit = nn.Linear(n_features, 1)
        self._make_head = label_head
        self.label_head = label_head(n_features) if label_head else None

    def append(self, layer: nn.Module, n_more: int) -> None:
        """Let a layer, (N, F) → (N, n_more), append features; the layers behind it are made anew, as torch does.

        Args:
            layer: sees the features, with those that were appended before it.
            n_more: how many features it makes.
        """
        self.appended.append(layer)
        self.n_features += n_more
        self.logit = nn.Linear(self.n_features, 1)
        self.label_head = self._make_head(self.n_features) if self._make_head else None

    def forward(self, features: Tensor, labels: Tensor | None = None) -> Verdict:
        """The verdict on features of shape (N, n_features), and on labels where the conditioning judges them too."""
        for layer in self.appended:
            features = torch.cat([features, layer(features)], dim=1)
        answer: LabelAnswer = self.label_head(features, labels) if self.label_head is not None else LabelAnswer()
        logits = self.logit(features).squeeze(1)
        if answer.logit_shift is not None:
            logits = logits + answer.logit_shift
        return Verdict(logits=logits, auxiliary=answer.auxiliary, features=features, private=answer.private)


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

"""A test's own monitor that does everything a look may do, and is asked to leave no trace."""

import torch

from contract.components import SeriesDescription
from worker import monitors


@monitors.register
class Nosy(monitors.Monitor):
    """Samples, judges, draws from the global RNG, runs both players in training mode, takes gradients."""

    title = "Nosy (tests)"
    series = (SeriesDescription(name="nosy.value"),)

    class Params(monitors.MonitorParams):
        """When to misbehave."""

        every: int = 1
        """Steps between two looks."""
        fail_at: int = -1
        """Step at which it fails."""
        disturb_at: int = -1
        """Step at which it leaves a gradient behind."""

    def measure(self, view):
        if view.step == self.params.fail_at:
            raise ValueError("no look today")
        z, labels = view.latents(8, view.generator), view.labels(8, view.generator)
        x = view.generate(z, labels)
        view.judge(x)
        torch.rand(3)
        view.D.train()
        view.G.train()
        loss = view.D(view.G(z, labels), labels).logits.sum()
        gradients = torch.autograd.grad(loss, list(view.G.parameters()))
        if view.step == self.params.disturb_at:
            loss = view.D(view.G(z, labels), labels).logits.sum()
            loss.backward()
        view.D.requires_grad_(False)
        return monitors.Measurement(scalars={"nosy.value": gradients[0].sum()})

"""Looking changes nothing: whatever a look does to modes, buffers, grads or randomness is put back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Disturbed(RuntimeError):
    """A look changed weights or gradients in place; that cannot be put back, so it is said."""


@contextmanager
def undisturbed(modules: Sequence[nn.Module]) -> Iterator[None]:
    """Leave the modules, and torch's global randomness, as they were.

    Restores training modes, buffers, `requires_grad` and the identity of `.grad`. Parameters and the tensors
    in `.grad` are not copied, for that would cost more than most looks; their version counters are compared.

    Raises:
        Disturbed: if a parameter or a gradient was changed in place.
    """
    modes = [(module, module.training) for root in modules for module in root.modules()]
    parameters = [parameter for root in modules for parameter in root.parameters()]
    kept = [(p, p.requires_grad, p.grad, _version(p), _version(p.grad)) for p in parameters]
    buffers = [(buffer, buffer.clone()) for root in modules for buffer in root.buffers()]
    cpu, cuda = torch.get_rng_state(), _cuda_states(parameters)
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)
        for parameter, requires_grad, grad, _, _ in kept:
            parameter.requires_grad_(requires_grad)
            parameter.grad = grad
        torch.set_rng_state(cpu)
        for device, state in cuda.items():
            torch.cuda.set_rng_state(state, device)
    if any(_version(p) != version or _version(p.grad) != grad for p, _, _, version, grad in kept):
        raise Disturbed("a look changed weights or gradients in place: this run can no longer be repeated exactly")


def _version(tensor: Tensor | None) -> int:
    return -1 if tensor is None else tensor._version


def _cuda_states(parameters: Sequence[Tensor]) -> dict[torch.device, Tensor]:
    devices = {parameter.device for parameter in parameters if parameter.device.type == "cuda"}
    return {device: torch.cuda.get_rng_state(device) for device in devices}

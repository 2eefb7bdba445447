"""A state dict as FID's weights file has it, with random numbers: the real ones are nobody's to hand out here."""

import hashlib

import torch

from worker.features import inception
from worker.features._inception_v3 import InceptionV3


def random_state(seed=3):
    """Sizes such that what goes through all layers neither vanishes nor explodes."""
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        empty = InceptionV3().state_dict()
    state = {}
    for name, tensor in empty.items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(0)
        elif name.endswith("conv.weight"):
            state[name] = torch.randn(tensor.shape, generator=generator) * (2 / tensor[0].numel()) ** 0.5
        elif name.endswith(("running_var", "bn.weight")):
            state[name] = 0.5 + torch.rand(tensor.shape, generator=generator)
        else:
            state[name] = 0.1 * torch.randn(tensor.shape, generator=generator)
    return state


def mount(patch, path, state):
    """Let the setting name a file with that content, and that be the one that is asked for."""
    torch.save(state, path)
    patch.setenv("MODESCOPE_INCEPTION", str(path))
    patch.setattr(inception, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())

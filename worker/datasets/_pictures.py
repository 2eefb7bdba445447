"""What all sets of pictures share: made once, kept in the cache folder, judged by a classifier of their own."""

import io
import json
import logging
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch

from contract.components import ModeNames
from worker.datasets import Dataset, DatasetUnavailable
from worker.datasets._cache import Cache
from worker.datasets._judge import ClassifierJudge, fit_to_bytes, from_bytes, names_of_modes
from worker.datasets._shaping import kept_samples, mode_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pictures:
    """Pictures as they are kept."""

    pixels: npt.NDArray[np.uint8]
    """(N, size, size, 3), red, green, blue; or (N, size, size, 1), grey, which fills all three."""
    labels: npt.NDArray[np.int64]
    """(N, attributes); (N, 0) without labels."""
    attributes: Mapping[str, list[str]] | None = None
    """Label attribute → names of its classes, of a set that only learns them from its data; they are kept with it."""


class PictureSet(Dataset):
    """Base of the sets of pictures: a subclass says what decides its pictures, and makes them."""

    params: Any  # the subclass's own Params, a Shaping with `size`
    is_fixed: ClassVar[bool] = True
    """Whether the installed code and the params decide every picture."""
    judge_effort: ClassVar[int] = 1
    """How many times longer than usual its judge is fitted; `identity` must mention it when it changes."""
    kept: Sequence[Path] = ()
    """The cache's files, when nothing else can make them wrong: their being there means that it is prepared."""

    @classmethod
    def known_modes(cls) -> ModeNames | None:
        """All combinations of the classes, of a set whose classes do not depend on its data."""
        names = names_of_modes(cls.class_attributes)
        return ModeNames(names=names) if names else None

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:  # Any: JSON
        """All that decides the pictures of the full set and their labels: params, versions, colours; not its shaping.

        Sets `attributes`, unless `make` tells them.

        Raises:
            DatasetUnavailable: if what it takes to make them is missing.
        """

    @abstractmethod
    def make(self) -> Pictures:
        """Make the pictures; called once, then they come from the cache.

        Raises:
            DatasetUnavailable: if they cannot be made.
        """

    def prepare(self, cache: Path) -> None:
        """Pictures and judge of the full set, from the cache or made now; then what the params leave out is left out.

        Raises:
            DatasetUnavailable: if they cannot be made or kept.
            InvalidParams: if what is to be dropped is unknown, or all there is.
        """
        name = type(self).__module__.rsplit(".", 1)[-1]
        kept = Cache(cache, name, self.identity())
        with kept.locked():
            self._take(self._kept_pictures(kept))
            mode, names = mode_of(self.labels, self.attributes), names_of_modes(self.attributes)
            chosen = kept_samples(self.params, mode, names, self.attributes)  # refused, if so, before a judge is fitted
            if self.attributes:
                self.judge = self._kept_judge(kept)
        if chosen is not None:
            self.samples, self.labels = self.samples[chosen], self.labels[chosen]
        if self.is_fixed:
            self.kept = [kept.path(suffix) for suffix in (".npz", ".safetensors")]

    def _kept_pictures(self, kept: Cache) -> Pictures:
        content = kept.read(".npz")
        if content is None:
            logger.info("making the pictures of %s", kept.path(".npz").stem)
            content = _to_npz(self.make())
            kept.write(".npz", content)
        return _from_npz(content)

    def _take(self, pictures: Pictures) -> None:
        pixels = torch.from_numpy(pictures.pixels).permute(0, 3, 1, 2).expand(-1, 3, -1, -1).contiguous()
        self.samples = pixels.float().div_(127.5).sub_(1)
        self.labels = torch.from_numpy(pictures.labels)
        if pictures.attributes is not None:
            self.attributes = {name: list(classes) for name, classes in pictures.attributes.items()}
        self.shape = tuple(self.samples.shape[1:])

    def _kept_judge(self, kept: Cache) -> ClassifierJudge:
        content = kept.read(".safetensors")
        judge = None if content is None else from_bytes(content, self.params.size, self.attributes)
        if judge is None:
            content = fit_to_bytes(self.samples, self.labels, self.attributes, self.judge_effort)
            kept.write(".safetensors", content)
            # Read back, so that the run that fitted it has bit for bit the judge of all later runs.
            judge = from_bytes(content, self.params.size, self.attributes)
        if judge is None:
            raise RuntimeError("a judge that has just been fitted cannot be read back: _judge.py is at fault")
        shares = ", ".join(f"{name} {share:.1%}" for name, share in judge.accuracy.items())
        logger.info("judge of %s: right on %s of %d held-out pictures", kept.path("").name, shares, judge.n_held_out)
        return judge


def package_versions(*packages: str, hint: str) -> dict[str, str]:
    """Version of each installed package.

    Args:
        packages: names of distributions.
        hint: the command that installs what may be missing.

    Raises:
        DatasetUnavailable: if one is not installed, with the hint.
    """
    try:
        return {package: version(package) for package in packages}
    except PackageNotFoundError as missing:
        raise DatasetUnavailable(f"package {missing.name} is not installed; install it: {hint}") from missing


def _to_npz(pictures: Pictures) -> bytes:
    file = io.BytesIO()
    if pictures.attributes is None:
        np.savez_compressed(file, pixels=pictures.pixels, labels=pictures.labels)
    else:
        attributes = np.array(json.dumps(pictures.attributes))
        np.savez_compressed(file, pixels=pictures.pixels, labels=pictures.labels, attributes=attributes)
    return file.getvalue()


def _from_npz(content: bytes) -> Pictures:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        attributes = json.loads(arrays["attributes"].item()) if "attributes" in arrays else None
        return Pictures(pixels=arrays["pixels"], labels=arrays["labels"], attributes=attributes)

"""What of a prepared set is trained on: an uneven share of its modes, or some modes not at all.

The full set is prepared and kept as ever, and its judge is fitted on all of it; only then samples are left out. So
all shapes of one set share its files and its judge, and are told apart by the same eyes.
"""

import itertools
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NoReturn

import torch
from pydantic import Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from torch import Tensor

from contract.components import ComponentParams
from worker.registry import InvalidParams

logger = logging.getLogger(__name__)

SHAPING_SEED = 1901_05555
"""Which samples of a mode stay is decided by this alone, never by a run's own randomness."""
MAX_NAMES = 100
"""Allowed names that a refusal lists; of 1,000 modes the first ones show how they are written."""


class Shaping(ComponentParams):
    """Params of every set with modes: how uneven it is, and what is missing from it.

    With c_k samples in the k-th of the K modes that are not dropped, in the judge's order, k = 0 … K-1, training sees

    n_k = max(1, round(c_k · imbalance^(-k/(K-1)))).

    In an even set the first mode is then `imbalance` times as frequent as the last; in an uneven one each mode is
    thinned by that much from what it was. Modes without samples are passed over. Samples are left out rather than
    repeated: each one that stays is real and there once, and a network cannot learn repeated ones by heart; the price
    is a smaller set, whose size is in the log. With a larger imbalance, what stays is a part of what stayed before.

    **Dropped modes stay modes of the judge**, for that is how it is seen whether G invents them: "modes captured"
    cannot honestly reach them. Reverse KL still compares with the even histogram: with an uneven set, a perfect
    sampler does not have 0. Label attributes keep the names of their classes, even of those that nothing shows.

    Source: the long-tailed sets of Cui et al. 2019, arXiv:1901.05555, section 5.1. Deviation: the last mode has
    exactly its share, and no mode becomes empty.
    """

    imbalance: float = Field(1.0, ge=1, le=1000)
    """How many times as frequent the first mode is as the last, falling exponentially over the modes in between;
    samples are left out for it. 1: the set as it is."""
    drop: list[Annotated[str, Field(max_length=200)]] = Field([], max_length=1000)
    """Modes or label classes left out of training, as a list: ["red / green", "hair=black"]. They stay modes of the
    judge, so that not all modes can be captured any more."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The set's own params come first in its form, these after them."""
        schema = handler(core)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name in ("imbalance", "drop"):
            if name in properties:
                properties[name] = properties.pop(name)
        return schema


def kept_samples(
    params: Any,  # Any: a set's own Params; those of a set without modes are no Shaping
    mode: Tensor,
    mode_names: Sequence[str],
    attributes: Mapping[str, Sequence[str]],
) -> Tensor | None:
    """Which samples are trained on.

    Args:
        params: the set's params.
        mode: (N,) int64, the true mode of each sample of the full set.
        mode_names: in the judge's order; empty when the set has no known modes.
        attributes: label attribute → names of its classes, whose combinations are the modes; or none.

    Returns:
        Their indices in ascending order, (n,) int64; None when it is all of them.

    Raises:
        InvalidParams: if a name is unknown or ambiguous, or nothing would be left.
    """
    if not isinstance(params, Shaping) or (params.imbalance == 1 and not params.drop):
        return None
    if not mode_names:
        raise InvalidParams("imbalance and drop need modes, and this set has no labels; leave them out, or give labels")
    counts = torch.bincount(mode, minlength=len(mode_names))
    dropped = _dropped(params.drop, mode_names, attributes)
    present = [k for k, count in enumerate(counts.tolist()) if count and k not in dropped]
    if len(present) < (2 if params.imbalance > 1 else 1):
        wanted = (
            "at least two modes with samples for an imbalance" if params.imbalance > 1 else "not all may be dropped"
        )
        raise InvalidParams(f"drop leaves {len(present)} of {len(mode_names)} modes; {wanted}. Drop fewer")
    wanted_counts = torch.zeros_like(counts)
    for place, k in enumerate(present):
        share = params.imbalance ** (-place / max(1, len(present) - 1))
        wanted_counts[k] = max(1, round(int(counts[k]) * share))
    kept = (_rank_in_mode(mode, counts) < wanted_counts[mode]).nonzero()[:, 0]
    logger.info(
        "training on %d of %d samples, in %d of %d modes (imbalance %g, dropped: %s)",
        *(len(kept), len(mode), len(present), len(mode_names), params.imbalance, ", ".join(params.drop) or "none"),
    )
    return kept


def mode_of(labels: Tensor, attributes: Mapping[str, Sequence[str]]) -> Tensor:
    """(N,) int64: the combination of classes of each row of labels (N, attributes), as the judge counts them."""
    mode = torch.zeros(len(labels), dtype=torch.int64)
    for column, classes in enumerate(attributes.values()):
        mode = mode * len(classes) + labels[:, column]
    return mode


def _rank_in_mode(mode: Tensor, counts: Tensor) -> Tensor:
    """(N,) int64: place of each sample among those of its mode, in an order that is always the same random one."""
    order = torch.randperm(len(mode), generator=torch.Generator().manual_seed(SHAPING_SEED))
    by_mode = order[mode[order].argsort(stable=True)]
    rank = torch.empty_like(mode)
    rank[by_mode] = torch.arange(len(mode)) - (counts.cumsum(0) - counts)[mode[by_mode]]
    return rank


def _dropped(names: Sequence[str], mode_names: Sequence[str], attributes: Mapping[str, Sequence[str]]) -> set[int]:
    """The modes that those names stand for.

    Raises:
        InvalidParams: if a name stands for none, or could stand for two classes.
    """
    known = _modes_by_name(mode_names, attributes)
    for name in names:
        if name not in known:
            _refuse(name, mode_names, attributes)
    return {k for name in names for k in known[name]}


def _modes_by_name(mode_names: Sequence[str], attributes: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    """Modes by their own names, by `attribute=class`, and by the class alone where no other attribute has it."""
    known: dict[str, list[int]] = {}
    often = Counter(itertools.chain.from_iterable(attributes.values()))
    combinations = list(itertools.product(*attributes.values()))
    for column, (attribute, classes) in enumerate(attributes.items()):
        for label in classes:
            modes = [k for k, combination in enumerate(combinations) if combination[column] == label]
            known[f"{attribute}={label}"] = modes
            if often[label] == 1:
                known[label] = modes
    return known | {name: [k] for k, name in enumerate(mode_names)}


def _refuse(name: str, mode_names: Sequence[str], attributes: Mapping[str, Sequence[str]]) -> NoReturn:
    meant = [f"{attribute}={name}" for attribute, classes in attributes.items() if name in classes]
    if meant:
        raise InvalidParams(f"drop: {name!r} is a class of several attributes; say which: {', '.join(meant)}")
    classes = [f"{attribute}={label}" for attribute, labels in attributes.items() for label in labels]
    shown = ", ".join(mode_names[:MAX_NAMES]) + (", …" if len(mode_names) > MAX_NAMES else "")
    labels = f"; label classes: {', '.join(classes[:MAX_NAMES])}" if classes else ""
    raise InvalidParams(f"drop: no mode or label class is called {name!r}; modes: {shown}{labels}")

"""All families by name, and what a worker announces of them."""

import importlib
import os
from typing import Any

from worker import (
    averaging,
    conditioning,
    datasets,
    guards,
    losses,
    monitors,
    networks,
    optimisers,
    regularisers,
    rules,
)
from worker.registry import Family

FAMILIES: dict[str, Family[Any]] = {  # Any: each family has its own base class
    "datasets": datasets.family,
    "networks": networks.family,
    "conditioning": conditioning.family,
    "losses": losses.family,
    "regularisers": regularisers.family,
    "optimisers": optimisers.family,
    "averaging": averaging.family,
    "monitors": monitors.family,
    "guards": guards.family,
    "rules": rules.family,
}


def discover() -> None:
    """Import every component: ours, and those of the packages named in MODESCOPE_PLUGINS (comma-separated).

    Raises:
        ImportError: if a plugin cannot be imported; said at start, not at use.
    """
    for family in FAMILIES.values():
        family.discover()
    for plugin in filter(None, os.environ.get("MODESCOPE_PLUGINS", "").split(",")):
        importlib.import_module(plugin.strip())

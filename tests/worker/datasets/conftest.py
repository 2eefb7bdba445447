"""A set of faces with its judge, made once a session, smaller and fitted more shortly than the default."""

import pytest
import torch

from worker import datasets
from worker.datasets import _classifier

N_FACES = 1200
STEPS = 600


@pytest.fixture(autouse=True)
def _one_thread():
    """Several threads wait for each other at every small layer, and for whoever else uses the machine."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """A cache folder that the whole session shares."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def faces(cache):
    """1,200 faces of 16 pixels, prepared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_classifier, "STEPS", STEPS)
        faces = datasets.family.create("faces", {"n": N_FACES})
        faces.prepare(cache)
    return faces


@pytest.fixture
def hasty(monkeypatch):
    """Judges are fitted for a moment only: for tests that ask when one is fitted, not how well."""
    monkeypatch.setattr(_classifier, "STEPS", 4)

"""A loop without servers: a list for a reporter, a list for requests, a dict for a store."""

import importlib.util
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from contract.events import CommandAsked, KnobAsked
from contract.jobs import TrainJob
from contract.spec import RunSpec
from worker.training.attempt import Attempt, Machine
from worker.training.control import Request

HERE = Path(__file__).parent


def _plug_in(name):
    """What MODESCOPE_PLUGINS does for a package of the user's own."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])


for plugin in ("tiny_images", "tiny_labels", "tiny_points", "nosy"):
    _plug_in(plugin)


@pytest.fixture(autouse=True)
def one_thread():
    """Nets this small gain nothing from a second thread; on a busy machine it costs them a factor of ten (measured)."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass
class ListReporter:
    """Keeps what it is given."""

    rows: list = field(default_factory=list)
    said: list = field(default_factory=list)
    grids: list = field(default_factory=list)

    def scalars(self, step, values):
        self.rows.append((step, {name: float(torch.as_tensor(value).detach()) for name, value in values.items()}))

    def say(self, step, body):
        self.said.append((step, body))

    def grid(self, step, grid):
        self.grids.append((step, grid))

    def bodies(self, kind):
        return [(step, body) for step, body in self.said if isinstance(body, kind)]

    def series(self, name):
        return {step: values[name] for step, values in self.rows if name in values}


@dataclass
class Script:
    """Requests by the number of completed boundaries at which they arrive."""

    at: dict = field(default_factory=dict)
    boundary: int = -1
    waits: int = 0

    def take(self):
        self.boundary += 1
        return [
            Request(body, 0.0) if isinstance(body, KnobAsked | CommandAsked) else body
            for body in self.at.pop(self.boundary, [])
        ]

    def wait(self, timeout_s):
        self.waits += 1


class DictStore(dict):
    """An artefact store in memory."""

    def put(self, name, content):
        self[name] = content

    def get(self, name):
        if name not in self:
            raise FileNotFoundError(name)
        return self[name]


IMAGES = {
    "dataset": {"name": "tiny_images"},
    "network": {"name": "dcgan", "width": 4, "z_dim": 8},
    "conditioning": {"name": "auxiliary"},
    "loss": {"name": "hinge"},
    "regularisers": [{"name": "r1", "every": 2}, {"name": "spectral_norm"}, {"name": "latent_noise"}],
    "monitors": [],
    "steps": 8,
    "batch": 8,
    "device": "cpu",
}
POINTS = {
    "dataset": {"name": "tiny_points"},
    "network": {"name": "mlp", "generator_width": 16, "generator_norm": "batch", "discriminator_width": 16},
    "loss": {"name": "nonsaturating"},
    "monitors": [],
    "steps": 12,
    "batch": 16,
    "device": "cpu",
}
SPECS = {"images": IMAGES, "points": POINTS}


@pytest.fixture
def images():
    return dict(IMAGES)


@pytest.fixture
def points():
    return dict(POINTS)


@pytest.fixture(params=sorted(SPECS))
def spec(request):
    """A conditional game on pictures, with every kind of hook; and a plain one on points."""
    return dict(SPECS[request.param])


@dataclass
class Bench:
    """Runs attempts, and keeps what they said and wrote."""

    folder: Path
    store: DictStore = field(default_factory=DictStore)
    interval_s: float = 1e9
    keep: int = 3

    def attempt(self, spec, *, at=None, resume=None, number=1):
        torch.set_num_threads(1)
        reporter, script = ListReporter(), Script(dict(at or {}))
        job = TrainJob(run="r", attempt=number, spec=RunSpec.model_validate(spec), resume=resume)
        machine = Machine(self.folder, self.store, self.interval_s, self.keep)
        attempt = Attempt(job, machine, reporter, script)
        attempt.reporter, attempt.script = reporter, script
        return attempt

    def run(self, spec, **options):
        attempt = self.attempt(spec, **options)
        attempt.ended = attempt.run()
        return attempt


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def state():
    """Every tensor of both players and their optimisers, by name."""
    return _state


@pytest.fixture
def assert_same():
    """Equal bit for bit."""
    return _assert_same


def _state(attempt):
    """Every tensor of both players and their optimisers."""
    game = attempt._game
    tensors = {f"G.{k}": v for k, v in game.G.state_dict().items()}
    tensors |= {f"D.{k}": v for k, v in game.D.state_dict().items()}
    for player in ("G", "D"):
        for index, values in game.optimisers[player].state_dict()["state"].items():
            tensors |= {f"{player}.{index}.{k}": v for k, v in values.items() if isinstance(v, torch.Tensor)}
    return tensors


def _assert_same(one, other):
    """Equal bit for bit."""
    assert one.keys() == other.keys()
    different = [name for name in one if not torch.equal(one[name], other[name])]
    assert different == []
    assert len(one) > 4

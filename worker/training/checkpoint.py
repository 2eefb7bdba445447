"""All that is needed to go on bit for bit, as one safetensors file with its JSON in `__metadata__`."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

import torch
from safetensors.torch import load, save
from torch import Tensor

from contract.events import AlarmRaised, CheckpointWritten
from contract.jobs import CheckpointRef
from contract.knobs import KnobValue
from contract.names import checkpoint_name
from contract.ramps import Ramp
from contract.spec import Player, RunSpec
from worker.training.game import Game
from worker.training.knob_board import KnobBoard
from worker.training.reporter import Reporter

READ_PAUSES_S = (0.5, 2.0, 5.0)
"""Between two tries to read a checkpoint."""
PLAYERS: tuple[Player, Player] = ("G", "D")


class CorruptCheckpoint(RuntimeError):
    """A checkpoint file that is not what was written: cut short, or of another spec."""


class Store(Protocol):
    """Where checkpoints live; the artefact store, or a dict in a test."""

    def put(self, name: str, content: bytes) -> None:
        """Keep it under that name: wholly, or not at all."""

    def get(self, name: str) -> bytes:
        """What was put under that name."""


@dataclass(frozen=True)
class Snapshot:
    """Copies, on the CPU, of everything that a run is at one step."""

    step: int
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, Any]  # Any: JSON

    def encode(self) -> bytes:
        """The file's bytes."""
        return save(dict(self.tensors), metadata={"modescope": json.dumps(self.metadata)})


def snapshot(game: Game, board: KnobBoard, step: int) -> Snapshot:
    """Copy the run's state. The only part of a checkpoint that the loop waits for."""
    tensors, scalars = dict(_tensors(game)), {}
    for player in PLAYERS:
        state = game.optimisers[player].state_dict()["state"]
        for index, values in state.items():
            for name, value in values.items():
                where = f"optimiser.{player}.{index}.{name}"
                if isinstance(value, Tensor):
                    tensors[where] = value
                else:
                    scalars[where] = value
    knobs, ramps = board.after(step)
    copies = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    metadata = {
        "step": step,
        "spec": game.spec.model_dump(mode="json", by_alias=True),
        "knobs": knobs,
        "ramps": [ramp.model_dump() for ramp in ramps],
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "scalars": scalars,
    }
    return Snapshot(step, copies, metadata)


def restore(game: Game, board: KnobBoard, content: bytes) -> int:
    """Bring a freshly built game to a checkpoint's state.

    Args:
        game: changed in place. Built from the same spec, or, for a fork, from one that differs in what leaves the
            weights their shapes: a part that the checkpoint does not know begins anew, and with another seed so does
            everything random.
        board: its knobs; set to the checkpoint's values.
        content: the checkpoint file.

    Returns:
        The step to go on from.

    Raises:
        CorruptCheckpoint: if the file cannot be read, or does not fit the game.
    """
    metadata, tensors = read(content)
    saved = RunSpec.model_validate(metadata["spec"])
    names = {entry: component.name for _, entry, component in game.spec.entries()}
    known = {entry for _, entry, component in saved.entries() if names.get(entry) == component.name}
    try:
        game.G.load_state_dict(_under(tensors, "G."))
        game.D.load_state_dict(_under(tensors, "D."))
        for entry, component in game.components():
            if entry in known:
                component.load_state_dict(_under(tensors, f"component.{entry}."))
        if saved.seed == game.spec.seed:
            game.streams.load_state_dict(_under(tensors, "streams."))
            game.data.load_state_dict(_under(tensors, "data."))
        game.readings.load_state_dict(_under(tensors, "readings."))
        if game.spec.averaging.entry not in known:
            game.averaging.begin(game.G, game.D)  # it began with the weights before these
        for player in PLAYERS:
            if f"optimiser.{player.lower()}" in known:
                _restore_optimiser(game, player, tensors, metadata["scalars"])
    except (KeyError, RuntimeError, ValueError) as error:
        raise CorruptCheckpoint(f"this checkpoint does not fit the spec: {_shortly(error)}") from error
    torch.set_num_threads(int(metadata["threads"]))  # another number adds up in another order
    knobs: dict[str, KnobValue] = metadata["knobs"]
    board.set({name: value for name, value in knobs.items() if name in board.values()})
    ramps = [Ramp.model_validate(ramp) for ramp in metadata.get("ramps", [])]
    board.begin([ramp for ramp in ramps if ramp.name in board.values()])
    return int(metadata["step"])


def _shortly(error: Exception) -> str:
    """Torch names every weight that does not fit; one will do."""
    lines = [line.strip() for line in str(error).splitlines()]
    more = f" (and {len(lines) - 2} more)" if len(lines) > 2 else ""
    return " ".join(lines[:2]) + more


def read(content: bytes) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Metadata and tensors of a checkpoint file.

    Raises:
        CorruptCheckpoint: if it is cut short or no checkpoint of ours.
    """
    try:
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        return json.loads(header["__metadata__"]["modescope"]), load(content)
    except Exception as error:  # safetensors raises its own type, json and struct theirs
        raise CorruptCheckpoint(f"this is no whole checkpoint ({len(content)} bytes): {error}") from error


class Checkpoints:
    """Writes checkpoints from a thread, and says when one is complete and which it replaces.

    It deletes nothing: the recorder does, once it knows the replacement. A trainer that is cut off, or fenced, cannot
    take away what its successor will go on from.
    """

    def __init__(
        self, run: str, attempt: int, store: Store, reporter: Reporter, *, interval_s: float, keep: int
    ) -> None:
        self._run = run
        self._attempt = attempt
        self._store = store
        self._reporter = reporter
        self._interval_s = interval_s
        self._keep = keep
        self._automatic: list[str] = []
        self._asked: set[str] = set()
        self._last = time.monotonic()
        self._writer = ThreadPoolExecutor(1, "checkpoint")
        self._writing: Future[CheckpointWritten] | None = None

    def adopt(self, earlier: list[CheckpointRef]) -> None:
        """Take over an earlier attempt's checkpoints (newest first), to be removed in their turn."""
        self._automatic = [ref.name for ref in reversed(earlier) if ref.reason != "asked"]
        self._asked = {ref.name for ref in earlier if ref.reason == "asked"}

    @property
    def due(self) -> bool:
        """Whether the interval is over and the last one is on disk."""
        idle = self._writing is None or self._writing.done()
        return idle and time.monotonic() - self._last >= self._interval_s

    def write(self, taken: Snapshot, reason: str) -> "Future[CheckpointWritten]":
        """Write a snapshot in the background; its event is said when it is complete."""
        self._last = time.monotonic()
        self._writing = self._writer.submit(self._write, taken, reason)
        return self._writing

    def close(self) -> None:
        """Wait for what is being written."""
        self._writer.shutdown(wait=True)

    def _write(self, taken: Snapshot, reason: str) -> CheckpointWritten:
        content = taken.encode()
        name = checkpoint_name(self._run, taken.step, self._attempt)
        try:
            self._store.put(name, content)
        except Exception as error:
            message = f"the checkpoint of step {taken.step} could not be written: {error}. The run goes on; free space"
            self._reporter.say(taken.step, AlarmRaised(guard="checkpoint", message=message))
            raise
        if reason == "asked" or name in self._asked:  # asked for once: kept, also when it is written again
            self._asked.add(name)
            reason = "asked"
        self._automatic = [old for old in self._automatic if old != name]
        if reason != "asked":
            self._automatic.append(name)
        removed, self._automatic = self._automatic[: -self._keep], self._automatic[-self._keep :]
        body = CheckpointWritten.model_validate(
            {
                "name": name,
                "sha256": sha256(content).hexdigest(),
                "size_bytes": len(content),
                "reason": reason,
                "removed": removed,
            }
        )
        self._reporter.say(taken.step, body)
        return body


def load_newest(refs: list[CheckpointRef], get: Callable[[str], bytes]) -> Iterator[tuple[CheckpointRef, bytes]]:
    """The checkpoints whose content is what was written, newest first; one that is missing or cut is passed over."""
    for ref in refs:
        content = _read_patiently(ref.name, get)
        if content is not None and sha256(content).hexdigest() == ref.sha256:
            yield ref, content


def _read_patiently(name: str, get: Callable[[str], bytes]) -> bytes | None:
    """The content; None when it is not there, or cannot be read for some seconds: a store may stumble."""
    for pause_s in (*READ_PAUSES_S, None):
        try:
            return get(name)
        except FileNotFoundError:
            return None
        except OSError:
            if pause_s is not None:
                time.sleep(pause_s)
    return None


def _tensors(game: Game) -> Iterator[tuple[str, Tensor]]:
    groups = [("G.", game.G.state_dict()), ("D.", game.D.state_dict())]
    groups += [(f"component.{entry}.", component.state_dict()) for entry, component in game.components()]
    groups += [("streams.", game.streams.state_dict()), ("data.", game.data.state_dict())]
    groups += [("readings.", game.readings.state_dict())]
    for prefix, state in groups:
        for name, tensor in state.items():
            yield prefix + name, tensor


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _restore_optimiser(game: Game, player: Player, tensors: Mapping[str, Tensor], scalars: Mapping[str, Any]) -> None:
    optimiser = game.optimisers[player]
    prefix = f"optimiser.{player}."
    state: dict[int, dict[str, Any]] = {}
    for where, value in [*tensors.items(), *scalars.items()]:
        if where.startswith(prefix):
            index, name = where.removeprefix(prefix).split(".", 1)
            state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    for parameter, values in optimiser.state.items():
        for name, value in values.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                # In the parameter's own memory format: otherwise a step of Adam takes twice as long (measured).
                values[name] = torch.empty_like(parameter).copy_(value)

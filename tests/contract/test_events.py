"""Every kind of event survives the wire, NaN and infinities included."""

import json
import math

import pytest

from contract.events import BODIES, VERSION, Blob, Envelope, from_fields, to_fields
from contract.knobs import KnobDescription

NAN, INF = float("nan"), float("inf")
KNOB = {"name": "r1.weight", "value": 2.5, "old": 10}
OUTCOME = {"request_id": "a1", "knobs": [KNOB], "reason": "out of bounds", "by": "b2", "latency_ms": NAN}
COMMAND = {"request_id": "a1", "command": "step", "reason": "why", "result": {"steps": 1}, "latency_ms": INF}

EXAMPLES = {
    "run.status": {
        "status": "failed",
        "reason": "exit code 1",
        "traceback": "Traceback …",
        "from_step": 0,
        "device": "cpu",
        "knobs": [KnobDescription(name="r1.weight", default=10.0, minimum=0).model_dump()],
        "series": [{"name": "loss.d", "unit": "nats", "monitor": None}],
        "attributes": {"hair": ["black", "red"]},
    },
    "scalars": {"groups": [{"steps": [1, 2, 3, 4], "values": {"loss.d": [NAN, INF, -INF, 0.0]}}]},
    "grid": {"series": "samples", "rows": 1, "columns": 2, "cell": [16, 16], "row_labels": ["black"]},
    "points": {
        "series": "points",
        "generated": [[NAN, 1.0]],
        "real": [[-INF, 0.5]],
        "extent": [-1.0, 1.0, -1.0, INF],
        "field": [[NAN, -0.25]],
    },
    "spectrum": {"series": "spectrum.d.conv1", "values": [INF, NAN]},
    "eigenvalues": {"series": "h", "real": [NAN], "imaginary": [-INF], "residuals": [INF], "products": 7},
    "density": {"series": "h", "at": [-INF], "density": [NAN], "stderr": [INF]},
    "knob.asked": {"request_id": "a1", "author": "page", "reason": "try", "knobs": [KNOB]},
    "knob.applied": OUTCOME,
    "knob.refused": OUTCOME,
    "knob.superseded": OUTCOME,
    "knob.lost": OUTCOME,
    "command.asked": {"request_id": "a1", "author": "api", "command": "pause", "params": {"at": "NaN", "n": 2}},
    "command.applied": COMMAND,
    "command.refused": COMMAND,
    "command.superseded": COMMAND,
    "command.lost": COMMAND,
    "alarm.raised": {"guard": "divergence", "message": "NaN in loss.d", "evidence": {"loss.d": NAN}},
    "alarm.cleared": {"guard": "divergence", "message": "finite again"},
    "guard.state": {"guard": "sharpening", "state": "idle", "reason": "no monitor measures hessian.g.top"},
    "checkpoint.written": {"name": "runs/a/1", "sha256": "00", "size_bytes": 3, "reason": "asked", "removed": ["b"]},
    "monitor.stretched": {"monitor": "hessian", "every": 400, "cost_share": NAN},
    "monitor.disabled": {"monitor": "hessian", "reason": "no", "traceback": "Traceback …"},
    "log": {"level": "warning", "message": "Grüße, ∞"},
}


def envelope(kind: str, body: dict[str, object], **more: object) -> Envelope:
    fields = {"run": "f00d", "attempt": 2, "source": "trainer", "seq": 7, "step": 41, "time": 1.5, **more}
    return Envelope(kind=kind, body=body, **fields)


def same(left: object, right: object) -> bool:
    """Equal to the last bit of meaning: NaN equals NaN, 1 is not True."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def strict_json(text: bytes) -> object:
    """As a browser reads it: the words NaN and Infinity are no JSON."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_there_is_an_example_of_every_kind() -> None:
    assert set(EXAMPLES) == set(BODIES)


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_body_comes_back_the_same_from_a_stream_entry(kind: str) -> None:
    body = BODIES[kind].model_validate(EXAMPLES[kind])
    fields = to_fields(envelope(kind, body.model_dump())) | {b"seq": b"7"}
    read = from_fields("5-0", {key if isinstance(key, bytes) else key.encode(): value for key, value in fields.items()})
    assert same(read.typed().model_dump(), body.model_dump())
    assert type(read.typed()) is type(body)


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_body_comes_back_the_same_through_the_envelope_as_json(kind: str) -> None:
    body = BODIES[kind].model_validate(EXAMPLES[kind])
    text = envelope(kind, body.model_dump(mode="json")).model_dump_json()
    strict_json(text.encode())
    assert same(Envelope.model_validate_json(text).typed().model_dump(), body.model_dump())


def test_nonfinite_numbers_are_the_three_words_on_the_wire() -> None:
    event = envelope("scalars", BODIES["scalars"].model_validate(EXAMPLES["scalars"]).model_dump())
    values = strict_json(to_fields(event)["body"])["groups"][0]["values"]["loss.d"]  # type: ignore[index,call-overload]
    assert values == ["NaN", "Infinity", "-Infinity", 0.0]


def test_head_comes_back_the_same() -> None:
    blob = Blob(sha256="ab" * 32, media_type="image/png", size_bytes=3)
    event = envelope("grid", EXAMPLES["grid"], blob=blob, step=None)
    fields = {key.encode(): value for key, value in to_fields(event, b"\x89PN").items()}
    read = from_fields("5-1", fields | {b"seq": b"7"})
    assert read == event.model_copy(update={"id": "5-1"})
    assert fields[b"blob"] == b"\x89PN"


def test_number_is_left_to_the_append_script() -> None:
    assert "seq" not in to_fields(envelope("log", EXAMPLES["log"]))


def test_entry_of_another_version_is_refused_with_what_to_do() -> None:
    fields = {key.encode(): value for key, value in to_fields(envelope("log", EXAMPLES["log"])).items()}
    with pytest.raises(ValueError, match=f"has version 99; this build reads version {VERSION}: update it"):
        from_fields("5-0", fields | {b"seq": b"7", b"v": b"99"})


def test_unknown_field_of_a_body_is_refused() -> None:
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        envelope("log", {"message": "x", "colour": "red"}).typed()

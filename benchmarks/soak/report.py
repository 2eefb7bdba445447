"""docs/results-soak.md out of what was measured, and what in it is wrong, in words."""

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks._stack import KINDS
from benchmarks._study import Line
from benchmarks.soak.plan import BLOWS, FULL_DISK, OUTAGE_S, OUTAGES, POSTGRES, RECIPE
from benchmarks.soak.session import PROMISED_S

REPORT = Path(__file__).parents[2] / "docs" / "results-soak.md"
MUST_BE_ZERO = ("doubled", "missing", "viewed_twice", "viewed_never", "without_outcome", "with_several_outcomes")
LEAST_SPEED = 0.8
"""Steps during an outage against as long a time before it: speed varies so much where other programs run too."""

HEAD = f"""# What survives

Written by `make soak`; every number was measured by it, none is typed in. Each session starts the whole stack
(`modescope up`) on a folder of its own and launches `{RECIPE}`. While it trains, a viewer reads the stream over
connections that break off at random within a second, somebody turns a knob about every second, and a bookkeeper
notes which number of each writer Redis has acknowledged. Then, at random moments, processes are killed with SIGKILL;
for {OUTAGE_S:.0f} s Redis is held (SIGSTOP), or the database locked, or the disk with all data full; a worker and its
trainer are held until the run is another attempt's, and come back; the newest checkpoint is cut in half as its trainer
dies; one session has a PostgreSQL server, which is restarted. When the run has been stopped in order:

- *sent* are the events that Redis had acknowledged, *stored* those in SQL; *doubled* are two of one number, or one step
  of one attempt reported twice; *missing* were sent and are not stored;
- the viewer must have got every stored event exactly once;
- what the trainer could not keep anywhere while the disk was full counts as *given up* only where the log says so;
- every knob change answered with 202 must have exactly one outcome in the log;
- both loss curves must equal, bit for bit, those of the same spec with the same changes at the same steps, trained in
  one process that nobody disturbs, without checkpoints, log or servers.

*On after*: from the blow (or its end) until REST shows the run training, in a new attempt where the blow ended one,
further than it was before. Promised: {PROMISED_S:.0f} s; checkpoints are two seconds apart here.
"""


def write(lines: Sequence[Line], memory: Sequence[Line]) -> None:
    """Write the report, of the sessions and of the long run."""
    REPORT.write_text("\n".join([*_report(lines), *_memory(memory)]) + "\n")


def problems(lines: Sequence[Line]) -> list[str]:
    """Everything that broke a promise."""
    return [f"{line['key']}: {problem}" for line in lines for problem in _problems(line)]


def _problems(line: Line) -> Iterator[str]:
    accounts = line["accounts"]
    yield from (f"{name} {accounts[name]}" for name in MUST_BE_ZERO if accounts[name])
    yield from (f"{name} 0" for name in ("sent", "stored", "viewed", "accepted") if not accounts[name])
    yield from (f"{series} differs in {n} steps" for series, n in line["curves"].items() if n)
    if not accounts["given_up"]:
        yield from (f"{series} lacks {n} steps" for series, n in line["absent"].items() if n)
    if line["forgotten"]:
        yield f"Redis forgot what it had acknowledged, {line['forgotten']} times"
    if line["run"]["status"] != "stopped":
        yield f"the run ended as {line['run']['status']}"
    if line["exit_status"] != 0:
        yield f"modescope up ended with {line['exit_status']}"
    for one in line["rounds"]:
        if not one["went_on"] or one["on_s"] > PROMISED_S:
            yield f"{one['what']} at step {one['step']}: on after {one['on_s']} s"
        if one.get("alarms") == 0:
            yield f"{one['what']}: no alarm was raised"
        if "cut_step" in one and one["from_step"] >= one["cut_step"]:
            yield f"went on from step {one['from_step']}, the checkpoint of step {one['cut_step']} was cut in half"
        if one.get("steps_meanwhile", 0) < LEAST_SPEED * one.get("steps_before", 0):
            yield f"{one['what']}: {one['steps_meanwhile']} steps, {one['steps_before']} in as long a time before"


def _report(lines: Sequence[Line]) -> Iterator[str]:
    rounds = [one for line in lines for one in line["rounds"]]
    outages = [one for one in rounds if one["what"] in OUTAGES]
    kills = [one for one in rounds if one["what"] not in OUTAGES]
    machines = "; ".join(sorted({line["machine"] for line in lines})) or "none"
    yield HEAD
    yield f"{len(kills)} blows and {len(outages)} outages in {len(lines)} sessions, on {machines}."
    found = problems(lines)
    yield "\n**Nothing was lost, doubled or late.**" if not found else "\n**Wrong:** " + "; ".join(found)
    yield from _events(lines)
    yield from _kills(kills)
    yield from _cuts(kills)
    yield from _outages(outages)
    if not any(one["what"] in FULL_DISK for one in rounds):
        yield "\nA full disk was not tried: that takes root, to mount a small one."
    if not any(one["what"] == POSTGRES for one in rounds):
        yield "\nPostgreSQL was not tried: there is no server here, and no package that brings one."
    yield from _sessions(lines)


def _events(lines: Sequence[Line]) -> Iterator[str]:
    total = {name: sum(line["accounts"][name] for line in lines) for name in lines[0]["accounts"]} if lines else {}
    connections = sum(line["connections"] for line in lines)
    yield "\n## In all\n\n| | |\n|---|---|"
    names = {
        "sent": "events sent", "stored": "events stored", "doubled": "doubled", "missing": "missing",
        "given_up": "given up while the disk was full, and said to be",
        "viewed": f"events that the viewer got, over {connections:,} connections", "viewed_twice": "of them twice",
        "viewed_never": "stored and never seen by it", "accepted": "knob changes accepted",
        "without_outcome": "of them without an outcome", "with_several_outcomes": "of them with several",
    }  # fmt: skip
    for name, words in names.items():
        yield f"| {words} | {total.get(name, 0):,} |"
    yield f"| steps compared with the undisturbed run | {_compared(lines):,} |"
    yield f"| of them different | {sum(n for line in lines for n in line['curves'].values()):,} |"


def _compared(lines: Sequence[Line]) -> int:
    """Steps of D's loss, the first of the curves, that both runs have."""
    return sum(line["run"]["steps"] - line["absent"]["loss.d"] for line in lines)


def _kills(kills: Sequence[Line]) -> Iterator[str]:
    yield "\n## On after a blow\n\n| what | times | median, s | longest, s |\n|---|---|---|---|"
    for kind in (*KINDS, *BLOWS, *FULL_DISK, POSTGRES):
        times = [one["on_s"] for one in kills if one["what"] == kind]
        if times:
            yield f"| {kind} | {len(times)} | {statistics.median(times):.1f} | {max(times):.1f} |"


def _cuts(kills: Sequence[Line]) -> Iterator[str]:
    for one in kills:
        if "cut_step" in one:
            cut, begun = one["cut_step"], one["from_step"]
            yield f"\nThe checkpoint of step {cut:,} was cut in half; the run went on from step {begun:,}."


def _outages(outages: Sequence[Line]) -> Iterator[str]:
    yield "\n## Outages\n\n| outage | lasted, s | steps meanwhile | steps in as long a time before | on after, s |"
    yield "|---|---|---|---|---|"
    for one in outages:
        steps = f"{one['steps_meanwhile']:,} | {one['steps_before']:,}"
        yield f"| {one['what']} | {one['lasted_s']:.0f} | {steps} | {one['on_s']:.1f} |"


def _sessions(lines: Sequence[Line]) -> Iterator[str]:
    yield "\n## The sessions\n"
    yield "| session | in this order, at step: on after, s | attempts | steps | sent | stored | commit |"
    yield "|---|---|---|---|---|---|---|"
    for line in lines:
        order = ", ".join(f"{one['what']} at {one['step']:,}: {one['on_s']:.1f}" for one in line["rounds"])
        run, accounts = line["run"], line["accounts"]
        counts = f"{run['attempts']} | {run['steps']:,} | {accounts['sent']:,} | {accounts['stored']:,}"
        yield f"| {line['key']} | {order} | {counts} | {line['commit']} |"


def _memory(lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        yield f"\n## Memory over {line['steps']:,} steps of `{line['recipe']}`\n"
        yield "Resident memory of each process, looked at every two seconds from a quarter of the steps on, with a"
        yield "viewer that reconnects all the time. Redis keeps the newest 10,000 events, and grows until it has them."
        yield "\n| process | at a quarter, MiB | at the end, MiB | slope, MiB per 100,000 steps |\n|---|---|---|---|"
        for kind, found in line["processes"].items():
            yield f"| {kind} | {found['first_mib']:.1f} | {found['last_mib']:.1f} | {found['slope']:+.2f} |"

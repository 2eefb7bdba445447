"""docs/results-watch.md out of what was recorded: each guard's precision, recall, lead and false alarms."""

import gzip
import json
import math
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._study import Line
from benchmarks.watch_study import label, plan, replay, scores
from benchmarks.watch_study.scores import HORIZON, Score, Watched
from contract.components import Catalogue
from contract.spec import RunSpec

HERE = Path(__file__).parent
RUNS = HERE / "runs"
"""One file a run: its series."""
REPORT = HERE.parents[1] / "docs" / "results-watch.md"
SIGNALS = {
    "modes themselves": ("coverage_loss",),
    "diversity of samples": ("diversity_loss",),
    "auxiliary loss": ("auxiliary_drop",),
    "spectrum of D": ("spectral_collapse",),
    "curvature of G": ("sharpening",),
    "losses, logits and gradients": ("d_wins", "divergence"),
}
"""What the field argues about → the guards that read it."""
TARGET = "recall >= 0.9, precision >= 0.9, median lead >= 0"


@dataclass(frozen=True)
class Judged:
    """One run with its label and every guard's alarms."""

    line: Line
    spans: list[label.Span]
    alarms: dict[str, list[int]]

    def as_seen_by(self, guard: str) -> Watched:
        """The run as one guard saw it."""
        return Watched(self.line["steps"], self.spans, self.alarms[guard])


def keep(key: str, looks: replay.Looks) -> None:
    """Write a run's series; whole, or not at all."""
    RUNS.mkdir(exist_ok=True)
    path = RUNS / f"{key}.json.gz"
    part = path.with_suffix(".part")
    part.write_bytes(gzip.compress(json.dumps(looks).encode(), mtime=0))
    part.rename(path)


def recorded(key: str) -> replay.Looks:
    """A run's series."""
    looks: list[dict[str, Any]] = json.loads(gzip.decompress((RUNS / f"{key}.json.gz").read_bytes()))
    return looks


def judged(line: Line, looks: replay.Looks, catalogue: Catalogue) -> Judged:
    """The label, and the alarms of every guard that suits the run's spec."""
    seen = [look for look in looks if "modes.captured" in look["values"]]
    spans = label.collapses([look["step"] for look in seen], [look["values"]["modes.captured"] for look in seen])
    names = replay.guards_of(RunSpec.model_validate(line["spec"]), catalogue)
    return Judged(line, spans, replay.alarms(names, looks))


def write(lines: Sequence[Line], catalogue: Catalogue) -> None:
    """The whole report."""
    REPORT.write_text("\n".join([*text(_judged(lines, catalogue), catalogue), ""]))


def table(lines: Sequence[Line], catalogue: Catalogue) -> Iterator[str]:
    """What each guard is worth on these runs, as the lines of a table."""
    return _table(_judged(lines, catalogue), catalogue)


def _judged(lines: Sequence[Line], catalogue: Catalogue) -> list[Judged]:
    return [judged(line, recorded(line["key"]), catalogue) for line in lines]


def text(runs: Sequence[Judged], catalogue: Catalogue) -> Iterator[str]:
    """The report's lines.

    Yields:
        A line, or a paragraph.
    """
    yield "# How well the guards watch\n"
    yield _method(runs)
    yield from _table(runs, catalogue)
    yield from _first(runs)
    yield from _runs(runs)


def _method(runs: Sequence[Judged]) -> str:
    collapsed = sum(bool(run.spans) for run in runs)
    hours = sum(run.line["seconds"] for run in runs) / 3600
    where = "; ".join(sorted({run.line["machine"] for run in runs})) or "no machine"
    commits = ", ".join(sorted({run.line["commit"] for run in runs}))
    wanted = sum(len(arm.seeds) for arm in plan.ARMS)
    return (
        "Written by `make watch-study`; every number was measured by it, none is typed in.\n\n"
        f"{len(runs)} of {wanted} runs: {collapsed} collapse, {len(runs) - collapsed} are healthy. One thread each, "
        f"{hours:.1f} core hours; on {where}; at {commits or 'no commit'}. Seeds 201 and up; guards were tuned on "
        "others (0 to 9).\n\n"
        f"**Collapse** (`benchmarks/watch_study/label.py`, frozen before any guard was tuned): modes captured below "
        f"half of the run's own maximum for {label.LOOKS} or more consecutive looks, one every {plan.EVERY} steps, "
        "counted from the first look at which half was there. Its onset is its first such look.\n\n"
        f"**An alarm is true** when it is raised in a collapse or in the {HORIZON:,} steps before its onset. Recall: "
        "runs whose first collapse was seen by a true alarm. Lead: steps from that alarm to the onset; negative means "
        "after it. Healthy steps are those in which an alarm would be false. Guards are replayed, at their default "
        "params, on what the runs recorded. Shares have Wilson's 95 % interval behind them. The votes of the combined "
        "alarm were changed once after these were read: [why](concepts/guards.md#what-their-votes-are-worth).\n"
    )


def _table(runs: Sequence[Judged], catalogue: Catalogue) -> Iterator[str]:
    yield "## Each guard, and all together\n"
    yield f"Target of the combined alarm (`collapse`): {TARGET}.\n"
    yield (
        "| guard | runs | recall | precision | median lead, steps | leads: least to greatest | false alarms per 10,000 "
        "healthy steps | healthy runs without an alarm |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for name in catalogue.names("guards"):
        watched = [run.as_seen_by(name) for run in runs if name in run.alarms]
        yield _row(name, len(watched), scores.score(watched))


def _row(name: str, n_runs: int, found: Score) -> str:
    spread = f"{min(found.leads):,} to {max(found.leads):,}" if found.leads else "–"
    cells = [
        f"`{name}`",
        str(n_runs),
        _share(found.n_seen, found.n_collapsed),
        _share(found.n_true, found.n_alarms),
        _number(found.median_lead, 0),
        spread,
        _number(found.false_per_10000, 2),
        f"{found.n_silent} of {found.n_healthy}",
    ]
    return "| " + " | ".join(cells) + " |"


def _first(runs: Sequence[Judged]) -> Iterator[str]:
    """Which signal sees a collapse first."""
    collapsed = [run for run in runs if run.spans]
    yield "\n## Which signal sees it first\n"
    yield (
        "Of each collapsing run the signal whose true alarm for the first collapse came earliest; a tie counts for all "
        "of them. Leads are of the runs in which the signal saw it.\n"
    )
    yield "| signal | runs that have it | saw it | first | median lead, steps |"
    yield "|---|---|---|---|---|"
    seen = [_leads(run) for run in collapsed]
    first = Counter(signal for leads in seen for signal, lead in leads.items() if lead == max(leads.values()))
    for signal, guards in SIGNALS.items():
        having = sum(any(guard in run.alarms for guard in guards) for run in collapsed)
        own = [leads[signal] for leads in seen if signal in leads]
        lead = _number(statistics.median(own) if own else math.nan, 0)
        yield f"| {signal} | {having} | {len(own)} | {first[signal]} | {lead} |"


def _leads(run: Judged) -> dict[str, int]:
    """Signal → lead on the run's first collapse, where it saw it."""
    found = {}
    for signal, guards in SIGNALS.items():
        leads = [
            lead for guard in guards if guard in run.alarms for lead in scores.score([run.as_seen_by(guard)]).leads
        ]
        if leads:
            found[signal] = max(leads)
    return found


def _runs(runs: Sequence[Judged]) -> Iterator[str]:
    yield "\n## The runs\n"
    yield "| recipe | arm | seed | steps | collapses: onset to end | `collapse` raised at |"
    yield "|---|---|---|---|---|---|"
    for run in runs:
        spans = ", ".join(f"{span.onset:,} to {span.end:,}" for span in run.spans) or "none"
        raised = ", ".join(f"{step:,}" for step in run.alarms.get("collapse", [])) or "never"
        line = run.line
        yield f"| {line['group']} | {line['title']} | {line['seed']} | {line['steps']:,} | {spans} | {raised} |"


def _share(successes: int, n: int) -> str:
    if n == 0:
        return "–"
    low, high = scores.interval(successes, n)
    return f"{successes / n:.2f} ({successes} of {n}; {low:.2f} to {high:.2f})"


def _number(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:,.{digits}f}"

"""docs/results.md out of what was measured: mean ± standard error, beside what was published."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks._study import Line, read
from benchmarks.results import plan
from contract.components import Catalogue

HERE = Path(__file__).parent
REPORT = HERE.parents[1] / "docs" / "results.md"

COLUMNS = (
    ("modes.captured", "modes", 1.0, 1),
    ("modes.high_quality", "high quality, %", 100.0, 1),
    ("modes.reverse_kl", "reverse KL, nats", 1.0, 3),
    ("distance.last", "distance, last", 1.0, 5),
    ("distance.average", "distance, average", 1.0, 5),
)
"""Metric, its heading, the factor and the decimals it is printed with."""

PACGAN_TABLE = {
    ("pacgan-ring", "GAN"): ("6.3 ± 0.5", "98.2 ± 0.2", "0.45 ± 0.09"),
    ("pacgan-ring", "PacGAN2"): ("7.9 ± 0.1", "95.6 ± 2.0", "0.07 ± 0.03"),
    ("pacgan-grid", "GAN"): ("17.3 ± 0.8", "94.8 ± 0.7", "0.70 ± 0.07"),
    ("pacgan-grid", "PacGAN2"): ("23.8 ± 0.7", "91.3 ± 0.8", "0.13 ± 0.04"),
}
"""Lin et al. 2018, arXiv:1712.04086, table 1: mean ± standard error of 10 runs of 400,000 steps."""

T_5_PERCENT = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78}
"""Two-sided quantiles of Student's t for a mean of so many differences."""

HEAD = """# What collapses, and what cures

Written by `make results`; every number was measured by it on the machine named below, none is typed in. Each row is
mean ± standard error over its seeds (a single seed has no error). Recipes were tuned on seeds 0 to 9 and are reported
on 101 and up. Figures are of 2,500 fresh samples at the last step (26,000 where there are 1,000 modes), from G in
eval mode, or from its average where the recipe keeps one. High quality: points within 3 standard deviations of a mode
(a perfect sampler reaches 98.9 %), pictures named by the data set's own classifier with a probability of at least
0.9. Reverse KL is that of the histogram of high-quality samples from the even one; a set whose own modes are uneven
has none that is 0.

"as it is" is the recipe; the other rows turn its cure's knobs after the step named. "Modes on the way" are means at a
fifth, two fifths, … of the steps, of 2,500 points or of only 500 pictures a look. The last column compares modes (in a
game of two numbers, the distance to the solution) with "as it is", seed by seed: a difference is called one only where
Student's t says so at 5 % (|difference| above 2.78 standard errors with 5 seeds, 4.30 with 3); of twenty cures that do
nothing one would be called so. A cure that does not cure is said not to.
"""


def write(catalogue: Catalogue) -> None:
    """Write the report out of both files of finished runs."""
    REPORT.write_text("\n".join(_report(catalogue)) + "\n")


def _report(catalogue: Catalogue) -> Iterator[str]:
    lines = {line["key"]: line for name in ("measured", "published") for line in read(HERE / f"{name}.jsonl")}
    yield HEAD
    yield from _runs(lines, catalogue)
    for recipe in catalogue.recipes:
        arms = [arm for arm in plan.of_recipes(catalogue) if arm.group == recipe.name]
        if arms:
            yield f"\n## {recipe.title} (`{recipe.name}`)\n"
            yield f"{arms[0].spec.get('steps', '')} steps. {recipe.look}\n"
            yield from _table(arms, lines, catalogue)
        else:
            yield f"\n## {recipe.title} (`{recipe.name}`)\n\nSized for a GPU; not run here."
    yield from _pacgan(lines, catalogue)


def _runs(lines: Mapping[str, Line], catalogue: Catalogue) -> Iterator[str]:
    """How many of the runs are there, what they took, and on which machines."""
    arms = [*plan.of_recipes(catalogue), *plan.of_pacgan()]
    wanted = [job.key for job in plan.jobs(arms, catalogue)]
    found = [lines[key] for key in wanted if key in lines]
    hours = sum(line["seconds"] for line in found) / 3600
    machines = sorted({line["machine"] for line in found})
    where = "; ".join(machines) or "none"
    commits = ", ".join(sorted({line["commit"] for line in found}))
    yield f"{len(found)} of {len(wanted)} runs, one thread each, {hours:.1f} core hours; on {where}; at {commits}."


def _table(arms: Sequence[plan.Arm], lines: Mapping[str, Line], catalogue: Catalogue) -> Iterator[str]:
    found = {arm.title: _of(arm, lines, catalogue) for arm in arms}
    columns = [
        column for column in COLUMNS if any(column[0] in line["metrics"] for each in found.values() for line in each)
    ]
    labels = sorted(
        {name for each in found.values() for line in each for name in line["metrics"] if name[:8] == "samples."}
    )
    columns += [(name, f"{name.removeprefix('samples.')} right, %", 100.0, 1) for name in labels]
    if not columns:
        yield "Not run yet."
        return
    yield (
        "| | seeds | "
        + " | ".join(heading for _, heading, _, _ in columns)
        + " | modes on the way | against as it is |"
    )
    yield "|---|---|" + "---|" * (len(columns) + 2)
    base = found["as it is"]
    for arm in arms:
        each = found[arm.title]
        title = arm.title if not arm.knobs else f"{arm.title} ({_words(arm.knobs)}, after step {arm.at:,})"
        cells = [
            _mean([line["metrics"][name] * scale for line in each if name in line["metrics"]], digits)
            for name, _, scale, digits in columns
        ]
        yield (
            f"| {title} | {len(each)} | "
            + " | ".join(cells)
            + f" | {_way(each)} | {_compared(base, each) if arm.knobs else ''} |"
        )


def _pacgan(lines: Mapping[str, Line], catalogue: Catalogue) -> Iterator[str]:
    yield "\n## PacGAN's ring and grid, beside the published table\n"
    yield (
        "Networks, optimisers, batch (100 answers of D a step, so 100 packs) and metric of PacGAN's public code; "
        f"{plan.PACGAN_STEPS // plan.TENTH:,} steps are a tenth of the published {plan.PACGAN_STEPS:,}. "
        "Published: Lin et al. 2018, arXiv:1712.04086, table 1, mean ± standard error of 10 runs. "
        "Known deviation: batch normalisation keeps torch's momentum.\n"
    )
    yield "| | steps | seeds | modes | high quality, % | reverse KL | published: modes | high quality, % | reverse KL |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for share in (plan.TENTH, 1):
        for arm in plan.of_pacgan(share):
            each = _of(arm, lines, catalogue)
            if each or share != 1:
                cells = [
                    _mean([line["metrics"][name] * scale for line in each], digits)
                    for name, _, scale, digits in COLUMNS[:3]
                ]
                published = PACGAN_TABLE[arm.group, arm.title]
                row = [
                    f"{arm.group.removeprefix('pacgan-')}, {arm.title}",
                    f"{arm.spec['steps']:,}",
                    str(len(each)),
                    *cells,
                    *published,
                ]
                yield "| " + " | ".join(row) + " |"


def _of(arm: plan.Arm, lines: Mapping[str, Line], catalogue: Catalogue) -> list[Line]:
    """The arm's finished runs, of its present spec."""
    return [lines[job.key] for job in plan.jobs([arm], catalogue) if job.key in lines]


def _mean(values: Sequence[float], digits: int) -> str:
    """Mean ± standard error; runs whose figure is no number are counted, not left out in silence."""
    finite = [value for value in values if math.isfinite(value)]
    if not values:
        return "–"
    lost = f" ({len(values) - len(finite)} of {len(values)} not finite)" if len(finite) < len(values) else ""
    if not finite:
        return f"not finite in {len(values)} of {len(values)}"
    mean = f"{statistics.fmean(finite):.{digits}f}"
    return mean + (f" ± {_error(finite):.{digits}f}" if len(finite) > 1 else "") + lost


def _error(values: Sequence[float]) -> float:
    return statistics.stdev(values) / len(values) ** 0.5


def _way(lines: Sequence[Line]) -> str:
    """Mean modes at a fifth, two fifths, … of the steps."""
    courses = [line["history"].get("modes.captured") for line in lines]
    full = [course for course in courses if course]
    if not full:
        return ""
    shortest = min(len(course) for course in full)
    marks = [max(0, shortest * part // 5 - 1) for part in range(1, 6)]
    return " → ".join(f"{statistics.fmean(course[mark] for course in full):.0f}" for mark in marks)


def _compared(base: Sequence[Line], other: Sequence[Line]) -> str:
    """Difference of modes (of the distance, in a game of scalars) from "as it is", seed by seed."""
    name = "modes.captured" if any("modes.captured" in line["metrics"] for line in base) else "distance.last"
    before = {line["seed"]: line["metrics"][name] for line in base if name in line["metrics"]}
    pairs = [(line["metrics"][name], before[line["seed"]]) for line in other if line["seed"] in before]
    gains = [after - base for after, base in pairs if math.isfinite(after) and math.isfinite(base)]
    lost = f" ({len(pairs) - len(gains)} of {len(pairs)} not finite)" if len(gains) < len(pairs) else ""
    if len(gains) < 2:
        return f"too few seeds{lost}"
    gain, error = statistics.fmean(gains), _error(gains)
    better = gain > 0 if name == "modes.captured" else gain < 0
    word = "no difference found" if abs(gain) <= T_5_PERCENT[len(gains)] * error else "better" if better else "worse"
    return f"{gain:+.2f} ± {error:.2f}: {word}{lost}"


def _words(knobs: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in knobs.items())

"""The study's arithmetic: what a collapse is, what a true alarm is, and what guards say of recorded runs."""

import math

import pytest

from benchmarks.watch_study import plan, replay, report, scores
from benchmarks.watch_study.label import Span, collapses
from benchmarks.watch_study.scores import Watched, interval, score
from worker.catalogue import build_catalogue


@pytest.fixture(scope="module")
def catalogue():
    return build_catalogue()


def spans(*captured):
    return collapses(range(50, 50 * len(captured) + 1, 50), captured)


def test_five_looks_below_half_are_a_collapse_and_four_are_none():
    assert spans(8, 8, 3, 3, 3, 3, 3, 8) == [Span(150, 350)]
    assert spans(8, 8, 3, 3, 3, 3, 8, 3, 3, 3, 3) == []


def test_half_is_not_below_half():
    assert spans(8, *[4] * 20) == []
    assert spans(7, *[3] * 5) == [Span(100, 300)]


def test_modes_that_were_not_found_yet_are_not_lost():
    assert spans(*[1] * 10, 4, 8, 8) == []
    assert spans(*[1] * 10, 4, *[1] * 5, 8) == [Span(600, 800)]


def test_a_collapse_may_last_to_the_end_and_there_may_be_two():
    assert spans(8, *[1] * 5, 8, *[0] * 6) == [Span(100, 300), Span(400, 650)]


def test_a_run_without_two_modes_cannot_collapse():
    assert spans(1, *[0] * 9) == spans(*[0] * 9) == spans() == []


COLLAPSED = [Span(5000, 6000)]


def test_an_alarm_is_true_from_a_horizon_before_the_onset_to_the_end():
    runs = [Watched(10_000, COLLAPSED, [3999, 4000, 6000, 6001])]
    found = score(runs)
    assert (found.n_alarms, found.n_true, found.leads) == (4, 2, [1000])
    # Healthy: 4,000 steps before the horizon, 4,000 after the end.
    assert found.healthy_steps == 8000
    assert found.false_per_10000 == 2 / 8000 * 10_000


def test_recall_is_of_runs_and_of_their_first_collapse():
    both = [Span(2000, 3000), Span(7000, 8000)]
    runs = [
        Watched(10_000, both, [7100]),
        Watched(10_000, both, [2300]),
        Watched(10_000, [], []),
        Watched(10_000, [], [1]),
    ]
    found = score(runs)
    assert (found.n_collapsed, found.n_seen, found.recall) == (2, 1, 0.5)
    assert (found.n_true, found.precision) == (2, 2 / 3)
    assert found.leads == [-300]
    assert (found.n_healthy, found.n_silent) == (2, 1)


def test_horizons_that_overlap_a_collapse_are_not_counted_twice():
    assert scores.healthy_steps(Watched(10_000, [Span(500, 900), Span(1500, 2000)], [])) == 8000


def test_nothing_counted_is_no_number():
    found = score([])
    assert all(math.isnan(x) for x in (found.recall, found.precision, found.false_per_10000, found.median_lead))


def test_wilsons_interval():
    """9 of 10: 0.5958 to 0.9821, as in published tables; bounds stay within 0 and 1."""
    assert interval(9, 10) == pytest.approx((0.59585, 0.98212), abs=1e-5)
    assert interval(10, 10)[1] == 1.0
    assert interval(0, 0) == (0.0, 1.0)


def test_seeds_are_none_that_anything_was_tuned_on_and_runs_are_enough(catalogue):
    seeds = [seed for arm in plan.ARMS for seed in arm.seeds]
    assert min(seeds) >= 201
    assert len(seeds) >= 40
    assert len({(arm.recipe, arm.title) for arm in plan.ARMS}) == len(plan.ARMS)


def test_every_arms_knobs_exist_and_its_series_are_recorded_at_fixed_steps(catalogue):
    for arm in plan.ARMS:
        job = arm.job(arm.seeds[0], catalogue)
        entries = {"game", "auxiliary", *(entry for _, entry, _ in plan.RunSpec.model_validate(job.spec).entries())}
        assert {name.rsplit(".", 1)[0] for name in job.knobs} <= entries, arm
        assert 0 <= arm.at < job.spec["steps"]
        monitors = {monitor["name"]: monitor["every"] for monitor in job.spec["monitors"]}
        assert {"modes", "diversity", "gradient_norms"} <= monitors.keys()
        assert all(every % plan.EVERY == 0 for every in monitors.values())
        assert job.spec["guards"] == []


def test_a_key_does_not_depend_on_the_guards(catalogue, monkeypatch):
    job = plan.ARMS[0].job(201, catalogue)
    seen = []
    monkeypatch.setattr("benchmarks.results.plan._code", lambda family, name: seen.append(family) or name)
    assert job.key
    assert "guards" not in seen
    assert "monitors" in seen


def looks(*captured):
    values = [{"modes.captured": float(modes), "loss.d": 1.0} for modes in captured]
    return [{"step": 50 * number, "values": each} for number, each in enumerate(values, start=1)]


def line(key, n, **more):
    spec = {"dataset": {"name": "ring"}, "network": {"name": "mlp"}, "loss": {"name": "hinge"}, "guards": []}
    about = {"key": key, "group": "ring-gan", "title": "as it is", "seed": 201, "machine": "m", "commit": "c"}
    return about | {"steps": 50 * n, "seconds": 1800.0, "spec": spec} | more


def test_the_report_out_of_two_runs(catalogue, monkeypatch, tmp_path):
    monkeypatch.setattr(report, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(report, "REPORT", tmp_path / "report.md")
    report.keep("a", looks(*[8] * 30, *[1] * 10, *[8] * 10))
    report.keep("b", looks(*[8] * 50))
    report.write([line("a", 50), line("b", 50)], catalogue)
    text = (tmp_path / "report.md").read_text()
    assert "2 of " in text
    assert "1 collapse, 1 are healthy" in text
    assert "1.0 core hours" in text
    # Onset at step 1,550, found at the second look: a lead of -50.
    row = next(row for row in text.splitlines() if row.startswith("| `coverage_loss`"))
    assert row == (
        "| `coverage_loss` | 2 | 1.00 (1 of 1; 0.21 to 1.00) | 1.00 (1 of 1; 0.21 to 1.00) | -50 | -50 to -50 "
        "| 0.00 | 1 of 1 |"
    )
    assert "| modes themselves | 1 | 1 | 1 | -50 |" in text
    assert "| spectrum of D | 1 | 0 | 0 | – |" in text
    assert "| ring-gan | as it is | 201 | 2,500 | 1,550 to 2,000 | 1,550 |" in text


def test_a_series_file_is_whole_or_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr(report, "RUNS", tmp_path)
    content = [{"step": 50, "values": {"loss.d": math.nan, "loss.g": 0.123456}}]
    report.keep("k", content)
    [read] = report.recorded("k")
    assert math.isnan(read["values"]["loss.d"])
    assert read["values"]["loss.g"] == 0.123456
    assert [path.name for path in tmp_path.iterdir()] == ["k.json.gz"]


def test_replayed_guards_look_at_the_steps_that_were_recorded(catalogue):
    found = replay.alarms(["coverage_loss", "collapse", "spectral_collapse"], looks(*[8] * 30, *[1] * 10))
    assert found == {"coverage_loss": [1600], "collapse": [1550], "spectral_collapse": []}

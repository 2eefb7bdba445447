"""The study's own arithmetic: what is done, what is a difference, and what is said of numbers that are not finite."""

import json
import math

import pytest

from benchmarks.results import plan, report
from worker.catalogue import build_catalogue


@pytest.fixture(scope="module")
def catalogue():
    return build_catalogue()


def line(seed, modes=None, **metrics):
    if modes is not None:
        metrics["modes.captured"] = modes
    return {"seed": seed, "metrics": metrics, "history": {"modes.captured": [1.0, 2.0, 3.0, 4.0, 5.0]}}


def test_mean_and_standard_error():
    # Deviations -1, 0, 1: variance 1 with n - 1, error 1/√3.
    assert report._mean([1.0, 2.0, 3.0], 2) == "2.00 ± 0.58"
    assert report._mean([2.0], 1) == "2.0"
    assert report._mean([], 1) == "–"


def test_what_is_not_finite_is_counted_and_not_averaged():
    assert report._mean([1.0, math.nan, 3.0], 1) == "2.0 ± 1.0 (1 of 3 not finite)"
    assert report._mean([math.inf, math.nan], 1) == "not finite in 2 of 2"


def test_a_difference_needs_more_than_two_errors_with_few_seeds():
    base = [line(seed, 4.0) for seed in (1, 2, 3)]
    # Gains 1, 2, 3: mean 2, error 0.577: 3.5 errors, and t asks for 4.3.
    assert report._compared(base, [line(1, 5.0), line(2, 6.0), line(3, 7.0)]) == "+2.00 ± 0.58: no difference found"
    assert report._compared(base, [line(1, 6.0), line(2, 6.0), line(3, 7.0)]).endswith(": better")
    assert report._compared(base, [line(1, 2.0), line(2, 2.0), line(3, 1.0)]).endswith(": worse")
    assert report._compared(base, [line(1, 6.0)]) == "too few seeds"


def test_in_a_game_of_two_numbers_less_distance_is_better_and_a_lost_one_is_counted():
    base = [line(seed, **{"distance.last": 1.0}) for seed in (1, 2, 3)]
    nearer = [line(seed, **{"distance.last": value}) for seed, value in ((1, 0.1), (2, 0.2), (3, math.inf))]
    assert report._compared(base, nearer) == "-0.85 ± 0.05: better (1 of 3 not finite)"


def test_a_line_that_was_cut_off_is_run_again(tmp_path):
    path = tmp_path / "measured.jsonl"
    path.write_text(json.dumps({"key": "a"}) + "\n" + '{"key": "b", "met')
    assert report.read(path) == [{"key": "a"}]
    assert report.read(tmp_path / "none.jsonl") == []


def test_every_recipe_for_a_cpu_and_each_of_its_cures_is_an_arm(catalogue):
    arms = list(plan.of_recipes(catalogue))
    wanted = {
        (r.name, title)
        for r in catalogue.recipes
        if r.device == "cpu"
        for title in ["as it is", *(c.title for c in r.cures)]
    }
    assert {(arm.group, arm.title) for arm in arms} == wanted
    assert len(arms) == len(wanted)


def test_seeds_that_are_reported_are_none_that_recipes_were_tuned_on(catalogue):
    jobs = plan.jobs([*plan.of_recipes(catalogue), *plan.of_pacgan()], catalogue)
    assert min(job.seed for job in jobs) > 9
    assert len({job.key for job in jobs}) == len(jobs)
    first = {(job.group, job.title) for job in jobs if job.seed == 101}
    assert [(job.group, job.title) for job in jobs[: len(first)]] == list(
        dict.fromkeys((j.group, j.title) for j in jobs)
    )


def test_a_key_follows_spec_knobs_and_step(catalogue):
    arm = plan.Arm("g", "t", {"dataset": {"name": "ring"}, "network": {"name": "mlp"}, "loss": {"name": "hinge"}})
    key = arm.job(101, catalogue).key
    assert key == arm.job(101, catalogue).key
    changed = plan.Arm("g", "t", {**arm.spec, "batch": 32}), plan.Arm("g", "t", arm.spec, {"hinge.margin": 2.0}, 5)
    assert len({key, arm.job(102, catalogue).key, *(other.job(101, catalogue).key for other in changed)}) == 4


def test_the_report_has_a_row_for_each_arm_and_says_what_has_not_run(catalogue, monkeypatch):
    monkeypatch.setattr(report, "read", lambda path: [])
    text = "\n".join(report._report(catalogue))
    assert text.count("\n## ") == len(catalogue.recipes) + 1
    assert "0 of " in text
    assert "Not run yet." in text

"""The twelve lies that a dashboard can tell, each with the tests that would find it; a renamed test moves here, too."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

LIES = {
    "a failed command says success": {
        "frontend/events.test.js": ["a refused, superseded or lost request leaves the value alone"],
        "worker/training/test_control.py": ["test_a_refused_request_leaves_every_knob_of_it_alone"],
    },
    "what was asked is shown, not what runs": {
        "frontend/events.test.js": ["a knob that was asked for keeps its value in force until it is applied"],
        "e2e/test_page_truth.py": [
            "test_a_knob_turned_on_one_page_is_asked_and_then_applied_on_the_other_with_its_author",
            "test_a_trainer_that_is_killed_is_said_in_words_and_stays_said",
        ],
    },
    "NaN is replaced": {
        "conformance/test_monitors.py": ["test_players_full_of_nan_are_reported_and_not_hidden"],
        "worker/guards/test_non_finite.py": [
            "test_the_first_look_finds_it_and_names_it_and_the_first_finite_one_clears"
        ],
    },
    "NaN is lost on the wire": {
        "contract/test_numbers.py": ["test_nonfinite_numbers_become_words_and_never_null"],
        "worker/test_store.py": ["test_appended_event_is_in_the_log_with_its_blob_and_its_nan"],
        "api/routes/test_series.py": ["test_scalars_travel_with_nan_and_infinity"],
    },
    "0 and less are drawn on a log axis": {
        "frontend/lines.test.js": ["on a log axis what is not above 0 leaves a gap and is counted"],
        "frontend/instruments.test.js": ["on a log scale 0 is a gap and counted"],
    },
    "0 and NaN are hidden": {
        "frontend/numbers.test.js": ["what is not finite is said, what is missing is a dash"],
        "frontend/lines.test.js": ["0 and negative values are drawn on a linear axis"],
        "frontend/sweep.test.js": ["NaN as NaN"],
    },
    "an estimate has no error": {
        "worker/curvature/test_lanczos.py": ["test_what_is_not_finite_shows_and_is_not_called_converged"],
        "worker/curvature/test_density.py": ["test_trace_lies_within_its_error_and_the_error_is_right"],
        "frontend/compare.test.js": [
            "the best is marked only where the series says what is better, and never a NaN or a tie"
        ],
    },
    "looking changes the run": {
        "conformance/test_monitors.py": ["test_looking_changes_nothing"],
        "worker/training/test_instruments.py": ["test_looking_at_every_step_leaves_the_weights_alone"],
    },
    "sign or scale is left to guess": {
        "conformance/test_losses.py": [
            "test_undecided_d_wants_real_up_and_fake_down",
            "test_doubling_the_batch_changes_nothing",
        ],
    },
    "a test cannot fail": {
        "conformance/test_monitors.py": ["test_the_toy_run_would_show_a_disturbance"],
        "conformance/test_losses.py": ["test_beyond_what_d_is_asked_for_it_pays_again"],
    },
    "a loop runs once": {
        "worker/training/test_control.py": ["test_step_takes_as_many_steps_as_asked_and_pauses_again"],
        "worker/training/test_step.py": ["test_a_lazy_penalty_counts_as_much_as_one_at_every_step"],
    },
    "a histogram does not sum to 1": {
        "worker/monitors/test_scores.py": ["test_density_integrates_to_one"],
        "worker/curvature/test_density.py": ["test_integral_is_one"],
    },
}


def test_there_are_twelve():
    assert len(LIES) == 12


@pytest.mark.parametrize("lie", LIES)
def test_somebody_would_notice(lie):
    for file, names in LIES[lie].items():
        written = "\n".join(re.findall(r"^(?:def |test\(').*$", (TESTS / file).read_text(), re.MULTILINE))
        assert [name for name in names if name not in written] == [], file

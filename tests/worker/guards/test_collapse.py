from contract.events import AlarmRaised
from tests.worker.guards.histories import cleared, live, raised

WELL = {"modes.captured": 8, "diversity.ratio": 1.0, "hessian.g.top": 1.0}
NO_MODES, ALIKE, SHARP = {"modes.captured": 2}, {"diversity.ratio": 0.2}, {"hessian.g.top": 50.0}
ALL = ("collapse", "coverage_loss", "diversity_loss", "sharpening")
N = 30


def after(change, looks=10, back=0):
    return live([WELL] * N + [WELL | change] * looks + [WELL] * back, *ALL)


def test_lost_modes_are_a_collapse_with_the_look_that_raises_their_own_alarm():
    ear = after(NO_MODES, back=5)
    assert raised(ear, "collapse") == raised(ear, "coverage_loss") == [50 * (N + 2)]
    assert cleared(ear, "collapse") == cleared(ear, "coverage_loss") == [50 * (N + 10 + 2)]


def test_one_symptom_is_none_and_two_are_a_collapse_on_the_evidence_of_both():
    assert raised(after(ALIKE), "collapse") == []
    assert raised(after(SHARP), "collapse") == []
    ear = after(ALIKE | SHARP)
    [(step, body)] = ear.of(AlarmRaised, "collapse")
    # Diversity is found at the first look, sharpness (a median of three) at the second: nobody waits for its patience.
    assert step == 50 * (N + 2) < raised(ear, "sharpening")[0]
    assert body.message == "diversity loss and sharpening"
    assert body.evidence == {
        "diversity.ratio": 0.2,
        "diversity.ratio.best": 1.0,
        "hessian.g.top": 50.0,
        "hessian.g.top.usual": 1.0,
    }


def test_a_loss_of_modes_that_another_symptom_confirms_is_a_collapse_at_the_first_look():
    assert raised(after(NO_MODES | ALIKE), "collapse") == [50 * (N + 1)]
    assert raised(live([WELL] * N + [WELL | NO_MODES] + [WELL] * 5, *ALL), "collapse") == []


def test_a_finding_that_its_own_cool_down_keeps_quiet_still_has_its_vote():
    """The second loss comes 350 steps after the first was cleared: coverage_loss must wait 500, collapse need not."""
    history = [WELL] * N + [WELL | NO_MODES] * 4 + [WELL] * 6 + [WELL | NO_MODES] * 4
    ear = live(history, ("collapse", {"cool_down": 0}), "coverage_loss")
    assert raised(ear, "coverage_loss") == [50 * (N + 2)]
    assert raised(ear, "collapse") == [50 * (N + 2), 50 * (N + 4 + 6 + 2)]


def test_it_looks_after_the_others_wherever_the_spec_has_it():
    history = [WELL] * N + [WELL | NO_MODES] * 4
    first, last = live(history, "collapse", "coverage_loss"), live(history, "coverage_loss", "collapse")
    assert raised(first, "collapse") == raised(last, "collapse") == [50 * (N + 2)]

from contract.events import AlarmRaised
from tests.worker.guards.histories import cleared, live, raised

GAME = {"loss.d.adversarial": 1.0, "logit.real": 0.5, "logit.fake": -0.5}
WELL = {"modes.captured": 8, "diversity.ratio": 1.0, "hessian.g.top": 1.0} | GAME
FEW, ONE_LEFT, ALIKE, SHARP = (
    {"modes.captured": 3},
    {"modes.captured": 1},
    {"diversity.ratio": 0.2},
    {"hessian.g.top": 50.0},
)
D_WINS = {"loss.d.adversarial": 0.09, "logit.real": 3.0, "logit.fake": -3.0}
ALL = ("collapse", "coverage_loss", "diversity_loss", "sharpening", "d_wins")
N = 40


def after(change, looks=10, back=0):
    return live([WELL] * N + [WELL | change] * looks + [WELL] * back, *ALL)


def test_lost_modes_are_a_collapse_with_the_look_that_raises_their_own_alarm():
    ear = after(FEW, back=5)
    assert raised(ear, "collapse") == raised(ear, "coverage_loss") == [50 * (N + 2)]
    assert cleared(ear, "collapse") == cleared(ear, "coverage_loss") == [50 * (N + 10 + 2)]


def test_one_symptom_is_none_and_two_are_a_collapse_on_the_evidence_of_both():
    assert raised(after(ALIKE), "collapse") == []
    assert raised(after(D_WINS), "collapse") == []
    ear = after(ALIKE | D_WINS)
    [(step, body)] = ear.of(AlarmRaised, "collapse")
    # Diversity is found at the first look, the others (medians of three) at the second: nobody waits for its patience.
    assert step == 50 * (N + 2) < raised(ear, "d_wins")[0]
    assert body.message == "diversity loss and d wins"
    assert body.evidence.keys() == {
        "diversity.ratio",
        "diversity.ratio.best",
        "loss.d.adversarial",
        "logit.gap",
    }


def test_a_sharp_place_has_no_vote():
    ear = after(ALIKE | SHARP)
    assert raised(ear, "sharpening")
    assert raised(ear, "collapse") == []


def test_few_modes_for_one_look_are_none_and_almost_none_are_a_collapse_at_once():
    assert raised(after(FEW | ALIKE), "collapse") == raised(after(FEW), "coverage_loss") == [50 * (N + 2)]
    assert raised(live([WELL] * N + [WELL | FEW] + [WELL] * 5, *ALL), "collapse") == []
    assert raised(after(ONE_LEFT), "collapse") == [50 * (N + 1)] < raised(after(ONE_LEFT), "coverage_loss")


def test_a_finding_that_its_own_cool_down_keeps_quiet_still_has_its_vote():
    """The second loss comes 350 steps after the first was cleared: coverage_loss must wait 500, collapse need not."""
    history = [WELL] * N + [WELL | FEW] * 4 + [WELL] * 6 + [WELL | FEW] * 4
    ear = live(history, ("collapse", {"cool_down": 0}), "coverage_loss")
    assert raised(ear, "coverage_loss") == [50 * (N + 2)]
    assert raised(ear, "collapse") == [50 * (N + 2), 50 * (N + 4 + 6 + 2)]


def test_it_looks_after_the_others_wherever_the_spec_has_it():
    history = [WELL] * N + [WELL | FEW] * 4
    first, last = live(history, "collapse", "coverage_loss"), live(history, "coverage_loss", "collapse")
    assert raised(first, "collapse") == raised(last, "collapse") == [50 * (N + 2)]

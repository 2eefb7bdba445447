from tests.worker.guards.histories import live, of, raised

SERIES = "spectrum.d.least.effective_rank"


def test_a_rank_below_half_of_its_best_is_found():
    ear = live(of(SERIES, *[20.0] * 20, 9.0, 9.0, 9.0), "spectral_collapse")
    assert raised(ear, "spectral_collapse") == [1100]


def test_with_a_pattern_each_layer_is_held_against_itself_and_the_worst_speaks():
    params = {"series": "spectrum.d.*"}
    well, wide, narrow = {"spectrum.d.a": 40.0, "spectrum.d.b": 6.0}, 38.0, 2.0
    history = [well] * 20 + [{"spectrum.d.a": wide, "spectrum.d.b": narrow}] * 2
    ear = live(history, ("spectral_collapse", params))
    [(step, body)] = ear.said
    assert (step, body.evidence) == (1100, {"spectrum.d.b": 2.0, "spectrum.d.b.best": 6.0})

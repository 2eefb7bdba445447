"""Events paged, and alarms."""

import pytest

from contract.events import AlarmCleared, AlarmRaised, EventPage, Log

pytestmark = pytest.mark.stack


def test_pages_follow_each_other_without_gap_or_double(stack):
    run, trainer = stack.training()
    ids = [trainer.say(Log(message=str(number))) for number in range(10)]
    stack.recorded(ids[-1])
    found, after = [], None
    for _ in range(20):
        page = EventPage.model_validate(
            stack.get(f"/runs/{run.id}/events", limit=3, **({"after": after} if after else {}))
        )
        assert len(page.items) <= 3
        found += [event.id for event in page.items]
        after = page.next
        if after is None:
            break
    assert found[2:] == ids


def test_a_kind_can_be_picked(stack):
    run, trainer = stack.training()
    last = trainer.say(Log(message="x"))
    stack.recorded(last)
    page = EventPage.model_validate(stack.get(f"/runs/{run.id}/events", kind=["log", "grid"]))
    assert [event.id for event in page.items] == [last]


def test_alarms_come_with_their_evidence(stack):
    run, trainer = stack.training()
    assert stack.get(f"/runs/{run.id}/alarms") == {"items": [], "next": None}
    trainer.say(AlarmRaised(guard="modes", message="few modes", evidence={"modes.captured": float("nan")}), 10)
    trainer.say(Log(message="x"))
    last = trainer.say(AlarmCleared(guard="modes", message="again many"), 20)
    stack.recorded(last)
    page = EventPage.model_validate(stack.get(f"/runs/{run.id}/alarms"))
    assert [(event.kind, event.step) for event in page.items] == [("alarm.raised", 10), ("alarm.cleared", 20)]
    assert page.items[0].body["evidence"] == {"modes.captured": "NaN"}


def test_what_is_out_of_bounds_is_refused(server):
    run = server.create()
    for query in ({"after": "x"}, {"limit": 0}, {"limit": 5001}):
        answer = server.http.get(f"/runs/{run.id}/events", params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request"), query

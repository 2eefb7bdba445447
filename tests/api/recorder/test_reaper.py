"""The reaper, one look at a time, on a real Redis."""

import base64
import hashlib
import json

import pytest

from api.artefacts import Artefacts
from api.dispatch import Dispatcher
from api.positions import event_id_of
from api.recorder.reaper import Reaper
from api.recorder.timing import Timing
from api.redis_store.store import RedisStore
from api.requeue import Requeuer
from api.speaking import said
from api.specs import checked
from api.store import events, ledger, runs
from contract import names
from contract.events import (
    CheckpointWritten,
    CommandAsked,
    Grid,
    KnobApplied,
    KnobAsked,
    KnobRequest,
    RunStatus,
)
from contract.jobs import TrainJob
from contract.runs import CreateRun

pytestmark = pytest.mark.stack

SURE = Timing(grace_s=0, lost_s=0, unclaimed_s=0)
PATIENT = Timing(grace_s=0, lost_s=3600, unclaimed_s=3600)
YOUNG = Timing(grace_s=3600, lost_s=0, unclaimed_s=0)


class Bench:
    """A recorder without its loop: `pump` records what the log has, `look` is one look of the reaper."""

    def __init__(self, valkey, desk, catalogue, puppet_class):
        self.redis = valkey.client()
        self.store = RedisStore(valkey.url)
        self.desk = desk
        self.dispatcher = Dispatcher(valkey.url)
        self.catalogue = catalogue
        self.puppet_class = puppet_class

    def add(self, run="r"):
        """A run that was asked for, as the api leaves it, and a puppet for its trainer."""
        spec = checked(CreateRun(recipe="faces-acgan"), self.catalogue)
        self.desk.add_run(run, spec=spec.model_dump_json(by_alias=True))
        self.store.begin_attempt(run, 0, (), (said(run, 1, RunStatus(status="queued"), 0),))
        self.dispatcher.send(TrainJob(run=run, attempt=1, spec=spec))
        return self.puppet_class(self.redis, run)

    def train(self, run="r"):
        """A run whose trainer has begun."""
        puppet = self.add(run)
        self.jobs()
        puppet.take_lease()
        puppet.begin()
        self.pump()
        return puppet

    def pump(self):
        while entries := self.store.read_log(event_id_of(self.desk.position), 100):
            self.desk.record(entries)

    def look(self, timing=PATIENT):
        """A fresh reaper's look, at what the log had until now, and what came of it."""
        self.pump()
        requeue = Requeuer(self.store, self.dispatcher)
        reaper = Reaper(self.desk.database, self.store, self.desk.artefacts, requeue, timing)
        reaper.look()
        self.pump()
        return reaper

    def jobs(self):
        """The jobs that a worker would get, taken from the queue."""
        messages = self.redis.lpop(names.QUEUE, 100) or []
        bodies = [json.loads(base64.b64decode(json.loads(message)["body"])) for message in reversed(messages)]
        return [TrainJob.model_validate(kwargs["job"]) for _, kwargs, _ in bodies]

    def row(self, run="r"):
        return self.desk.row(run)

    def items(self, run="r"):
        with self.desk.database.read() as session:
            return ledger.page(session, run, 0, 100)[0]

    def statuses(self, run="r"):
        with self.desk.database.read() as session:
            return [
                (event.attempt, event.source, event.body["status"])
                for event in events.every(session, run)
                if event.kind == "run.status"
            ]


@pytest.fixture
def bench(valkey, desk, catalogue, puppet_class):
    bench = Bench(valkey, desk, catalogue, puppet_class)
    yield bench
    bench.dispatcher.close()
    bench.store.close()
    bench.redis.close()


def checkpoint(step, attempt=1, removed=(), reason="interval"):
    name = f"runs/r/{step}-{attempt}"
    return CheckpointWritten(name=name, sha256=f"{step:064d}", size_bytes=1, reason=reason, removed=list(removed))


def test_a_run_that_was_handed_back_is_queued_again_at_once(bench):
    trainer = bench.train()
    trainer.say(RunStatus(status="queued", reason="the worker stopped"), 40)
    trainer.drop_lease()
    bench.look(YOUNG)
    (job,) = bench.jobs()
    assert (job.run, job.attempt, job.spec.dataset.name) == ("r", 2, "faces")
    row = bench.row()
    assert (row.status, row.attempt, row.status_source, row.reason) == ("queued", 2, "api", "the worker stopped")
    assert trainer.try_to_say(RunStatus(status="running")).status == "fenced"


def test_while_the_old_lease_lasts_it_waits(bench):
    trainer = bench.train()
    trainer.say(RunStatus(status="queued", reason="the worker stopped"), 40)
    bench.look(SURE)
    assert (bench.row().attempt, bench.jobs()) == (1, [])


def test_the_next_attempt_gets_everything_it_needs(bench):
    trainer = bench.train()
    api = bench.puppet_class(bench.redis, "r", source="api")
    for request, name, value in (("q1", "r1.weight", 5.0), ("q2", "game.d_steps", 2), ("q3", "r1.weight", 1.0)):
        api.say(KnobAsked(request_id=request, author="me", knobs=[KnobRequest(name=name, value=value)]), 1)
    trainer.say(checkpoint(10), 10)
    trainer.say(KnobApplied(request_id="q2", knobs=[KnobRequest(name="game.d_steps", value=2)]), 12)
    trainer.say(KnobApplied(request_id="q1", knobs=[KnobRequest(name="r1.weight", value=5.0)]), 15)
    trainer.say(checkpoint(20, reason="asked"), 20)
    trainer.say(checkpoint(30, removed=["runs/r/10-1"]), 30)
    trainer.say(RunStatus(status="paused"), 31)
    trainer.say(RunStatus(status="queued", reason="the worker stopped"), 31)
    trainer.drop_lease()
    bench.look()
    (job,) = bench.jobs()
    assert [(one.step, one.name, one.reason) for one in job.resume.checkpoints] == [
        (30, "runs/r/30-1", "interval"),
        (20, "runs/r/20-1", "asked"),
    ]
    assert [(one.step, one.name, one.value) for one in job.resume.ledger] == [
        (12, "game.d_steps", 2),
        (15, "r1.weight", 5.0),
    ]
    assert isinstance(job.resume.ledger[0].value, int)
    assert job.resume.answered == ["q1", "q2"]
    assert job.resume.paused


def test_a_checkpoint_that_the_history_left_is_not_gone_on_from(bench):
    trainer = bench.train()
    for step in (10, 20, 30):
        trainer.say(checkpoint(step), step)
    bench.redis.set(names.attempt_key("r"), 2)
    second = bench.puppet_class(bench.redis, "r", 2)
    second.begin(from_step=20)
    second.say(RunStatus(status="queued", reason="the worker stopped"), 25)
    second.drop_lease()
    bench.look()
    (job,) = bench.jobs()
    assert (job.attempt, [one.step for one in job.resume.checkpoints]) == (3, [20, 10])


def test_a_run_that_its_supervisor_lost_is_queued_again_at_once(bench):
    trainer = bench.train()
    supervisor = bench.puppet_class(bench.redis, "r", source="supervisor")
    supervisor.say(RunStatus(status="lost", reason="killed by SIGKILL"), 5)
    trainer.drop_lease()
    bench.look(YOUNG)
    assert [job.attempt for job in bench.jobs()] == [2]
    assert bench.row().reason == "lost (killed by SIGKILL); loss 1 of 3"


def test_a_trained_run_without_a_lease_is_lost_and_queued_again(bench):
    bench.train().drop_lease()
    bench.look(SURE)
    assert bench.row().status == "lost"
    bench.look(SURE)
    assert [job.attempt for job in bench.jobs()] == [2]
    assert bench.statuses() == [
        (1, "api", "queued"),
        (1, "trainer", "running"),
        (1, "api", "lost"),
        (2, "api", "queued"),
    ]


@pytest.mark.parametrize("timing", [YOUNG, PATIENT])
def test_it_does_nothing_that_it_is_not_sure_of(bench, timing):
    bench.train().drop_lease()
    bench.add("waiting")
    bench.jobs()
    for _ in range(3):
        bench.look(timing)
    assert (bench.row().status, bench.row("waiting").attempt, bench.jobs()) == ("running", 1, [])


def test_a_broken_connection_makes_it_begin_anew(bench):
    bench.train().drop_lease()
    reaper = bench.look(Timing(grace_s=0, lost_s=3600, unclaimed_s=3600))
    assert len(reaper._missing_since) == 1
    reaper.connection_broke()
    assert reaper._missing_since == {}


def test_a_leased_run_is_left_alone(bench):
    bench.train()
    bench.look(SURE)
    assert (bench.row().status, bench.jobs()) == ("running", [])


def test_a_queued_run_whose_message_waits_is_left_alone(bench):
    bench.add()
    bench.look(SURE)
    assert [job.attempt for job in bench.jobs()] == [1]
    assert bench.row().attempt == 1


def test_a_queued_run_whose_message_was_lost_is_sent_again(bench):
    bench.add()
    bench.jobs()
    bench.look(SURE)
    assert [job.attempt for job in bench.jobs()] == [2]
    assert bench.row().reason == "its message to the workers was lost"


def test_a_run_that_never_came_to_redis_is_sent(bench):
    bench.add()
    bench.redis.flushall()
    bench.look(SURE)
    assert [job.attempt for job in bench.jobs()] == [2]
    assert bench.row().status == "queued"


def lose(bench, attempt):
    supervisor = bench.puppet_class(bench.redis, "r", attempt, "supervisor")
    supervisor.say(RunStatus(status="lost", reason="killed by SIGKILL"), 5)
    bench.look()
    return [job.attempt for job in bench.jobs()]


def test_after_three_losses_without_a_newer_checkpoint_it_gives_up(bench):
    bench.train().drop_lease()
    assert [lose(bench, 1), lose(bench, 2), lose(bench, 3)] == [[2], [3], []]
    row = bench.row()
    assert (row.status, row.attempt) == ("failed", 4)
    assert row.reason == "lost 3 times in a row without a newer checkpoint; the last time: killed by SIGKILL"
    assert bench.puppet_class(bench.redis, "r", 3).try_to_say(RunStatus(status="running")).status == "fenced"
    bench.look(SURE)
    assert (bench.row().attempt, bench.jobs()) == (4, [])


def test_a_newer_checkpoint_or_a_hand_back_is_no_loss(bench):
    bench.train().drop_lease()
    assert [lose(bench, 1), lose(bench, 2)] == [[2], [3]]
    third = bench.puppet_class(bench.redis, "r", 3)
    third.say(checkpoint(10, 3), 10)
    third.say(RunStatus(status="queued", reason="the worker stopped"), 10)
    bench.look()
    assert [job.attempt for job in bench.jobs()] == [4]
    assert [lose(bench, 4), lose(bench, 5), lose(bench, 6)] == [[5], [6], []]


def test_it_does_not_queue_a_run_that_was_stopped_meanwhile(bench):
    trainer = bench.train()
    trainer.say(RunStatus(status="queued", reason="the worker stopped"), 40)
    trainer.drop_lease()
    bench.pump()
    stopped = said("r", 2, RunStatus(status="stopped", reason="stopped by me"))
    requeue = Requeuer(bench.store, bench.dispatcher)
    reaper = Reaper(bench.desk.database, bench.store, bench.desk.artefacts, requeue, SURE)
    assert bench.store.begin_attempt("r", 1, (), (stopped,))  # the recorder has not seen it yet
    reaper.look()
    bench.pump()
    assert (bench.row().status, bench.row().attempt, bench.jobs()) == ("stopped", 2, [])


def test_what_was_asked_and_not_answered_is_lost_with_the_run(bench):
    trainer = bench.train()
    api = bench.puppet_class(bench.redis, "r", source="api")
    wanted = [KnobRequest(name="r1.weight", value=5.0), KnobRequest(name="game.d_steps", value=2)]
    api.say(KnobAsked(request_id="q1", author="me", knobs=wanted), 1)
    api.say(CommandAsked(request_id="q2", author="me", command="checkpoint"), 1)
    bench.look()
    assert {item.outcome for item in bench.items()} == {None}
    trainer.say(RunStatus(status="finished"), 500)
    bench.look()
    assert [(item.name, item.outcome, item.new) for item in bench.items()] == [
        ("game.d_steps", "lost", 2),
        ("r1.weight", "lost", 5.0),
        ("checkpoint", "lost", None),
    ]
    assert {item.outcome_reason for item in bench.items()} == {"the run ended before this was answered"}
    n_events = bench.redis.xlen(names.EVENTS)
    bench.look()
    assert bench.redis.xlen(names.EVENTS) == n_events


def test_the_files_of_a_deleted_run_go_and_shared_pictures_stay(bench):
    artefacts: Artefacts = bench.desk.artefacts
    own, shared = b"own", b"shared"
    for run, pictures in (("r", (own, shared)), ("other", (shared,))):
        trainer = bench.train(run)
        for step, picture in enumerate(pictures):
            trainer.say(Grid(series="samples", rows=1, columns=1, cell=[1, 1]), step, picture)
        artefacts.put(f"runs/{run}/checkpoints/1", b"weights")
        trainer.say(RunStatus(status="finished"), 9)
        trainer.drop_lease()
    bench.pump()
    with bench.desk.database.write() as session:
        runs.remove(session, "r")
    bench.look()
    kept = {
        name: artefacts.exists(name)
        for name in (_blob(own), _blob(shared), "runs/r/checkpoints/1", "runs/other/checkpoints/1")
    }
    assert list(kept.values()) == [False, True, False, True]
    assert bench.redis.keys("modescope:run:r:*") == []
    assert bench.redis.exists(names.attempt_key("other"))


def test_a_replaced_checkpoint_goes_and_its_run_is_not_forgotten(bench):
    artefacts: Artefacts = bench.desk.artefacts
    trainer = bench.train()
    for step in (10, 20):
        artefacts.put(f"runs/r/{step}-1", b"weights")
    trainer.say(checkpoint(10), 10)
    trainer.say(checkpoint(20, removed=["runs/r/10-1"]), 20)
    bench.pump()
    keys = sorted(bench.redis.keys("modescope:run:r:*"))
    assert len(keys) >= 3
    bench.look()
    assert [artefacts.exists(f"runs/r/{step}-1") for step in (10, 20)] == [False, True]
    assert sorted(bench.redis.keys("modescope:run:r:*")) == keys


def test_a_picture_that_another_run_has_come_to_use_meanwhile_stays(bench):
    grid = Grid(series="samples", rows=1, columns=1, cell=[1, 1])
    trainer = bench.train()
    trainer.say(grid, 1, b"picture")
    trainer.say(RunStatus(status="finished"), 9)
    bench.pump()
    with bench.desk.database.write() as session:
        runs.remove(session, "r")
    bench.train("other").say(grid, 1, b"picture")
    bench.look()
    assert bench.desk.artefacts.get(_blob(b"picture")) == b"picture"


def _blob(content):
    return names.blob_name(hashlib.sha256(content).hexdigest())

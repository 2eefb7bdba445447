"""Sending a run to the workers."""

import base64
import json

import pytest

from api.dispatch import Dispatcher
from api.specs import checked
from contract import names
from contract.jobs import Resume, TrainJob
from contract.runs import CreateRun


@pytest.fixture
def job(catalogue):
    spec = checked(CreateRun(recipe="faces-acgan"), catalogue)
    return TrainJob(run="r", attempt=3, name="n", spec=spec, resume=Resume(answered=["q"]))


@pytest.mark.stack
def test_the_message_carries_the_job_as_json_under_its_own_id(valkey, job):
    dispatcher = Dispatcher(valkey.url)
    assert dispatcher.send(job)
    dispatcher.close()
    (message,) = (json.loads(text) for text in valkey.client().lrange(names.QUEUE, 0, -1))
    args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    assert (message["headers"]["task"], message["headers"]["id"]) == ("modescope.train", "r:3")
    assert (message["content-type"], args, set(kwargs)) == ("application/json", [], {"job"})
    assert TrainJob.model_validate(kwargs["job"]) == job


def test_a_broker_that_is_away_is_answered_with_false(job, caplog):
    dispatcher = Dispatcher("redis://127.0.0.1:1/0")
    assert not dispatcher.send(job)
    dispatcher.close()
    assert "run r was not queued, the broker is away" in caplog.text

"""Every error is a problem document, and says what came, what is allowed and what to do."""

import pytest

from api import problems
from contract.runs import Problem

pytestmark = pytest.mark.stack


ERRORS = [
    ("GET", "/nothing", None, 404, "not-found", "/api/v1/nothing"),
    ("PUT", "/runs", b"{}", 405, "method-not-allowed", 'PUT is not a verb of "/api/v1/runs"; it takes'),
    ("POST", "/runs", b"{", 422, "invalid-request", "body: this is not JSON: Expecting property name"),
    ("POST", "/runs", b"[]", 422, "invalid-request", "valid dictionary"),
    ("POST", "/runs", b'{"name": 5}', 422, "invalid-request", "name: Input should be a valid string; got 5"),
    ("GET", "/runs?limit=0", None, 422, "invalid-request", "limit: Input should be greater than or equal to 1"),
]


def test_errors_are_problem_documents(server):
    for method, path, content, status, code, words in ERRORS:
        answer = server.http.request(method, path, content=content, headers={"Content-Type": "application/json"})
        problem = Problem.model_validate(answer.json())
        assert (answer.status_code, problem.status, problem.code) == (status, status, code), path
        assert answer.headers["content-type"] == "application/problem+json"
        assert words in problem.detail
        assert problem.title


def test_a_long_value_is_not_repeated_whole(server):
    answer = server.http.post("/runs", json={"name": "x" * 100_000})
    assert len(answer.text) < 2000


def test_a_mistake_of_ours_is_500_without_its_secrets(server, monkeypatch, caplog):
    def fail(**_):
        raise RuntimeError("the password is secret")

    monkeypatch.setattr("api.routes.workers.WorkerPage", fail)
    answer = server.http.get("/workers")
    problem = Problem.model_validate(answer.json())
    assert (answer.status_code, problem.code) == (500, "internal-error")
    assert "secret" not in answer.text
    assert "content-security-policy" in answer.headers
    reference = problem.detail.split("under ")[1].split(".")[0]
    assert reference in caplog.text
    assert "the password is secret" in caplog.text


def test_every_cause_has_a_status_a_code_of_its_own_and_a_meaning():
    causes = set(problems.Refused.__subclasses__())
    assert set(problems.STATUS) == causes
    assert len({cause.code for cause in causes}) == len(causes)
    assert all(cause.title and cause.__doc__ for cause in causes)

"""Who may do what: signing in, the cookie, and requests that other sites send."""

import httpx
import pytest

from api.session import MOST_GUESSES

pytestmark = pytest.mark.stack
TOKEN = "a-token-for-tests-only"


@pytest.fixture
def browser(server):
    """A browser that nobody has signed in with."""
    with httpx.Client(base_url=f"{server.url}/api/v1") as client:
        yield client


def test_signing_in_gives_a_cookie_that_scripts_cannot_read(server, browser):
    assert browser.get("/runs").status_code == 401
    answer = browser.post("/session", json={"token": TOKEN})
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"modescope_session_{server.settings.port}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert TOKEN not in cookie
    assert browser.get("/runs").status_code == 200
    assert browser.delete("/session").status_code == 204
    assert browser.get("/runs").status_code == 401


def test_the_ledger_knows_how_one_was_signed_in(stack, browser, until):
    run = stack.create()
    browser.post("/session", json={"token": TOKEN})
    for client in (browser, stack.http):
        assert client.patch(f"/runs/{run.id}/knobs", json={"r1.weight": 1}).status_code == 202
    until(lambda: len(stack.get(f"/runs/{run.id}/ledger")["items"]) == 2)
    assert [item["author"] for item in stack.get(f"/runs/{run.id}/ledger")["items"]] == ["page", "api"]


STRANGERS = [
    ({}, "not-signed-in"),
    ({"Cookie": "modescope_session_0=1.2.3"}, "not-signed-in"),
    ({"Authorization": "Bearer wrong"}, "wrong-token"),
    ({"Authorization": "Basic YTpi"}, "not-signed-in"),
]


def test_without_the_right_token_nothing_answers(server, browser):
    run = server.create()
    for headers, code in STRANGERS:
        for path in ("/runs", f"/runs/{run.id}", "/catalogue", "/events", "/metrics", f"/runs/{run.id}/export"):
            answer = browser.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, code), (path, headers)
            assert answer.headers["www-authenticate"] == "Bearer"
        assert browser.delete(f"/runs/{run.id}", headers=headers).status_code == 401
        browser.cookies.clear()
    assert server.run(run.id).status == "queued"


def test_guessing_is_slowed_down(browser):
    codes = [browser.post("/session", json={"token": "guess"}).status_code for _ in range(MOST_GUESSES + 1)]
    assert codes == [401] * MOST_GUESSES + [429]
    answer = browser.post("/session", json={"token": TOKEN})
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-guesses")
    assert int(answer.headers["retry-after"]) > 0


def test_a_wrong_sign_in_is_refused_without_a_cookie(browser):
    answer = browser.post("/session", json={"token": "wrong"})
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong-token")
    assert "set-cookie" not in answer.headers
    assert browser.post("/session", json={"token": ""}).status_code == 422


OTHERS = [
    ({"Host": "evil.example:8000"}, "unknown-host"),
    ({"Host": "evil.example", "Origin": "http://evil.example"}, "unknown-host"),
    ({"Host": ""}, "unknown-host"),
    ({"Origin": "http://evil.example"}, "foreign-origin"),
    ({"Origin": "http://127.0.0.1:1"}, "foreign-origin"),
    ({"Origin": "null"}, "foreign-origin"),
    ({"Sec-Fetch-Site": "cross-site"}, "foreign-origin"),
]


def test_changes_that_others_ask_for_are_refused(server):
    run = server.create()
    requests = [
        ("POST", "/runs", {"recipe": "faces-acgan"}),
        ("PATCH", f"/runs/{run.id}", {"name": "stolen"}),
        ("DELETE", f"/runs/{run.id}", None),
        ("POST", "/session", {"token": TOKEN}),
        ("DELETE", "/session", None),
    ]
    for headers, code in OTHERS:
        for verb, path, body in requests:
            answer = server.http.request(verb, path, json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, code), (verb, path, headers)
    assert [item["name"] for item in server.get("/runs")["items"]] == [run.name]


def test_the_servers_own_page_may_change_things(server):
    port = server.url.rsplit(":", 1)[1]
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}", "localhost"):
        headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        answer = server.http.post("/runs", json={"recipe": "faces-acgan"}, headers=headers)
        assert answer.status_code == 201, host

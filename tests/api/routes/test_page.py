"""The page's files, and what every answer tells the browser."""

import gzip
import re
import threading
from importlib.resources import files

import httpx
import pytest
from pydantic import SecretStr

from api.main import create_app
from api.server import Server
from api.settings import Settings

pytestmark = pytest.mark.stack

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory, page_folder):
    """A browser, and one server for all of these tests: none of them needs Redis."""
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        redis_url=SecretStr("redis://127.0.0.1:1/0"),
        token=SecretStr("a-token-for-tests-only"),
        frontend=page_folder,
        port=0,
    )
    server = Server(create_app(settings), settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
        assert thread.is_alive(), "the server did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        yield client
    server.should_exit = True
    thread.join(10)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/launch",
        "/runs/0123456789ab",
        "/runs/nonsense",
        "/runs/0123456789ab/twins/x",
        "/sweeps",
        "/sweeps/x",
        "/workers",
    ],
)
def test_every_address_of_the_page_is_the_page(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "hello" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/nonsense",
        "/runs",
        "/runs/a/b",
        "/static/",
        "/static/nothing.js",
        "/static/secret.py",
        "/static/../secret.py",
        "/static/%2e%2e/modescope.db",
        "/static/..%2f..%2fetc%2fpasswd",
        "/static//etc/passwd.txt",
        "/static/%00.js",
        "/static/styles",
        "/assets/plotly-0.0.0.min.js",
        "/assets/../main.py",
        "/index.html",
    ],
)
def test_nothing_else_is_reachable(browser, path):
    answer = browser.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/nosuch", "/runs/x/y", "/runs"])
def test_an_unknown_address_is_said_in_words_to_a_person_and_as_a_problem_to_a_program(browser, path):
    typed = browser.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (typed.status_code, typed.text) == (404, browser.get("/").text)
    asked = browser.get(path, headers={"Accept": "application/json"})
    assert (asked.status_code, asked.json()["code"]) == (404, "not-found")


def test_a_link_out_of_the_folder_leads_nowhere(browser, page_folder, tmp_path):
    (tmp_path / "outside.txt").write_text("secret")
    link = page_folder / "link.txt"
    link.symlink_to(tmp_path / "outside.txt")
    answer = browser.get("/static/link.txt")
    link.unlink()
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/static/app.js", "text/javascript; charset=utf-8"), ("/static/styles/base.css", "text/css; charset=utf-8")],
)
def test_files_come_with_their_kind_and_are_asked_for_again(browser, page_folder, path, kind):
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text == (page_folder / path.removeprefix("/static/")).read_text()
    again = browser.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])


def test_the_modules_come_as_one_script_that_is_kept_for_good_and_compressed(browser):
    [address] = script_of(browser.get("/").text)
    answer = browser.get(address)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.text == "// app.js\nconst app = (() => {\nconst page = true;\n\nreturn { page };\n})();\n"


def test_the_style_sheets_come_as_one_in_their_order(browser):
    [address] = re.findall(r'<link rel="stylesheet" href="(.*?)"', browser.get("/").text)
    assert address.endswith("/page.css")
    answer = browser.get(address)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.text == "body { margin: 0 }\n\nbody { margin: 1px }\n"


def test_a_changed_file_changes_the_address_and_the_old_one_leads_to_it_for_once(browser, page_folder, until):
    [old] = script_of(browser.get("/").text)
    before = (page_folder / "app.js").read_text()
    (page_folder / "app.js").write_text("export const page = 'changed';\n")
    until(lambda: old not in browser.get("/").text)
    answer = browser.get(old)
    (page_folder / "app.js").write_text(before)
    assert "const page = 'changed';" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def script_of(text):
    return re.findall(r'<script type="module" src="(/static/v-[0-9a-f]{16}/page.js)"', text)


def test_a_changed_file_has_another_tag(browser, page_folder):
    path = page_folder / "changing.js"
    path.write_text("1")
    first = browser.get("/static/changing.js").headers["etag"]
    path.write_text("2")
    answer = browser.get("/static/changing.js", headers={"If-None-Match": first})
    path.unlink()
    assert (answer.status_code, answer.text) == (200, "2")


def test_plotly_is_the_installed_one_compressed_once_and_kept_for_good(browser):
    address = browser.get("/").text.split('content="')[1].split('"')[0]
    assert address.startswith("/assets/plotly-")
    with browser.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        compressed = b"".join(answer.iter_raw())
    installed = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()
    assert gzip.decompress(compressed) == installed
    assert len(compressed) < len(installed) / 3
    plain = browser.get(address, headers={"Accept-Encoding": "identity"})
    assert plain.content == installed
    assert browser.get("/assets/plotly.min.js").headers["location"] == address


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/v1/health", "/api/v1/runs", "/nonsense", "/api/v1/docs"])
def test_every_answer_tells_the_browser_what_the_page_may_do(browser, path):
    headers = browser.get(path).headers
    assert headers["content-security-policy"] == CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_refused_changes_carry_the_headers_too(browser):
    answer = browser.post("/api/v1/runs", json={}, headers={"Origin": "http://evil.example"})
    assert (answer.status_code, answer.headers["content-security-policy"]) == (403, CSP)


def test_json_is_compressed(server):
    for _ in range(3):
        server.create()
    with server.http.stream("GET", "/runs", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert b'"items"' in gzip.decompress(b"".join(answer.iter_raw()))


def test_the_api_is_described_for_people_without_any_script(browser):
    text = browser.get("/api/v1/docs").text
    assert "PATCH /api/v1/runs/{id}/knobs" in text
    assert '<a href="#shape-Accepted">Accepted</a>' in text
    assert "<script" not in text
    assert "http://" not in text
    assert "https://" not in text

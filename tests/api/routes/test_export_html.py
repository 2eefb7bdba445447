"""A run as one HTML file: its answers are the api's, its policy forbids the network, and no text in it is markup."""

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from api.page import installed_plotly
from api.run_file import answers
from api.run_file.modules import linked
from contract.events import AlarmRaised, Grid, Log, Points, Spectrum

pytestmark = pytest.mark.stack

FRONTEND = Path(__file__).parents[3] / "frontend"
NAME = "</script><script>alert(1)</script> & <b>x</b>"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="session")
def page_folder():
    return FRONTEND


class Reader(HTMLParser):
    """The elements as a browser sees them: (tag, attributes, text)."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes), []))

    def handle_data(self, data):
        if self.elements:
            self.elements[-1][2].append(data)

    def texts(self, kind):
        """Path → text, of what the file holds of that kind."""
        held = [(about, "".join(text)) for _, about, text in self.elements if about.get("data-kind") == kind]
        return {about["data-path"]: text for about, text in held}


def exported(stack, run):
    answer = stack.http.get(f"/runs/{run.id}/export", params={"format": "html"})
    assert answer.status_code == 200, answer.text
    return answer


@pytest.fixture
def run(stack):
    run, trainer = stack.training(name=NAME)
    trainer.scalars([1, 2, 3], loss__d=[0.1 + 0.2, float("nan"), float("-inf")], loss__g=[1.0, 2.0, 3.0])
    trainer.say(Grid(series="samples", rows=1, columns=1, cell=[1, 1]), 2, PICTURE)
    trainer.say(Points(series="points", generated=[[0, float("nan")]], real=[[1, 2]], extent=[-1, 1, -1, 1]), 2)
    trainer.say(Spectrum(series="spectrum.d.conv", values=[2.0, float("inf")]), 2)
    trainer.say(AlarmRaised(guard="collapse", message="<i>few</i> modes"), 3)
    stack.recorded(trainer.say(Log(level="warning", message="</script>"), 3))
    return run


def test_the_answers_in_the_file_are_those_of_the_api_to_the_last_bit(stack, run):
    held = Reader(exported(stack, run).text).texts("answer")
    path = f"/runs/{run.id}"
    for part in ("", "/ledger", "/checkpoints", "/series", "/alarms"):
        said = stack.get(path + part)
        for each in (said, found := json.loads(held[path + part])):
            each.pop("cursor", None)
        assert found == said, part
    messages = stack.get(f"{path}/events", kind=["log", "monitor.disabled", "monitor.stretched", "run.status"])
    assert json.loads(held[f"{path}/events"])["items"] == messages["items"]
    for name in ("loss.d", "loss.g"):
        assert json.loads(held[f"{path}/series/{name}"]) == stack.get(f"{path}/series/{name}", buckets=600)
    assert json.loads(held[f"{path}/series/loss.d"])["last"] == [0.1 + 0.2, "NaN", "-Infinity"]
    assert json.loads(held[f"{path}/series/points/2"]) == stack.get(f"{path}/series/points/2")
    looks = stack.get(f"{path}/series/spectrum.d.conv", looks=150)
    assert json.loads(held[f"{path}/series/spectrum.d.conv"]) == looks
    assert looks["looks"][0]["body"]["values"] == [2.0, "Infinity"]


def test_a_picture_is_in_the_file_byte_for_byte(stack, run):
    read = Reader(exported(stack, run).text)
    path = f"/runs/{run.id}/series/samples/2"
    assert base64.b64decode(read.texts("picture")[path]) == PICTURE
    assert json.loads(read.texts("answer")[path])["rows"] == 1
    assert json.loads(read.texts("answer")[f"/runs/{run.id}/series/samples"])["steps"] == [2]


def test_no_text_of_the_run_ends_the_element_that_it_stands_in(stack, run):
    answer = exported(stack, run)
    read = Reader(answer.text)
    scripts = [about for tag, about, _ in read.elements if tag == "script"]
    assert {about.get("type") for about in scripts} == {
        "importmap", "module", "application/json", "application/octet-stream",
    }  # fmt: skip
    assert "alert(1)</script>" not in answer.text
    assert not [tag for tag, _, _ in read.elements if tag in ("b", "i")]
    assert json.loads(read.texts("recording")[""])["name"] == NAME
    [title] = ["".join(text) for tag, _, text in read.elements if tag == "title"]
    assert title.startswith(NAME)


def test_the_file_forbids_itself_the_network_and_names_every_script_that_runs(stack, run):
    answer = exported(stack, run)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-disposition"] == f'attachment; filename="{run.id}.html"'
    read = Reader(answer.text)
    [policy] = [about["content"] for _, about, _ in read.elements if about.get("http-equiv")]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    for directive in ("connect-src", "'self'", "http"):
        assert directive not in policy
    addresses = [about.get("src") or about.get("href") for _, about, _ in read.elements]
    assert [each for each in addresses if each and not each.startswith(("data:", "#", "/"))] == []
    assert [about for tag, about, _ in read.elements if tag == "script" and "src" in about] == []


def test_the_modules_in_the_file_are_the_pages_own_with_one_replaced(stack, run):
    read = Reader(exported(stack, run).text)
    [text] = ["".join(text) for _, about, text in read.elements if about.get("type") == "importmap"]
    found = json.loads(text)["imports"]
    sources = {name: base64.b64decode(address.partition(",")[2]).decode() for name, address in found.items()}
    assert {"modescope/recorded/app.js", "modescope/pages/run.js", "modescope/lib/connection.js"} <= set(sources)
    assert "modescope/pages/launch.js" not in sources, "a page that the file does not show"
    assert "from 'modescope/recorded/lib/connection.js'" in sources["modescope/lib/live.js"]
    assert "from 'modescope/lib/connection.js'" in sources["modescope/recorded/lib/connection.js"]
    asked = {
        name for source in sources.values() for name in re.findall(r"^(?:import|export).*?from '(\S+)'", source, re.M)
    }
    assert asked <= set(sources)
    assert unquote(sources["modescope/lib/format.js"]) == unquote((FRONTEND / "lib/format.js").read_text())


def test_plotly_is_the_installed_one(stack, run):
    packed = Reader(exported(stack, run).text).texts("plotly")[""]
    assert gzip.decompress(base64.b64decode(packed)) == installed_plotly().asset.content


def test_what_is_left_out_is_counted(stack, monkeypatch):
    monkeypatch.setattr(answers, "MOST_FRAMES", 4)
    monkeypatch.setattr(answers, "MOST_LOOKS", 3)
    monkeypatch.setattr(answers, "MOST_BUCKETS", 10)
    run, trainer = stack.training()
    for step in range(1, 41):
        trainer.say(Points(series="points", generated=[[0, step]], real=[], extent=[-1, 1, -1, 1]), step)
        trainer.say(Spectrum(series="spectrum.d.conv", values=[float(step)]), step)
    stack.recorded(trainer.scalars(list(range(1, 41)), loss__d=[1.0] * 40))
    read = Reader(exported(stack, run).text)
    held, path = read.texts("answer"), f"/runs/{run.id}/series"
    points = json.loads(held[f"{path}/points"])["steps"]
    assert points == [1, 17, 33, 40], "each sixteenth, and the last"
    assert [f"{path}/points/{step}" in held for step in (1, 2, 17, 40)] == [True, False, True, True]
    looks = json.loads(held[f"{path}/spectrum.d.conv"])
    assert looks["steps"] == [look["step"] for look in looks["looks"]] == [1, 33, 40]
    assert json.loads(held[f"{path}/loss.d"])["bucket_steps"] == 8
    about = json.loads(read.texts("recording")[""])
    assert (about["bucket_steps"], about["status"], about["step"], about["lost"]) == (8, "running", 40, [])
    assert about["cuts"] == [
        {"name": "points", "kind": "points", "kept": 4, "of": 40},
        {"name": "spectrum.d.conv", "kind": "spectrum", "kept": 3, "of": 40},
    ]


def test_large_measurements_are_kept_in_fewer_pieces(stack, monkeypatch):
    monkeypatch.setattr(answers, "BUDGETS", {"scalar": 4_000_000, "frame": 20_000, "look": 3_000_000})
    run, trainer = stack.training()
    for step in range(1, 33):
        body = Points(series="points", generated=[[0.123456, 0.654321]] * 200, real=[], extent=[-1, 1, -1, 1])
        event = trainer.say(body, step)
    stack.recorded(event)
    text = exported(stack, run).text
    kept = json.loads(Reader(text).texts("answer")[f"/runs/{run.id}/series/points"])["steps"]
    assert kept == [1, 17, 32], "some 4 kB each"


def test_a_picture_that_is_lost_is_said_and_the_rest_is_there(stack, run):
    for file in (stack.settings.data / "artefacts").rglob("*"):
        if file.is_file():
            file.unlink()
    read = Reader(exported(stack, run).text)
    assert json.loads(read.texts("recording")[""])["lost"] == [{"name": "samples", "step": 2}]
    assert json.loads(read.texts("answer")[f"/runs/{run.id}/series/samples"])["steps"] == []
    assert f"/runs/{run.id}/series/loss.d" in read.texts("answer")


def test_an_unknown_run_has_no_file(stack):
    answer = stack.http.get("/runs/nosuch/export", params={"format": "html"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-run")


def test_linked_modules_have_names_and_no_relative_addresses():
    for path, source in linked(FRONTEND).items():
        lines = re.findall(r"^(?:import|export|\}).*?from ['\"](.+?)['\"]", source, re.M)
        assert [each for each in lines if not each.startswith("modescope/")] == [], path
        code = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
        assert not re.search(r"\bimport\(", code), (
            f"{path} imports while it runs: the file's names must be rewritten there too"
        )

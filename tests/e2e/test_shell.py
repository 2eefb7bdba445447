"""The same from a shell: the command and plain HTTP, and bad input answered so that one knows what to do."""

import json
import re
import subprocess
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420)]


def test_launch_follow_and_set_from_the_shell(server):
    launched = server.run_command("launch", "ring-collapse", "--set", "steps=300", "--follow")
    assert launched.returncode == 0, launched.stderr
    assert "finished" in launched.stdout
    run = server.client().launch("ring-collapse", steps=1_000_000)
    server.client().wait(run, lambda r: r["step"] > 0)
    applied = server.run_command("set", run, "optimiser.d.lr=0.002", "optimiser.g.lr=0.0005")
    assert applied.returncode == 0, applied.stderr
    assert "applied at step" in applied.stdout
    refused = server.run_command("set", run, "optimiser.d.lr=-1")
    assert refused.returncode != 0
    assert "optimiser.d.lr must be a number" in refused.stderr + refused.stdout
    assert server.run_command("stop", run).returncode == 0
    listed = json.loads(server.run_command("runs", "--json").stdout)
    found = next(item for item in listed["items"] if item["id"] == run)
    assert found["status"] in ("running", "stopped")
    server.client().wait(run, lambda r: r["status"] == "stopped")


def test_the_readmes_curl_commands_work_as_they_stand(server):
    blocks = re.findall(r"^```sh\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    (block,) = (block for block in blocks if "curl" in block)
    here = block.replace(":8000", f":{server.port}").replace("data/token", str(server.data / "token"))
    said = subprocess.run(["bash", "-e", "-c", here], capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode == 0, said.stderr
    assert '"detail"' not in said.stdout, "a problem document"
    assert "event: run.status" in said.stdout
    client = server.client()
    run = next(item["id"] for item in client.get("/runs").json()["items"] if item["name"] == "from the shell")
    client.wait(run, lambda r: r["status"] == "stopped")
    asked = [(item["name"], item["outcome"]) for item in client.ledger(run, least=2)]
    assert asked == [("auxiliary.weight", "applied"), ("stop", "applied")]


BAD = [
    ({"loss": {"name": "nosuch"}}, "no losses component called 'nosuch'; known:"),
    ({"optimisers": {"G": {"lr": -1}}}, "lr"),
    ({"batch": 0}, "batch"),
    ({"network": {"name": "dcgan"}}, "dcgan needs a dataset with sample = image"),
    ({"conditioning": {"name": "auxiliary"}}, "needs a dataset with labels"),
    ({"nosuch": 1}, "nosuch"),
]


@pytest.mark.parametrize(("overrides", "words"), BAD)
def test_a_spec_that_cannot_work_is_refused_with_the_reason_and_nothing_is_kept(server, overrides, words):
    client = server.client()
    before = client.get("/runs").json()["items"]
    answer = client.post("/runs", json={"recipe": "ring-collapse", "overrides": overrides})
    assert answer.status_code == 422
    assert words in answer.text
    assert answer.json()["errors"]
    assert client.get("/runs").json()["items"] == before


def test_32_pixels_do_not_go_into_a_16_pixel_network(server):
    overrides = {"dataset": {"size": 32}, "network": {"size": 16}}
    answer = server.client().post("/runs", json={"recipe": "faces-acgan", "overrides": overrides})
    assert answer.status_code == 422
    assert "16" in answer.text
    assert "32" in answer.text


def test_a_run_whose_data_are_not_there_fails_with_what_to_do_and_the_next_one_runs(server):
    client = server.client()
    spec = {
        "dataset": {"name": "folder", "path": "nothing-here"},
        "network": {"name": "dcgan", "width": 8},
        "loss": {"name": "hinge"},
        "steps": 10,
    }
    run = client.post("/runs", json={"spec": spec}).json()["id"]
    failed = client.wait(run, lambda r: r["status"] == "failed")
    assert "nothing-here" in failed["reason"]
    after = client.launch("ring-collapse", steps=20)
    client.wait(after, lambda r: r["status"] == "finished")

"""The container files, checked without an engine: by hadolint and by the Compose specification."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from compose_spec import PyCompose

REPOSITORY = Path(__file__).parents[2]
FILLED_IN = {"REDIS_PASSWORD": "secret", "MODESCOPE_TOKEN": "a secret of some length"}
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def compose(environment: dict[str, str]) -> dict:
    """docker-compose.yml with its variables filled in, as Compose does it; KeyError names one that must be set."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        if kind == "-":
            return environment.get(name) or rest
        return environment[name]

    return yaml.safe_load(VARIABLE.sub(value, (REPOSITORY / "docker-compose.yml").read_text()))


SERVICES = compose(FILLED_IN)["services"]
OURS = [name for name in SERVICES if name != "redis"]


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.gpu"])
def test_dockerfile_passes_hadolint(name):
    hadolint = Path(sys.executable).with_name("hadolint")
    result = subprocess.run([hadolint, "--no-color", REPOSITORY / name], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    assert result.stdout == ""


def test_compose_file_keeps_to_the_specification():
    PyCompose.from_json(json.dumps(compose(FILLED_IN))).validate()


@pytest.mark.parametrize("secret", FILLED_IN)
def test_stack_does_not_start_without_its_secrets(secret):
    with pytest.raises(KeyError, match=secret):
        compose({name: value for name, value in FILLED_IN.items() if name != secret})


def test_only_the_page_is_published_and_only_to_this_machine():
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "api": ["127.0.0.1:8000:8000"]
    }


def test_redis_needs_its_password_and_keeps_what_it_was_told():
    command = SERVICES["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--requirepass"] == "secret"
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"
    assert SERVICES["redis"]["networks"] == ["backend"]


def test_every_service_has_a_health_check_and_waits_for_healthy_ones():
    for name, service in SERVICES.items():
        in_image = service.get("build") == "." and name == "api"  # the Dockerfile has it
        assert "healthcheck" in service or in_image, name
        for other, needed in service.get("depends_on", {}).items():
            assert needed == {"condition": "service_healthy"}, f"{name} waits for {other}"


@pytest.mark.parametrize("name", OURS)
def test_service_is_hardened(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.gpu"])
def test_image_runs_as_nobody_special(name):
    users = re.findall(r"^USER (\S+)$", (REPOSITORY / name).read_text(), re.MULTILINE)
    assert users == ["10001"]


@pytest.mark.parametrize(("name", "profile"), [("worker", "cpu"), ("worker-gpu", "gpu")])
def test_runs_train_where_the_profile_says(name, profile):
    assert SERVICES[name]["profiles"] == [profile]
    assert ("deploy" in SERVICES[name]) is (profile == "gpu")


def test_api_image_has_no_torch():
    installs = re.findall(r'"\.\[([^]]+)\]"', (REPOSITORY / "Dockerfile").read_text())
    assert installs == ["api,postgres,s3"]


@pytest.mark.parametrize("name", OURS)
def test_python_of_a_health_check_compiles(name):
    check = SERVICES[name].get("healthcheck", {"test": ["", "", "", "pass"]})["test"]
    compile(check[3], name, "exec")

"""Settings that cannot work are said at start, with the variable's name, before anything is started."""

import shutil

import pytest
from click.testing import CliRunner

from modescope import datafolder
from modescope.__main__ import main
from modescope.settings import BadSettings, UpSettings, is_loopback, read


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    for variable in ("HOST", "PORT", "DATA", "TOKEN", "REDIS_URL", "URL"):
        monkeypatch.delenv(f"MODESCOPE_{variable}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def up(monkeypatch):
    """`modescope up` in this process, which must not come so far as to start the stack."""

    def never(work):
        work.close()
        raise AssertionError("the stack was started")

    monkeypatch.setattr("asyncio.run", never)
    return lambda: CliRunner().invoke(main, ["up"])


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("HOST", "0.0.0.0", "MODESCOPE_HOST is 0.0.0.0, which other machines can reach; set MODESCOPE_TOKEN"),
        ("HOST", "example.org", "MODESCOPE_HOST is example.org, which other machines can reach; set MODESCOPE_TOKEN"),
        ("PORT", "99999", "MODESCOPE_PORT: Input should be less than or equal to 65535; got '99999'"),
        ("PORT", "http", "MODESCOPE_PORT: Input should be a valid integer"),
        ("DATA", "/proc/nowhere", "cannot write the data folder /proc/nowhere"),
        ("DATA", "/dev/null", "set MODESCOPE_DATA to a folder that can be written"),
    ],
)
def test_bad_setting_is_named_and_nothing_started(monkeypatch, up, variable, value, words):
    monkeypatch.setenv(f"MODESCOPE_{variable}", value)
    result = up()
    assert result.exit_code == 1
    assert words in result.output


def test_short_token_does_not_guard_a_public_address_and_is_not_repeated(monkeypatch):
    monkeypatch.setenv("MODESCOPE_HOST", "0.0.0.0")
    monkeypatch.setenv("MODESCOPE_TOKEN", "hunter2")
    with pytest.raises(BadSettings, match="16 characters or more") as refused:
        read(UpSettings)
    assert "hunter2" not in str(refused.value)


def test_bad_secret_is_not_repeated(monkeypatch):
    monkeypatch.setenv("MODESCOPE_PORT", "x")
    monkeypatch.setenv("MODESCOPE_TOKEN", "hunter2")
    with pytest.raises(BadSettings) as refused:
        read(UpSettings)
    assert "hunter2" not in str(refused.value)


def test_address_of_another_machine_cannot_be_listened_on(monkeypatch, up):
    monkeypatch.setenv("MODESCOPE_HOST", "203.0.113.7")
    monkeypatch.setenv("MODESCOPE_TOKEN", "long enough to be one")
    result = up()
    assert result.exit_code == 1
    assert "MODESCOPE_HOST must be an address of this machine" in result.output


def test_full_disk_is_said_at_start(monkeypatch, up):
    usage = shutil.disk_usage("/")
    nearly_full = usage._replace(free=datafolder.LEAST_FREE_BYTES - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: nearly_full)
    result = up()
    assert result.exit_code == 1
    assert "has 255 MiB free; at least 256 MiB are needed" in result.output


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.168.0.2", False), ("localhost.example.org", False)],
)  # fmt: skip
def test_loopback(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:8000"), ("0.0.0.0", "http://127.0.0.1:8000"), ("::", "http://[::1]:8000")],
)
def test_link_leads_to_this_machine(host, url):
    assert UpSettings(host=host, token="long enough to be one").url == url

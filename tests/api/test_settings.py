"""Settings fail at start, and say which variable is wrong and what to do."""

import pytest

from api.settings import BadSettings, Settings, StorageSettings, read

LONG = "a-token-of-sixteen-or-more"


@pytest.fixture(autouse=True)
def _environment(monkeypatch, page_folder):
    monkeypatch.setenv("MODESCOPE_FRONTEND", str(page_folder))
    monkeypatch.setenv("MODESCOPE_TOKEN", LONG)


def test_defaults_are_this_machine_and_its_data_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = read(Settings)
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.database == f"sqlite:///{tmp_path}/data/modescope.db"
    assert settings.artefacts == f"file://{tmp_path}/data/artefacts"
    assert settings.hosts == {"localhost", "127.0.0.1", "::1"}


def test_without_a_token_it_does_not_start(monkeypatch):
    monkeypatch.delenv("MODESCOPE_TOKEN")
    with pytest.raises(BadSettings, match="MODESCOPE_TOKEN is not set; make one: python -c"):
        read(Settings)


def test_a_public_address_needs_a_real_token(monkeypatch):
    monkeypatch.setenv("MODESCOPE_HOST", "0.0.0.0")
    assert read(Settings).hosts is None
    monkeypatch.setenv("MODESCOPE_TOKEN", "short")
    with pytest.raises(BadSettings, match=r"MODESCOPE_HOST is 0\.0\.0\.0.*5 characters.*use 127\.0\.0\.1") as refused:
        read(Settings)
    assert "'short'" not in str(refused.value)


def test_a_short_token_does_for_this_machine_alone(monkeypatch):
    monkeypatch.setenv("MODESCOPE_TOKEN", "short")
    assert read(Settings).secret == "short"


def test_bad_values_are_named_and_secrets_are_not_repeated(monkeypatch):
    monkeypatch.setenv("MODESCOPE_PORT", "70000")
    with pytest.raises(BadSettings, match=r"MODESCOPE_PORT: .*65535; got '70000'"):
        read(Settings)


def test_a_missing_page_is_said_at_start(monkeypatch, tmp_path):
    monkeypatch.setenv("MODESCOPE_FRONTEND", str(tmp_path))
    with pytest.raises(BadSettings, match=r"no index\.html in .*; set MODESCOPE_FRONTEND"):
        read(Settings)


def test_the_recorder_needs_no_token(monkeypatch):
    monkeypatch.delenv("MODESCOPE_TOKEN")
    monkeypatch.setenv("MODESCOPE_DATABASE_URL", "postgresql://u:p@db/m")
    assert read(StorageSettings).database == "postgresql+psycopg://u:p@db/m"


def test_a_proxys_name_can_be_allowed(monkeypatch):
    monkeypatch.setenv("MODESCOPE_ALLOWED_HOSTS", "Gans.example.org, other")
    assert read(Settings).hosts == {"localhost", "127.0.0.1", "::1", "gans.example.org", "other"}

"""Every setting is documented in .env.example, and nothing else is."""

import re
from pathlib import Path

from pydantic_settings import BaseSettings

import api.settings
import modescope.settings
import worker.settings

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = (REPOSITORY / ".env.example").read_text()
COMPOSE_ONLY = {"MODESCOPE_PUBLISH"}


def settings() -> dict[str, str | None]:
    """Variable → what its field's documentation says, over all settings classes."""
    modules = (api.settings, modescope.settings, worker.settings)
    classes = [kind for module in modules for kind in vars(module).values() if isinstance(kind, type)]
    return {
        f"MODESCOPE_{name.upper()}": field.description
        for kind in classes
        if issubclass(kind, BaseSettings) and kind is not BaseSettings
        for name, field in kind.model_fields.items()
    }


def test_every_setting_is_in_the_example_and_every_line_is_a_setting():
    named = set(re.findall(r"^(?:# )?(MODESCOPE_\w+)=", ENVIRONMENT, re.MULTILINE))
    assert named == settings().keys() | COMPOSE_ONLY


def test_every_setting_says_what_it_is():
    assert [name for name, description in settings().items() if not description] == []


def test_secrets_have_no_value_in_the_example():
    assert re.findall(r"^(REDIS_PASSWORD|MODESCOPE_TOKEN)=(.*)$", ENVIRONMENT, re.MULTILINE) == [
        ("REDIS_PASSWORD", ""),
        ("MODESCOPE_TOKEN", ""),
    ]

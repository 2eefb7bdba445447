"""The API's shape: a change of it is seen in review."""

import json
import os
from pathlib import Path

from api.main import create_app

SNAPSHOT = Path(__file__).parent / "openapi.json"


def test_the_api_is_what_the_snapshot_says(settings):
    found = create_app(settings).openapi()
    found["info"]["version"] = "any"
    text = json.dumps(found, indent=1, sort_keys=True) + "\n"
    if os.environ.get("MODESCOPE_UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(text)
    assert text == SNAPSHOT.read_text(), (
        "the API has changed; if that is meant, write the snapshot anew with "
        "MODESCOPE_UPDATE_SNAPSHOTS=1 pytest tests/api/test_openapi.py and commit it"
    )

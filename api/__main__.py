"""`python -m api`: the server, with its settings from the environment."""

import logging
import sys

from api.artefacts import UnusableArtefacts
from api.database import UnusableDatabase
from api.main import create_app
from api.server import Server
from api.settings import Settings, read_or_exit


def main() -> None:
    """Serve until SIGINT or SIGTERM; ends with the reason when it cannot start."""
    settings = read_or_exit(Settings)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        app = create_app(settings)
        app.state.services.prepare()
    except (UnusableDatabase, UnusableArtefacts) as error:
        sys.exit(f"cannot start: {error}")
    Server(app, settings).run()


if __name__ == "__main__":
    main()

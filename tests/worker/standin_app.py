"""The worker's own app, whose trainers are stand-ins."""

import sys
from pathlib import Path

from worker import station
from worker.app import app, main

station.TRAINER = (sys.executable, str(Path(__file__).with_name("standin_trainer.py")))
celery_app = app

if __name__ == "__main__":
    main()

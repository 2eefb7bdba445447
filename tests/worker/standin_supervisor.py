"""A supervisor in a process of its own, to be killed: `python -m tests.worker.standin_supervisor URL SPOOL`."""

import sys
from pathlib import Path

from contract.jobs import TrainJob
from worker.store import Store
from worker.supervisor import Machine, supervise

if __name__ == "__main__":
    url, spool = sys.argv[1:]
    trainer = (sys.executable, str(Path(__file__).with_name("standin_trainer.py")))
    supervise(TrainJob.model_validate_json(sys.stdin.readline()), Machine(Store(url), trainer, Path(spool)), {})

"""`python -m worker`: a worker in the foreground; more arguments go to Celery (`-n name@%h`, `-c 2`)."""

from worker.app import main

if __name__ == "__main__":
    main()

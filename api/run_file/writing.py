"""Writes the file piece by piece, while it is read: as large as a run may be, none of it is held whole."""

import time
from collections.abc import Iterator

from api import VERSION
from api.run_file.answers import Recording, of_concepts
from api.run_file.document import Document, part
from api.services import Services
from api.store import runs
from contract.numbers import dumps


def written(serving: Services, run: str) -> Iterator[str]:
    """The file of a run as it is now; one that trains goes on, and the file says where it was."""
    document = Document.of(serving.page)
    with serving.database.read() as session:
        row = runs.find(session, run)
        recording = Recording(session, serving.artefacts, row)
        yield document.head(f"{row.name} · recording · Modescope")
        yield document.plotly_part()
        for answer in recording.answers():
            yield part(answer)
        for answer in of_concepts(serving.concepts):
            yield part(answer)
        about = {
            "run": row.id,
            "name": row.name,
            "status": row.status,
            "step": row.step,
            "made_at": time.time(),
            "version": VERSION,
            "bucket_steps": recording.cuts.bucket_steps,
            "cuts": recording.cuts.series,
            "lost": recording.cuts.lost,
        }
        yield document.tail(dumps(about))

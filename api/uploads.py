"""Sets of pictures that people have uploaded: kept as artefacts, so that every worker finds them.

A set's id comes from its content: the same pictures are kept once, and what a run names never changes.
"""

import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from api.artefacts import Artefacts
from api.backend import Backend
from api.problems import ArtefactsAway, DatasetInUse, NoSuchDataset, TooLarge
from api.store import runs
from api.unpacking import unpack
from contract.events import ACTIVE
from contract.names import DATASETS, dataset_name
from contract.numbers import loads, shown
from contract.resolve import SpecProblem
from contract.spec import RunSpec
from contract.uploads import MOST_BYTES, Upload, UploadedSet

COMPONENT = "uploaded"
"""The dataset that reads them."""


async def receive(artefacts: Artefacts, name: str, pieces: AsyncIterator[bytes]) -> Upload:
    """Keep the pictures of a zip that is just being sent.

    Raises:
        TooLarge: if more comes than is taken; the rest is not read.
        BadUpload: if there is too little in it that can be used.
        ArtefactsAway: if it cannot be kept.
    """
    with tempfile.TemporaryDirectory(prefix="modescope-upload-") as folder:
        sent = Path(folder) / "sent.zip"
        with sent.open("wb") as file:
            async for piece in pieces:
                file.write(piece)
                if file.tell() > MOST_BYTES:
                    raise TooLarge(f"more than {MOST_BYTES >> 20} MiB came; send fewer or smaller pictures")
        return await run_in_threadpool(_keep, artefacts, name, sent)


def listed(artefacts: Artefacts) -> list[UploadedSet]:
    """All sets, newest first."""
    names = [name for name in artefacts.list(DATASETS) if name.endswith(".json")]
    return sorted((UploadedSet.model_validate_json(artefacts.get(name)) for name in names), key=_age, reverse=True)


def find(artefacts: Artefacts, dataset: str) -> UploadedSet:
    """The set of that id.

    Raises:
        NoSuchDataset: if there is none.
        ArtefactsAway: if nobody can know.
    """
    try:
        return UploadedSet.model_validate_json(artefacts.get(dataset_name(dataset, "json")))
    except FileNotFoundError as missing:
        message = f"no set of pictures has the id {shown(dataset)}; GET /api/v1/datasets lists them"
        raise NoSuchDataset(message) from missing
    except OSError as error:
        raise ArtefactsAway(f"the artefact store does not answer: {error.strerror or error}; try again") from error


def remove(backend: Backend, dataset: str) -> None:
    """Delete a set; runs that have ended keep what they have shown, and cannot be forked any more.

    Raises:
        NoSuchDataset: if there is none.
        DatasetInUse: if a run that has not ended trains on it.
    """
    find(backend.artefacts, dataset)
    with backend.database.read() as session:
        users = [row.id for row in runs.with_status(session, ACTIVE | {"parked"}) if _names(loads(row.spec), dataset)]
    if users:
        raise DatasetInUse(f"runs that have not ended train on it: {', '.join(users)}; stop them first")
    for ending in ("json", "zip"):
        backend.artefacts.delete(dataset_name(dataset, ending))


def unknown(artefacts: Artefacts, spec: RunSpec) -> Iterator[SpecProblem]:
    """What is wrong with the uploaded set that a spec names."""
    if spec.dataset.name != COMPONENT:
        return
    params = spec.dataset.params
    try:
        found = find(artefacts, str(params.get("id")))
    except NoSuchDataset:
        known = ", ".join(f"{each.id} ({each.name})" for each in listed(artefacts)[:10]) or "none yet; upload one"
        yield SpecProblem(
            where="dataset.id", message=f"nobody has uploaded {shown(params.get('id'))}; there are: {known}"
        )
        return
    if params.get("labels") and not found.classes:
        message = (
            f"{found.name} has no sub-folders that could be labels; set it to false, or upload pictures in folders"
        )
        yield SpecProblem(where="dataset.labels", message=message)


def _keep(artefacts: Artefacts, name: str, sent: Path) -> Upload:
    kept = sent.with_name("kept.zip")
    found = unpack(sent, kept)
    dataset = found.digest[:16]
    is_new = not artefacts.exists(dataset_name(dataset, "json"))
    about = UploadedSet(
        id=dataset,
        name=name,
        n_pictures=len(found.pictures),
        classes=found.classes,
        size_bytes=kept.stat().st_size,
        uploaded_at=time.time(),
    )
    try:
        artefacts.put_file(dataset_name(dataset, "zip"), kept)
        artefacts.put(dataset_name(dataset, "json"), about.model_dump_json().encode())  # last: now it is there
    except OSError as error:
        raise ArtefactsAway(f"the pictures cannot be kept: {error.strerror or error}") from error
    return Upload(**about.model_dump(), is_new=is_new, n_refused=found.n_refused, refused=found.refused)


def _age(each: UploadedSet) -> float:
    return each.uploaded_at


def _names(spec: dict[str, object], dataset: str) -> bool:
    named = spec.get("dataset")
    return isinstance(named, dict) and named.get("name") == COMPONENT and named.get("id") == dataset

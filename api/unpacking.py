"""From a zip that somebody sent to one of our own: pictures alone, named by us, in a fixed order, with their labels.

No name from the zip ever becomes a path. Nothing is believed that the zip says of its own sizes.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from api.picture_heads import NoPicture, look
from api.problems import BadUpload
from contract.numbers import dumps
from contract.uploads import MANIFEST, MOST_FILE_BYTES, MOST_PICTURES, MOST_UNPACKED_BYTES, RefusedFile

MOST_TOLD = 50
LONGEST_LABEL = 60
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BEGIN = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a kept set: the same pictures make the same bytes."""
LEAST_PICTURES = 10


@dataclass
class Unpacked:
    """What was kept, and what was not."""

    pictures: list[tuple[str, str]] = field(default_factory=list)
    """Name in the kept set, and name in what was sent."""
    refused: list[RefusedFile] = field(default_factory=list)
    n_refused: int = 0
    classes: list[str] = field(default_factory=list)
    digest: str = ""

    def refuse(self, file: str, reason: str) -> None:
        """Note a file that is not kept."""
        self.n_refused += 1
        if len(self.refused) < MOST_TOLD:
            self.refused.append(RefusedFile(file=_shown(file), reason=reason))


def unpack(sent: Path, kept: Path) -> Unpacked:
    """Write a set of our own.

    Args:
        sent: the zip as it came.
        kept: where the set is written.

    Raises:
        BadUpload: if it is no zip, too much, or holds too few pictures.
    """
    found = Unpacked()
    try:
        with zipfile.ZipFile(sent) as source, zipfile.ZipFile(kept, "w", zipfile.ZIP_STORED) as target:
            digest = hashlib.sha256()
            for name, content, kind in _pictures(source, found):
                ours = f"{len(found.pictures):06}.{kind}"
                target.writestr(zipfile.ZipInfo(ours, BEGIN), content)
                digest.update(hashlib.sha256(content).digest())
                found.pictures.append((ours, name))
            labels = _labels([name for _, name in found.pictures])
            found.classes = sorted(set(labels)) if labels else []
            files = [
                {"file": ours, "was": _shown(name), "label": labels[number] if labels else None}
                for number, (ours, name) in enumerate(found.pictures)
            ]
            manifest = dumps({"files": files})
            target.writestr(zipfile.ZipInfo(MANIFEST, BEGIN), manifest)
            digest.update(dumps(labels))
            found.digest = digest.hexdigest()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise BadUpload(f"this is no zip that can be read ({error}); pack the pictures again") from error
    _check_enough(found)
    return found


def _check_enough(found: Unpacked) -> None:
    """See that there is something to train on.

    Raises:
        BadUpload: if there is not; the first refusals say why.
    """
    if len(found.pictures) >= LEAST_PICTURES:
        return
    why = "; ".join(f"{each.file}: {each.reason}" for each in found.refused[:3])
    message = f"{len(found.pictures)} pictures can be used, and {LEAST_PICTURES} are the least (png, jpeg or webp)"
    raise BadUpload(f"{message}. {found.n_refused} refused: {why}" if why else message)


def _pictures(source: zipfile.ZipFile, found: Unpacked) -> Iterator[tuple[str, bytes, str]]:
    """Each picture as (name, content, kind), in the order of the names.

    Raises:
        BadUpload: if there are too many, or they unfold to too much.
    """
    files = sorted((info for info in source.infolist() if _is_file(info)), key=lambda info: info.filename)
    if len(files) > MOST_PICTURES:
        raise BadUpload(f"there are {len(files)} files; allowed are {MOST_PICTURES}")
    total = 0
    for info in files:
        if info.flag_bits & 1 or info.compress_type not in METHODS:
            found.refuse(info.filename, "it is encrypted, or packed in a way that is not known here")
            continue
        with source.open(info) as file:
            content = file.read(MOST_FILE_BYTES + 1)
        total += len(content)
        if total > MOST_UNPACKED_BYTES:
            raise BadUpload(f"it unfolds to more than {MOST_UNPACKED_BYTES >> 20} MiB; send fewer or smaller pictures")
        if len(content) > MOST_FILE_BYTES:
            found.refuse(info.filename, f"it has more than {MOST_FILE_BYTES >> 20} MiB")
            continue
        try:
            yield info.filename, content, look(content).kind
        except NoPicture as reason:
            found.refuse(info.filename, str(reason))


def _is_file(info: zipfile.ZipInfo) -> bool:
    """Whether it may be a picture: no folder, and nothing that an operating system has put beside."""
    parts = PurePosixPath(info.filename).parts
    return not info.is_dir() and not any(
        part == "__MACOSX" or (part.startswith(".") and part != "..") for part in parts
    )


def _labels(names: list[str]) -> list[str]:
    """Each picture's folder below the one that holds them all; empty when some lie in none, or all in the same."""
    folders = [PurePosixPath(name.replace("\\", "/")).parts[:-1] for name in names]
    while folders and all(folders) and len({parts[0] for parts in folders}) == 1:
        folders = [parts[1:] for parts in folders]
    if not folders or not all(folders):
        return []
    labels = [_shown(parts[0])[:LONGEST_LABEL] for parts in folders]
    return labels if len(set(labels)) > 1 else []


def _shown(name: str) -> str:
    """A name that somebody sent, without what could control a terminal."""
    return "".join(letter if letter.isprintable() else "·" for letter in name)[-200:]

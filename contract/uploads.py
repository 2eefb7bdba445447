"""Pictures that people upload: what a set of them is, and its limits. The worker reads what the api has kept."""

from pydantic import Field

from contract.numbers import Wire

MOST_BYTES = 256 << 20
"""Of one upload, packed: some 10,000 photographs made small, or 250,000 icons."""
MOST_UNPACKED_BYTES = 1 << 30
MOST_FILE_BYTES = 20 << 20
"""Of one picture."""
MOST_PICTURES = 50_000
"""At 64 pixels they take 2.5 GB as float32."""
MOST_PIXELS = 50_000_000
"""Of one picture: a small file may unfold to more than fits in memory."""
LONGEST_NAME = 80
ID = r"^[0-9a-f]{16}$"
"""Of a set: the first part of the digest of its pictures and labels."""
MANIFEST = "manifest.json"
"""In a kept set: `{"files": [{"file", "was", "label"}]}`, in the order of the pictures."""


class RefusedFile(Wire):
    """A file of an upload that was not kept, and why."""

    file: str
    reason: str


class UploadedSet(Wire):
    """A set of pictures that somebody has uploaded."""

    id: str = Field(pattern=ID)
    name: str
    n_pictures: int
    classes: list[str] = []
    """Sub-folders that all pictures lie in, which may serve as labels; empty: there are none."""
    size_bytes: int
    uploaded_at: float


class Upload(UploadedSet):
    """What became of an upload."""

    is_new: bool
    """False when these very pictures were there already."""
    n_refused: int
    refused: list[RefusedFile]
    """The first of them."""

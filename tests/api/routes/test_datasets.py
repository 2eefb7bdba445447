"""Uploading one's own pictures: what is kept, what is refused and why, and that no zip gets anything else done."""

import io
import json
import struct
import zipfile
import zlib

import pytest
from PIL import Image

from api import picture_heads, unpacking
from api.artefacts import Artefacts
from contract.uploads import Upload

pytestmark = pytest.mark.stack


def picture(kind="PNG", size=(20, 16), colour=(200, 10, 10), **more):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind, **more)
    return file.getvalue()


def packed(files, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def torn():
    """A zip whose directory is whole and whose packed bytes are not."""
    content = bytearray(packed({"a.png": bytes(range(256)) * 400}, zipfile.ZIP_DEFLATED))
    content[40:80] = b"\xff" * 40
    return bytes(content)


def twelve(folder=""):
    return {f"{folder}{i:02}.png": picture(colour=(20 * i, 0, 0)) for i in range(12)}


def send(server, content, name="mine"):
    return server.http.post(
        "/datasets", params={"name": name}, content=content, headers={"Content-Type": "application/zip"}
    )


def uploaded(server, files, **more):
    answer = send(server, packed(files), **more)
    assert answer.status_code == 201, answer.text
    return Upload.model_validate(answer.json())


def test_pictures_are_kept_and_the_rest_is_refused_with_the_reason(server):
    torn = picture("JPEG")[:3]
    files = twelve() | {"a.webp": picture("WEBP"), "b.jpg": picture("JPEG"), "notes.txt": b"hello", "c.jpg": torn}
    found = uploaded(server, files | {"__MACOSX/._a.png": b"", ".DS_Store": b"", "d.png": picture(size=(4, 4))})
    assert (found.n_pictures, found.n_refused, found.classes, found.is_new) == (14, 3, [], True)
    assert {each.file: each.reason for each in found.refused} == {
        "notes.txt": "it is no png, jpeg or webp",
        "c.jpg": "it is cut off",
        "d.png": "it has 4×4 pixels, fewer than 8 a side",
    }
    (listed,) = server.get("/datasets")["items"]
    assert listed == found.model_dump(exclude={"is_new", "n_refused", "refused"})


def test_the_kept_set_has_our_names_the_pictures_order_and_their_labels(server):
    files = {f"all/{side}/{i}.png": picture(colour=(i, 0, 0)) for side in ("left", "right") for i in range(6)}
    found = uploaded(server, files)
    assert found.classes == ["left", "right"]
    content = Artefacts(server.settings.artefacts).get(f"datasets/{found.id}.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as kept:
        manifest = json.loads(kept.read("manifest.json"))["files"]
        assert [each["label"] for each in manifest] == ["left"] * 6 + ["right"] * 6
        assert [kept.read(each["file"]) for each in manifest] == [files[name] for name in sorted(files)]
        assert kept.namelist()[0] == "000000.png"


def test_the_same_pictures_are_kept_once_whatever_the_zip_looks_like(server):
    first = uploaded(server, twelve())
    again = send(server, packed(dict(reversed(twelve().items())), zipfile.ZIP_DEFLATED), name="again")
    second = Upload.model_validate(again.json())
    assert (second.id, second.is_new, second.name) == (first.id, False, "again")
    assert len(server.get("/datasets")["items"]) == 1
    other = uploaded(server, twelve() | {"11.png": picture(colour=(1, 2, 3))})
    assert other.id != first.id


@pytest.mark.parametrize("name", ["../../out.png", "/etc/out.png", "a\\..\\..\\out.png", "C:\\out.png"])
def test_no_name_in_a_zip_becomes_a_path(server, tmp_path, name):
    before = sorted(path for path in tmp_path.rglob("*out.png"))
    found = uploaded(server, twelve() | {name: picture(colour=(9, 9, 9))})
    assert found.n_pictures == 13
    assert sorted(path for path in tmp_path.rglob("*out.png")) == before == []


def test_what_unfolds_to_too_much_is_refused_whatever_it_says_of_its_size(server, monkeypatch):
    monkeypatch.setattr(unpacking, "MOST_UNPACKED_BYTES", 50_000)
    zeros = packed({f"{i}.png": bytes(20_000) for i in range(12)}, zipfile.ZIP_DEFLATED)
    assert len(zeros) < 5_000
    answer = send(server, zeros)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-upload")
    assert "unfolds to more than" in answer.json()["detail"]
    assert server.get("/datasets")["items"] == []


def test_a_picture_of_too_many_pixels_is_refused_though_it_is_small(server):
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    found = uploaded(server, twelve() | {"bomb.png": b"\x89PNG\r\n\x1a\n" + chunk})
    assert [each.reason for each in found.refused] == ["it has 60000×60000 pixels, more than 50,000,000 in all"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no zip", "no zip that can be read"),
        (packed({"a.png": picture()}), "1 pictures can be used, and 10"),
        (b"", "no zip"),
        (torn(), "no zip that can be read"),
    ],
)
def test_too_little_is_refused_and_nothing_is_kept(server, content, words):
    answer = send(server, content)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-upload")
    assert words in answer.json()["detail"]
    assert server.get("/datasets")["items"] == []


def test_more_than_is_taken_is_refused_while_it_comes(server, monkeypatch):
    monkeypatch.setattr("api.uploads.MOST_BYTES", 1000)
    answer = send(server, packed(twelve()))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert server.get("/datasets")["items"] == []


@pytest.mark.parametrize("name", ["", "x" * 81, "a\nb"])
def test_a_set_has_a_name_that_can_be_shown(server, name):
    assert send(server, packed(twelve()), name=name).status_code == 422


@pytest.mark.parametrize("size", [(8, 9), (300, 17), (1000, 999)])
@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0"}),
    ],
)
def test_the_size_is_read_as_pillow_reads_it(kind, more, size):
    content = picture(kind, size, **more)
    head = picture_heads.look(content)
    with Image.open(io.BytesIO(content)) as image:
        assert ((head.width, head.height), head.kind) == (image.size, kind.lower())


def spec(dataset):
    return {
        "dataset": {"name": "uploaded", "id": dataset, "size": 16, "labels": False},
        "network": {"name": "dcgan"}, "loss": {"name": "hinge"},
    }  # fmt: skip


@pytest.fixture
def with_uploads(server, catalogue):
    from contract import names
    from contract.components import ComponentDescription

    properties = {"id": {"type": "string"}, "size": {"type": "integer"}, "labels": {"type": "boolean"}}
    uploads = ComponentDescription(
        family="datasets", name="uploaded", title="Uploaded", summary="", doc="",
        provides={"sample": "image", "labels": "$labels"},
        params={"type": "object", "properties": properties, "additionalProperties": False},
    )  # fmt: skip
    server.redis.set(
        names.CATALOGUE, catalogue.model_copy(update={"components": [*catalogue.components, uploads]}).model_dump_json()
    )
    return server


def test_an_upload_that_is_not_there_is_refused_at_launch(with_uploads):
    server = with_uploads
    found = uploaded(server, twelve())
    answer = server.http.post("/runs", json={"spec": spec("0" * 16)})
    (problem,) = answer.json()["errors"]
    assert (answer.status_code, problem["where"]) == (422, "dataset.id")
    assert problem["message"] == f'nobody has uploaded "{"0" * 16}"; there are: {found.id} (mine)'
    assert server.get("/runs")["items"] == []
    assert server.http.post("/runs", json={"spec": spec(found.id)}).status_code == 201
    labelled = spec(found.id)
    labelled["dataset"]["labels"] = True
    answer = server.http.post("/runs", json={"spec": labelled})
    assert answer.json()["errors"][0]["where"] == "dataset.labels"


def test_a_set_on_which_a_run_trains_is_not_deleted(with_uploads):
    server = with_uploads
    found = uploaded(server, twelve())
    run = server.http.post("/runs", json={"spec": spec(found.id)}).json()["id"]
    refused = server.http.delete(f"/datasets/{found.id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "dataset-in-use")
    assert run in refused.json()["detail"]
    other = uploaded(server, twelve() | {"x.png": picture()})
    assert server.http.delete(f"/datasets/{other.id}").status_code == 204
    assert [each["id"] for each in server.get("/datasets")["items"]] == [found.id]
    assert server.http.delete(f"/datasets/{other.id}").json()["code"] == "no-such-dataset"
    assert not Artefacts(server.settings.artefacts).exists(f"datasets/{other.id}.zip")

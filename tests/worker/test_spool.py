"""The file in which events wait."""

import math
import os
import struct
from pathlib import Path

import pytest

from tests.worker.saying import measured, pictured, said
from worker.spool import Spool, SpoolInUse, spool_path
from worker.store import Item

MB = 1 << 20


def items(*numbers: int) -> list[Item]:
    return [(said(number), None) for number in numbers]


def waiting(spool: Spool) -> list[int]:
    return [item[0].seq for item, _ in spool.peek(1000, MB)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return spool_path(tmp_path / "spool", "f00d", 1, "trainer")


def test_nothing_is_made_on_disk_before_something_waits(path: Path) -> None:
    spool = Spool(path, most_bytes=MB)
    assert spool.empty
    spool.close()
    assert not path.parent.exists()


def test_event_comes_back_with_its_blob_and_its_nan(path: Path) -> None:
    spool = Spool(path, most_bytes=MB)
    written = [(measured(1, math.nan, 0.1), None), pictured(2, b"\x00\xff"), (said(3), b"")]
    assert spool.append(written) == 3
    read = [item for item, _ in spool.peek(10, MB)]
    spool.close()
    assert [blob for _, blob in read] == [None, b"\x00\xff", b""]
    assert [event.model_dump_json() for event, _ in read] == [event.model_dump_json() for event, _ in written]


def test_reading_does_not_forget_and_advancing_does(path: Path) -> None:
    spool = Spool(path, most_bytes=MB)
    spool.append(items(1, 2, 3))
    assert [item[0].seq for item, _ in spool.peek(2, MB)] == [1, 2]
    spool.advance(spool.peek(2, MB)[1][1])
    assert waiting(spool) == [3]
    spool.append(items(4))
    assert waiting(spool) == [3, 4]
    spool.close()


def test_one_event_is_read_however_large_it_is(path: Path) -> None:
    spool = Spool(path, most_bytes=MB)
    spool.append([pictured(1, b"x" * 5000), pictured(2, b"x" * 5000)])
    assert [item[0].seq for item, _ in spool.peek(10, 100)] == [1]
    spool.close()


def test_emptied_file_starts_again_and_goes_when_closed(path: Path) -> None:
    spool = Spool(path, most_bytes=MB)
    spool.append(items(1, 2))
    spool.advance(spool.peek(2, MB)[-1][1])
    assert (spool.empty, path.stat().st_size) == (True, 0)
    spool.append(items(3))
    spool.close()
    spool = Spool(path, most_bytes=MB)
    assert waiting(spool) == [3]
    spool.advance(spool.peek(2, MB)[-1][1])
    spool.close()
    assert not path.exists()


def test_what_waits_is_there_for_the_next_process(path: Path) -> None:
    first = Spool(path, most_bytes=MB)
    first.append(items(1, 2))
    first.advance(first.peek(1, MB)[0][1])
    first.close()
    second = Spool(path, most_bytes=MB)
    assert waiting(second) == [1, 2]  # where the first had come to is not kept: a double does no harm
    second.append(items(3))
    assert waiting(second) == [1, 2, 3]
    second.close()


def test_open_file_is_its_owner_s_alone(path: Path) -> None:
    spool = Spool(path, most_bytes=MB)
    spool.append(items(1))
    with pytest.raises(SpoolInUse, match="is open in another process"):
        Spool(path, most_bytes=MB)
    spool.close()
    Spool(path, most_bytes=MB).close()


@pytest.mark.parametrize("cut", [1, 11, 30])
def test_frame_cut_short_by_a_lost_machine_is_dropped_and_the_rest_stays(path: Path, cut: int) -> None:
    spool = Spool(path, most_bytes=MB)
    spool.append(items(1, 2))
    spool.close()
    whole = path.read_bytes()
    first = struct.calcsize(">IiI") + struct.unpack(">I", whole[:4])[0]
    path.write_bytes(whole[: first + cut])
    again = Spool(path, most_bytes=MB)
    assert waiting(again) == [1]
    assert path.stat().st_size == first
    again.append(items(2))
    assert waiting(again) == [1, 2]
    again.close()
    assert path.read_bytes() == whole


def test_zeros_at_the_end_are_dropped(path: Path) -> None:
    spool = Spool(path, most_bytes=MB)
    spool.append(items(1))
    spool.close()
    path.write_bytes(path.read_bytes() + bytes(100))
    again = Spool(path, most_bytes=MB)
    assert waiting(again) == [1]
    again.close()


def test_damaged_frame_ends_what_is_read(path: Path) -> None:
    spool = Spool(path, most_bytes=MB)
    spool.append(items(1, 2))
    spool.close()
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    again = Spool(path, most_bytes=MB)
    assert waiting(again) == [1]
    again.close()


def test_bound_is_kept_and_said(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = Spool(path, most_bytes=1100)
    assert spool.append([pictured(1, b"x" * 200), pictured(2, b"x" * 200), pictured(3, b"x" * 900)]) == 2
    assert waiting(spool) == [1, 2]
    assert path.stat().st_size <= 1100
    assert "its bound is 1100" in caplog.text
    spool.close()


def test_full_disk_keeps_what_was_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(path, most_bytes=MB)
    spool.append(items(1))
    size_bytes = path.stat().st_size
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: pwrite(file, data[:20], at))  # as a disk that fills up
    assert spool.append(items(2)) == 0
    monkeypatch.setattr(os, "pwrite", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert spool.append(items(2)) == 0
    assert "No space left on device" in caplog.text
    assert path.stat().st_size == size_bytes
    monkeypatch.undo()
    assert spool.append(items(2)) == 1
    assert waiting(spool) == [1, 2]
    spool.close()


def test_folder_that_cannot_be_made_takes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    spool = Spool(tmp_path / "file" / "x.spool", most_bytes=MB)
    assert spool.append(items(1)) == 0
    assert "takes no more events" in caplog.text
    assert spool.empty
    spool.close()


def test_discarded_file_is_gone(path: Path) -> None:
    spool = Spool(path, most_bytes=MB)
    spool.append(items(1))
    spool.discard()
    assert not path.exists()
    assert spool.empty


def test_each_writer_has_a_file_of_its_own(tmp_path: Path) -> None:
    assert spool_path(tmp_path, "f00d", 2, "trainer") == tmp_path / "f00d-2.spool"
    assert spool_path(tmp_path, "f00d", 2, "supervisor") == tmp_path / "f00d-2-supervisor.spool"


@pytest.mark.parametrize("run", ["../etc", "a/b", "", "a" * 65])
def test_run_id_that_is_no_file_name_is_refused(tmp_path: Path, run: str) -> None:
    with pytest.raises(ValueError, match="must be 1 to 64 letters, digits, - or _"):
        spool_path(tmp_path, run, 1, "trainer")

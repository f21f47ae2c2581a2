"""One item: when it is left as it is, what a failure says, and that an output is announced before it is there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from PIL import Image
from tests.jobs.pictures import filled_alone, make_pictures

from retouch.errors import FileError
from retouch.io.pictures.reading import open_image
from retouch.jobs.journal import Done, Hashes, Work
from retouch.jobs.planning.settings import Settings, fingerprint
from retouch.jobs.running import work as working
from retouch.jobs.running.work import Failed, Kept, do_item


def work_of(root: Path, settings: Settings, before: Hashes | None = None, name: str = "a.png") -> Work:
    text = settings.to_json()
    mask = str(root / "masks" / "a.png") if settings.task == "fill" else None
    return Work(1, name, str(root / "in" / "a.png"), mask, fingerprint(text), text, 0, before)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_pictures(tmp_path, ["a.png"])


FILL = Settings("fill", method="nearest")


def test_an_output_is_announced_before_it_is_there_and_is_that_of_a_single_fill(root: Path) -> None:
    there: list[bool] = []
    announced: list[Hashes] = []

    def announce(hashes: Hashes) -> None:
        there.append((root / "out" / "a.png").exists())
        announced.append(hashes)

    assert isinstance(do_item(work_of(root, FILL), root / "out", announce, score=False), Done)
    assert there == [False]
    data = (root / "out" / "a.png").read_bytes()
    assert data == filled_alone(root, "a.png")
    assert announced[0].output == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("change", ["nothing", "settings", "picture", "mask", "output", "output is gone"])
def test_an_item_is_left_only_when_all_that_made_it_is_the_same(change: str, root: Path) -> None:
    announced: list[Hashes] = []
    do_item(work_of(root, FILL), root / "out", announced.append, score=False)
    settings = Settings("fill", method="harmonic") if change == "settings" else FILL
    if change in ("picture", "mask"):
        path = root / ("in" if change == "picture" else "masks") / "a.png"
        Image.open(path).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(path)
    if change.startswith("output"):
        (root / "out" / "a.png").write_bytes(b"other")
    if change == "output is gone":
        (root / "out" / "a.png").unlink()
    outcome = do_item(work_of(root, settings, announced[0]), root / "out", announced.append, score=False)
    assert isinstance(outcome, Kept) == (change == "nothing")
    assert len(announced) == (1 if change == "nothing" else 2)


def test_a_fill_gets_a_score_and_a_denoised_picture_none(root: Path) -> None:
    filled = do_item(work_of(root, FILL), root / "out", lambda hashes: None, score=True)
    denoise = Settings("denoise", method="gaussian", sigma=5.0)
    denoised = do_item(work_of(root, denoise, name="b.png"), root / "out", lambda hashes: None, score=True)
    assert isinstance(filled, Done)
    assert isinstance(denoised, Done)
    assert filled.score is not None
    assert 0 <= filled.score <= 1
    assert denoised.score is None


def test_a_picture_in_which_nothing_is_found_comes_out_as_it_is_and_says_so(root: Path) -> None:
    Image.new("RGB", (64, 64), (90, 90, 90)).save(root / "in" / "a.png")
    outcome = do_item(work_of(root, Settings("remove", find=("stamp",))), root / "out", lambda hashes: None, score=True)
    assert isinstance(outcome, Done)
    assert "nothing was found" in outcome.note
    assert (open_image(root / "out" / "a.png").pixels == 90).all()


def test_the_content_decides_the_format_where_it_is_to_be_kept(root: Path) -> None:
    kept = Settings("denoise", method="gaussian", sigma=5.0, keep_format=True)
    named = Settings("denoise", method="gaussian", sigma=5.0)
    for settings, name in ((kept, "a.jpg"), (named, "b.jpg")):
        do_item(work_of(root, settings, name=name), root / "out", lambda hashes: None, score=False)
    assert [open_image(root / "out" / name).format for name in ("a.jpg", "b.jpg")] == ["PNG", "JPEG"]


def test_a_damaged_picture_fails_with_its_reason_and_another_try_is_no_use(root: Path) -> None:
    (root / "in" / "a.png").write_bytes(b"")
    outcome = do_item(work_of(root, FILL), root / "out", lambda hashes: None, score=False)
    assert isinstance(outcome, Failed)
    assert "it is empty (0 bytes)" in outcome.reason
    assert not outcome.may_pass


def test_a_pipe_is_refused_and_not_waited_for(root: Path) -> None:
    (root / "in" / "a.png").unlink()
    os.mkfifo(root / "in" / "a.png")
    outcome = do_item(work_of(root, FILL), root / "out", lambda hashes: None, score=False)
    assert isinstance(outcome, Failed)
    assert "it is no file" in outcome.reason


def test_a_full_disk_stops_all(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise FileError("cannot write it: no space left") from OSError(28, "no space left")

    monkeypatch.setattr(working, "atomic_write", full)
    outcome = do_item(work_of(root, FILL), root / "out", lambda hashes: None, score=False)
    assert outcome == Failed("cannot write it: no space left", may_pass=True, stops_all=True)


def test_a_name_of_255_bytes_can_be_written(root: Path) -> None:
    name = "n" * 251 + ".png"
    outcome = do_item(work_of(root, FILL, name=name), root / "out", lambda hashes: None, score=False)
    assert isinstance(outcome, Done)
    assert os.listdir(root / "out") == [name]  # noqa: PTH208 - names only

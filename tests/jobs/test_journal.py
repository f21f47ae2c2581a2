"""The journal and the lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from retouch.errors import FileError, UsageError
from retouch.jobs.journal import Done, Hashes, Journal, journal_path
from retouch.jobs.lock import locked
from retouch.jobs.planning.items import Item
from retouch.jobs.planning.settings import Settings

DENOISE = Settings("denoise", method="gaussian")
HASHES = Hashes("made", "source", "", "output")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal_path(tmp_path).parent.mkdir()
    with closing(Journal(tmp_path)) as opened:
        yield opened


def items(*names: str, settings: Settings = DENOISE) -> Iterator[Item]:
    return (Item(name, f"/in/{name}", None, settings) for name in names)


def names(journal: Journal, run: int) -> list[str]:
    return [work.name for work in journal.work_of(run)]


def test_what_failed_stays_so_until_it_is_retried_or_its_settings_change(journal: Journal) -> None:
    first = journal.begin(items("a.png", "b.png", "c.png"))
    a, b, _ = journal.work_of(first)
    journal.announce(a, HASHES)
    journal.finish(a, first, Done(1.0, 2.0, None, ""))
    journal.fail(b, first, "damaged")
    assert journal.counts() == {"waiting": 1, "done": 1, "failed": 1}
    assert names(journal, journal.begin(items("a.png", "b.png", "c.png"))) == ["a.png", "c.png"]
    assert names(journal, journal.begin_retry()) == ["b.png", "c.png"]
    other = Settings("denoise", method="median")
    assert names(journal, journal.begin(items("a.png", "b.png", settings=other))) == ["a.png", "b.png"]


def test_what_was_announced_is_known_although_it_was_not_finished(journal: Journal) -> None:
    first = journal.begin(items("a.png", "b.png"))
    work = next(journal.work_of(first))
    journal.announce(work, HASHES)
    again = next(journal.work_of(journal.begin(items("a.png", "b.png"))))
    assert again.before == HASHES
    assert journal.known_outputs() == {"a.png"}


def test_items_that_are_no_longer_asked_for_are_not_counted(journal: Journal) -> None:
    journal.begin(items("a.png", "b.png"))
    journal.begin(items("b.png"))
    assert journal.counts()["waiting"] == 1


def test_an_item_with_a_problem_fails_at_once(journal: Journal) -> None:
    run = journal.begin(iter([Item("a.png", "/in/a.png", None, DENOISE, "no mask")]))
    assert names(journal, run) == []
    assert [row.error for row in journal.rows(state="failed")] == ["no mask"]


def test_a_plan_is_written_whole_or_not_at_all(journal: Journal) -> None:
    def broken() -> Iterator[Item]:
        yield from items("a.png")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        journal.begin(broken())
    assert journal.run == 0
    assert journal.counts()["waiting"] == 0


def test_more_items_than_are_read_at_once_come_once_each(journal: Journal) -> None:
    wanted = [f"{number:04}.png" for number in range(700)]
    run = journal.begin(items(*wanted))
    seen = []
    for work in journal.work_of(run):
        seen.append(work.name)
        journal.fail(work, run, "x")
    assert seen == wanted


def test_the_worst_score_comes_first_and_none_last(journal: Journal) -> None:
    run = journal.begin(items("a.png", "b.png", "c.png"))
    for work, score in zip(list(journal.work_of(run)), (0.2, None, 0.9), strict=True):
        journal.finish(work, run, Done(1.0, None, score, ""))
    assert [row.name for row in journal.rows(worst_first=True)] == ["c.png", "a.png", "b.png"]
    assert [row.name for row in journal.rows()] == ["a.png", "b.png", "c.png"]


def test_names_that_are_no_unicode_come_back(journal: Journal) -> None:
    run = journal.begin(items("caf\udce9.png"))
    assert names(journal, run) == ["caf\udce9.png"]


def test_a_damaged_journal_is_refused(tmp_path: Path) -> None:
    journal_path(tmp_path).parent.mkdir()
    journal_path(tmp_path).write_bytes(b"no database" * 100)
    with pytest.raises(UsageError, match="is damaged"):
        Journal(tmp_path)


def test_a_second_run_on_a_folder_is_refused_while_the_first_lasts(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(FileError, match="another run works in"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="name a folder that can be written to"), locked(tmp_path / "file"):
        pass

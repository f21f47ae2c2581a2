"""The journal of a folder: a SQLite database (write-ahead log) with a row for each item; one process writes it.

Every change is a transaction of its own, so that a kill at any moment leaves it whole. It is not synced to the disk at
each of them (synchronous=NORMAL): after a power cut the last rows may be missing, and their items are done again, to
the same bytes. An output's hash is written down before the output takes its place: what is found there later is known.

Paths are stored as bytes, since names need not be Unicode.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retouch import __version__
from retouch.errors import FileError, UsageError
from retouch.jobs.planning.items import HIDDEN, Item
from retouch.jobs.planning.settings import Settings, fingerprint

WAITING, DONE, FAILED = "waiting", "done", "failed"
STATES = (WAITING, DONE, FAILED)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (number INTEGER PRIMARY KEY, version TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (fingerprint TEXT PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (
  id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, source BLOB NOT NULL, mask BLOB, fingerprint TEXT NOT NULL,
  run INTEGER NOT NULL, seen INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  made_by TEXT, source_sha TEXT, mask_sha TEXT, output_sha TEXT, seconds REAL, peak_mb REAL, score REAL,
  note TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '', version TEXT
);
CREATE INDEX IF NOT EXISTS by_turn ON items (run, state, id);
"""
_AT_ONCE = 256


@dataclass(frozen=True)
class Hashes:
    """SHA-256 of what went into an output and of what came out; `made_by` is the fingerprint of its settings."""

    made_by: str
    source: str
    mask: str
    output: str


@dataclass(frozen=True)
class Work:
    """An item that waits for its turn; `before` is what is known of an output that may lie there already."""

    id: int
    name: str
    source: str
    mask: str | None
    fingerprint: str
    settings_json: str
    attempts: int
    before: Hashes | None


@dataclass(frozen=True)
class Done:
    """An output was written: how long it took, the most memory, how filled it looks (0 to 1), what is to be said."""

    seconds: float
    peak_mb: float | None
    score: float | None
    note: str


@dataclass(frozen=True)
class Row:
    """What the journal says of one item."""

    name: str
    source: str
    mask: str | None
    settings_json: str
    state: str
    attempts: int
    output_sha: str | None
    seconds: float | None
    peak_mb: float | None
    score: float | None
    note: str
    error: str


class Journal:
    """The journal of an output folder.

    Parameters
    ----------
    out : Path
        With its hidden folder made.

    Raises
    ------
    UsageError
        If the journal is damaged.
    FileError
        If it cannot be written.
    """

    def __init__(self, out: Path) -> None:
        path = journal_path(out)
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            raise FileError(f"cannot write {path}: {error}; name a folder that can be written to") from error
        except sqlite3.DatabaseError as error:
            raise UsageError(f"{path} is damaged ({error}); remove it to begin anew, or name another folder") from error

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()

    @property
    def run(self) -> int:
        """Number of the latest run; 0 before the first."""
        return int(self._db.execute("SELECT coalesce(max(number), 0) FROM runs").fetchone()[0])

    def known_outputs(self) -> frozenset[str]:
        """Return the names of outputs that were made here, or may have been."""
        rows = self._db.execute("SELECT name FROM items WHERE output_sha IS NOT NULL")
        return frozenset(os.fsdecode(name) for (name,) in rows)

    def begin(self, items: Iterator[Item]) -> int:
        """Write down what a new run is to do, whole or not at all, and return its number.

        What failed before with the same settings stays failed; what is done stays so until its output was looked at.
        """
        with self._transaction():
            number = self.run + 1
            self._db.execute("INSERT INTO runs VALUES (?, ?)", (number, __version__))
            prints: dict[Settings, str] = {}
            for item in items:
                self._plan(item, number, prints)
        return number

    def begin_retry(self) -> int:
        """Begin a run that does again what failed, and what was not done yet."""
        with self._transaction():
            before = self.run
            self._db.execute("INSERT INTO runs VALUES (?, ?)", (before + 1, __version__))
            self._db.execute(
                "UPDATE items SET run = run + 1, seen = CASE state WHEN ? THEN run + 1 ELSE seen END, attempts = 0, "
                "state = CASE state WHEN ? THEN ? ELSE state END WHERE run = ?",
                (DONE, FAILED, WAITING, before),
            )
        return before + 1

    def _plan(self, item: Item, number: int, prints: dict[Settings, str]) -> None:
        if item.settings not in prints:
            text = item.settings.to_json()
            prints[item.settings] = fingerprint(text)
            self._db.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (prints[item.settings], text))
        mask = None if item.mask is None else os.fsencode(item.mask)
        given = (os.fsencode(item.name), os.fsencode(item.source), mask, prints[item.settings], number)
        self._db.execute(
            "INSERT INTO items (name, source, mask, fingerprint, run, state) VALUES (?, ?, ?, ?, ?, 'waiting') "
            "ON CONFLICT (name) DO UPDATE SET state = CASE WHEN state = 'done' OR (state = 'failed' AND "
            "fingerprint = excluded.fingerprint AND source = excluded.source AND mask IS excluded.mask) THEN state "
            "ELSE 'waiting' END, source = excluded.source, mask = excluded.mask, fingerprint = excluded.fingerprint, "
            "run = excluded.run, attempts = CASE state WHEN 'failed' THEN attempts ELSE 0 END",
            given,
        )
        if item.problem:
            self._db.execute(
                "UPDATE items SET state = 'failed', error = ?, seen = ? WHERE name = ?",
                (item.problem, number, given[0]),
            )

    def work_of(self, run: int) -> Iterator[Work]:
        """Yield what a run has still to do or to look at, read in parts so that memory stays flat."""
        last = 0
        while True:
            rows = self._db.execute(
                "SELECT id, name, source, mask, items.fingerprint, json, attempts, made_by, source_sha, mask_sha, "
                "output_sha FROM items JOIN settings USING (fingerprint) "
                "WHERE run = ? AND seen < run AND state != 'failed' AND id > ? ORDER BY id LIMIT ?",
                (run, last, _AT_ONCE),
            ).fetchall()
            if not rows:
                return
            for row in rows:
                yield _work(row)
            last = rows[-1][0]

    def announce(self, work: Work, hashes: Hashes) -> None:
        """Write down what is about to take its place under the output's name."""
        self._db.execute(
            "UPDATE items SET made_by = ?, source_sha = ?, mask_sha = ?, output_sha = ?, state = 'waiting', "
            "version = ? WHERE id = ?",
            (hashes.made_by, hashes.source, hashes.mask, hashes.output, __version__, work.id),
        )

    def finish(self, work: Work, run: int, done: Done) -> None:
        """Write down that an item is done."""
        self._db.execute(
            "UPDATE items SET state = 'done', seen = ?, attempts = attempts + 1, seconds = ?, peak_mb = ?, score = ?, "
            "note = ?, error = '' WHERE id = ?",
            (run, done.seconds, done.peak_mb, done.score, done.note, work.id),
        )

    def keep(self, work: Work, run: int) -> None:
        """Write down that an output was found as it should be."""
        self._db.execute("UPDATE items SET state = 'done', seen = ?, error = '' WHERE id = ?", (run, work.id))

    def fail(self, work: Work, run: int, reason: str) -> None:
        """Write down that an item failed, and why."""
        self._db.execute(
            "UPDATE items SET state = 'failed', seen = ?, attempts = attempts + 1, error = ? WHERE id = ?",
            (run, reason, work.id),
        )

    def counts(self) -> dict[str, int]:
        """Return how many items of the latest run are in each state."""
        rows = self._db.execute("SELECT state, count(*) FROM items WHERE run = ? GROUP BY state", (self.run,))
        return {**dict.fromkeys(STATES, 0), **dict(rows)}

    def rows(self, *, state: str | None = None, worst_first: bool = False, most: int = -1) -> Iterator[Row]:
        """Yield what is known of the items of the latest run; `most` limits their number."""
        rows = self._db.execute(
            "SELECT name, source, mask, json, state, attempts, output_sha, seconds, peak_mb, score, note, error "
            "FROM items JOIN settings USING (fingerprint) WHERE run = ? AND (? IS NULL OR state = ?) "
            "ORDER BY CASE WHEN ? THEN -score END NULLS LAST, id LIMIT ?",
            (self.run, state, state, worst_first, most),
        )
        for name, source, mask, *rest in rows:
            yield Row(os.fsdecode(name), os.fsdecode(source), None if mask is None else os.fsdecode(mask), *rest)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def journal_path(out: Path) -> Path:
    """Return where the journal of an output folder lies."""
    return out / HIDDEN / "journal.sqlite"


def _work(row: tuple[Any, ...]) -> Work:
    number, name, source, mask, mark, text, attempts, *hashes = row
    before = Hashes(*hashes) if hashes[-1] is not None else None
    where = os.fsdecode(name), os.fsdecode(source), None if mask is None else os.fsdecode(mask)
    return Work(number, *where, mark, text, attempts, before)

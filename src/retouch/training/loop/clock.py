"""Where the time of a session goes: waiting for batches, training on them, judging, saving."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

_MEMORY = 0.9


class Clock:
    """Adds up seconds by what they were spent on.

    Attributes
    ----------
    n_samples : int
        Samples trained on.
    """

    def __init__(self) -> None:
        self.n_samples = 0
        self._waiting_s = self._training_s = 0.0
        self._lap = (0, 0.0, 0.0)
        self._step_s: float | None = None
        self._judging_s = self._saving_s = 0.0

    @property
    def seconds(self) -> float:
        """Seconds of waiting and training together."""
        return self._waiting_s + self._training_s

    @property
    def samples_per_s(self) -> float:
        """Samples in a second of these."""
        return self.n_samples / self.seconds if self.seconds else 0.0

    @property
    def waiting_share(self) -> float:
        """Share of these spent waiting for batches."""
        return self._waiting_s / self.seconds if self.seconds else 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count a wait for a batch."""
        start = time.monotonic()
        yield
        self._waiting_s += time.monotonic() - start

    @contextmanager
    def training(self, n_samples: int) -> Iterator[None]:
        """Count the training on some samples."""
        start = time.monotonic()
        yield
        taken = time.monotonic() - start
        self._training_s += taken
        self.n_samples += n_samples
        self._step_s = taken if self._step_s is None else _MEMORY * self._step_s + (1 - _MEMORY) * taken

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Note how long a validation takes."""
        start = time.monotonic()
        yield
        self._judging_s = max(self._judging_s, time.monotonic() - start)

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Note how long a checkpoint takes."""
        start = time.monotonic()
        yield
        self._saving_s = max(self._saving_s, time.monotonic() - start)

    def coming_s(self, *, judges: bool) -> float:
        """Return how long another step will take, with the checkpoint after it and the validation if there is one."""
        return (self._step_s or 0.0) + 2 * self._saving_s + (self._judging_s if judges else 0.0)

    def lap(self) -> dict[str, float]:
        """Return samples per second and the share of waiting since the last lap."""
        n, waiting, seconds = self._lap
        self._lap = (self.n_samples, self._waiting_s, self.seconds)
        passed = self.seconds - seconds
        if not passed:
            return {}
        return {
            "samples_per_s": round((self.n_samples - n) / passed, 3),
            "waiting_share": round((self._waiting_s - waiting) / passed, 4),
        }

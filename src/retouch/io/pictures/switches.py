"""Switches of the whole process that are turned while a decoder runs: warnings, noise on the terminal, Pillow's limit.

Threads that decode at the same time share one block: the first one in turns the switch, the last one out turns it back.
While a TIFF or a PNG of 16-bit colour is decoded, lines that other threads write to file descriptor 2 are lost together
with those that libtiff and libpng print there on their own; no other kind of file needs that. Pillow's limit of pixels
is lifted because ours is checked instead, and can be raised by whoever trusts a file.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from PIL import Image as PillowImage

_STDERR = 2


class SharedBlock:
    """A context that is entered by the first thread in and left by the last one out."""

    def __init__(self, make: Callable[[], AbstractContextManager[None]]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._n_inside = 0
        self._open = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._n_inside == 0:
                self._open.enter_context(self._make())
            self._n_inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                self._open.close()


@contextmanager
def _without_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _without_stderr() -> Iterator[None]:
    try:
        saved = os.dup(_STDERR)
    except OSError:  # a service without a terminal may have closed it: then there is nothing to keep quiet
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, _STDERR)
        yield
    finally:
        os.dup2(saved, _STDERR)
        os.close(nowhere)
        os.close(saved)


@contextmanager
def _without_pillow_limit() -> Iterator[None]:
    saved = PillowImage.MAX_IMAGE_PIXELS
    PillowImage.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        PillowImage.MAX_IMAGE_PIXELS = saved


no_pillow_limit = SharedBlock(_without_pillow_limit)
no_warnings = SharedBlock(_without_warnings)
no_stderr = SharedBlock(_without_stderr)

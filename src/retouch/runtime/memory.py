"""The peak memory of this process over a while, where the system can tell (Linux)."""

from __future__ import annotations

import ctypes
from pathlib import Path
from types import TracebackType

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # see proc(5): sets the peak back to what is used now
_PEAK_FIELD = "VmHWM:"


class PeakMemory:
    """Measures the peak of the process's resident memory inside a `with` block.

    Attributes
    ----------
    peak_mb : float or None
        In MB of 10^6 bytes, with the interpreter and all libraries; None where the system does not tell.
    """

    def __init__(self) -> None:
        self.peak_mb: float | None = None
        self._can_tell = False

    def __enter__(self) -> PeakMemory:  # noqa: PYI034 - beartype cannot check Self
        try:
            _RESET.write_text(_RESET_PEAK)
            self._can_tell = True
        except OSError:
            self._can_tell = False
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._can_tell:
            self.peak_mb = _read_peak_mb()


def return_freed_memory() -> None:
    """Give memory that was freed back to the system, where the C library can (glibc); else it hides what comes next."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):  # no such function, or no such library
        return


def _read_peak_mb() -> float | None:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(_PEAK_FIELD):
            return int(line.split()[1]) * 1024 / 1e6
    return None

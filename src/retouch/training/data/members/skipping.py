"""Pictures that cannot be read: counted, named and left out, up to a share of all."""

from __future__ import annotations

from threading import Lock

from retouch.errors import InputError

_N_SHOWN = 3


class Skips:
    """What was left out, and why.

    Parameters
    ----------
    n_pictures : int
        All there are, readable or not.
    max_share : float
        The largest share of them that may be left out.

    Attributes
    ----------
    reasons : dict of str to str
        By the name of the picture.
    """

    def __init__(self, n_pictures: int, max_share: float) -> None:
        self.reasons: dict[str, str] = {}
        self._n_pictures = n_pictures
        self._max_share = max_share
        self._lock = Lock()

    def add(self, name: str, reason: str) -> None:
        """Leave out a picture.

        Raises
        ------
        InputError
            If that makes too many; some are named.
        """
        with self._lock:
            self.reasons[name] = reason
            n_skipped = len(self.reasons)
            some = "; ".join(f"{n}: {r}" for n, r in list(self.reasons.items())[:_N_SHOWN])
        if n_skipped > self._max_share * self._n_pictures + 1e-9:  # 0.07 * 100 is a little above 7, 0.29 * 100 below 29
            raise InputError(
                f"at most {self._max_share:.3g} of the pictures may be unreadable, "
                f"got {n_skipped} of {self._n_pictures} ({some}); mend or remove them, or raise max_corrupt_share"
            )

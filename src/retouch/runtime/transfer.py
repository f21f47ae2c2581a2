"""A file brought from an address that was named, under a hash that was pinned; never from anywhere else.

Departure: only https:// and file://. A server that sends elsewhere is followed to https:// only.
"""

from __future__ import annotations

import contextlib
import hashlib
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from retouch.errors import WeightsError
from retouch.io.atomic import atomic_file
from retouch.io.wording import fault, shown

_CHUNK_BYTES = 1 << 20
_MOST_BYTES = 8 << 30  # a server that never ends must not fill the disk
_TIMEOUT_S = 30.0


def bring(addresses: Sequence[str], target: Path, sha256: str, *, offline: bool) -> None:
    """Put the file from the first address that gives it at `target`, whole and with the pinned hash, or not at all.

    Parameters
    ----------
    addresses : sequence of str
        https:// or file://, tried in their order.
    target : Path
        Where it goes; the folder exists.
    sha256 : str
        64 hexadecimal digits in small letters.
    offline : bool
        Refuse https://.

    Raises
    ------
    WeightsError
        If no address gives a file with that hash; what was at `target` is still there.
    FileError
        If `target` cannot be written.
    """
    if not addresses:
        raise WeightsError("name the address that the weights are to come from")
    for address in addresses:
        _check_address(address, offline=offline)
    faults = []
    for address in addresses:
        try:
            _copy(address, target, sha256)
        except WeightsError as error:
            faults.append(str(error))
        else:
            return
    raise WeightsError("; ".join(faults))


def _check_address(address: str, *, offline: bool) -> None:
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise WeightsError(f"weights come from https:// or file:// addresses, got {shown(address)}") from error
    if parts.scheme not in ("https", "file") or (parts.scheme == "file" and parts.netloc not in ("", "localhost")):
        raise WeightsError(f"weights come from https:// or file:// addresses, got {shown(address)}")
    if parts.scheme == "https" and offline:
        raise WeightsError(f"{shown(address)} was not fetched: RETOUCH_OFFLINE or --offline forbids the network")


def _copy(address: str, target: Path, sha256: str) -> None:
    """Write what comes and keep it only if its hash is right."""
    digest, n_bytes = hashlib.sha256(), 0
    with _opened(address) as read, atomic_file(target) as write:
        while chunk := _next_chunk(read, address):
            n_bytes += len(chunk)
            if n_bytes > _MOST_BYTES:
                raise WeightsError(f"{shown(address)} gives more than {_MOST_BYTES >> 30} GB, which are no weights")
            digest.update(chunk)
            write(chunk)
        if digest.hexdigest() != sha256:
            raise WeightsError(
                f"{shown(address)} gives another file: SHA-256 {digest.hexdigest()}, pinned is {sha256}; "
                "nothing was kept"
            )


def _next_chunk(read: Callable[[int], bytes], address: str) -> bytes:
    try:
        return read(_CHUNK_BYTES)
    except (OSError, HTTPException) as error:
        raise WeightsError(f"{shown(address)} broke off: {fault(error)}; try again") from error


@contextlib.contextmanager
def _opened(address: str) -> Iterator[Callable[[int], bytes]]:
    """Give the function that reads an address; what fails inside the block passes on as it is."""
    try:
        stream = _file_at(address) if urlsplit(address).scheme == "file" else _web_page_at(address)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None)
        cause = reason if isinstance(reason, OSError) else error
        raise WeightsError(f"cannot fetch {shown(address)}: {fault(cause)}") from error
    with stream:
        yield stream.read


def _file_at(address: str) -> IO[bytes]:
    path = Path(urllib.request.url2pathname(urlsplit(address).path))
    if path.exists() and not path.is_file():
        raise WeightsError(f"cannot fetch {shown(address)}: it is not a file")
    return path.open("rb")


def _web_page_at(address: str) -> Any:
    return _opener().open(address, timeout=_TIMEOUT_S)


def _opener() -> urllib.request.OpenerDirector:
    """Return what opens https:// and nothing else."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        _HttpsRedirects(),
    ):
        opener.add_handler(handler)
    return opener


class _HttpsRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a server to another https:// address only."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Any:
        if urlsplit(newurl).scheme != "https":
            raise WeightsError(f"{shown(req.full_url)} sends to {shown(newurl)}, which is not https://")
        return super().redirect_request(req, fp, code, msg, headers, newurl)

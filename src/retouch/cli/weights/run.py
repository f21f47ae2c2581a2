"""`retouch weights`: what is in the store, whether it is sound, and what goes in and out."""

from __future__ import annotations

import importlib.util
import json as json_format
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from retouch.arrays.types import AnyArray
from retouch.cli.outputs import check_not_input, check_writable, write_bytes
from retouch.errors import UsageError, WeightsError
from retouch.io.weights.conversion import to_safetensors
from retouch.io.weights.state_dicts import COLUMNS, LAYOUT, file_sha256, has_column_order, read_state_dict
from retouch.io.wording import shown
from retouch.nets.catalogue.listing import find_net
from retouch.runtime.exporting import check_weights
from retouch.runtime.store import Entry, WeightStore, is_offline

_SHORT_HASH = 12


@dataclass(frozen=True)
class FetchOrder:
    """What was typed."""

    name: str
    addresses: tuple[str, ...]
    sha256: str
    net: str
    licence: str
    store: str | None
    offline: bool


@dataclass(frozen=True)
class ImportOrder:
    """What was typed."""

    file: str
    name: str
    out: str
    strip_prefix: str
    part: str
    allow_nan: bool
    check: bool


def run_list(store: str | None, *, json: bool) -> None:
    """Print one line for each of the weights."""
    place = WeightStore(store)
    entries = list(place.entries().values())
    if json:
        lines = [asdict(entry) for entry in entries]
        sys.stdout.write(json_format.dumps({"folder": str(place.folder), "weights": lines}) + "\n")
        return
    for entry in entries:
        facts = (entry.net or "-", entry.sha256[:_SHORT_HASH], entry.licence or "licence not stated", entry.source)
        sys.stdout.write("  ".join((entry.name, *facts)) + "\n")
    if not entries:
        sys.stdout.write(f"the weight store {place.folder} is empty\n")


def run_verify(store: str | None, *, json: bool) -> None:
    """Print what is sound.

    Raises
    ------
    WeightsError
        If a file is missing or has another hash.
    """
    place = WeightStore(store)
    names, faults = list(place.entries()), place.verify()
    if json:
        sound = [name for name in names if name not in faults]
        sys.stdout.write(json_format.dumps({"folder": str(place.folder), "sound": sound, "faults": faults}) + "\n")
    else:
        sys.stdout.write("".join(f"{name}  {'damaged' if name in faults else 'sound'}\n" for name in names))
    if faults:
        name, words = next(iter(faults.items()))
        raise WeightsError(f"{len(faults)} of {len(names)} weights cannot be used, the first: {name}: {words}")


def run_fetch(order: FetchOrder) -> None:
    """Bring a file into the store and say where it is."""
    ending = Path(unquote(urlsplit(order.addresses[0]).path)).suffix.lower()
    entry = Entry(
        name=order.name,
        file=order.name + ending,
        sha256=order.sha256.strip().lower(),
        licence=order.licence,
        source=order.addresses[0],
        net=order.net,
    )
    target = WeightStore(order.store).fetch(order.addresses, entry, offline=order.offline or is_offline())
    sys.stdout.write(f"{order.name} is {target}; licence: {order.licence or 'not stated'}\n")


def run_import(order: ImportOrder) -> None:
    """Convert a checkpoint, hold it against the network that it is said to belong to, and say what it held.

    Raises
    ------
    UsageError
        If there is no such network, the output is no .safetensors file or the input itself, or the prefix is not that
        of all names.
    WeightsError
        If the checkpoint cannot be read, holds numbers that are not finite, or is another network's.
    """
    find_net(order.name)
    if Path(order.out).suffix.lower() != ".safetensors":
        raise UsageError(f"weights are written as safetensors, so the name must end in .safetensors, got {order.out}")
    check_not_input(order.out, [order.file])
    check_writable(order.out)
    state = read_state_dict(order.file, part=order.part)
    if order.strip_prefix:
        state = _stripped(state, order)
    facts = {"net": order.name, "source_sha256": file_sha256(order.file)}
    by_columns = has_column_order(order.file)
    if by_columns:
        facts[LAYOUT] = COLUMNS
    try:
        data = to_safetensors(state, facts, allow_nan=order.allow_nan)
        belongs = _belonging(order, state, by_columns=by_columns)
    except WeightsError as error:
        raise WeightsError(f"cannot use the weights {shown(order.file)}: {error}") from error
    write_bytes(order.out, data)
    n_numbers = sum(array.size for array in state.values())
    sys.stdout.write(f"{order.out}: {len(state)} arrays, {n_numbers} numbers, {belongs}\n")


def run_prune(store: str | None) -> None:
    """Remove what the manifest does not name and say what that was."""
    gone = WeightStore(store).prune()
    sys.stdout.write("".join(f"removed {path}\n" for path in gone) or "nothing to remove\n")


def _belonging(order: ImportOrder, state: dict[str, AnyArray], *, by_columns: bool) -> str:
    """Say which network the weights were found to be of; only torch can build one to compare them with."""
    if not order.check:
        return f"not held against {order.name}"
    if importlib.util.find_spec("torch") is None:
        return f"not held against {order.name}, since torch is not installed"
    return f"those of {order.name}, preset {check_weights(order.name, state, column_order=by_columns)}"


def _stripped(state: dict[str, AnyArray], order: ImportOrder) -> dict[str, AnyArray]:
    """Take the prefix off; one that only some names have would leave a mixture that fits no network."""
    for name in state:
        if not name.startswith(order.strip_prefix):
            raise UsageError(
                f"--strip-prefix '{order.strip_prefix}' must begin every name in {shown(order.file)}, got '{name}'; "
                "leave it out"
            )
    return {name.removeprefix(order.strip_prefix): array for name, array in state.items()}

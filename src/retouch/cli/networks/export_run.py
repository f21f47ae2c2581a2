"""`retouch export`: write the file, then say what was found out about it."""

from __future__ import annotations

import sys
from pathlib import Path

from retouch.cli.outputs import check_not_input, check_writable
from retouch.errors import UsageError
from retouch.nets.catalogue.entries import DENOISE, INPAINT
from retouch.runtime.cards import Card
from retouch.runtime.exported import SUFFIX
from retouch.runtime.exporting import ExportOrder, export_net

_COMMANDS = {INPAINT: "fill", DENOISE: "denoise"}


def run_export(order: ExportOrder, *, json: bool) -> None:
    """Carry out the command.

    Raises
    ------
    UsageError
        If the output is no .onnx file or the checkpoint itself.
    """
    if Path(order.out).suffix.lower() != SUFFIX:
        raise UsageError(f"an exported network ends in {SUFFIX}, so give -o NET{SUFFIX}, got '{order.out}'")
    check_not_input(order.out, [order.checkpoint] if order.checkpoint else [])
    check_writable(order.out)
    card = export_net(order)
    sys.stdout.write(card.to_json() + "\n" if json else _as_text(order, card))


def _as_text(order: ExportOrder, card: Card) -> str:
    size_mb = Path(order.out).stat().st_size / 1e6
    lines = [
        f"{order.out}: {card.net}, preset {card.preset}, {size_mb:.1f} MB",
        f"  largest difference from torch {card.difference:.2g} (allowed {order.tolerance:.2g})",
    ]
    if card.storage_difference:
        lines.append(f"  weights stored as {card.storage}, which changes values by up to {card.storage_difference:.2g}")
    reach = "looks at the whole picture" if card.radius_px is None else f"looks {card.radius_px} px to each side"
    lines.append(f"  {reach}; about {card.bytes_for(512 * 512) / 1e6:.0f} MB at 512x512")
    if order.checkpoint is None:
        lines.append("  without a checkpoint: the weights are those it starts with, so it is of use for trials only")
    if card.task in _COMMANDS:
        lines.append(f"  use it: retouch {_COMMANDS[card.task]} --method net:{order.out}")
    return "\n".join(lines) + "\n"

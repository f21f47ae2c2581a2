"""The commands about networks: nets, export; what they need is imported when they run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

_DEBUG_HELP = "Show the traceback of an error."


def nets_command(
    name: Annotated[str | None, typer.Argument(help="Show this network's sizes, inputs and source.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help=_DEBUG_HELP)] = False,
) -> None:
    """List the networks that can be built, trained and exported, or show one."""
    from retouch.cli.networks.net_pages import show_net, show_nets  # noqa: PLC0415 - see the module's first line

    sys.stdout.write(show_nets(json=json) if name is None else show_net(name, json=json))


def export_command(  # noqa: PLR0917 - one parameter for each option of the command
    name: Annotated[str, typer.Argument(help="A network from 'retouch nets'.")],
    checkpoint: Annotated[
        str | None, typer.Argument(help="Its weights: ours or its authors'. Without, those it starts with.")
    ] = None,
    out: Annotated[str, typer.Option("-o", "--out", metavar="NET.onnx", help="Where the file goes.")] = "",
    preset: Annotated[
        str, typer.Option(help="The size of the network; by default the one that the checkpoint fits.")
    ] = "",
    half: Annotated[bool, typer.Option("--half", help="Store the weights in half the bytes.")] = False,
    tolerance: Annotated[float, typer.Option(min=0, help="Largest difference from torch that is let through.")] = 1e-4,
    strip_prefix: Annotated[str, typer.Option(metavar="TEXT", help="Take this off all names, such as 'module.'.")] = "",
    part: Annotated[str, typer.Option(metavar="NAME", help="Which of several state dicts in one file of torch.")] = "",
    licence: Annotated[str, typer.Option(metavar="TEXT", help="Of the weights; written into the file.")] = "",
    source: Annotated[str, typer.Option(metavar="TEXT", help="Where the weights are from; the same.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the file's card as JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help=_DEBUG_HELP)] = False,
) -> None:
    """Write a network as an ONNX file, which fill and denoise run without torch, after holding it against torch."""
    from retouch.cli.networks.export_run import run_export  # noqa: PLC0415
    from retouch.runtime.exporting import STORAGES, ExportOrder  # noqa: PLC0415

    order = ExportOrder(
        name=name,
        checkpoint=checkpoint,
        out=out,
        preset=preset,
        storage=STORAGES[half],
        tolerance=tolerance,
        strip_prefix=strip_prefix,
        part=part,
        licence=licence,
        source=source,
    )
    run_export(order, json=json)

"""The command that inspects; what it needs is imported when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

_DEBUG_HELP = "Show the traceback of an error."


def inspect_command(  # noqa: PLR0917 - one parameter for each option of the command
    image: Annotated[str, typer.Argument(help="The picture; '-' reads it from standard input.")],
    mask: Annotated[
        str | None, typer.Option(help="White where it is known to be filled: only these pixels are judged.")
    ] = None,
    out: Annotated[
        str | None, typer.Option("-o", "--out", metavar="HEAT", help="Where the map goes; '-' is standard output.")
    ] = None,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Draw what is above 1/2 in colour over the picture.")
    ] = False,
    invert_mask: Annotated[bool, typer.Option("--invert-mask", help="Judge what is black in the mask.")] = False,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger pictures.")] = 100_000_000,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Allow HEAT to be the input picture.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object: score and worst boxes.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help=_DEBUG_HELP)] = False,
) -> None:
    """Say where a picture looks filled in."""
    from retouch.cli.inspecting.inspect_run import InspectOrder, run_inspect  # noqa: PLC0415 - see the module's first line

    run_inspect(InspectOrder(image, mask, out, overlay, invert_mask, max_pixels, overwrite, json))

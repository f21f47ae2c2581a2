"""The command that fills label maps; what it needs is imported when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

_METHOD_HELP = "layout, nearest, vote, navier_stokes, patchmatch, learned (with --learn), or net:FILE."
_CONFIDENCE_HELP = "Also write how sure each pixel is, a grey PNG: white is sure."
_TRUST_HELP = "A grey picture: known pixels darker than half stay, but give no label."


def segfill_command(  # noqa: PLR0917 - one parameter for each option of the command
    labels: Annotated[str, typer.Argument(help="The map: a PNG of ids or in a palette's colours, or an npz.")],
    out: Annotated[str, typer.Option("-o", "--out", help="Where the map goes: .png or .npz.")],
    palette: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="camvid, cityscapes, carla, streets, or a JSON file.")
    ],
    remove: Annotated[
        str | None, typer.Option(metavar="CLASS,...", help="Classes to remove; by default all that move.")
    ] = None,
    method: Annotated[str | None, typer.Option(help=_METHOD_HELP)] = None,
    learn: Annotated[str | None, typer.Option(metavar="FOLDER", help="Maps of the same camera to learn from.")] = None,
    confidence: Annotated[str | None, typer.Option(metavar="FILE", help=_CONFIDENCE_HELP)] = None,
    trust: Annotated[str | None, typer.Option(metavar="FILE", help=_TRUST_HELP)] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger maps.")] = 100_000_000,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Allow OUT to be the input map.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on what was done.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Remove moving things from a label map: each of their pixels becomes the static class behind it."""
    from retouch.cli.labels.segfill_run import SegfillOrder, run_segfill  # noqa: PLC0415 - see the module's first line

    run_segfill(
        SegfillOrder(labels, out, palette, remove, method, learn, confidence, trust, seed, max_pixels, overwrite, json)
    )

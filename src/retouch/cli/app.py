"""The commands and their options; what a command needs is imported when it runs, so that --help is quick.

Every command knows --debug, which `retouch.cli.__main__` reads before the command line is parsed.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from retouch import __version__
from retouch.cli.batch.commands import batch_app
from retouch.cli.inspecting.commands import inspect_command
from retouch.cli.labels.commands import segfill_command
from retouch.cli.measuring.commands import compare_command, eval_command, metrics_command
from retouch.cli.networks.commands import export_command, nets_command
from retouch.cli.objects.commands import mask_command, remove_command, restore_app
from retouch.cli.training.commands import train_command
from retouch.cli.weights.commands import weights_app
from retouch.errors import UsageError

app = typer.Typer(
    name="retouch",
    help="Fill what is missing and restore what is damaged in images.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_OPTION_HELP = "An option of the method, such as patch_size=9 (see 'retouch methods NAME'); may be repeated."
_GUIDANCE_HELP = "Labels: holes borrow only from what carries their own; 0 borrows anywhere."
_LINES_HELP = "Strokes, white: they go on through holes, and each side borrows from its own side."
_SKETCH_HELP = "Strokes, white: as --lines, and shown as it is to networks that take one."
_MEMORY_HELP = "Memory to stay within, such as 800M or 2G."
_QUALITY_HELP = "JPEG or WebP quality; by default that of the input."
_METADATA_HELP = "Keep GPS position, thumbnail and maker notes too."
_DEBUG_HELP = "Show the traceback of an error."


def _show_version(wanted: bool) -> bool:
    if wanted:
        sys.stdout.write(f"retouch {__version__}\n")
        raise typer.Exit
    return wanted


@app.callback()
def retouch(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Fill what is missing and restore what is damaged in images."""


@app.command("fill")
def fill_command(  # noqa: PLR0917 - one parameter for each option of the command
    image: Annotated[str, typer.Argument(help="The picture; '-' reads it from standard input.")],
    out: Annotated[str, typer.Option("-o", "--out", help="Where the result goes; '-' is standard output.")],
    mask: Annotated[str | None, typer.Option(help="The mask: white is filled; of the picture's size.")] = None,
    mask_from_alpha: Annotated[
        bool, typer.Option("--mask-from-alpha", help="Fill what is fully transparent, and make it opaque.")
    ] = False,
    invert_mask: Annotated[bool, typer.Option("--invert-mask", help="Fill what is black in the mask.")] = False,
    dilate: Annotated[int, typer.Option(metavar="PX", min=0, help="Grow the holes by so many pixels.")] = 0,
    method: Annotated[str, typer.Option(help="A name from 'retouch methods'.")] = "auto",
    option: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help=_OPTION_HELP)] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    max_memory: Annotated[str, typer.Option(metavar="SIZE", help=_MEMORY_HELP)] = "2G",
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger pictures.")] = 100_000_000,
    seam: Annotated[bool, typer.Option("--seam/--no-seam", help="Match composed patches to the hole's border.")] = True,
    grain: Annotated[bool, typer.Option("--grain", help="Add noise to fills smoother than what is around.")] = False,
    candidates: Annotated[
        int, typer.Option(metavar="N", min=1, help="Fill in N ways; OUT is the best, the others go beside it.")
    ] = 1,
    repair: Annotated[bool, typer.Option("--repair", help="Fill again, up to four times, what looks filled.")] = False,
    guidance: Annotated[str | None, typer.Option(metavar="MAP", help=_GUIDANCE_HELP)] = None,
    lines: Annotated[str | None, typer.Option(metavar="MAP", help=_LINES_HELP)] = None,
    sketch: Annotated[str | None, typer.Option(metavar="MAP", help=_SKETCH_HELP)] = None,
    quality: Annotated[int | None, typer.Option(min=1, max=100, help=_QUALITY_HELP)] = None,
    keep_metadata: Annotated[bool, typer.Option("--keep-metadata", help=_METADATA_HELP)] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Allow OUT to be the input picture.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say which method was chosen and why.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on what was done.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help=_DEBUG_HELP)] = False,
) -> None:
    """Fill the holes of a picture: what is white in the mask."""
    from retouch.cli.fill_run import FillOrder, MaskOrder, run_fill  # noqa: PLC0415 - see the module's first line
    from retouch.cli.fill_settings import FillSettings  # noqa: PLC0415
    from retouch.cli.inspecting.several_fills import SeveralFills  # noqa: PLC0415

    mask_order = MaskOrder(mask, mask_from_alpha, invert_mask, dilate)
    run_fill(
        FillOrder(
            image=image,
            out=out,
            mask=mask_order,
            fill=FillSettings(method, tuple(option or ()), seed, max_memory, guidance, lines, sketch, seam, grain),
            max_pixels=max_pixels,
            quality=quality,
            keep_metadata=keep_metadata,
            overwrite=overwrite,
            explain=explain,
            json=json,
            several=SeveralFills(candidates, repair),
        )
    )


@app.command("denoise")
def denoise_command(  # noqa: PLR0917 - one parameter for each option of the command
    image: Annotated[str, typer.Argument(help="The picture; '-' reads it from standard input.")],
    out: Annotated[str, typer.Option("-o", "--out", help="Where the result goes; '-' is standard output.")],
    sigma: Annotated[
        float | None, typer.Option(metavar="LEVEL", help="Standard deviation of the noise on the scale 0 to 255.")
    ] = None,
    blind: Annotated[
        bool, typer.Option("--blind", help="Tell the noise from the picture; so it is without --sigma too.")
    ] = False,
    method: Annotated[str, typer.Option(help="A denoiser from 'retouch methods'.")] = "auto",
    option: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help=_OPTION_HELP)] = None,
    max_memory: Annotated[str, typer.Option(metavar="SIZE", help=_MEMORY_HELP)] = "2G",
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger pictures.")] = 100_000_000,
    quality: Annotated[int | None, typer.Option(min=1, max=100, help=_QUALITY_HELP)] = None,
    keep_metadata: Annotated[bool, typer.Option("--keep-metadata", help=_METADATA_HELP)] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Allow OUT to be the input picture.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say what was done.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on what was done.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help=_DEBUG_HELP)] = False,
) -> None:
    """Take the noise from a picture."""
    from retouch.cli.denoise_run import DenoiseOrder, run_denoise  # noqa: PLC0415

    run_denoise(
        DenoiseOrder(
            image=image,
            out=out,
            sigma=sigma,
            blind=blind,
            method=method,
            options=tuple(option or ()),
            max_memory=max_memory,
            max_pixels=max_pixels,
            quality=quality,
            keep_metadata=keep_metadata,
            overwrite=overwrite,
            explain=explain,
            json=json,
        )
    )


@app.command("methods")
def methods_command(
    name: Annotated[str | None, typer.Argument(help="Show this method's options, source and limits.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help=_DEBUG_HELP)] = False,
) -> None:
    """List the methods that fill and the denoisers, or show one."""
    from retouch.cli.method_pages import show_list, show_method  # noqa: PLC0415

    if name is None:
        sys.stdout.write(show_list(json=json))
    else:
        sys.stdout.write(show_method(name, json=json))


@app.command("mask-make")
def mask_make_command(  # noqa: PLR0917 - one parameter for each option of the command
    family: Annotated[str, typer.Argument(help="What kind of mask; 'list' shows them.")],
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Width and height in pixels.")] = None,
    out: Annotated[str | None, typer.Option("-o", "--out", help="Where the PNG goes; '-' is standard output.")] = None,
    ratio_bin: Annotated[
        str | None, typer.Option("--bin", metavar="LOW-HIGH", help="Share of missing pixels, such as 0.2-0.3.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same mask.")] = 0,
    index: Annotated[int, typer.Option(min=0, help="Number of the mask within its set.")] = 0,
    option: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="An option of the family.")] = None,
    debug: Annotated[bool, typer.Option("--debug", help=_DEBUG_HELP)] = False,
) -> None:
    """Make a mask for trying methods out."""
    from retouch.cli.mask_run import MaskMakeOrder, list_families, run_mask_make  # noqa: PLC0415

    if family == "list":
        sys.stdout.write(list_families())
        return
    if size is None or out is None:
        raise UsageError("mask-make needs both --size WxH and -o MASK; see 'retouch mask-make --help'")
    run_mask_make(MaskMakeOrder(family, size, out, ratio_bin, seed, index, tuple(option or ())))


app.command("inspect")(inspect_command)
app.command("segfill")(segfill_command)
app.command("eval")(eval_command)
app.command("compare")(compare_command)
app.command("metrics")(metrics_command)
app.command("nets")(nets_command)
app.command("export")(export_command)
app.command("train")(train_command)
app.add_typer(weights_app)
app.command("mask")(mask_command)
app.command("remove")(remove_command)
app.add_typer(restore_app)
app.add_typer(batch_app)

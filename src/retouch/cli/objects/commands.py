"""The commands about things in pictures: mask, remove, restore photo; what they need is imported when they run.

Where nothing is found `mask` and `remove` write no file, say why in one line and end with the code of an input that
cannot be used (3). `restore photo` writes its result even so, for a photograph without scratches is none that failed.
"""

from __future__ import annotations

from typing import Annotated

import typer

_Image = Annotated[str, typer.Argument(help="The picture; '-' reads it from standard input.")]
_Out = Annotated[str, typer.Option("-o", "--out", help="Where the result goes; '-' is standard output.")]
_MaskOut = Annotated[
    str, typer.Option("-o", "--out", metavar="MASK", help="Where the PNG goes, white on what is meant.")
]
_At = Annotated[list[str] | None, typer.Option(metavar="X,Y", help="A click on the thing; may be repeated.")]
_NotAt = Annotated[list[str] | None, typer.Option(metavar="X,Y", help="A click on what must stay; may be repeated.")]
_Boxes = Annotated[
    list[str] | None, typer.Option(metavar="X0,Y0,X1,Y1", help="A box tight around the thing; may be repeated.")
]
_Text = Annotated[bool, typer.Option("--text", help="Captions and other text.")]
_Scratches = Annotated[bool, typer.Option("--scratches", help="Scratches, hairs, folds and dust.")]
_Stamp = Annotated[bool, typer.Option("--stamp", help="Date stamps in the corners.")]
_Pixelation = Annotated[bool, typer.Option("--pixelation", help="Blocks of a mosaic.")]
_Watermark = Annotated[str | None, typer.Option(metavar="LOGO", help="This mark, wherever it lies, turned and scaled.")]
_WatermarkFrom = Annotated[
    str | None, typer.Option(metavar="FOLDER", help="The mark that 8 or more pictures of one size share.")
]
_Classes = Annotated[
    list[str] | None,
    typer.Option("--class", metavar="NAME", help="All things of a class, by --model; may be repeated."),
]
_Model = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="An exported YOLOX or SSD, MobileSAM for clicks, a text detector for --text (or 'rapidocr').",
    ),
]
_Labels = Annotated[
    str | None, typer.Option(metavar="FILE", help="The model's classes, one a line; else those of COCO.")
]
_GivenMask = Annotated[str | None, typer.Option("--mask", metavar="FILE", help="A mask to add: white is meant.")]
_Sensitivity = Annotated[float, typer.Option(min=0, max=1, help="0 finds only what is certain, 1 all that may be.")]
_Region = Annotated[str | None, typer.Option(metavar="X0,Y0,X1,Y1", help="Look only here.")]
_MaxArea = Annotated[
    str | None, typer.Option(metavar="SHARE", help="Refuse what covers more of the picture, such as 30% (most_share).")
]
_Grow = Annotated[
    int | None, typer.Option(metavar="PX", min=0, help="Grow by so much; else things by the picture's size.")
]
_Protect = Annotated[
    bool, typer.Option("--protect-neighbours", help="Grow into nothing that --not-at clicks on or --model sees.")
]
_AllBut = Annotated[bool, typer.Option("--all-but", help="All that --model sees but what is clicked on.")]
_Invert = Annotated[bool, typer.Option("--invert", help="All that was not found.")]
_SaveMask = Annotated[str | None, typer.Option(metavar="MASK", help="Write the mask too, as PNG.")]
_Method = Annotated[str, typer.Option(help="What fills: a name from 'retouch methods'.")]
_Options = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="An option of the method; may be repeated.")
]
_Seed = Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")]
_Memory = Annotated[str, typer.Option(metavar="SIZE", help="Memory to stay within, such as 800M or 2G.")]
_Pixels = Annotated[int, typer.Option(min=1, help="Refuse larger pictures.")]
_Guidance = Annotated[
    str | None, typer.Option(metavar="MAP", help="Labels: holes borrow only from what carries their own.")
]
_Lines = Annotated[
    str | None, typer.Option(metavar="MAP", help="Strokes, white: they go on through holes, each side by itself.")
]
_Sketch = Annotated[
    str | None, typer.Option(metavar="MAP", help="Strokes, white: as --lines, and shown to networks that take one.")
]
_Seam = Annotated[bool, typer.Option("--seam/--no-seam", help="Match composed patches to the hole's border.")]
_Grain = Annotated[bool, typer.Option("--grain", help="Add noise to fills smoother than what is around.")]
_Candidates = Annotated[
    int, typer.Option(metavar="N", min=1, help="Fill in N ways; OUT is the best, the others go beside it.")
]
_Quality = Annotated[
    int | None, typer.Option(min=1, max=100, help="JPEG or WebP quality; by default that of the input.")
]
_Metadata = Annotated[bool, typer.Option("--keep-metadata", help="Keep GPS position, thumbnail and maker notes too.")]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Allow OUT to be the input picture.")]
_Explain = Annotated[bool, typer.Option("--explain", help="Say what was found and done.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on what was done.")]
_Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]

restore_app = typer.Typer(
    name="restore",
    help="Restore a picture of a kind, with all the steps that it takes.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


def mask_command(  # noqa: PLR0917 - one parameter for each option of the command
    image: _Image,
    out: _MaskOut,
    at: _At = None,
    not_at: _NotAt = None,
    box: _Boxes = None,
    text: _Text = False,
    scratches: _Scratches = False,
    stamp: _Stamp = False,
    pixelation: _Pixelation = False,
    watermark: _Watermark = None,
    watermark_from: _WatermarkFrom = None,
    classes: _Classes = None,
    model: _Model = None,
    labels: _Labels = None,
    mask: _GivenMask = None,
    sensitivity: _Sensitivity = 0.5,
    region: _Region = None,
    max_area: _MaxArea = None,
    grow: _Grow = None,
    protect_neighbours: _Protect = False,
    all_but: _AllBut = False,
    invert: _Invert = False,
    preview: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the picture with the mask drawn over it.")
    ] = None,
    max_pixels: _Pixels = 100_000_000,
    explain: _Explain = False,
    json: _Json = False,
    debug: _Debug = False,
) -> None:
    """Find a thing, text, scratches or a mark and write its mask; all that is named is united."""
    from retouch.cli.objects.mask_run import MaskOrder, run_mask  # noqa: PLC0415 - see the module's first line
    from retouch.cli.objects.target_reading import target_order  # noqa: PLC0415

    target = target_order(locals())
    run_mask(MaskOrder(image, out, target, preview, max_pixels, explain, json))


def remove_command(  # noqa: PLR0917 - one parameter for each option of the command
    image: _Image,
    out: _Out,
    at: _At = None,
    not_at: _NotAt = None,
    box: _Boxes = None,
    text: _Text = False,
    scratches: _Scratches = False,
    stamp: _Stamp = False,
    pixelation: _Pixelation = False,
    watermark: _Watermark = None,
    watermark_from: _WatermarkFrom = None,
    classes: _Classes = None,
    model: _Model = None,
    labels: _Labels = None,
    mask: _GivenMask = None,
    sensitivity: _Sensitivity = 0.5,
    region: _Region = None,
    max_area: _MaxArea = None,
    grow: _Grow = None,
    protect_neighbours: _Protect = False,
    all_but: _AllBut = False,
    invert: _Invert = False,
    save_mask: _SaveMask = None,
    method: _Method = "auto",
    option: _Options = None,
    seed: _Seed = 0,
    seam: _Seam = True,
    grain: _Grain = False,
    guidance: _Guidance = None,
    lines: _Lines = None,
    sketch: _Sketch = None,
    candidates: _Candidates = 1,
    max_memory: _Memory = "2G",
    max_pixels: _Pixels = 100_000_000,
    quality: _Quality = None,
    keep_metadata: _Metadata = False,
    overwrite: _Overwrite = False,
    explain: _Explain = False,
    json: _Json = False,
    debug: _Debug = False,
) -> None:
    """Remove a thing, text, scratches or a mark: find it, grow its mask, fill it; translucent marks are taken off."""
    from retouch.cli.fill_settings import FillSettings  # noqa: PLC0415
    from retouch.cli.objects.remove_run import RemoveOrder, run_remove  # noqa: PLC0415
    from retouch.cli.objects.results import ResultOrder  # noqa: PLC0415
    from retouch.cli.objects.target_reading import target_order  # noqa: PLC0415

    target = target_order(locals())
    result = ResultOrder(image, out, save_mask, max_pixels, quality, keep_metadata, overwrite, explain, json)
    fill = FillSettings(method, tuple(option or ()), seed, max_memory, guidance, lines, sketch, seam, grain)
    run_remove(RemoveOrder(target, fill, result, candidates))


@restore_app.callback()
def restore() -> None:
    """Restore a picture of a kind, with all the steps that it takes."""


@restore_app.command("photo")
def restore_photo_command(  # noqa: PLR0917 - one parameter for each option of the command
    image: _Image,
    out: _Out,
    scratches: Annotated[
        bool, typer.Option("--scratches/--no-scratches", help="Find scratches, folds and dust and fill them.")
    ] = True,
    sensitivity: _Sensitivity = 0.5,
    all_damage: Annotated[
        bool, typer.Option("--all-damage", help="Fill dark marks of any shape too; eyes and lips look like them.")
    ] = False,
    region: _Region = None,
    max_area: _MaxArea = None,
    denoise: Annotated[
        bool, typer.Option("--denoise/--no-denoise", help="Take some of the noise that is found.")
    ] = True,
    denoise_share: Annotated[
        float, typer.Option(metavar="SHARE", min=0, max=1, help="How much of the noise's level to take.")
    ] = 0.5,
    fade: Annotated[
        bool, typer.Option("--fade", help="Stretch each channel to its full range; ends colour casts.")
    ] = False,
    save_mask: _SaveMask = None,
    method: _Method = "auto",
    option: _Options = None,
    seed: _Seed = 0,
    max_memory: _Memory = "2G",
    max_pixels: _Pixels = 100_000_000,
    quality: _Quality = None,
    keep_metadata: _Metadata = False,
    overwrite: _Overwrite = False,
    explain: _Explain = False,
    json: _Json = False,
    debug: _Debug = False,
) -> None:
    """Repair a photograph: scratches and dust filled, some noise taken, and with --fade its colours brought back."""
    from retouch.cli.fill_settings import FillSettings  # noqa: PLC0415
    from retouch.cli.objects.restore_run import RestoreOrder, run_restore_photo  # noqa: PLC0415
    from retouch.cli.objects.results import ResultOrder  # noqa: PLC0415

    result = ResultOrder(image, out, save_mask, max_pixels, quality, keep_metadata, overwrite, explain, json)
    run_restore_photo(
        RestoreOrder(
            scratches=scratches,
            sensitivity=sensitivity,
            all_damage=all_damage,
            region=region,
            max_area=max_area,
            denoise_share=denoise_share if denoise else 0.0,
            fade=fade,
            fill=FillSettings(method, tuple(option or ()), seed, max_memory),
            result=result,
        )
    )

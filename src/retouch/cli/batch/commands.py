"""The commands of bulk work: batch, and its status, verify and retry; what they need is imported when they run."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

_RUN = "run"

_Folder = Annotated[str, typer.Argument(metavar="OUT_DIR", help="The output folder of a run.")]
_Workers = Annotated[int | None, typer.Option(metavar="N", min=1, help="Processes; by default one for each core.")]
_OnError = Annotated[
    str, typer.Option(metavar="RULE", help="skip goes on, stop ends, retry tries three times what may pass.")
]
_Score = Annotated[bool, typer.Option("--score/--no-score", help="Judge fills, so that the worst can be seen first.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line: each item, and the sum at the end.")]
_Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


class _RunsByDefault(TyperGroup):
    """A group whose first word may be left out: `retouch batch photos` is `retouch batch run photos`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the word in where no other command is named."""
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


batch_app = typer.Typer(
    name="batch",
    cls=_RunsByDefault,
    help="Do many pictures unattended: 'retouch batch INPUT -o OUT_DIR --task TASK' ('run' may be left out).",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@batch_app.command(_RUN)
def run_command(  # noqa: PLR0917 - one parameter for each option of the command
    out: Annotated[str, typer.Option("-o", "--out", metavar="OUT_DIR", help="Where the outputs go, as a tree alike.")],
    source: Annotated[
        str | None, typer.Argument(metavar="[INPUT]", help="A folder of pictures, or one picture.", show_default=False)
    ] = None,
    task: Annotated[str, typer.Option(help="fill, remove, denoise or restore.")] = "fill",
    manifest: Annotated[
        str | None, typer.Option(metavar="FILE", help="A .jsonl or .csv with a row for each item, in place of INPUT.")
    ] = None,
    masks: Annotated[
        str | None,
        typer.Option(metavar="MASKS", help="A folder with the same stems, a pattern such as 'NAME_mask*', or a file."),
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="remove: captions and other text.")] = False,
    scratches: Annotated[bool, typer.Option("--scratches", help="remove: scratches, hairs, folds and dust.")] = False,
    stamp: Annotated[bool, typer.Option("--stamp", help="remove: date stamps in the corners.")] = False,
    pixelation: Annotated[bool, typer.Option("--pixelation", help="remove: blocks of a mosaic.")] = False,
    sensitivity: Annotated[
        float, typer.Option(min=0, max=1, help="remove, restore: 0 finds only what is certain, 1 all that may be.")
    ] = 0.5,
    grow: Annotated[int | None, typer.Option(metavar="PX", min=0, help="remove: grow what is found.")] = None,
    invert_mask: Annotated[bool, typer.Option("--invert-mask", help="fill: fill what is black in the masks.")] = False,
    dilate: Annotated[int, typer.Option(metavar="PX", min=0, help="fill: grow the holes by so many pixels.")] = 0,
    sigma: Annotated[
        float | None, typer.Option(metavar="LEVEL", help="denoise: noise, 0 to 255; else told from each picture.")
    ] = None,
    fade: Annotated[bool, typer.Option("--fade", help="restore: stretch each channel to its full range.")] = False,
    method: Annotated[str, typer.Option(help="A name from 'retouch methods'.")] = "auto",
    option: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="An option of the method; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    max_memory: Annotated[str, typer.Option(metavar="SIZE", help="Memory for each process, such as 800M.")] = "2G",
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger pictures.")] = 100_000_000,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="JPEG or WebP quality; else as the input.")
    ] = None,
    keep_metadata: Annotated[
        bool, typer.Option("--keep-metadata", help="Keep GPS position, thumbnail and maker notes too.")
    ] = False,
    keep_format: Annotated[
        bool, typer.Option("--keep-format", help="Write what the content is, also where the suffix says otherwise.")
    ] = False,
    workers: _Workers = None,
    on_error: _OnError = "skip",
    score: _Score = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be done, and write nothing.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on in a folder that holds a run.")] = False,
    json: _Json = False,
    debug: _Debug = False,
) -> None:
    """Fill, clean or denoise a folder of pictures; what a kill interrupts goes on with --resume."""
    from retouch.cli.batch.batch_run import BatchOrder, run_batch  # noqa: PLC0415 - see the module's first line
    from retouch.jobs.door import How, read_settings  # noqa: PLC0415

    finders = {"text": text, "scratches": scratches, "stamp": stamp, "pixelation": pixelation}
    settings = read_settings(
        task,
        {
            "method": method,
            "options": tuple(option or ()),
            "seed": seed,
            "max_memory": max_memory,
            "max_pixels": max_pixels,
            "quality": quality,
            "keep_metadata": keep_metadata,
            "keep_format": keep_format,
            "invert_mask": invert_mask,
            "dilate": dilate,
            "sigma": sigma,
            "find": tuple(name for name, wanted in finders.items() if wanted),
            "grow": grow,
            "sensitivity": sensitivity,
            "fade": fade,
        },
    )
    run_batch(BatchOrder(source, out, masks, manifest, settings, How(workers, on_error, score, resume), dry_run, json))


@batch_app.command("status")
def status_command(out: _Folder, json: _Json = False, debug: _Debug = False) -> None:
    """Say how far a run is, and what failed; also while it goes on."""
    from retouch.cli.batch.folder_pages import show_status  # noqa: PLC0415

    show_status(out, json=json)


@batch_app.command("verify")
def verify_command(out: _Folder, json: _Json = False, debug: _Debug = False) -> None:
    """Hold every output against the hash that was written down."""
    from retouch.cli.batch.folder_pages import show_verification  # noqa: PLC0415

    show_verification(out, json=json)


@batch_app.command("retry")
def retry_command(
    out: _Folder,
    workers: _Workers = None,
    on_error: _OnError = "skip",
    score: _Score = True,
    json: _Json = False,
    debug: _Debug = False,
) -> None:
    """Do again what failed, with the same settings, and what was not done yet."""
    from retouch.cli.batch.batch_run import run_retry  # noqa: PLC0415
    from retouch.jobs.door import How  # noqa: PLC0415

    run_retry(out, How(workers, on_error, score), json=json)

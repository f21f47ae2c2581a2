"""The commands about weights: list, verify, fetch, import, prune; what they need is imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

_DEBUG_HELP = "Show the traceback of an error."
_STORE_HELP = "The weight store; by default RETOUCH_WEIGHTS, or a folder among your own data."

weights_app = typer.Typer(
    name="weights",
    help="Keep weights of networks: each under a pinned SHA-256, fetched only where you say so.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_Store = Annotated[str | None, typer.Option("--store", metavar="FOLDER", help=_STORE_HELP)]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Debug = Annotated[bool, typer.Option("--debug", help=_DEBUG_HELP)]


@weights_app.command("list")
def list_command(store: _Store = None, json: _Json = False, debug: _Debug = False) -> None:
    """List what is in the store, with licence and source."""
    from retouch.cli.weights.run import run_list  # noqa: PLC0415 - see the module's first line

    run_list(store, json=json)


@weights_app.command("verify")
def verify_command(store: _Store = None, json: _Json = False, debug: _Debug = False) -> None:
    """Hold every file of the store against its pinned SHA-256."""
    from retouch.cli.weights.run import run_verify  # noqa: PLC0415

    run_verify(store, json=json)


@weights_app.command("fetch")
def fetch_command(  # noqa: PLR0917 - one parameter for each option of the command
    name: Annotated[str, typer.Argument(help="What the weights are to be called.")],
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS...", help="https:// or file://, and mirrors.")],
    sha256: Annotated[str, typer.Option("--sha256", metavar="HEX", help="The hash that the file must have.")],
    net: Annotated[str, typer.Option(metavar="NAME", help="The network they belong to.")] = "",
    licence: Annotated[str, typer.Option(metavar="TEXT", help="As the authors state it.")] = "",
    store: _Store = None,
    offline: Annotated[bool, typer.Option("--offline", help="Refuse https://; so does RETOUCH_OFFLINE=1.")] = False,
    debug: _Debug = False,
) -> None:
    """Bring a file with a pinned SHA-256 into the store, or nothing."""
    from retouch.cli.weights.run import FetchOrder, run_fetch  # noqa: PLC0415

    run_fetch(FetchOrder(name, tuple(addresses), sha256, net, licence, store, offline))


@weights_app.command("import")
def import_command(  # noqa: PLR0917 - one parameter for each option of the command
    file: Annotated[str, typer.Argument(help="An authors' checkpoint: .pth, .pt, .safetensors, .h5 or .mat (v7.3).")],
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="The network the weights belong to.")],
    out: Annotated[str, typer.Option("-o", "--out", metavar="OUT", help="Where the safetensors file goes.")],
    strip_prefix: Annotated[str, typer.Option(metavar="TEXT", help="Take this off all names, such as 'module.'.")] = "",
    part: Annotated[str, typer.Option(metavar="NAME", help="Which of several state dicts in one file of torch.")] = "",
    allow_nan: Annotated[bool, typer.Option("--allow-nan", help="Keep weights that are not finite numbers.")] = False,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Hold names and shapes against the network.")
    ] = True,
    debug: _Debug = False,
) -> None:
    """Convert a checkpoint to safetensors and hold it against the network; nothing in it is run."""
    from retouch.cli.weights.run import ImportOrder, run_import  # noqa: PLC0415

    run_import(ImportOrder(file, name, out, strip_prefix, part, allow_nan, check))


@weights_app.command("prune")
def prune_command(store: _Store = None, debug: _Debug = False) -> None:
    """Remove what the manifest of the store does not name."""
    from retouch.cli.weights.run import run_prune  # noqa: PLC0415

    run_prune(store)

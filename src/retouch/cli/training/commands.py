"""The command train; what it needs is imported when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

_DEBUG_HELP = "Show the traceback of an error."
_DATA_HELP = "Folder, archive or list of pictures instead of the recipe's; synthetic:NAME draws them."


def train_command(  # noqa: PLR0917 - one parameter for each option of the command
    recipe: Annotated[
        str | None, typer.Argument(help="A recipe's file, or a name from 'retouch train --list'.")
    ] = None,
    out: Annotated[str, typer.Option("-o", "--out", metavar="RUN_DIR", help="Folder of the run.")] = "",
    data: Annotated[str | None, typer.Option(metavar="DIR", help=_DATA_HELP)] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change the recipe, such as run.steps=200; may be repeated."),
    ] = None,
    time_budget: Annotated[
        str, typer.Option(metavar="TIME", help="Stop with a checkpoint before so long: 90s, 25m or 2h.")
    ] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in RUN_DIR, or begin it.")] = False,
    warm_start: Annotated[
        str | None, typer.Option(metavar="FILE", help="Weights to begin with, or the folder of a run.")
    ] = None,
    smoke: Annotated[bool, typer.Option("--smoke", help="Only try it: two tiny steps on drawn pictures.")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads; by default RETOUCH_THREADS.")] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List the recipes inside the package.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help=_DEBUG_HELP)] = False,
) -> None:
    """Train the networks of a recipe on a folder of pictures."""
    from retouch.cli.training.train_run import TrainOrder, run_train, show_recipes  # noqa: PLC0415

    if show_list:
        show_recipes(json=json)
        return
    order = TrainOrder(
        recipe=recipe or "",
        out=out,
        data=data,
        settings=tuple(setting or ()),
        time_budget=time_budget,
        resume=resume,
        warm_start=warm_start,
        smoke=smoke,
        threads=threads,
        json=json,
    )
    raise typer.Exit(run_train(order))

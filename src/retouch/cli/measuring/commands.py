"""The commands that measure: eval, compare, metrics; what they need is imported when they run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from retouch.errors import UsageError

_DEBUG_HELP = "Show the traceback of an error."
_WEIGHTS_HELP = "Weights of a metric, such as lpips=alex.pth; may be repeated."
_METRICS_HELP = "Columns such as psnr,ssim_hole (see 'retouch metrics'); by default those of the protocol."
_PROTOCOL_HELP = "The convention to measure by (see 'retouch metrics --protocols')."


def eval_command(  # noqa: PLR0917 - one parameter for each option of the command
    out: Annotated[str, typer.Option("-o", "--out", metavar="FOLDER", help="Where tables, page and results go.")],
    methods: Annotated[
        list[str],
        typer.Option(
            metavar="NAME,...", help="Methods, NAME:OPTION=VALUE, 'input', or LABEL=FOLDER of results; may be repeated."
        ),
    ],
    images: Annotated[
        str,
        typer.Option(metavar="PATH", help="A folder of pictures, a picture, or a list of paths; or where suites lie."),
    ] = "",
    suite: Annotated[str, typer.Option(metavar="NAME,...", help="Test sets of denoising, such as bsd68,set12.")] = "",
    task: Annotated[str, typer.Option(help="inpaint or denoise.")] = "inpaint",
    masks: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE,...", help="Mask families, nvidia:FOLDER or pairs:FOLDER; may be repeated."),
    ] = None,
    bins: Annotated[str, typer.Option(metavar="LOW-HIGH,...", help="Shares of missing pixels, 0.1-0.2,0.2-0.3.")] = "",
    noise: Annotated[str, typer.Option(metavar="NAME:SIGMA,...", help="Noise, sigma of 255: awgn:25,awgn:50.")] = "",
    sigma: Annotated[str, typer.Option(metavar="SIGMA,...", help="15,25 for --noise awgn:15,awgn:25.")] = "",
    protocol: Annotated[str, typer.Option(help=_PROTOCOL_HELP)] = "standard",
    metrics: Annotated[str, typer.Option(metavar="NAME,...", help=_METRICS_HELP)] = "",
    prepare: Annotated[
        str, typer.Option(metavar="NAME", help="as-is, square:N, crop:N, gdn256, ...; by default the protocol's.")
    ] = "",
    weights: Annotated[list[str] | None, typer.Option(metavar="NAME=FILE", help=_WEIGHTS_HELP)] = None,
    dataset: Annotated[str, typer.Option(metavar="NAME", help="What the pictures are; finds published figures.")] = "",
    against: Annotated[
        str, typer.Option(metavar="METHOD", help="Compare the others with it; by default the first.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of masks, noise, crops and methods.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Take only the first so many pictures.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; by default one for each core.")] = None,
    shown: Annotated[int, typer.Option(min=0, help="How many cases the page shows with pictures.")] = 40,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger pictures.")] = 100_000_000,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help=_DEBUG_HELP)] = False,
) -> None:
    """Score methods on pictures under stated damage; run it again to go on where it was stopped."""
    from retouch.cli.measuring.eval_run import EvalOrder, run_eval, run_suites  # noqa: PLC0415 - see the module's first line
    from retouch.evaluation.cases.suites import read_sigmas  # noqa: PLC0415
    from retouch.evaluation.runs.plan import EvaluationRequest  # noqa: PLC0415
    from retouch.masks.sampler import parse_bin  # noqa: PLC0415

    request = EvaluationRequest(
        images=images,
        methods=split_words(methods),
        task=task,
        masks=split_words(masks or []),
        bins=tuple(parse_bin(text) for text in split_words([bins])),
        noise=(*split_words([noise]), *read_sigmas(split_words([sigma]))),
        protocol=protocol,
        metrics=split_words([metrics]),
        prepare=prepare,
        weights=parse_weights(weights or []),
        dataset=dataset,
        against=against,
        seed=seed,
        limit=limit,
        max_pixels=max_pixels,
    )
    order = EvalOrder(request, out, workers, shown, json)
    if suite:
        run_suites(order, split_words([suite]))
    elif images:
        run_eval(order)
    else:
        raise UsageError("an evaluation needs pictures: --images PATH, or --suite with --images for where it lies")


def compare_command(  # noqa: PLR0917 - one parameter for each option of the command
    reference: Annotated[str, typer.Argument(help="The truth.")],
    result: Annotated[str, typer.Argument(help="The picture to judge, of the same size; or labels, boxes, joints.")],
    mask: Annotated[str | None, typer.Option(help="White where pixels were missing.")] = None,
    invert_mask: Annotated[bool, typer.Option("--invert-mask", help="Black is the hole.")] = False,
    protocol: Annotated[str, typer.Option(help=_PROTOCOL_HELP)] = "standard",
    metrics: Annotated[str, typer.Option(metavar="NAME,...", help=_METRICS_HELP)] = "",
    weights: Annotated[list[str] | None, typer.Option(metavar="NAME=FILE", help=_WEIGHTS_HELP)] = None,
    error_map: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the absolute error, four times as bright, as PNG.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help=_DEBUG_HELP)] = False,
) -> None:
    """Measure how near one picture comes to another."""
    from retouch.cli.measuring.compare_run import CompareOrder, run_compare  # noqa: PLC0415

    order = CompareOrder(
        reference=reference,
        result=result,
        mask=mask,
        invert_mask=invert_mask,
        protocol=protocol,
        metrics=split_words([metrics]),
        weights=parse_weights(weights or []),
        error_map=error_map,
        json=json,
    )
    run_compare(order)


def metrics_command(
    name: Annotated[str | None, typer.Argument(help="Show this metric's definition and source.")] = None,
    protocols: Annotated[bool, typer.Option("--protocols", help="List the protocols and what they fix.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help=_DEBUG_HELP)] = False,
) -> None:
    """List the metrics, or show one; list the protocols."""
    from retouch.cli.measuring.metric_pages import show_metric, show_metrics, show_protocols  # noqa: PLC0415

    if protocols:
        sys.stdout.write(show_protocols(json=json))
    elif name is None:
        sys.stdout.write(show_metrics(json=json))
    else:
        sys.stdout.write(show_metric(name, json=json))


def split_words(texts: list[str]) -> tuple[str, ...]:
    """Split at commas and drop what is empty.

    >>> split_words(["telea,harmonic", "patchmatch"])
    ('telea', 'harmonic', 'patchmatch')
    """
    return tuple(word.strip() for text in texts for word in text.split(",") if word.strip())


def parse_weights(pairs: list[str]) -> dict[str, str]:
    """Read NAME=FILE pairs.

    Raises
    ------
    UsageError
        If one is not of that form.
    """
    parsed = {}
    for pair in pairs:
        name, equals, path = pair.partition("=")
        if not equals or not path:
            raise UsageError(f"weights must be written NAME=FILE, such as lpips=alex.pth, got '{pair}'")
        parsed[name.strip()] = path
    return parsed

"""The quick denoisers on BSD68 at three strengths, and BM3D on Set12 and CBSD68, beside the published figures.

The pictures may not be published, so only scores are kept; `scratch/denoising` holds the pages with pictures, and goes
on there: see `benchmarks.denoisers.resuming`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmarks.denoisers.resuming import COLUMNS, INPUT, Job, add_scores
from benchmarks.measuring import Bench
from benchmarks.records import Record
from retouch.evaluation.ruler.published import find_published
from retouch.methods.denoisers import denoiser_names

SLOW = ("ksvd", "epll", "ncsr", "wnnm", "weighted_schatten", "mc_wnnm", "fusion")
"""Those that take seconds for a picture, the quickest first: `quality-denoising-slow` scores them, at one strength."""

LEVELS = (15, 25, 50)
PROTOCOL = """White Gaussian noise that is neither clipped nor rounded, picture i with noise i of seed 0; denoisers with
their defaults, told the true sigma; results rounded to 8 bits. Means over the 68 grey pictures of BSD68, over the 12 of
Set12 (grey) and over the 68 of CBSD68 (colour), and over every fourth picture of a set. Published figures are those
that papers print, with other draws of the noise."""


def jobs() -> Iterator[Job]:
    """Yield what is scored."""
    for method in (INPUT, *(name for name in denoiser_names() if name not in SLOW)):
        yield Job(method, "bsd68", LEVELS)
    yield Job("bm3d", "set12", LEVELS)
    yield Job("bm3d", "cbsd68", LEVELS)


def run(bench: Bench) -> None:
    """Score every quick denoiser and write the result file."""
    wanted = tuple(jobs())
    absent = {job.pictures for job in wanted if not job.pictures.is_dir()}
    if absent:
        print(f"skipped: {', '.join(map(str, sorted(absent)))} must be there")
        return
    record = Record(bench, "quality-denoising", PROTOCOL)
    for job in wanted:
        add_scores(bench, record, job)
    add_published(record, sorted({job.dataset for job in wanted}), LEVELS)
    record.write()


def add_published(record: Record, datasets: Iterable[str], sigmas: Iterable[int]) -> None:
    """Add the figures that papers print for these pictures and strengths."""
    for dataset in datasets:
        for sigma in sigmas:
            for cell in find_published(dataset, "standard", "as-is", [f"awgn {sigma}"], COLUMNS):
                names = {"dataset": dataset, "sigma": sigma, "method": cell.method}
                record.add(**names, published=cell.value, source=cell.source)

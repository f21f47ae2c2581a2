"""Speed, memory and likeness of our PatchMatch completion against PyPI's pypatchmatch, on the same holes."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.engines import Hole, Pixels
from benchmarks.measuring import Bench
from benchmarks.pictures import BLOB, BRUSH, SCRATCH, SQUARE, TEXT, MaskKind, photograph
from benchmarks.records import Record

OURS, THEIRS = "retouch:patchmatch", "pypatchmatch"
PROTOCOL = """Each engine fills each hole in a fresh process; warm-up first (a 192 px piece of the picture), then 5
timed runs; 3 where the first takes more than 10 s and 1 where it takes more than 30 s. CPU is user and system time
of all threads. Peak memory is the process's VmHWM, kernels already compiled; the fill's own share is what the peak
adds to the process after the warm-up. pypatchmatch with patch_size=3, as in its examples."""

_BROAD = (SQUARE, BLOB, BRUSH)
_CASES: tuple[tuple[str, tuple[int, int], tuple[str, ...], tuple[MaskKind, ...]], ...] = (
    ("512", (512, 512), ("astronaut", "camera", "motorcycle", "brick"), _BROAD),
    ("1024", (1024, 1024), ("hubble_deep_field", "retina", "motorcycle"), _BROAD),
    ("3840x2160", (2160, 3840), ("motorcycle", "retina"), (BLOB,)),
    ("3840x2160", (2160, 3840), ("motorcycle",), (SQUARE, BRUSH, SCRATCH, TEXT)),
)
_QUICK = (("128", (128, 128), ("astronaut",), _BROAD),)


def cases(quick: bool) -> Iterator[tuple[str, str, str, Pixels, Hole]]:
    """Yield size, picture name, mask label, truth and mask; picture i of a row gets mask number i."""
    for size, shape, names, kinds in _QUICK if quick else _CASES:
        for index, name in enumerate(names):
            truth = photograph(name, *shape)
            for kind in kinds:
                yield size, name, kind.label, truth, kind.draw(shape, index)


def run(bench: Bench) -> None:
    """Measure every case and write the result file."""
    record = Record(bench, "patchmatch", PROTOCOL)
    for size, name, label, truth, mask in cases(bench.quick):
        print(f"{size} {name} {label}, {mask.mean():.1%} missing", flush=True)
        engines = {engine: bench.run(engine, truth, mask)[0] for engine in (OURS, THEIRS)}
        record.add(size=size, picture=name, mask=label, missing=round(float(mask.mean()), 4), engines=engines)
    record.write()

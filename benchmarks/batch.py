"""Fills many holes in one process, for quality only: python -m benchmarks.batch JOB, where JOB is a JSON file.

Like worker.py it runs in the environment of its engine; quality.by_bin starts it by `Bench.run_batch`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.engines import build_engine


def main() -> None:
    """Fill every hole of the job and write the results as PNG; what the engine cannot fill is named and left out."""
    job = json.loads(Path(sys.argv[1]).read_text())
    engine = build_engine(job["engine"])
    for name in job["names"]:
        hole = np.load(Path(job["holes"], f"{name}.npz"))
        target = Path(job["results"], f"{name}.png")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            Image.fromarray(engine(hole["image"], hole["mask"])).save(target)
        except Exception as error:
            print(f"{job['engine']} cannot fill {name}: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()

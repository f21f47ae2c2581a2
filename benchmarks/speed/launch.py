"""Run one command and print its wall time, CPU time and peak memory as JSON. Standard library only, on purpose.

The kernel starts a child's peak-memory counter at that of its parent, so the command must be the child of something
small: a benchmark that has numpy and pictures loaded would report its own size.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main() -> None:
    """Run the arguments as a command; its own output goes to stderr."""
    start = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    report = {
        "wall_s": round(time.perf_counter() - start, 4),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 4),
        "peak_mb": round(usage.ru_maxrss * 1024 / 1e6, 1),
        "exit_code": os.waitstatus_to_exitcode(status),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()

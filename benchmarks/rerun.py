"""How long `kzsec report` takes over its floor: the notebooks' own code as plain scripts, no kernel, no HTML.

    python benchmarks/rerun.py [--jobs 2] [--rounds 3]

Prints the median wall seconds of each and their ratio, and those of a report of which nothing changed. The two take
turns, so that a machine whose speed drifts treats them alike.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def scripts(folder: Path) -> list[Path]:
    """Each notebook's code cells as one script in `folder`."""
    made = []
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        script = folder / f"{path.stem}.py"
        script.write_text("\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code"), encoding="utf-8")
        made.append(script)
    return made


def timed(run) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KZSEC_CACHE"] = f"{folder}/cache"
        plain = scripts(Path(folder))

        def floor() -> None:
            with ThreadPoolExecutor(options.jobs) as pool:
                list(pool.map(lambda script: quiet([sys.executable, str(script)]), plain))

        def report(*fresh: str) -> None:
            quiet([sys.executable, "-m", "kzsec", "report", *fresh, "--jobs", str(options.jobs), "--out", f"{folder}/site"])

        floor()  # fill the disk's cache
        rounds = [(timed(floor), timed(lambda: report("--fresh"))) for _ in range(options.rounds)]
        again = statistics.median(timed(report) for _ in rounds)
    low, whole = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"floor {low:.2f} s, report {whole:.2f} s, ratio {whole / low:.2f}, over it {whole - low:.2f} s, "
          f"nothing changed {again:.2f} s (medians of {options.rounds}, {options.jobs} at a time)")  # fmt: skip


def quiet(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()

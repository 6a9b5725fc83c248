"""The whole default run against the asker's script, and a changed `ksg.k` against the whole run.

    python benchmarks/pipeline.py [--runs 3]

Every run is a process of its own in a scratch clone of HEAD, without a cache of results. Quote the medians and the
ratios of one table; the machine's own speed drifts.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def timed(*command: str, cwd: Path) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, env=ENVIRONMENT, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    script, cold, changed, noop = "the asker's script", "dvc repro, cold", "ksg.k changed", "dvc repro, no-op"
    seconds: dict[str, list[float]] = {script: [], cold: [], changed: [], noop: []}
    for run in range(parser.parse_args().runs):
        with tempfile.TemporaryDirectory() as folder:
            clone = Path(folder) / "clone"
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
            seconds[script].append(timed(sys.executable, "benchmarks/asker.py", cwd=clone))
            seconds[cold].append(timed("dvc", "repro", "--force", cwd=clone))
            text = (clone / "params.yaml").read_text()
            head, ksg = text.split("\n  ksg:\n")
            (clone / "params.yaml").write_text(head + "\n  ksg:\n" + ksg.replace("k: 3", f"k: {5 + run}", 1))
            seconds[changed].append(timed("dvc", "repro", cwd=clone))
            seconds[noop].append(timed("dvc", "repro", cwd=clone))
            shutil.rmtree(clone)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"{'':20} {'min':>7} {'median':>7} {'max':>7}  seconds")
    for name, values in seconds.items():
        print(f"{name:20} {min(values):7.1f} {median[name]:7.1f} {max(values):7.1f}")
    print(f"cold / script: {median[cold] / median[script]:.1f} (at most 4)")
    print(f"cold / changed: {median[cold] / median[changed]:.1f} (at least 6)")


if __name__ == "__main__":
    main()

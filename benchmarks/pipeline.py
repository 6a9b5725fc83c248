"""The whole default run against the asker's script, and a changed `ksg.k` against the whole run.

    python benchmarks/pipeline.py [--runs 3]

Every run is a process of its own in a scratch clone of HEAD, without a cache of results. The first clone compiles the
kernels, and the second finds them, as does any clone after the first on a machine. Quote the medians and the ratios of
one table; the machine's own speed drifts.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def timed(*command: str, cwd: Path) -> float:
    environment = ENVIRONMENT | {"NUMBA_CACHE_DIR": str(cwd.parent / "kernels")}
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    script, compiling, cold = "the asker's script", "cold, compiling too", "dvc repro, cold"
    changed, noop = "ksg.k changed", "dvc repro, no-op"
    seconds: dict[str, list[float]] = {name: [] for name in (script, compiling, cold, changed, noop)}
    for run in range(parser.parse_args().runs):
        with tempfile.TemporaryDirectory() as folder:
            for name in (compiling, cold):
                clone = Path(folder) / name
                subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
                seconds[name].append(timed("dvc", "repro", "--force", cwd=clone))
            seconds[script].append(timed(sys.executable, "benchmarks/asker.py", cwd=clone))
            text = (clone / "params.yaml").read_text()
            head, ksg = text.split("\n  ksg:\n")
            (clone / "params.yaml").write_text(head + "\n  ksg:\n" + ksg.replace("k: 3", f"k: {5 + run}", 1))
            seconds[changed].append(timed("dvc", "repro", cwd=clone))
            seconds[noop].append(timed("dvc", "repro", cwd=clone))
    median = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"{'':20} {'min':>7} {'median':>7} {'max':>7}  seconds")
    for name, values in seconds.items():
        print(f"{name:20} {min(values):7.1f} {median[name]:7.1f} {max(values):7.1f}")
    print(f"cold / script: {median[cold] / median[script]:.1f} (at most 4)")
    print(f"cold / changed: {median[cold] / median[changed]:.1f} (at least 6)")


if __name__ == "__main__":
    main()

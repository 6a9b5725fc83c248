"""Every estimator of the last run against the exact values of what it estimates: mean |error| by layer, and breaks.

    python benchmarks/default_run.py [data]

A break is a value above the ceiling I(X;Y) by more than 1.96 standard errors, of an estimator that has them.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from infoplane.estimation.intervals import between


def main() -> None:
    data = Path(sys.argv[1] if len(sys.argv) > 1 else "data")
    ceiling_bits = json.loads((data / "ceiling.json").read_text())["mi_bits"]
    known = [path for path in (data / "truth.csv", data / "estimands.csv") if path.exists()]
    truth = pd.concat([pd.read_csv(path) for path in known]).rename(columns={"mi_bits": "truth_bits"})
    truth = truth[(truth["target"] == "y") & np.isfinite(truth["truth_bits"])]
    layers = list(truth["layer"].unique())
    print("| estimator |", " | ".join(layers), "| all | largest | above the ceiling |")
    print("|---|" + "---|" * (len(layers) + 3))
    for path in sorted((data / "estimates").glob("*.csv")):
        judged = pd.read_csv(path).merge(truth, on=["replicate", "epoch", "layer", "target", "estimand"])
        error_bits = (judged["mi_bits"] - judged["truth_bits"]).abs()
        by_layer = error_bits.groupby(judged["layer"]).mean()
        stderr_bits = np.zeros(len(judged))
        if "stderr_bits" in judged:
            for places in judged.groupby(["replicate", "layer"]).indices.values():
                curve = judged.iloc[places]
                stderr_bits[places] = between(curve["epoch"].to_numpy(), curve["stderr_bits"].to_numpy())
        breaks = (judged["mi_bits"] - 1.96 * stderr_bits > ceiling_bits).mean()
        numbers = [*(by_layer.get(layer, np.nan) for layer in layers), error_bits.mean(), error_bits.max()]
        print(f"| {path.stem} |", " | ".join(f"{number:.3f}" for number in numbers), f"| {breaks:.1%} |")


if __name__ == "__main__":
    main()

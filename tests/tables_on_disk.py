"""Writes the tables that a run would leave, small and made up, for tests of what reads them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from infoplane.pipeline.common import files

TRUTH = ["replicate", "epoch", "layer", "target", "mi_bits"]
ESTIMATES = ["estimator", *TRUTH]


def write(path: Path, rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> None:
    """Where rows say nothing of the estimand, it is I(T;Y) or I(X;T) itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {"estimand": "plain"} if "target" in columns and "estimand" not in columns else {}
    found = [dict(zip(columns, row, strict=True)) | plain for row in rows]
    files.save_table(path, found, [*columns, *plain])


def write_training(root: Path, replicates: int, epochs: Sequence[int]) -> None:
    rows = [(r, e, 8.0 / (1 + e) + 0.1 * r, 9.0 / (1 + e) + 0.1 * r) for r in range(replicates) for e in epochs]
    write(root / "training.csv", rows, ["replicate", "epoch", "train_loss", "test_loss"])


def write_ceiling(root: Path, mi_bits: float | None) -> None:
    root.mkdir(parents=True, exist_ok=True)
    (root / "ceiling.json").write_text(json.dumps({"mi_bits": mi_bits}))


def write_run(
    root: Path,
    *,
    ids: Sequence[str] = ("ksg", "npeet"),
    layers: Sequence[str] = ("layer_1", "layer_2", "output"),
    replicates: int = 3,
    epochs: Sequence[int] = tuple(range(41)),
    ceiling_bits: float | None = 3.4732,
    truth: bool = True,
    only: Mapping[str, Mapping[str, Any]] | None = None,
    targets: Sequence[str] = ("y", "x"),
    uncertainty: bool = False,
    flags: str = "",
) -> None:
    """A run of noisy curves. `only[id]` may narrow `layers`, `replicates` or `targets` of one id."""
    rng = np.random.default_rng(0)
    write_training(root, replicates, epochs)
    write_ceiling(root, ceiling_bits)
    exact = [
        (r, e, layer, target, 3.4732 - 0.4 * place / (1 + e) if target == "y" else "inf")
        for r in range(replicates)
        for e in epochs
        for place, layer in enumerate(layers)
        for target in ("y", "x")
    ]
    write(root / "truth.csv", exact if truth else [], TRUTH)
    extra = ["stderr_bits", "null_mean_bits", "null_p95_bits", "p_value"] if uncertainty else []
    for key in ids:
        mine = {"layers": layers, "replicates": range(replicates), "targets": targets} | dict((only or {}).get(key, {}))
        rows = [
            (key, r, e, layer, target, (3.0 if target == "y" else 6.0) + rng.normal(0, 0.1))
            + ((0.1, 0.0, 0.15, 0.01) if uncertainty else ())
            + (flags,)
            for target in mine["targets"]
            for r in mine["replicates"]
            for e in epochs
            for layer in mine["layers"]
        ]
        write(root / "estimates" / f"{key}.csv", rows, [*ESTIMATES, *extra, "flags"])

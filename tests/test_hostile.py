"""Hostile layers through the stage's own code: a right value, a flag, or one line that says why there is none.

A float y is numbers there. What is declared to be labels goes through `infoplane.measure`, which shares that code.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import infoplane
from infoplane.core.errors import InfoplaneError
from infoplane.core.seeding import generator
from infoplane.estimators._shared import lookup
from infoplane.pipeline.common import store
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.estimating.epochs import estimate_epochs
from infoplane.pipeline.measurements import measurement

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "ksg": [{"variant": 1}, {"variant": 2}, {"scale": "rank"}, {"scale": "none"}],
    "mixed_ksg": [{}, {"scale": "none"}],
    "binning": [{"bins": 4}, {"rule": "quantile", "bins": 4}],
    "kde": [{}, {"bound": "lower"}, {"scale": "none"}],
    "renyi": [{}, {"kernel_width": "median"}, {"scale": "none"}],
    "gaussian": [{}, {"shrinkage": "none"}, {"shrinkage": "oas"}],
    "decodable": [{}, {"decoder": "mlp", "folds": 2}],
    "neural": [{"bound": bound, "steps": 20, "folds": 3} for bound in ("mine", "nwj", "infonce", "smile")],
}
ALL = [(name, settings) for name in lookup.names() for settings in SETTINGS.get(name, [{}])]

Floats = NDArray[np.floating]


def rows_or_error(
    root: Path, t: Floats, y: Floats, name: str, settings: dict[str, Any], labels: bool = False
) -> list[dict[str, Any]] | str:
    """Of one layer with float32 activations, as the pipeline keeps them, and the target y alone."""
    if labels:
        try:
            estimator = lookup.named(name)(**settings)
            table = infoplane.measure({"layer_1": t.astype(np.float32)}, y, {"id": estimator}, labels=True)
        except InfoplaneError as error:
            return f"estimators.{error}"
        return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
    samples = np.arange(len(y))
    store.save_dataset(root, store.Rows(y, y.astype(np.float64), np.full(len(y), "train"), samples))
    store.save_activations(root, 0, store.Activations({"layer_1": t[None].astype(np.float32)}, samples))
    section = {"estimator": name, **settings, "measure": {"targets": ["y"]}}
    try:
        with warnings.catch_warnings():
            # That they are taken as numbers is what is tested here; test_variables.py has the warning.
            warnings.filterwarnings("ignore", message=r"y: 2 different whole numbers look like class labels")
            return estimate_epochs(root, measurement(Config({"estimators": {"id": section}}), "id"), 0, [0])
    except InfoplaneError as error:
        return str(error)


def pair(samples: int = 60) -> tuple[Floats, Floats]:
    rng = generator(0, "hostile")
    t = rng.normal(size=(samples, 1))
    return t, 0.9 * t + 0.4 * rng.normal(size=t.shape)


CASES: dict[str, Any] = {
    "as it is": lambda t, y: (t, y),
    "two values of T": lambda t, y: (np.sign(t), y),
    "two values of Y": lambda t, y: (t, np.sign(y)),
    "two values of both": lambda t, y: (np.sign(t), np.sign(y)),
    "rows twice": lambda t, y: (np.repeat(t, 2, axis=0), np.repeat(y, 2, axis=0)),
    "rows four times": lambda t, y: (np.repeat(t, 4, axis=0), np.repeat(y, 4, axis=0)),
    "k + 1 rows": lambda t, y: (t[:4], y[:4]),
    "small T": lambda t, y: (1e-30 * t, y),
    "large T": lambda t, y: (1e30 * t, y),
    "small Y": lambda t, y: (t, 1e-30 * y),
    "large Y": lambda t, y: (t, 1e30 * y),
    "small both": lambda t, y: (1e-30 * t, 1e-30 * y),
    "large both": lambda t, y: (1e30 * t, 1e30 * y),
}


AS_IS = CASES["as it is"]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("name", "settings"), ALL)
def test_no_wrong_value_without_a_flag(tmp_path: Path, name: str, settings: dict[str, Any], case: str) -> None:
    """Right is what the same estimator reads of the same pairs at their own scale, or a flag says that it is not."""
    check(case, name, settings, *(rows_or_error(tmp_path, *of(*pair()), name, settings) for of in (CASES[case], AS_IS)))


@pytest.mark.parametrize("case", ["two values of Y", "two values of both"])
@pytest.mark.parametrize(("name", "settings"), ALL)
def test_no_wrong_value_of_labels_either(tmp_path: Path, name: str, settings: dict[str, Any], case: str) -> None:
    found = rows_or_error(tmp_path, *CASES[case](*pair()), name, settings, labels=True)
    assert isinstance(found, str) == ("labels" in lookup.named(name).not_for)
    check(case, name, settings, found, rows_or_error(tmp_path, *pair(), name, settings))


def check(
    case: str, name: str, settings: dict[str, Any], found: list[dict[str, Any]] | str, as_is: list[dict[str, Any]] | str
) -> None:
    if isinstance(found, str):
        assert found.startswith("estimators.id: ")
        assert "\n" not in found
        return
    (row,) = found
    assert np.isfinite(row["mi_bits"])
    words = {word.partition(":")[0] for word in filter(None, row["flags"].split(";"))}
    if case in ("two values of T", "two values of both", "rows twice", "rows four times"):
        assert "ties" in words
    elif case == "k + 1 rows":
        if hasattr(lookup.named(name), "k"):
            assert "saturated" in words
    elif case == "two values of Y":
        assert row["mi_bits"] <= 1.01, "a fair coin has one bit"
    else:
        (own,) = as_is
        # Training amplifies the rounding of a scale.
        within = 0.1 if "decoder" in settings else 0.02 if name == "neural" else 1e-3
        assert words & {"scale", "saturated"} or row["mi_bits"] == pytest.approx(own["mi_bits"], abs=within)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-30, 1e30])
@pytest.mark.parametrize(("name", "settings"), ALL)
def test_a_constant_layer_is_exactly_nothing(tmp_path: Path, name: str, settings: dict[str, Any], value: float) -> None:
    (row,) = rows_or_error(tmp_path, np.full((60, 2), value), pair()[1], name, settings)
    assert row["mi_bits"] == 0.0
    assert "constant" in row["flags"].split(";")

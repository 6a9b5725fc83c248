"""A wrong setting is one line that names its key, before anything is trained."""

import copy
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infoplane.arrays.variables import Variable
from infoplane.core.errors import InfoplaneError
from infoplane.estimation.method import Method
from infoplane.estimation.settings import Settings
from infoplane.estimators._shared import lookup
from infoplane.estimators._shared.base import Estimator
from infoplane.pipeline import whole
from infoplane.pipeline.common import params
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.measurements import measurement

ROOT = Path(__file__).resolve().parent.parent
KSG = {"estimator": "ksg"}
KEYS = {"estimator", "variant", "k", "scale", "device", *Settings.model_fields}


def validate(**section: Any) -> None:
    """The default experiment (350 rows, 500 epochs, 8 replicates) with one estimator."""
    values = copy.deepcopy(dict(params.load(ROOT / "params.yaml").values))
    whole.validate(Config(values | {"estimators": {"id": section}}))


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (KSG | {"k": "3"}, "k: Input should be a valid integer, got '3'"),
        (KSG | {"k": -1}, "k: Input should be greater than or equal to 1, got -1"),
        (KSG | {"k": True}, "k: Input should be a valid integer, got True"),
        (KSG | {"kk": 3}, f"kk: unknown key; known here: {', '.join(sorted(KEYS))}"),
        (
            KSG | {"measure": {"evry": 3}},
            "measure.evry: unknown key; known here: epochs, every, first, layers, pairs, ",
        ),
        (KSG | {"stderr": 10}, "stderr: should be a mapping with the keys every, first, splits, got 10"),
        (
            KSG | {"measure": {"layers": "output"}},
            "measure.layers: Input should be 'all', got 'output' or Input should",
        ),
        (
            {"estimator": "gaussian_kde", "bandwidth": 0},
            "bandwidth: Input should be 'scott' or 'silverman', got 0 or Input should be greater than 0, got 0",
        ),
        (KSG | {"k": 350}, "k: 350 is not below the 350 samples measured; lower it"),
        (KSG | {"k": 50, "measure": {"samples": 50}}, "k: 50 is not below the 50 samples measured; lower it"),
        (KSG | {"k": 175, "stderr": {"splits": 2}}, "k: 175 is not below the 175 samples in a half, "),
        (KSG | {"measure": {"samples": 351}}, "measure.samples: 351, but there are only 350; lower it"),
        (KSG | {"measure": {"epochs": [0, 501]}}, "measure.epochs: 501 is not trained; the last is 500"),
        (KSG | {"measure": {"replicates": [8]}}, "measure.replicates: 8 is not trained; the last is 7"),
    ],
)
def test_what_is_wrong_with_an_estimator(section: dict[str, Any], said: str) -> None:
    with pytest.raises(InfoplaneError) as caught:
        validate(**section)
    assert str(caught.value).startswith(f"estimators.id.{said}")
    assert "\n" not in str(caught.value)


def test_what_is_just_possible_is_accepted() -> None:
    validate(**KSG, k=349, measure={"epochs": [0, 500], "replicates": [7], "samples": 350})
    validate(**KSG, k=174, stderr={"splits": 2})


@pytest.mark.parametrize("name", lookup.names())
@pytest.mark.parametrize("value", ["many", [], {}, -1e300])
def test_no_parameter_of_any_estimator_takes_just_anything(name: str, value: Any) -> None:
    """Every key of its own, one at a time."""
    for key in (field.name for field in fields(lookup.named(name))):
        with pytest.raises(InfoplaneError, match=rf"^estimators\.id\.{key}"):
            validate(estimator=name, **{key: value})


def test_a_class_that_lacks_what_it_should_offer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes an estimator makes these mistakes, and is told so in a line."""
    from infoplane.estimators import ksg

    class NearestNeighbours(ksg.KSG):
        """By another name than its folder's."""

    monkeypatch.setattr(ksg, "NearestNeighbours", NearestNeighbours, raising=False)
    assert measurement(Config({"estimators": {"ksg": KSG}}), "ksg").estimator == ksg.KSG()
    monkeypatch.delattr(ksg, "KSG")
    with pytest.raises(
        InfoplaneError, match=r"^estimators\.ksg\.estimator: .* defines no Estimator named ksg, in any ca"
    ):
        measurement(Config({"estimators": {"ksg": KSG}}), "ksg")
    with pytest.raises(TypeError, match="Empty defines neither _estimate nor _estimate_many"):
        type("Empty", (Estimator,), {})


def test_a_function_that_lacks_what_it_should_offer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Datasets and models are functions, whose parameters need annotations."""
    from infoplane.datasets import sine

    def unannotated(*, noise_std=0.2):  # noqa: ARG001 (its signature is what matters)
        return None

    section = {"generator": "sine", "samples": 10, "test_fraction": 0.3, "probe_samples": 0, "seed": 0}
    monkeypatch.setattr(sine, "make", unannotated)
    with pytest.raises(InfoplaneError, match=r"^dataset\.noise_std: has no annotation in .*; give it one$"):
        _ = Config({"dataset": section}).dataset
    monkeypatch.delattr(sine, "make")
    with pytest.raises(InfoplaneError, match=r"^dataset\.generator: sine offers no function make; see"):
        _ = Config({"dataset": section}).dataset


@pytest.mark.parametrize("name", ["nope", "_shared", "", None, 3, ["ksg"]])
def test_an_unknown_estimator_is_named_with_those_there_are(name: object) -> None:
    with pytest.raises(
        InfoplaneError, match=r"^estimators\.id\.estimator: unknown .*; choose one of aligned_ksg, .*sklearn$"
    ):
        validate(estimator=name)
    with pytest.raises(
        InfoplaneError, match=r"^estimators\.id\.estimator: missing; choose one of aligned_ksg, .*sklearn$"
    ):
        validate(k=3)


@pytest.mark.parametrize("wrong", [np.zeros(2), [0.0, [1.0]], "text", None, np.nan])
@pytest.mark.parametrize("hook", ["_estimate_many", "_estimate_permuted", "_input_information"])
def test_what_is_no_number_is_said_to_be_so(hook: str, wrong: object) -> None:
    kind = type("Wrong", (Estimator,), {"_estimate": None, hook: lambda *_: wrong, "reads_layer_alone": True})
    x, y, rngs = np.ones((4, 1)), Variable(np.ones((4, 1))), [np.random.default_rng(0)]
    method = Method(kind(), "x" if hook == "_input_information" else "y")
    with pytest.raises(InfoplaneError, match="which is a fault of the estimator"):
        _ = method.permuted(x, y, np.arange(4)[None], rngs) if "permuted" in hook else method.values([x], y, rngs)


@pytest.mark.parametrize("wrong", [np.zeros(2), [0.0, [1.0]], "text", None, np.nan])
def test_a_single_value_that_is_no_number_is_said_to_be_so_too(wrong: object) -> None:
    kind = type("Wrong", (Estimator,), {"_estimate": lambda *_: wrong})
    with pytest.raises(InfoplaneError, match="which is a fault of the estimator"):
        Method(kind(), "y").values([np.ones((4, 1))], Variable(np.ones((4, 1))), [np.random.default_rng(0)])

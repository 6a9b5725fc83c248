"""A wrong setting is one line that names its key, before anything is trained."""

import copy
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from infoplane.core import plugins
from infoplane.core.errors import InfoplaneError
from infoplane.estimation.method import Method
from infoplane.pipeline.common import params
from infoplane.pipeline.common.config import Config

ROOT = Path(__file__).resolve().parent.parent
KSG = {"estimator": "ksg"}


def validate(**section: Any) -> None:
    """The default experiment (350 rows, 500 epochs, 8 replicates) with one estimator."""
    values = copy.deepcopy(dict(params.load(ROOT / "params.yaml")._values))
    Config(values | {"estimators": {"id": section}}).validate()


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (KSG | {"k": "3"}, "k: Input should be a valid integer, got '3'"),
        (KSG | {"k": -1}, "k: Input should be greater than or equal to 1, got -1"),
        (KSG | {"k": True}, "k: Input should be a valid integer, got True"),
        (
            KSG | {"kk": 3},
            "kk: unknown key; known here: device, estimator, k, measure, permutations, reduce, scale, stderr, variant",
        ),
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
        (KSG | {"measure": {"samples": 351}}, "measure.samples: 351 of the 350 there are; lower it"),
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


@pytest.mark.parametrize("name", plugins.names("estimators"))
@pytest.mark.parametrize("value", ["many", [], {}, -1e300])
def test_no_parameter_of_any_estimator_takes_just_anything(name: str, value: Any) -> None:
    """Every key of its own, one at a time."""
    module = plugins.load("estimators", name, name)
    for key in plugins.parameters(module.estimate, {}, name):
        with pytest.raises(InfoplaneError, match=rf"^estimators\.id\.{key}"):
            validate(estimator=name, **{key: value})


def test_a_module_that_lacks_what_it_should_offer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes an estimator makes these mistakes, and is told so in a line."""
    from infoplane.estimators import ksg

    def unannotated(x, y, *, rng, k=3):  # noqa: ARG001 (its signature is what matters)
        return 0.0

    monkeypatch.setattr(ksg, "estimate", unannotated)
    with pytest.raises(InfoplaneError, match=r"^estimators\.ksg\.k: has no annotation in .*; give it one$"):
        Config({"estimators": {"ksg": KSG}}).estimator("ksg")
    monkeypatch.delattr(ksg, "estimate")
    with pytest.raises(InfoplaneError, match=r"^estimators\.ksg\.estimator: ksg offers no function estimate; see"):
        Config({"estimators": {"ksg": KSG}}).estimator("ksg")


@pytest.mark.parametrize("wrong", [np.zeros(2), [0.0, [1.0]], "text", None, np.nan])
def test_what_is_no_number_is_said_to_be_so(wrong: object) -> None:
    module = ModuleType("wrong")
    module.estimate = lambda x, y, *, rng: wrong  # type: ignore[attr-defined]  # noqa: ARG005
    with pytest.raises(InfoplaneError, match="which is a fault of the estimator"):
        Method(module, {}, "y").values([np.ones((4, 1))], np.ones((4, 1)), [np.random.default_rng(0)])

"""The front door: what goes in, in whichever form, and what comes out."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import infoplane as ip
from infoplane.estimation import flags
from infoplane.estimators._shared import lookup
from infoplane.pipeline.common import store
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.estimating.epochs import estimate_epochs
from infoplane.pipeline.measurements import measurement
from scratch import ROOT

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
Y = X[:, 0] + 0.5 * RNG.normal(size=300)
TRUTH_BITS = np.log2(1 + 1 / 0.25) / 2
WORDS = np.array(["cat", "dog", "eel"])[np.digitize(Y, [-0.5, 0.5])]


def test_the_public_names_are_these_and_every_estimator() -> None:
    functions = {"InfoplaneError", "Result", "measure", "mutual_information", "__version__"}
    functions |= {"estimands", "exact", "laws", "ActivationRecorder", "LightningRecorder"}
    classes = {lookup.named(name).__name__ for name in lookup.names()}
    assert set(ip.__all__) == functions | classes
    assert {"KSG", "MixedKSG", "ShearedKSG", "Binning", "Decodable", "Neural"} <= classes, "others may rely on these"
    assert dir(ip) == sorted(ip.__all__)
    for name in ip.__all__:
        assert getattr(ip, name) is not None
    with pytest.raises(AttributeError, match=r"infoplane has no Ksg; dir\(infoplane\)"):
        _ = ip.Ksg


@pytest.mark.parametrize("name", lookup.names())
def test_an_estimator_says_what_it_is(name: str) -> None:
    kind = lookup.named(name)
    said = kind.__doc__
    assert said
    assert len(said.strip().splitlines()[0]) <= 120, "its first line stands in a list"
    assert "bits" in said
    for field in dataclasses.fields(kind):
        assert field.name in said, f"the docstring says nothing of {field.name}"


@pytest.mark.parametrize("name", lookup.names())
def test_the_defaults_of_an_estimator_are_valid(name: str) -> None:
    """An object with defaults alone is not checked when it is made, since that takes a tenth of a value's time."""
    kind = lookup.named(name)
    assert kind.of(dataclasses.asdict(kind())) == kind()


def test_a_value_is_near_the_truth_with_its_error_and_null() -> None:
    result = ip.mutual_information(X, Y, ip.KSG(k=5), stderr=10, permutations=99)
    assert float(result) == result.mi_bits == pytest.approx(TRUTH_BITS, abs=0.25)
    table = ip.measure({"x": X}, Y, ip.KSG(k=5), stderr=10)
    reach = 1.959964 * np.hypot(result.stderr_bits, table["drift_bits"].item())
    assert result.interval_bits == pytest.approx([result.mi_bits - reach, result.mi_bits + reach], abs=1e-5)
    assert result.null_mean_bits == pytest.approx(0, abs=0.05)
    assert result.p_value == 0.01, "none of 99 shuffled pairings reads as much"
    assert (result.estimator, result.samples, result.target) == (ip.KSG(k=5), 300, "numbers")
    said = str(result)
    for part in ("bits", "standard error", "p = 0.01", "KSG(", "300 rows", "numbers"):
        assert part in said
    assert pd.DataFrame([result.to_dict()])["mi_bits"].item() == result.mi_bits
    assert json.loads(json.dumps(result.to_dict()))["estimator"] == str(ip.KSG(k=5))


def test_what_was_not_asked_for_is_none() -> None:
    result = ip.mutual_information(X, Y, "ksg")
    assert result.stderr_bits is result.interval_bits is result.null_mean_bits is result.p_value is None
    assert result.estimator == ip.KSG()


def forms() -> dict[str, tuple[object, object]]:
    frame = pd.DataFrame(X, columns=["a", "b"], index=range(300, 0, -1))
    return {
        "numpy": (X, Y),
        "one column of y": (X, Y[:, None]),
        "Fortran order": (np.asfortranarray(X), Y),
        "every second row of more": (np.repeat(X, 2, axis=0)[::2], np.repeat(Y, 2)[::2]),
        "big-endian": (X.astype(">f8"), Y.astype(">f8")),
        "lists": (X.tolist(), Y.tolist()),
        "pandas": (frame, pd.Series(Y)),
        "nullable pandas": (frame.astype("Float64"), pd.Series(Y, dtype="Float64")),
        "torch": (torch.from_numpy(X), torch.from_numpy(Y).requires_grad_()),
        "objects": (X.astype(object), Y.astype(object)),
    }


@pytest.mark.parametrize("form", forms())
def test_the_form_of_the_arrays_does_not_matter(form: str) -> None:
    x, y = forms()[form]
    assert float(ip.mutual_information(x, y, "ksg")) == float(ip.mutual_information(X, Y, "ksg"))


@pytest.mark.parametrize("kind", [np.float16, np.float32, torch.bfloat16])
def test_narrow_floats_are_the_numbers_that_they_hold(kind: object) -> None:
    x = torch.from_numpy(X).to(kind) if isinstance(kind, torch.dtype) else X.astype(kind)
    wide = x.double().numpy() if isinstance(x, torch.Tensor) else x.astype(np.float64)
    assert float(ip.mutual_information(x, Y, "ksg")) == pytest.approx(float(ip.mutual_information(wide, Y, "ksg")))


def labels() -> dict[str, object]:
    codes = np.unique(WORDS, return_inverse=True)[1]
    return {
        "words": WORDS,
        "a list of words": WORDS.tolist(),
        "integers": codes,
        "others, scaled": np.array([1000, -40, 7])[codes],
        "unsigned": codes.astype(np.uint8),
        "a categorical": pd.Series(WORDS, dtype="category"),
        "a categorical itself": pd.Categorical(WORDS),
        "pandas' own strings": pd.Series(WORDS, dtype="string"),
        "one-hot": np.eye(3, dtype=int)[codes],
        "torch": torch.from_numpy(codes),
    }


@pytest.mark.parametrize("form", labels())
def test_labels_are_names(form: str) -> None:
    result = ip.mutual_information(X, labels()[form])
    assert result.target == "3 classes"
    assert float(result) == float(ip.mutual_information(X, WORDS))


def test_floats_are_labels_only_where_that_is_said() -> None:
    codes = np.unique(WORDS, return_inverse=True)[1].astype(float)
    with pytest.warns(UserWarning, match="3 different whole numbers look like class labels, and were taken as numbers"):
        assert ip.mutual_information(X, codes, "ksg").target == "numbers"
    assert ip.mutual_information(X, codes, labels=True).target == "3 classes"
    assert ip.mutual_information(X, codes > 0).target == "2 classes"
    assert ip.mutual_information(X, codes.astype(int), "ksg", labels=False).target == "numbers"


def test_integers_that_look_like_counts_are_warned_of() -> None:
    counts = RNG.poisson(np.exp(3 + 0.3 * X[:, 0]))
    with pytest.warns(UserWarning, match=r"different integers in 300 rows look like counts.*pass labels=False"):
        assert "classes" in ip.mutual_information(X, counts).target


def test_text_as_x_is_a_column_for_each_value() -> None:
    result = ip.mutual_information(WORDS, WORDS, ip.MixedKSG())
    shares = np.unique(WORDS, return_counts=True)[1] / 300
    assert float(result) == pytest.approx(-np.sum(shares * np.log2(shares)), abs=0.02)


def test_a_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    asked = {"stderr": 5, "permutations": 19}
    one, again, other = (ip.mutual_information(X, Y, "ksg", **asked, seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert one.mi_bits == other.mi_bits
    assert one.stderr_bits != other.stderr_bits


def test_measure_makes_a_tidy_table() -> None:
    table = ip.measure({"fc1": X, "fc2": X[:, :1]}, Y, [ip.KSG(), ip.Decodable()], X, stderr=2, permutations=19)
    assert list(table.columns) == [
        *("estimator", "replicate", "epoch", "layer", "target", "estimand", "mi_bits", "stderr_bits"),
        *("drift_bits", "null_mean_bits", "null_p95_bits", "p_value", "flags"),
    ]
    assert list(table["estimator"]) == ["ksg"] * 4 + ["decodable"] * 4
    assert list(table["layer"]) == ["fc1", "fc2"] * 4
    assert list(table["target"]) == ["y", "y", "x", "x"] * 2
    assert list(table["estimand"]) == ["plain"] * 4 + [str(ip.Decodable().estimand)] * 4
    alone = ip.mutual_information(X, Y, "ksg")
    assert table["mi_bits"][0] == alone.mi_bits


def test_measure_takes_stacked_replicates_and_ids() -> None:
    stacked = np.stack([X, 2 * X[::-1]])
    table = ip.measure({"a": stacked}, Y, {"k3": ip.KSG(), "k5": ip.KSG(k=5)}, replicate=4)
    assert list(table["replicate"]) == [4, 5, 4, 5]
    assert list(table["estimator"]) == ["k3", "k3", "k5", "k5"]
    assert table["mi_bits"][3] == ip.mutual_information(X[::-1], Y, ip.KSG(k=5)).mi_bits


REFUSALS = [
    (lambda: ip.KSG(k=0), "k: Input should be greater than or equal to 1, got 0"),
    (lambda: ip.KSG(scale="foo"), "scale: Input should be 'none', 'standard' or 'rank', got 'foo'"),
    (lambda: ip.Binning(range=[1.0, 0.0]), "range: [1.0, 0.0] is empty"),
    (lambda: ip.mutual_information(X[:200], Y), "x: has 200 rows and y 300; pair them row by row"),
    (lambda: ip.mutual_information(X, Y, stderr=1), "stderr: Input should be greater than or equal to 2, got 1"),
    (lambda: ip.mutual_information(X, Y, permutations=5), "permutations: Input should be greater than"),
    (lambda: ip.mutual_information(X, Y, seed=-1), "seed: Input should be greater than or equal to 0"),
    (lambda: ip.mutual_information(X, Y, "kgs"), "estimator: unknown 'kgs'; choose one of aligned_ksg, binning"),
    (lambda: ip.mutual_information(X, Y, 3), "estimator: 3 is none; give an object such as KSG(k=3)"),
    (lambda: ip.mutual_information(X, Y, ip.KSG(k=300)), "k: 300 is not below the 300 samples"),
    (lambda: ip.mutual_information(X, WORDS, "npeet"), "y: npeet is not for labels (3 classes)"),
    (lambda: ip.mutual_information(X, WORDS, labels=False), "y: holds text, which cannot be numbers"),
    (lambda: ip.mutual_information(X[:3], Y[:3]), "x: has 3 rows; at least 4 are needed"),
    (lambda: ip.mutual_information(X.reshape(300, 2, 1), Y), "x: has 3 dimensions (300, 2, 1); flatten it"),
    (lambda: ip.mutual_information(X[:, :0], Y), "x: is empty, of shape (300, 0)"),
    (lambda: ip.mutual_information(np.where(X > 2, np.nan, X), Y), "NaN or infinity, the first is row"),
    (lambda: ip.mutual_information(3.0, Y), "x: is a single float"),
    (lambda: ip.mutual_information({"a": X}, Y), "x: is a single dict"),
    (lambda: ip.mutual_information([[1, 2], [3]], Y), "x: is no array"),
    (lambda: ip.mutual_information(X + 1j, Y), "x: holds complex128, neither numbers nor labels"),
    (lambda: ip.mutual_information(X, pd.to_datetime(["2026-01-01"] * 300)), "y: holds datetime64"),
    (lambda: ip.mutual_information(X, [None, *Y[1:]]), "y: 1 entries are missing, the first in row 0"),
    (lambda: ip.mutual_information(X, ["a", *Y[1:]]), "y: mixes text with numbers"),
    (lambda: ip.measure(X, Y, "ksg"), "layers: give a mapping of names to arrays"),
    (lambda: ip.measure({"a": X, "b": X[:9]}, Y, "ksg"), "layers['b']: has 9 rows and y 300"),
    (lambda: ip.measure({"a": X}, Y, [ip.KSG(), ip.KSG(k=5)]), "estimators: two are called ksg"),
    (lambda: ip.measure({"a": X}, Y, []), "estimators: none given"),
    (lambda: ip.measure({"a": X}, Y, "ksg", components=0), "components: Input should be greater than or equal to 1"),
]


@pytest.mark.parametrize(("call", "said"), REFUSALS, ids=[said[:40] for _, said in REFUSALS])
def test_what_is_wrong_is_said_in_one_line(call: object, said: str) -> None:
    with pytest.raises(ip.InfoplaneError) as caught:
        call()  # type: ignore[operator]
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_importing_brings_no_heavy_part() -> None:
    heavy = ("numpy", "scipy", "pandas", "numba", "pydantic", "torch", "matplotlib", "sklearn")
    code = f"import infoplane, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "src", capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_measure_gives_the_numbers_of_the_pipeline_to_the_bit(tmp_path: Path) -> None:
    """For the same arrays, seed and ids: values, errors, null and flags, of every replicate and of both targets."""
    rng = np.random.default_rng(3)
    inputs, targets = rng.normal(size=(90, 1)), rng.normal(size=(90, 1))
    layers = {
        "a": np.maximum(inputs + rng.normal(size=(2, 90, 4)), 0).astype(np.float32),
        "b": (targets + rng.normal(size=(2, 90, 2))).astype(np.float32),
    }
    row_id = np.arange(90)
    store.save_dataset(tmp_path, store.Rows(inputs, targets, np.full(90, "train"), row_id))
    store.save_activations(tmp_path, 7, store.Activations(layers, row_id))
    asked = {"stderr": {"splits": 3}, "permutations": 19}
    config = Config(
        {"estimators": {"mine": {"estimator": "ksg", "k": 4, **asked}, "other": {"estimator": "npeet", **asked}}}
    )
    for key, estimator in (("mine", ip.KSG(k=4)), ("other", ip.NPEET())):
        rows = estimate_epochs(tmp_path, measurement(config, key), 5, [7])
        flags.mark(rows, measurement(config, key).settings, flags.Truth())
        table = ip.measure(layers, targets, {key: estimator}, inputs, epoch=7, stderr=3, permutations=19, seed=5)
        assert table.to_dict("records") == rows

"""An estimator over saved activations: the right rows, the chosen values, the same numbers in any block."""

import csv
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

import calling
from infoplane.arrays.variables import Variable
from infoplane.core.errors import InfoplaneError
from infoplane.core.seeding import generator
from infoplane.estimation import flags
from infoplane.estimation import values as of_estimation
from infoplane.estimation.flags import Truth
from infoplane.estimation.layers import prepared
from infoplane.estimation.method import Method, Target
from infoplane.estimation.reduction import principal_components
from infoplane.estimators._shared.base import Estimator
from infoplane.estimators.binning import Binning
from infoplane.pipeline import computing
from infoplane.pipeline.common import files, store
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.common.sections import Compute
from infoplane.pipeline.estimating.epochs import chosen_epochs, estimate_epochs
from infoplane.pipeline.measurements import Measurement, measurement

SAMPLES, EPOCHS, REPLICATES = 60, 4, 2
ROOT = Path(__file__).resolve().parent.parent
BINNING = {"estimator": "binning", "bins": 4}
EVERYTHING = BINNING | {"stderr": {"splits": 5}, "permutations": 19}


def activations(epoch: int, x: NDArray[np.float64]) -> dict[str, NDArray[np.float32]]:
    rng = generator(0, "test_estimation", epoch)
    layer_1 = np.maximum(x @ rng.normal(size=(REPLICATES, 1, 3)) + rng.normal(size=(REPLICATES, 1, 3)), 0)
    output = layer_1 @ rng.normal(size=(REPLICATES, 3, 1))
    return {"layer_1": layer_1.astype(np.float32), "output": output.astype(np.float32)}


def save(root: Path, order: NDArray[np.int64] | None = None, shifted: Mapping[int, int] | None = None) -> Path:
    """A dataset with two splits, and activations of its train rows in `order`.

    At the epochs of `shifted` their row_id is wrong by so much.
    """
    rng = generator(0, "test_estimation")
    x = rng.uniform(-3, 3, (2 * SAMPLES, 1))
    y = x**2 - x - 1 + rng.normal(0, 0.2, x.shape)
    split = np.where(np.arange(2 * SAMPLES) % 2, "test", "train")
    rows = store.Rows(x, y, split, np.arange(2 * SAMPLES) + 1000)
    store.save_dataset(root, rows)
    train = rows.of("train")
    order = np.arange(SAMPLES) if order is None else order
    for epoch in range(EPOCHS):
        layers = {name: t[:, order] for name, t in activations(epoch, train.x).items()}
        row_id = train.row_id[order] + (shifted or {}).get(epoch, 0)
        store.save_activations(root, epoch, store.Activations(layers, row_id))
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("store"))


def measured(**section: Any) -> Measurement:
    return measurement(Config({"estimators": {"id": section}}), "id")


def estimate(root: Path, epochs: list[int] | None = None, seed: int = 0, **section: Any) -> list[dict[str, Any]]:
    return estimate_epochs(root, measured(**section), seed, epochs or list(range(EPOCHS)))


def values(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], float]:
    return {(row["replicate"], row["epoch"], row["layer"], row["target"]): row["mi_bits"] for row in rows}


def test_each_value_is_that_of_its_own_layer_and_the_train_rows(root: Path) -> None:
    """Computed here from the arrays, one by one."""
    train = store.load_dataset(root).of("train")
    expected = {}
    for epoch in range(EPOCHS):
        for layer, t in activations(epoch, train.x).items():
            for replicate in range(REPLICATES):
                key = (replicate, epoch, layer)
                expected[*key, "y"] = calling.estimate(Binning(bins=4), t[replicate], train.y)
                expected[*key, "x"] = calling.input_information(Binning(bins=4), t[replicate])
    assert values(estimate(root, **BINNING)) == expected


def test_rows_in_another_order_are_paired_by_their_id(root: Path, tmp_path: Path) -> None:
    """The mistake this project began with: activations in an order that is not the targets'."""
    other = save(tmp_path, order=generator(0, "order").permutation(SAMPLES))
    assert values(estimate(other, **BINNING)) == pytest.approx(values(estimate(root, **BINNING)), abs=1e-12)


def test_epochs_in_different_orders_are_refused(tmp_path: Path) -> None:
    save(tmp_path)
    kept = store.load_activations(tmp_path, 2)
    order = generator(0, "order").permutation(SAMPLES)
    layers = {name: t[:, order] for name, t in kept.layers.items()}
    store.save_activations(tmp_path, 2, store.Activations(layers, kept.row_id[order]))
    with pytest.raises(InfoplaneError, match=r"epoch_0002.npz: its rows are not in the order of epoch 0; run "):
        estimate(tmp_path, **BINNING)


def test_rows_of_other_data_are_refused(tmp_path: Path) -> None:
    save(tmp_path, shifted=dict.fromkeys(range(EPOCHS), 5000))
    with pytest.raises(InfoplaneError, match=r"epoch_0000.npz: row 6000 is not in the dataset; .*run "):
        estimate(tmp_path, **BINNING)


def test_a_row_that_comes_twice_is_refused(tmp_path: Path) -> None:
    save(tmp_path, order=np.zeros(SAMPLES, dtype=np.int64))
    with pytest.raises(InfoplaneError, match=r"epoch_0000.npz: row_id holds a row twice"):
        estimate(tmp_path, **BINNING)


def test_a_layer_that_the_file_lacks_is_named(tmp_path: Path) -> None:
    path = store.activations_path(save(tmp_path), 0)
    arrays = files.load_npz(path)
    del arrays["output"]
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(InfoplaneError, match=r"epoch_0000.npz: output is missing"):
        estimate(tmp_path, **BINNING)


def test_measure_chooses_replicates_layers_targets(root: Path) -> None:
    measure = {"replicates": [1], "layers": ["output"], "targets": ["x"]}
    found = values(estimate(root, **BINNING, measure=measure))
    assert list(found) == [(1, epoch, "output", "x") for epoch in range(EPOCHS)]
    everything = values(estimate(root, **BINNING))
    assert all(everything[key] == value for key, value in found.items())


def test_layers_come_in_network_order(root: Path) -> None:
    """Whatever the order in which they are asked for, since `dpi` looks at the layer before."""
    rows = estimate(root, epochs=[0], **BINNING, measure={"layers": ["output", "layer_1"], "targets": ["y"]})
    assert [row["layer"] for row in rows] == ["layer_1", "layer_1", "output", "output"]


@pytest.mark.parametrize(
    ("measure", "epochs"),
    [
        ({}, [0, 1, 2, 5, 10]),
        ({"every": 4}, [0, 10]),
        ({"every": 5, "first": 1}, [0, 1, 5, 10]),
        ({"epochs": [10, 0, 10]}, [0, 10]),
    ],
)
def test_measure_chooses_epochs(measure: dict[str, Any], epochs: list[int]) -> None:
    assert chosen_epochs(measured(**BINNING, measure=measure), [0, 1, 2, 5, 10]) == epochs


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ({"layers": ["layer_9"]}, "measure.layers: no layer 'layer_9'; there are layer_1, output"),
        ({"replicates": [0, 2]}, "measure.replicates: no replicate 2; the last is 1"),
        ({"samples": 61}, "measure.samples: 61, but there are only 60; lower it"),
    ],
)
def test_what_is_not_there_cannot_be_measured(root: Path, measure: dict[str, Any], message: str) -> None:
    with pytest.raises(InfoplaneError) as caught:
        estimate(root, **BINNING, measure=measure)
    assert str(caught.value) == f"estimators.id.{message}"


def test_an_epoch_that_was_not_extracted_cannot_be_measured() -> None:
    with pytest.raises(InfoplaneError, match=r"^estimators.id.measure.epochs: 7 was not extracted; the last is 3"):
        chosen_epochs(measured(**BINNING, measure={"epochs": [0, 7]}), [0, 1, 2, 3])


@pytest.mark.parametrize(
    ("section", "where"),
    [
        ({"permutations": 18}, "permutations"),
        ({"permutations": "many"}, "permutations"),
        ({"stderr": {"splits": 1}}, "stderr.splits"),
        ({"stderr": {}}, "stderr.splits"),
        ({"reduce": {"components": 0}}, "reduce.components"),
        ({"reduce": {"whiten": True, "components": 2}}, "reduce.whiten"),
        ({"measure": {"replicates": []}}, "measure.replicates"),
    ],
)
def test_settings_are_checked(section: dict[str, Any], where: str) -> None:
    with pytest.raises(InfoplaneError, match=rf"^estimators\.id\.{where}"):
        measured(**BINNING, **section)


def test_fewer_samples_are_the_same_rows_of_layer_and_target(root: Path, tmp_path: Path) -> None:
    """A layer that is y itself: on any rows I(T;Y) = H(T), so a wrong pairing would show."""
    dataset = store.load_dataset(root).of("train")
    t = np.round(dataset.y)[None].astype(np.float32)
    store.save_dataset(tmp_path, store.Rows(dataset.x, np.round(dataset.y), dataset.split, dataset.row_id))
    store.save_activations(tmp_path, 0, store.Activations({"y": t}, dataset.row_id))
    section = {"estimator": "binning", "bins": 100, "bins_y": 100}
    y, x = estimate(tmp_path, epochs=[0], **section, measure={"samples": 20})
    assert y["mi_bits"] == pytest.approx(x["mi_bits"], abs=1e-12)
    assert 0 < x["mi_bits"] <= np.log2(20)


@pytest.mark.parametrize("pairs", ["right", "shuffled"])
def test_no_number_depends_on_the_block_or_on_the_number_of_workers(root: Path, pairs: str) -> None:
    section = measured(**EVERYTHING, reduce={"components": 2}, measure={"pairs": pairs})
    together = estimate_epochs(root, section, 7, list(range(EPOCHS)))
    tasks = [(root, section, 7, [epoch]) for epoch in range(EPOCHS)]
    for workers in (1, 2):
        apart = [row for block in computing.run(estimate_epochs, tasks, Compute(workers=workers)) for row in block]
        assert sorted(map(str, apart)) == sorted(map(str, together))


def test_the_seed_decides_what_is_random_and_the_value_is_not(root: Path) -> None:
    first, again, other = (estimate(root, epochs=[0], seed=seed, **EVERYTHING) for seed in (0, 0, 1))
    assert first == again
    assert values(first) == values(other)
    assert [row["stderr_bits"] for row in first] != [row["stderr_bits"] for row in other]


def test_shuffled_pairs_are_another_rows_target(root: Path) -> None:
    """H(bin T) knows no pairs and stays; I(T;Y) falls to what chance gives."""
    right = values(estimate(root, **BINNING))
    shuffled = values(estimate(root, **BINNING, measure={"pairs": "shuffled"}))
    assert all(right[key] == pytest.approx(shuffled[key], abs=1e-12) for key in right if key[-1] == "x")
    mean = {name: np.mean([v for k, v in found.items() if k[-1] == "y"]) for name, found in
            (("right", right), ("shuffled", shuffled))}  # fmt: skip
    assert mean["shuffled"] < mean["right"] / 2


def test_columns_are_those_that_the_settings_ask_for(root: Path) -> None:
    plain = ["estimator", "replicate", "epoch", "layer", "target", "estimand", "mi_bits"]
    assert of_estimation.columns(measured(**BINNING).settings) == [*plain, "flags"]
    assert set(estimate(root, epochs=[0], **BINNING)[0]) == {*plain, "flags"}
    uncertain = ["stderr_bits", "drift_bits", "null_mean_bits", "null_p95_bits", "p_value"]
    assert of_estimation.columns(measured(**EVERYTHING).settings) == [*plain, *uncertain, "flags"]
    for row in estimate(root, epochs=[0], **EVERYTHING):
        nothing_to_permute = set(uncertain[2:]) if row["target"] == "x" else set()  # H(bin T) is of T alone
        assert set(row) == {*plain, *uncertain, "flags"} - nothing_to_permute


def test_flags_of_the_data_reach_the_rows(tmp_path: Path) -> None:
    """One replicate apiece: dead and tied, constant, of wide scale."""
    rng = generator(0, "flags")
    x = rng.uniform(-3, 3, (SAMPLES, 1))
    store.save_dataset(tmp_path, store.Rows(x, x**2, np.full(SAMPLES, "train"), np.arange(SAMPLES)))
    tied = np.maximum(x, 0) * [1.0, 0.0]
    wide = rng.normal(size=(SAMPLES, 2)) * [1.0, 1e4]
    layers = {"layer_1": np.array([tied, np.ones((SAMPLES, 2)), wide], dtype=np.float32)}
    store.save_activations(tmp_path, 0, store.Activations(layers, np.arange(SAMPLES)))
    rows = estimate(tmp_path, epochs=[0], estimator="npeet", permutations=19, measure={"targets": ["y"]})
    share = round(100 * float((x <= 0).mean()))
    assert [row["flags"] for row in rows] == [
        f"dead_units:1;ties:{share}",
        "constant;inside_null",
        "inside_null;scale",
    ]
    assert rows[1]["mi_bits"] == 0.0
    assert rows[1]["p_value"] == 1.0


def test_every_sample_in_a_bin_of_its_own_is_saturated(root: Path) -> None:
    rows = estimate(root, epochs=[0], estimator="binning", bins=60000, measure={"layers": ["output"], "targets": ["x"]})
    for row in rows:
        assert ("saturated" in row["flags"]) == (row["mi_bits"] >= 0.95 * np.log2(SAMPLES))
    assert any("saturated" in row["flags"] for row in rows)


@pytest.mark.parametrize(("size", "of"), [(100.0, "layer"), (100.0, "y"), (1e-12, "layer")])
def test_a_scale_that_the_estimator_is_not_made_for_is_flagged(tmp_path: Path, size: float, of: str) -> None:
    """Whichever of the layer and the target has it; npeet's constants are for scales about 1."""
    rng = generator(0, "scales")
    t, y = rng.normal(size=(1, SAMPLES, 2)), rng.normal(size=(SAMPLES, 1))
    store.save_dataset(
        tmp_path, store.Rows(y, size * y if of == "y" else y, np.full(SAMPLES, "train"), np.arange(SAMPLES))
    )
    layers = {"near": t, "far": size * t if of == "layer" else t}
    found = {name: layer.astype(np.float32) for name, layer in layers.items()}
    store.save_activations(tmp_path, 0, store.Activations(found, np.arange(SAMPLES)))
    rows = estimate(tmp_path, epochs=[0], estimator="npeet", measure={"targets": ["y"]})
    words = {row["layer"]: set(row["flags"].split(";")) & {"scale"} for row in rows}
    assert words["far"] == {"scale"}
    assert (words["near"] == {"scale"}) == (of == "y")


def test_standard_errors_at_some_epochs_are_those_at_all(root: Path) -> None:
    """And the values do not notice."""
    section = BINNING | {"stderr": {"splits": 5}}
    everywhere = estimate(root, epochs=[0, 1, 2, 3], **section)
    some = estimate(root, epochs=[0, 1, 2, 3], **section | {"stderr": {"splits": 5, "first": 1, "every": 3}})
    for one, other in zip(some, everywhere, strict=True):
        without = {"stderr_bits": None, "drift_bits": None} if one["epoch"] == 2 else {}
        assert one == other | without


def test_a_gain_with_depth_is_flagged_for_right_pairs_of_whole_layers(root: Path, tmp_path: Path) -> None:
    """layer_1 is noise and output is y."""
    dataset = store.load_dataset(root).of("train")
    store.save_dataset(tmp_path, dataset)
    noise = generator(0, "gain").normal(size=(1, SAMPLES, 3))
    layers = {"layer_1": noise.astype(np.float32), "output": dataset.y[None].astype(np.float32)}
    store.save_activations(tmp_path, 0, store.Activations(layers, dataset.row_id))
    section = {"estimator": "mixed_ksg", "stderr": {"splits": 5}}
    for changed, expected in [
        ({}, ["", "dpi"]),
        (BINNING, ["", ""]),  # each layer has bins of its own, and may hold more in them than the one before
        ({"measure": {"pairs": "shuffled", "targets": ["y"]}}, ["", ""]),
        ({"reduce": {"components": 2}}, ["", ""]),
    ]:
        settings = {"measure": {"targets": ["y"]}} | (BINNING if changed == BINNING else section) | changed
        rows = estimate(tmp_path, epochs=[0], **settings)
        flags.mark(rows, measured(**settings).settings, Truth())
        assert ["dpi" if "dpi" in row["flags"] else "" for row in rows] == expected


def test_reduce_is_a_step_before_the_estimator(root: Path) -> None:
    train = store.load_dataset(root).of("train")
    t = activations(0, train.x)["layer_1"][0]
    expected = calling.estimate(Binning(bins=4), principal_components(t, 1), train.y)
    found = values(estimate(root, epochs=[0], **BINNING, reduce={"components": 1}))
    assert found[0, 0, "layer_1", "y"] == expected


def offering(target: Target = "y", **methods: Any) -> Method:
    return Method(type("Offering", (Estimator,), {"_estimate": None} | methods)(), target)


Y = calling.variable(np.arange(8.0))


def test_an_estimators_own_flags_are_taken_where_it_offers_them() -> None:
    method = offering(_estimate_flagged=lambda *_: (np.zeros(2), [{"not_converged"}, set()]))
    assert method.values([np.zeros((8, 1))] * 2, Y, [])[1] == [{"not_converged"}, set()]
    method = offering(_estimate_many=lambda *_: np.zeros(2))
    assert method.values([np.zeros((8, 1))] * 2, Y, [])[1] == [set(), set()]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_estimator_hands_on_nan_or_infinity(value: float) -> None:
    method = offering(_estimate=lambda *_: value)
    with pytest.raises(InfoplaneError, match="gave NaN or infinity"):
        method.values([np.zeros((8, 1))], Y, [generator(0)])
    with pytest.raises(InfoplaneError, match="gave NaN or infinity"):
        method.permuted(np.zeros((8, 1)), Y, np.arange(8)[None], [generator(0)])
    alone = offering("x", reads_layer_alone=True, _input_information=lambda *_: np.array([value]))
    with pytest.raises(InfoplaneError, match="gave NaN or infinity"):
        alone.values([np.zeros((8, 1))], Y, [generator(0)])


def test_the_most_an_estimator_can_read_is_its_own_word_first() -> None:
    assert offering().saturated_bits(Y) is None
    assert offering("x").saturated_bits(Y) == 3.0, "n samples show at most log2(n) bits"
    half = {"maximum_bits": lambda _, samples: samples / 4}
    assert offering(**half).saturated_bits(Y) == offering("x", **half).saturated_bits(Y) == 2.0
    of_y = half | {"_target_maximum_bits": lambda _, y: len(y) / 8}
    assert offering(**of_y).saturated_bits(Y) == offering("x", **of_y).saturated_bits(Y) == 1.0
    # Where I(X;T) is read from T alone, there is no y to set a limit.
    alone = of_y | {"reads_layer_alone": True, "_input_information": lambda *_: np.zeros(1)}
    assert offering("x", **alone).saturated_bits(Y) == 2.0
    assert offering("y", **alone).saturated_bits(Y) == 1.0
    assert offering(**of_y).saturated_bits(calling.variable(np.ones(8))) is None, "nothing moves"


@pytest.mark.parametrize(
    ("name", "y", "said"),
    [
        ("npeet", calling.variable(np.arange(60) % 3, True), "y: npeet is not for labels (3 classes); use mixed_ksg, "),
        ("sheared_ksg", calling.variable(np.arange(60) % 3, True), "y: sheared_ksg is not for labels (3 classes); "),
    ],
)
def test_a_y_that_an_estimator_is_not_for_is_refused(name: str, y: Variable, said: str) -> None:
    asked = measured(estimator=name)
    layers = prepared(np.ones((1, 60, 1)), [0], 0, "l", key=name, settings=asked.settings, seed=0, judge_scale=False)
    with pytest.raises(InfoplaneError) as caught:
        of_estimation.rows(Method(asked.estimator, "y"), name, layers, y, settings=asked.settings, seed=0)
    assert str(caught.value).startswith(said)


def test_the_stage_writes_the_table_with_what_the_truth_says(tmp_path: Path) -> None:
    """With a ceiling of 0.1 bits, which every layer passes, and an infinite I(X;T) of one: H(bin T) is finite."""
    save(tmp_path / "data")
    (tmp_path / "data/ceiling.json").write_text('{"mi_bits": 0.1}')
    (tmp_path / "data/truth.csv").write_text(
        "replicate,epoch,layer,target,mi_bits\n1,2,output,x,inf\n0,0,output,y,0.1\n"
    )
    params = {"seed": 0, "estimators": {"id": EVERYTHING}, "compute": {"workers": 1}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    subprocess.run([sys.executable, ROOT / "src/estimate.py", "id"], cwd=tmp_path, check=True, env=os.environ)
    with (tmp_path / "data/estimates/id.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == of_estimation.columns(measured(**EVERYTHING).settings)
    assert len(rows) == 2 * EPOCHS * REPLICATES * 2
    for row in rows:
        words = row["flags"].split(";")
        assert "infinite" not in words
        excess = float(row["mi_bits"]) - 1.959964 * float(row["stderr_bits"]) - 0.1
        assert ("above_ceiling" in words) == (row["target"] == "y" and excess > 0)
        assert (row["p_value"] == "") == (row["target"] == "x")
    assert any("above_ceiling" in row["flags"] for row in rows)

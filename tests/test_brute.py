"""Brute force through torch against the kernels and the papers' formulas. On CPU tensors, but for the last test."""

import os
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import calling
from infoplane import neighbours
from infoplane.arrays.scaling import scaled
from infoplane.core.errors import InfoplaneError
from infoplane.estimators.ksg import KSG
from infoplane.estimators.mixed_ksg import MixedKSG
from infoplane.neighbours import _brute, _tables, information_bits, permuted_information_bits
from infoplane.neighbours._kernels import TIE
from scratch import ROOT
from test_neighbours import SHAPES, TIES, by_all_pairs, sample

CPU = torch.device("cpu")
no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


def through_torch(function, *arguments, **rule):
    """`information_bits` or `permuted_information_bits` with the CPU in place of a GPU."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "_gpu", lambda _device: CPU)
        return function(*arguments, **rule, device="cuda")


def within(budget_bytes, x, y, permutations=None, *, k, variant):
    """With another budget, in nats: of many x, or of one whose pairs are permuted; all scaled by rank."""
    rule = {"on": CPU, "k": k, "variant": variant, "tables": _tables(len(y), "psi"), "budget_bytes": budget_bytes}
    y = scaled(y, "rank")
    if permutations is None:
        return _brute.many(x, y, scale="rank", **rule)
    return _brute.permuted(scaled(x, "rank"), y, permutations, **rule)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_all_pairs(shape, ties):
    x, y = sample(*shape, seed=1, ties=ties)
    for k in (1, 4):
        for variant in (1, 2):
            for atoms in ("psi", "log"):
                rule = {"k": k, "variant": variant, "atoms": atoms}
                found = through_torch(information_bits, [x], y, scale="none", **rule)
                assert found == pytest.approx(by_all_pairs(x, y, **rule), abs=1e-10)


@pytest.mark.parametrize("scale", ["none", "standard", "rank"])
@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("variant", [1, 2])
def test_the_kernels_on_scaled_columns(scale, ties, variant):
    """Layers of several widths at once, among them a constant one, and columns that scaling has rounded."""
    y = sample(150, 1, 2, 0, ties)[1]
    xs = [0.7 * sample(150, 1 + seed % 3, 2, seed, ties)[0] + 0.1 for seed in range(7)] + [np.full((150, 2), 0.1)]
    for k in (1, 3, 149):
        rule = {"k": k, "variant": variant, "scale": scale, "atoms": "log"}
        found = through_torch(information_bits, xs, y, **rule)
        np.testing.assert_allclose(found, information_bits(xs, y, **rule), rtol=0, atol=1e-9)
        assert found[-1] == 0


odd = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.1, 0.3, 1e-30, 1e30, -1e30, 5e-324, 1 + 1e-15, 1 + 1e-9, 1 + 1e-10])


@given(
    data=st.data(),
    units=st.integers(1, 3),
    targets=st.integers(1, 2),
    variant=st.sampled_from([1, 2]),
    scale=st.sampled_from(["none", "standard", "rank"]),
    atoms=st.sampled_from(["psi", "log"]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
@settings(max_examples=100, deadline=None)
def test_the_kernels_on_odd_input(data, units, targets, variant, scale, atoms, dtype):
    """Ties, duplicates, labels, constant columns, columns that scales or rounding set apart."""
    levels = st.integers(0, 3).map(float) | odd | st.floats(-1e3, 1e3)
    row = st.tuples(*[levels] * (units + targets))
    table = np.array(data.draw(st.lists(row, min_size=2, max_size=25)), dtype=dtype)
    table = np.repeat(table, data.draw(st.integers(1, 3)), axis=0)
    x, y = table[:, :units], table[:, units:]
    rule = {"k": data.draw(st.integers(1, len(x) - 1)), "variant": variant, "scale": scale, "atoms": atoms}
    found = through_torch(information_bits, [x], y, **rule)
    np.testing.assert_allclose(found, information_bits([x], y, **rule), rtol=0, atol=1e-9)


def test_ties_do_not_chain():
    """Of distances a little apart, one is a tie of the next, but the first none of the last."""
    x = np.array([[0, 1, 1 + 0.8 * TIE, 1 + 1.6 * TIE, 5, 7.5, 12]]).T
    y = np.array([[0, 0.1, 0.25, 0.45, 3, 1, 11]]).T
    rule = {"k": 1, "variant": 2, "scale": "none", "atoms": "psi"}
    found = through_torch(information_bits, [x], y, **rule)
    assert found == pytest.approx(information_bits([x], y, **rule), abs=1e-12)
    assert found != pytest.approx(information_bits([np.round(x, 5)], y, **rule), abs=1e-3)


@pytest.mark.parametrize("factor", [1e-300, 1e-30, 1e30, 1e300])
@pytest.mark.parametrize("scale", ["none", "standard", "rank"])
def test_the_kernels_at_any_scale(factor, scale):
    x, y = sample(80, 2, 1, 0, "relu")
    rule = {"k": 3, "variant": 2, "scale": scale, "atoms": "psi"}
    found = through_torch(information_bits, [x * factor], y * factor, **rule)
    np.testing.assert_allclose(found, information_bits([x * factor], y * factor, **rule), rtol=0, atol=1e-9)


@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("ties", TIES)
def test_permuted_is_one_by_one(ties, variant):
    x, y = sample(90, 2, 2, 3, ties)
    permutations = np.array([np.random.default_rng(i).permutation(90) for i in range(7)])
    rule = {"k": 3, "variant": variant, "scale": "standard", "atoms": "log"}
    found = through_torch(permuted_information_bits, x, y, permutations, **rule)
    np.testing.assert_allclose(found, permuted_information_bits(x, y, permutations, **rule), rtol=0, atol=1e-9)
    assert list(found) == [through_torch(information_bits, [x], y[p], **rule)[0] for p in permutations]


@pytest.mark.parametrize("variant", [1, 2])
def test_batches_and_chunks_do_not_change_a_bit(variant):
    """From one row of one pair at a time to everything at once."""
    y = sample(70, 1, 1, 0, "relu")[1]
    xs = [sample(70, 1 + seed % 2, 1, seed, "relu")[0] for seed in range(9)]
    permutations = np.array([np.random.default_rng(i).permutation(70) for i in range(9)])
    rule = {"k": 3, "variant": variant}
    many = within(_brute.BUDGET_BYTES, xs, y, **rule)
    permuted = within(_brute.BUDGET_BYTES, xs[1], y, permutations, **rule)
    sizes = set()
    for budget_bytes in (1, 2**13, 2**15, 2**17, 2**20):
        sizes.add((_brute.batch_size(70, 1, budget_bytes), _brute.chunk_rows(1, 70, budget_bytes)))
        assert list(within(budget_bytes, xs, y, **rule)) == list(many)
        assert list(within(budget_bytes, xs[1], y, permutations, **rule)) == list(permuted)
    assert len(sizes) == 5


class Peak(TorchDispatchMode):
    """The most bytes of tensors that were there at one time, of those made under it."""

    def __init__(self):
        super().__init__()
        self.alive, self.bytes = {}, 0

    def __torch_dispatch__(self, function, _types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor) and tensor.untyped_storage().data_ptr() not in self.alive:
                storage = tensor.untyped_storage()
                self.alive[storage.data_ptr()] = storage.nbytes()
                weakref.finalize(storage, self.alive.pop, storage.data_ptr(), None)
        self.bytes = max(self.bytes, sum(self.alive.values()))
        return made


@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("k", [3, 399])
@pytest.mark.parametrize("units", [1, 40])
def test_memory_stays_within_the_budget(variant, k, units):
    """And half as much for points; all distances at once would be ten times the budget or more."""
    budget_bytes = 2**20
    y = sample(400, 1, 1, 0, "relu")[1]
    xs = [sample(400, units, 1, seed, "relu")[0] for seed in range(8)]
    permutations = np.array([np.random.default_rng(i).permutation(400) for i in range(8)])
    assert 8 * 400 * 400 * len(xs) > 9 * budget_bytes
    for pairs in ((xs, y), (xs[0], y, permutations)):
        with Peak() as peak:
            within(budget_bytes, *pairs, k=k, variant=variant)
        assert 0.2 * budget_bytes < peak.bytes < 1.5 * budget_bytes


@pytest.mark.parametrize("batch", [1, 15])
def test_a_chunk_of_100_000_samples_is_small(batch):
    """One chunk as it is computed at the default budget, with ties, so that nothing is left out."""
    n, budget_bytes = 100_000, _brute.BUDGET_BYTES
    assert batch <= _brute.batch_size(n, 8, budget_bytes)
    rows = _brute.chunk_rows(batch, n, budget_bytes)
    assert rows * batch * n * _brute.PAIR_BYTES <= budget_bytes
    x, y = torch.zeros(batch, 1, n, dtype=torch.float64), torch.zeros(1, 1, n, dtype=torch.float64)
    psi, atom = (torch.from_numpy(table) for table in _tables(n, "psi"))
    with Peak() as peak:
        _brute._told(x, y, slice(0, rows), 3, 2, psi, atom)
    assert peak.bytes < budget_bytes


@pytest.mark.parametrize("kind", [KSG, MixedKSG])
def test_device_reaches_the_brute_force(kind, monkeypatch):
    """Every method of the estimators, with CPU tensors in place of a GPU's."""
    asked = []
    monkeypatch.setattr(neighbours, "_gpu", lambda device: None if device == "cpu" else asked.append(device) or CPU)
    x, y = sample(60, 2, 1, 0, "twice")
    permutations = np.array([np.random.default_rng(i).permutation(60) for i in range(3)])
    for params in ({"k": 5, "scale": "rank"}, {"variant": 2} if kind is KSG else {}):

        def values(device, params=params):
            estimator = kind(**params, device=device)
            return [
                calling.estimate(estimator, x, y),
                *calling.estimate_many(estimator, [x, x[:, :1], 0 * x], y),
                *calling.estimate_permuted(estimator, x, y, permutations),
                *calling.estimate_permuted(estimator, 0 * x, y, permutations),
            ]

        expected = values("cpu")
        assert asked == []
        for device in ("cuda", "auto"):
            np.testing.assert_allclose(values(device), expected, rtol=0, atol=1e-9)
            assert set(asked) == {device}
            asked.clear()


@no_gpu
@pytest.mark.parametrize("kind", [KSG, MixedKSG])
def test_without_a_gpu_cuda_is_an_error_and_auto_the_cpu(kind):
    x, y = sample(60, 2, 1, 0)
    for targets in (y, np.ones_like(y)):
        with pytest.raises(
            InfoplaneError, match=r"^device: cuda, but PyTorch finds no GPU here; set it to cpu or auto$"
        ):
            calling.estimate(kind(device="cuda"), x, targets)
        with pytest.raises(InfoplaneError, match=r"^device: cuda, but"):
            calling.estimate_permuted(kind(device="cuda"), x, targets, np.arange(60)[None])
    assert calling.estimate(kind(device="auto"), x, y) == calling.estimate(kind(), x, y)


def test_what_is_no_device_is_said_in_one_line():
    with pytest.raises(InfoplaneError, match=r"^estimators\.ksg\.device: .*'auto', got 'gpu'$"):
        KSG.of({"device": "gpu"}, "estimators.ksg")
    with pytest.raises(InfoplaneError, match=r"^device: .*'auto', got 'gpu'$"):
        KSG(device="gpu")


def run(code):
    """A process of its own, in which nobody has imported torch or asked for a GPU."""
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}"},
    )


@pytest.mark.parametrize(("device", "imported"), [("cpu", False), ("auto", True)])
def test_torch_is_imported_only_where_it_is_used(device, imported):
    """Not by the checks of a configuration either, which the parent of all workers makes."""
    run(f"""
import sys
import numpy as np
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.measurements import measurement
asked = {{"estimator": "ksg", "device": "{device}", "measure": {{"every": 1}}}}
estimator = measurement(Config({{"estimators": {{"one": asked}}}}), "one").estimator
assert estimator.device == "{device}"
assert "torch" not in sys.modules
import calling
x = np.arange(9.0)[:, None]
calling.estimate(estimator, x, x)
calling.estimate_permuted(estimator, x, x, np.arange(9)[None])
assert ("torch" in sys.modules) is {imported}
""")


def test_forked_workers_ask_for_the_gpu_and_their_parent_does_not():
    """A process that has initialised CUDA, if only to ask, cannot fork workers that use it. True with a GPU too."""
    run("""
import sys
import numpy as np
import estimate  # the stage, and all that it imports
from infoplane.pipeline import computing
from infoplane.pipeline.common.sections import Compute
from infoplane.estimators.mixed_ksg import MixedKSG
import calling

def bits(seed, device):
    rng = np.random.default_rng(seed)
    return calling.estimate(MixedKSG(device=device), rng.normal(size=(50, 2)), rng.normal(size=(50, 1)))

seeds = range(6)
found = list(computing.run(bits, [(seed, "auto") for seed in seeds], Compute(workers=2)))
assert "torch" not in sys.modules
np.testing.assert_allclose(found, [bits(seed, "cpu") for seed in seeds], rtol=0, atol=1e-9)
""")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("ties", TIES)
def test_on_a_gpu(ties, variant):
    y = sample(500, 1, 1, 0, ties)[1]
    xs = [sample(500, 1 + seed % 3, 1, seed, ties)[0] for seed in range(6)]
    permutations = np.array([np.random.default_rng(i).permutation(500) for i in range(20)])
    rule = {"k": 3, "variant": variant, "scale": "standard", "atoms": "log"}
    for device in ("cuda", "auto"):
        found = information_bits(xs, y, **rule, device=device)
        np.testing.assert_allclose(found, information_bits(xs, y, **rule), rtol=0, atol=1e-9)
        null = permuted_information_bits(xs[0], y, permutations, **rule, device=device)
        expected = permuted_information_bits(xs[0], y, permutations, **rule)
        np.testing.assert_allclose(null, expected, rtol=0, atol=1e-9)

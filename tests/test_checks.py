"""What the rows themselves tell: a series, repeated rows, one side that follows the other, cells of one row, memory."""

import numpy as np
import pytest

import infoplane as ip
from infoplane.arrays.variables import Variable
from infoplane.core import memory
from infoplane.estimation import checks
from infoplane.estimators._shared import lookup

NAMES = [name for name in lookup.names() if name not in ("neural", "gaussian_kde")]


def variable(y: np.ndarray) -> Variable:
    return Variable(np.ascontiguousarray(y.reshape(len(y), -1)))


def series(coefficient: float, seed: int, samples: int = 500) -> np.ndarray:
    """Each row near the one before, `(samples, 1)`."""
    noise = np.random.default_rng(seed).normal(size=(samples, 1))
    for row in range(1, samples):
        noise[row] += coefficient * noise[row - 1]
    return noise


def words(result: ip.Result) -> set[str]:
    return {flag.partition(":")[0] for flag in result.flags}


U = np.random.default_rng(0).uniform(-3, 3, (400, 1))
Z = np.random.default_rng(1).normal(size=(400, 3))
RELU = np.maximum(U @ np.random.default_rng(2).normal(size=(1, 8)) + np.random.default_rng(3).normal(size=8), 0)
E = np.random.default_rng(4).normal(size=(400, 1))

FUNCTIONS = {
    "the same": (U, U),
    "in float32": (U.astype(np.float32), U),
    "another unit and zero": (U, 1e3 - 2 * U),
    "one column of several": (Z, Z[:, 1]),
    "a sum of columns": (Z, Z.sum(axis=1)),
    "a square": (U, U**2),
    "of which x is the square": (U**2, U),
    "a sine": (U, np.sin(2 * U)),
    "of a bent layer": (RELU, U**2 - U),
}
NO_FUNCTIONS = {
    "independent": (U, E),
    "independent, several columns": (Z, E),
    "a curve with noise": (U, U**2 - U - 1 + 0.2 * E),
    "a curve with little noise": (U, U**2 - U - 1 + 0.02 * E),
    "of a bent layer with noise": (RELU, U**2 - U - 1 + 0.2 * E),
    "a line with noise of 1e-7": (U, U + 1e-7 * E),
    "counts": (np.round(5 * U), np.round(5 * U)),
}


@pytest.mark.parametrize("case", FUNCTIONS)
def test_a_function_is_noticed(case: str) -> None:
    t, y = FUNCTIONS[case]
    assert checks.follows_without_noise(t, variable(y))


@pytest.mark.parametrize("case", NO_FUNCTIONS)
def test_noise_is_noticed(case: str) -> None:
    """Also so little that the information is 20 bits, and discrete values, of which it is finite."""
    t, y = NO_FUNCTIONS[case]
    assert not checks.follows_without_noise(t, variable(y))


@pytest.mark.parametrize("name", NAMES)
def test_every_estimator_flags_what_is_infinite(name: str) -> None:
    for y in (U, U**2):
        try:
            result = ip.mutual_information(U, y, name)
        except ip.InfoplaneError:
            continue
        assert "infinite" in result.flags
    table = ip.measure({"a": RELU}, U + E, name, U)
    about_x = table[table["target"] == "x"]
    finite = about_x["estimand"].item() != "plain"  # noise and bins leave I(X;T) finite
    assert ("infinite" in about_x["flags"].item()) != finite


def test_a_discrete_layer_of_a_continuous_input_is_not_infinite() -> None:
    table = ip.measure({"signs": np.sign(RELU)}, U + E, "mixed_ksg", U)
    assert "infinite" not in table[table["target"] == "x"]["flags"].item()


@pytest.mark.parametrize("coefficient", [0.5, 0.9, 0.98])
def test_a_series_is_noticed(coefficient: float) -> None:
    result = ip.mutual_information(series(coefficient, 0), series(coefficient, 1), "ksg")
    assert "time_order" in result.flags


def test_independent_rows_are_no_series_nor_is_one_side_alone_nor_a_sorted_y() -> None:
    for seed in range(100):
        rng = np.random.default_rng(seed)
        assert not checks.in_time_order(rng.normal(size=(300, 8)), variable(rng.normal(size=300)))
    assert not checks.in_time_order(series(0.9, 0), variable(np.random.default_rng(5).normal(size=500)))
    order = np.argsort(E[:, 0])
    assert not checks.in_time_order((U + E)[order], variable(E[order]))
    classes = np.repeat(np.arange(4), 100)
    assert not checks.in_time_order(classes[:, None] + E, Variable(classes[:, None].astype(float), classes))


@pytest.mark.parametrize("coefficient", [0.9, 0.98])
def test_blocks_hold_the_level_of_a_series(coefficient: float) -> None:
    """Of 60 independent pairs of series at most a binomial 0.1 % tail is below p = 0.05; shuffled rows reject half."""
    with_block, without = [], []
    for seed in range(60):
        x, y = series(coefficient, seed), series(coefficient, 1000 + seed)
        with_block.append(ip.mutual_information(x, y, "ksg", permutations=39, block=20).p_value)
        without.append(ip.mutual_information(x, y, "ksg", permutations=39).p_value)
    assert np.sum(np.array(with_block) <= 0.05) <= 9
    assert np.sum(np.array(without) <= 0.05) >= 20


@pytest.mark.parametrize("coefficient", [0.9, 0.98])
def test_blocks_widen_the_error_of_a_series_to_what_it_is(coefficient: float) -> None:
    found = [
        ip.mutual_information(series(coefficient, seed), series(coefficient, 1000 + seed), "ksg", stderr=10, block=20)
        for seed in range(60)
    ]
    values = np.array([result.mi_bits for result in found])
    errors = np.array([result.stderr_bits for result in found])
    covered = np.abs(values - values.mean()) < 1.96 * errors
    assert covered.mean() >= 0.87, "95 % but for a binomial tail"


def test_a_block_is_refused_where_the_series_is_too_short() -> None:
    with pytest.raises(ip.InfoplaneError, match="block: 200 is more than a third of the 400 rows"):
        ip.mutual_information(U, E, "ksg", permutations=20, block=200)


def test_repeated_rows_are_noticed() -> None:
    twice = ip.mutual_information(np.repeat(U, 2, axis=0), np.repeat(E, 2), "ksg")
    assert "repeated_rows:100" in twice.flags
    assert words(ip.mutual_information(np.vstack([U, U[:80]]), np.vstack([E, E[:80]]), "ksg")) >= {"repeated_rows"}


@pytest.mark.parametrize(
    ("t", "y"),
    [
        (U, E),
        (np.maximum(U, 0), E),
        (np.round(U, 1), np.round(E, 1)),
        (np.repeat(np.arange(10.0), 40)[:, None], E),
        (np.round(3 * U), np.round(3 * U)),
    ],
    ids=["distinct", "zeros of a ReLU", "rounded", "a discrete layer", "a discrete function"],
)
def test_ties_are_no_repeated_rows(t: np.ndarray, y: np.ndarray) -> None:
    assert checks.repeated_percent(t, variable(y)) == 0


@pytest.mark.parametrize("name", ["binning", "kde", "renyi"])
def test_rows_that_are_all_cells_of_their_own_are_said_to_be(name: str) -> None:
    rng = np.random.default_rng(4)
    result = ip.mutual_information(rng.normal(size=(200, 20)), rng.integers(0, 2, 200), name)
    assert "saturated" in result.flags
    assert "saturated" not in ip.mutual_information(U, (E > 0)[:, 0], name).flags


def test_a_value_above_the_entropy_of_labels_is_flagged() -> None:
    rng = np.random.default_rng(4)
    result = ip.mutual_information(rng.normal(size=(200, 20)), rng.integers(0, 2, 200), "binning")
    assert result.mi_bits > 0.99
    below = ip.mutual_information(Z, Z[:, 0] > 0, "ksg")
    assert "above_ceiling" not in below.flags


def test_what_is_more_than_free_memory_is_refused_before_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    free = memory.free_bytes()
    assert free is None or 2**26 < free < 2**50
    monkeypatch.setattr(memory, "free_bytes", lambda: 2**20)
    with pytest.raises(ip.InfoplaneError, match=r"renyi: a value of 400 rows needs 0\.0 GB of memory, but 0\.0 GB"):
        ip.mutual_information(U, E, "renyi")


@pytest.mark.parametrize("name", ["ksg", "mixed_ksg", "aligned_ksg"])
def test_ties_of_y_are_noticed_and_labels_and_distinct_numbers_are_none(name: str) -> None:
    counts = np.random.default_rng(6).poisson(30, 400).astype(float)
    assert "target_ties" in words(ip.mutual_information(U, counts, name))
    assert "target_ties" not in words(ip.mutual_information(U, E, name))
    assert "target_ties" not in words(ip.mutual_information(U, E[:, 0] > 0))

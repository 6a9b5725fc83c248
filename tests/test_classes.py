"""neighbours.classes: against brute force, enumeration of all labellings, quadrature and the plug-in entropy."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats
from scipy.special import digamma, logsumexp
from sklearn.datasets import load_digits

from infoplane.classes import discriminants
from infoplane.core.errors import InfoplaneError
from infoplane.neighbours._classes import own_and_all
from infoplane.neighbours.classes import class_information_bits, contributions_bits, permuted_class_information_bits

LN2 = np.log(2)


def estimate(t, classes, **params):
    return class_information_bits([t], classes, **params)[0]


def entropy(classes):
    shares = np.unique(classes, return_counts=True)[1] / len(classes)
    return -np.sum(shares * np.log2(shares))


def mixture_bits(means, deviations):
    """I(T; class) of equally likely normal classes on a line, by quadrature."""
    t = np.linspace(-40, 40, 80001)
    logs = np.array([stats.norm.logpdf(t, m, s) for m, s in zip(means, deviations, strict=True)])
    mixture = logsumexp(logs, axis=0) - np.log(len(means))
    return np.trapezoid(np.mean(np.exp(logs) * (logs - mixture), axis=0), t) / LN2


def mean_and_error(values):
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize("k", [1, 3, 6])
@pytest.mark.parametrize("decimals", [0, 1, 16])
def test_neighbours_are_those_of_all_distances(k, decimals):
    rng = np.random.default_rng(k)
    t, classes = np.round(rng.normal(size=(60, 2)), decimals), np.r_[rng.integers(0, 3, 55), 3, 3, 4, 4, 4]
    squares = ((t[:, None] - t[None]) ** 2).sum(axis=2)
    own, everyone, equal = own_and_all(np.ascontiguousarray(t.T), classes, np.bincount(classes), k)
    for i in range(60):
        others = np.arange(60) != i
        alike = others & (classes == classes[i])
        kth = np.sort(squares[i, alike])[min(k, alike.sum()) - 1]
        assert own[i] == np.sum(squares[i, alike] <= kth * (1 + 1e-9))
        assert everyone[i] == np.sum(squares[i, others] <= kth * (1 + 1e-9))
        assert equal[i] == (kth == 0)


@pytest.mark.parametrize("sizes", [(3, 4), (2, 5), (2, 2, 3)])
@pytest.mark.parametrize("k", [1, 2, 5])
def test_mean_over_all_labellings_is_zero(sizes, k):
    """At independence every labelling of the same points is as likely: unbiased, whatever k and the sizes."""
    points = np.random.default_rng(0).normal(size=(7, 2))
    labels = np.repeat(np.arange(len(sizes)), sizes)
    each = [contributions_bits(points, np.array(p), k).mean() for p in set(permutations(labels.tolist()))]
    assert np.mean(each) == pytest.approx(0, abs=1e-12)
    assert max(each) > 0.1


def test_it_is_ross_but_for_small_classes():
    """Ross 2014, eq. 2, by scipy's digamma; the difference is less than one over the size of a class."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 400)
    t = rng.normal(size=(400, 2)) + classes[:, None]
    counts = np.bincount(classes)
    own, everyone, _ = own_and_all(np.ascontiguousarray(t.T), classes, counts, 3)
    ross = (digamma(400) - np.mean(digamma(counts[classes]) + digamma(everyone) - digamma(own))) / LN2
    assert contributions_bits(t, classes, 3).mean() == pytest.approx(ross, abs=1 / 200)


@pytest.mark.parametrize("sizes", [(100, 100, 100, 100), (2, 3, 30, 5), (6,) * 10])
@pytest.mark.parametrize("columns", [1, 8])
def test_far_classes_read_their_plug_in_entropy(sizes, columns):
    classes = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(0)
    t = rng.normal(size=(len(classes), columns)) + 100 * classes[:, None]
    assert estimate(t, classes) == pytest.approx(entropy(classes), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_no_value_exceeds_the_plug_in_entropy(seed):
    rng = np.random.default_rng(seed)
    classes = rng.geometric(0.3, 80)
    t = rng.normal(size=(80, 3)) * 0.1 + rng.normal(size=(80, 3))[classes]
    assert estimate(t, classes) <= entropy(classes) + 1e-12


def test_a_discrete_t_comes_to_the_plug_in_value():
    rng = np.random.default_rng(0)
    for samples, near in ((300, 0.06), (9000, 0.002)):
        t = rng.integers(0, 3, size=(samples, 2))
        classes = (t.sum(axis=1) + rng.integers(0, 2, samples)) % 4
        cells = 3 * t[:, 0] + t[:, 1]
        plug_in = entropy(cells) + entropy(classes) - entropy(10 * cells + classes)
        assert plug_in - near < estimate(t.astype(float), classes) < plug_in


def test_independent_classes_of_a_discrete_t_read_less_than_plug_in():
    values, plug_in = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        t, classes = rng.integers(0, 5, 200), rng.integers(0, 4, 200)
        values.append(estimate(t[:, None].astype(float), classes))
        plug_in.append(entropy(t) + entropy(classes) - entropy(10 * t + classes))
    assert np.mean(plug_in) > 0.035
    assert abs(np.mean(values)) < np.mean(plug_in) / 2


def test_names_are_nothing():
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 4, 200)
    t = rng.normal(size=(200, 12)) + np.eye(4, 12)[classes] * 3
    value = estimate(t, classes)
    assert estimate(t, np.array([7, -40, 1000, 2])[classes]) == value
    assert estimate(t, np.array(["cat", "dog", "eel", "fox"])[classes]) == value


def test_order_of_rows_and_columns_and_scales_are_nothing():
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 300)
    t = rng.normal(size=(300, 20)) + 0.5 * classes[:, None]
    value, order = estimate(t, classes), rng.permutation(300)
    assert estimate(t[order], classes[order]) == pytest.approx(value, abs=1e-9)
    assert estimate(t[:, ::-1], classes) == pytest.approx(value, abs=1e-9)
    assert estimate(t * np.logspace(-9, 9, 20) + 5, classes) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(("means", "deviations"), [((0, 1), (1, 1)), ((0, 2, 4), (1, 1, 1)), ((0, 0), (1, 3))])
def test_overlapping_classes_on_a_line(means, deviations):
    values = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        classes = rng.integers(0, len(means), 300)
        t = np.array(means)[classes] + np.array(deviations)[classes] * rng.normal(size=300)
        values.append(estimate(t[:, None], classes))
    mean, error = mean_and_error(values)
    assert mean == pytest.approx(mixture_bits(means, deviations), abs=3 * error + 0.01)


@pytest.mark.parametrize(("columns", "size"), [(1, 2), (8, 2), (100, 2), (8, 10), (100, 10)])
def test_independent_classes_read_nothing(columns, size):
    values = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values.append(estimate(rng.normal(size=(250, columns)), rng.integers(0, size, 250)))
    mean, error = mean_and_error(values)
    assert abs(mean) < 3 * error + 0.015


def test_two_classes_in_thirty_columns():
    """Each column tells a little; along the discriminant they are 3 deviations apart, by quadrature."""
    values = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        classes = rng.integers(0, 2, 1000)
        values.append(estimate(rng.normal(size=(1000, 30)) + 3 * classes[:, None] / np.sqrt(30), classes))
    assert np.mean(values) == pytest.approx(mixture_bits((0, 3), (1, 1)), abs=0.06)


def test_classes_that_differ_in_spread():
    """In 30 columns spreads of 1 and 2 are never mistaken; the neighbours of a wide point are all narrow ones."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 500)
    t = rng.normal(size=(500, 30)) * (1 + classes[:, None])
    assert estimate(t, classes) == pytest.approx(1, abs=0.07)
    assert contributions_bits(t, classes, 3).mean() < 0.5


def test_a_difference_along_a_hidden_axis():
    """Two columns alike but for a hundredth, which is where the class is."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 400)
    t = rng.normal(size=(400, 3))
    t = np.hstack([t, t[:, :1] + 0.01 * (2 * classes[:, None] - 1) + 0.001 * rng.normal(size=(400, 1))])
    assert estimate(t, classes) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("width", [50, 2000])
def test_wide_layers_of_low_rank(width):
    """A layer of ReLUs over a line tells what the line tells."""
    weights, values = np.random.default_rng(9).normal(size=(2, width)), []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        classes = rng.integers(0, 3, 400)
        line = 2.0 * classes[:, None] + rng.normal(size=(400, 1))
        values.append(estimate(np.maximum(line * weights[0] + weights[1], 0), classes))
    mean, error = mean_and_error(values)
    assert mean == pytest.approx(mixture_bits((0, 2, 4), (1, 1, 1)), abs=3 * error + 0.03)


def test_digits():
    """A classifier proves 3.16 bits; H(Y) is 3.32."""
    t, classes = load_digits(return_X_y=True)
    assert 3.15 < estimate(t, classes) < entropy(classes)


def test_classes_of_one_member_are_one_class():
    rng = np.random.default_rng(0)
    classes = np.r_[np.zeros(40), np.ones(40), 2:12].astype(int)
    t = rng.normal(size=(90, 2)) + classes[:, None] % 2
    assert estimate(t, classes) == estimate(t, np.minimum(classes, 2))
    assert estimate(t, np.arange(90)) == 0


@pytest.mark.parametrize("columns", [1, 40])
def test_permuted_are_those_of_permuted_classes(columns):
    rng = np.random.default_rng(0)
    classes = np.r_[rng.integers(0, 3, 97), 7, 8, 9]
    t = rng.normal(size=(100, columns)) + classes[:, None] % 3
    draws = np.array([rng.permutation(100) for _ in range(4)])
    each = [estimate(t, classes[p]) for p in draws]
    assert permuted_class_information_bits(t, classes, draws).tolist() == each


def test_scores_of_a_row_do_not_know_its_class():
    """Labels that change places within a fold leave the scores of that fold as they are."""
    rng = np.random.default_rng(0)
    classes, order = np.tile(np.arange(2), 50), np.arange(100)
    axes = rng.normal(size=(100, 5))
    before = discriminants.scores(axes, classes, order)
    one, other = 0, 1  # the first of either class: both in the first fold
    swapped = classes.copy()
    swapped[[one, other]] = swapped[[other, one]]
    same_fold = np.sort(np.r_[np.flatnonzero(classes == 0)[::5], np.flatnonzero(classes == 1)[::5]])
    after = discriminants.scores(axes, swapped, order)
    assert after[same_fold] == pytest.approx(before[same_fold], abs=1e-12)
    rest = np.setdiff1d(order, same_fold)
    assert np.abs(after[rest] - before[rest]).min() > 0


@pytest.mark.parametrize("columns", [20, 600])
def test_principal_axes_keep_distances(columns):
    """Of a layer of low rank, wider or narrower than it has rows, sketched or not."""
    rng = np.random.default_rng(0)
    t = rng.normal(size=(580, 10)) @ rng.normal(size=(10, columns))
    t -= t.mean(axis=0)
    axes, variances = discriminants.principal(t)
    assert axes.shape == (580, 10)
    assert axes.var(axis=0) == pytest.approx(variances)
    assert axes @ axes.T == pytest.approx(t @ t.T, abs=1e-8 * np.abs(t @ t.T).max())


def test_nothing_to_tell():
    assert estimate(np.ones((10, 3)), np.arange(10) % 2) == 0
    assert estimate(np.random.default_rng(0).normal(size=(10, 3)), np.zeros(10)) == 0


def test_errors_are_one_line():
    t = np.zeros((4, 1))
    for arguments, message in [((t, [[0, 1, 2, 3]]), "one a row"), ((t, [0, 1]), "one class a row")]:
        with pytest.raises(InfoplaneError, match=message):
            estimate(*arguments, k=1)
    with pytest.raises(InfoplaneError, match="between 1 and the 3 other samples"):
        estimate(t, [0, 1, 0, 1], k=0)

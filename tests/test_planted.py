"""The planted check: the planted information is what it says, and its share tells what an estimator can see."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import norm

import infoplane as ip
from infoplane.arrays.variables import Variable
from infoplane.estimation import planted

RNG = np.random.default_rng(0)
DIRECTION = RNG.normal(size=40_000)
DIRECTION = (DIRECTION - DIRECTION.mean()) / DIRECTION.std()


@pytest.mark.parametrize("bits", [0.3, 1.0, 2.5])
def test_planted_numbers_hold_what_they_say(bits: float) -> None:
    """A normal direction with normal noise: -log2(1 - r²) / 2."""
    target, said = planted.plant(DIRECTION, Variable(np.zeros((len(DIRECTION), 1))), bits, np.random.default_rng(1))
    r = np.corrcoef(target.values[:, 0], DIRECTION)[0, 1]
    assert said == bits
    assert -np.log2(1 - r**2) / 2 == pytest.approx(bits, abs=0.03)


def test_planted_labels_hold_what_they_say() -> None:
    """Four classes of unequal size; I = H(Y) - E H(Y | s) by quadrature over the normal direction."""
    classes = np.repeat(np.arange(4), [20_000, 10_000, 5_000, 5_000])
    asked = 0.8
    target, said = planted.plant(DIRECTION, Variable(classes[:, None] * 1.0, classes), asked, np.random.default_rng(1))
    assert target.classes is not None
    assert np.sort(np.bincount(target.classes)) == pytest.approx(np.sort(np.bincount(classes)), rel=0.05)
    # The noise that was taken shows in how sharply classes change along the direction; fit it by its threshold at 0.5.
    low = DIRECTION[np.isin(target.classes, target.classes[np.argsort(DIRECTION)[:50]])]
    assert low.mean() < DIRECTION.mean()
    noise_std = planted._noise_std(lambda std: planted._class_bits(DIRECTION, np.array([0.5, 0.75, 0.875]), std), asked)
    cuts = norm.ppf([0.5, 0.75, 0.875]) * np.sqrt(1 + noise_std**2)

    def inner(s: float) -> float:
        p = np.diff(np.concatenate([[0], ndtr((cuts - s) / noise_std), [1]]))
        p = p[p > 0]
        return float(-np.sum(p * np.log2(p)) * norm.pdf(s))

    assert 1.75 - quad(inner, -8, 8, limit=200)[0] == pytest.approx(said, abs=0.01)


def test_of_labels_no_more_is_planted_than_they_can_hold() -> None:
    classes = np.arange(40_000) % 2
    _, said = planted.plant(DIRECTION, Variable(classes[:, None] * 1.0, classes), 5.0, np.random.default_rng(1))
    assert said == pytest.approx(0.6)


def test_a_layer_in_which_an_estimator_is_blind_is_told_from_one_in_which_it_sees() -> None:
    rng = np.random.default_rng(2)
    isotropic = rng.normal(size=(350, 256))
    low_rank = rng.normal(size=(350, 2)) @ rng.normal(size=(2, 256))
    for t, sees in ((isotropic, False), (low_rank, True)):
        y = t[:, 0] / t[:, 0].std() + 0.5 * rng.normal(size=350)
        result = ip.mutual_information(t, y, "ksg", planted=1.0)
        assert ("blind" not in result.flags) == sees
        assert (result.planted_share > 0.75) if sees else (result.planted_share < 0.25)
        # The check is about the right thing: 1.16 bits are there, and found only where the planted ones are.
        assert (result.mi_bits > 0.9) if sees else (result.mi_bits < 0.3)


def test_labels_and_several_targets_are_planted_alike() -> None:
    rng = np.random.default_rng(3)
    t = rng.normal(size=(500, 2))
    labels = ip.mutual_information(t, t[:, 0] > 0, "ksg", planted=1.0)
    assert labels.planted_share == pytest.approx(1, abs=0.4)
    several = ip.mutual_information(t, rng.normal(size=(500, 2)), "ksg", planted=1.0)
    assert several.planted_share == pytest.approx(1, abs=0.4)


def test_the_table_has_a_column_of_it() -> None:
    rng = np.random.default_rng(3)
    t = rng.normal(size=(200, 2))
    table = ip.measure({"a": t, "constant": np.ones((200, 2))}, t[:, 0] + rng.normal(size=200), "ksg", planted=1.0)
    assert table["planted_share"][0] > 0.7
    assert np.isnan(table["planted_share"][1]), "no direction to plant in"

"""Each dataset is drawn from the law that it declares, and each conf file names one that there is."""

import inspect
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from composing import composed
from infoplane import exact
from infoplane.core import plugins
from infoplane.core.errors import InfoplaneError
from infoplane.datasets._contract import draw
from infoplane.laws import KnownLaw, Mixture, Normal, Uniform
from infoplane.pipeline.common.config import is_read

CONF = Path(__file__).parent.parent / "conf" / "dataset"
NAMES = [name for name in plugins.names("datasets") if not is_read(name)]
PIPELINE = {"generator", "samples", "test_fraction", "probe_samples", "file", "test_file", "folder", "seed"}
KNOWN = [name for name in NAMES if name != "two_inputs"]


def make(name, **params):
    module = plugins.load("datasets", name, "dataset.generator")
    return module.make(**plugins.parameters(module.make, params, "dataset"))


def test_every_dataset_has_a_conf_file_and_every_conf_file_a_dataset():
    generators = []
    for path in CONF.glob("*.yaml"):
        values = composed(f"dataset={path.stem}")["dataset"]
        if is_read(values["generator"]):
            continue  # test_own_data.py
        assert values.keys() >= PIPELINE
        generators.append(values["generator"])
        dataset = make(values["generator"], **{k: v for k, v in values.items() if k not in PIPELINE})
        x, y = dataset.sample(5, np.random.default_rng(0))
        assert (len(x), y.shape) == (5, (5, 1))
        if path.stem == values["generator"]:
            assert values["noise_std"] > 0
    assert set(generators) == set(NAMES)


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("noise_std", [0.2, 1.5])
def test_samples_follow_the_declared_law(name, noise_std):
    known = make(name, noise_std=noise_std)
    assert isinstance(known, KnownLaw)
    x, y = known.sample(4000, np.random.default_rng(3))
    assert x.shape == y.shape == (4000, 1)
    noise = (y[:, 0] - known.function(x[:, 0])) / known.noise_std(x[:, 0])
    assert stats.kstest(x[:, 0], known.inputs.cdf).pvalue > 1e-3
    assert stats.kstest(noise, known.noise.cdf).pvalue > 1e-3
    assert abs(stats.spearmanr(np.abs(x[:, 0]), np.abs(noise)).statistic) < 4 / np.sqrt(4000)


@pytest.mark.parametrize("name", KNOWN)
def test_noise_is_standardised_and_scales_with_noise_std(name):
    usual = inspect.signature(plugins.load("datasets", name, "dataset").make).parameters["noise_std"].default
    known, doubled = make(name), make(name, noise_std=2 * usual)
    e = np.linspace(-40, 40, 400001)
    assert np.trapezoid(known.noise.pdf(e) * e, e) == pytest.approx(0, abs=1e-9)
    assert np.trapezoid(known.noise.pdf(e) * e**2, e) == pytest.approx(1)
    x = np.linspace(-3, 3, 7)
    assert doubled.noise_std(x) == pytest.approx(2 * known.noise_std(x))
    assert exact.ceiling(doubled) < exact.ceiling(known)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_sample(name):
    first, second, other = (make(name).sample(20, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()
    assert (first[0] != other[0]).all()


def test_two_inputs_has_no_exact_answer():
    dataset = make("two_inputs")
    x, y = dataset.sample(1000, np.random.default_rng(0))
    assert x.shape == (1000, 2)
    noise = y[:, 0] - (x[:, 0] ** 2 - x[:, 1] - 1)
    assert stats.kstest(noise / 0.2, stats.norm.cdf).pvalue > 1e-3
    with pytest.raises(InfoplaneError, match=r"^no exact answer"):
        exact.ceiling(dataset)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("params", [{"noise_std": 0}, {"noise_std": "a lot"}, {"noise": 0.1}])
def test_wrong_parameters_name_their_key(name, params):
    with pytest.raises(InfoplaneError, match=f"^dataset.{next(iter(params))}: "):
        make(name, **params)


@pytest.mark.parametrize(
    ("law", "scipys"),
    [
        (Uniform(-3, 3), stats.uniform(-3, 6)),
        (Normal(), stats.norm()),
        (Normal(-2, 0.5), stats.norm(-2, 0.5)),
    ],
)
def test_a_law_is_scipys_to_the_bit(law, scipys):
    x = np.concatenate([np.random.default_rng(0).normal(0, 3, 10000), [-np.inf, -3, 0, 3, np.inf]])
    q = np.concatenate([np.random.default_rng(1).uniform(size=10000), [0, 1e-8, 1 - 1e-8, 1]])
    for name, values in (("pdf", x), ("cdf", x), ("ppf", q)):
        np.testing.assert_array_equal(getattr(law, name)(values), getattr(scipys, name)(values))
    assert law.support() == scipys.support()
    ours, theirs = (each.rvs(size=500, random_state=np.random.default_rng(2)) for each in (law, scipys))
    np.testing.assert_array_equal(ours, theirs)


class TestMixture:
    LAW = Mixture((stats.norm(-2, 0.5), stats.uniform(0, 3), stats.norm(1, 0.1)), (0.5, 0.3, 0.2))

    def test_quantiles_invert_the_distribution_function(self):
        q = np.array([1e-9, 0.01, 0.3, 0.5, 0.77, 1 - 1e-9])
        assert self.LAW.cdf(self.LAW.ppf(q)) == pytest.approx(q, rel=1e-6)

    def test_density_is_the_slope_of_the_distribution_function(self):
        x = np.linspace(-4, 2.9, 50)
        slope = (self.LAW.cdf(x + 1e-5) - self.LAW.cdf(x - 1e-5)) / 2e-5
        assert self.LAW.pdf(x) == pytest.approx(slope, abs=1e-4)

    def test_support_holds_all_of_them(self):
        assert self.LAW.support() == (-np.inf, np.inf)
        assert Mixture((stats.uniform(0, 1), stats.uniform(3, 1)), (0.5, 0.5)).support() == (0, 4)


class Written:
    """A dataset as somebody might write it: `sample` gives what it is told to."""

    def __init__(self, *found):
        self.found = found

    def sample(self, samples, rng):  # noqa: ARG002
        return self.found if len(self.found) != 1 else self.found[0]


COLUMN = np.zeros((4, 1))


@pytest.mark.parametrize(
    ("dataset", "complaint"),
    [
        (None, "make() gives a NoneType without sample(); return a KnownLaw"),
        (Written(None), "sample(4) does not give two arrays; return x, y"),
        (Written(COLUMN), "sample(4) does not give two arrays; return x, y"),
        (Written(COLUMN, "abc"), "sample(4) does not give two arrays; return x, y"),
        (Written(COLUMN[:, 0], COLUMN), "sample(4) gives x of shape (4,); make it (4, inputs)"),
        (Written(COLUMN, COLUMN[:3]), "sample(4) gives y of shape (3, 1); make it (4, targets)"),
        (Written(COLUMN, COLUMN[:, :0]), "sample(4) gives y of shape (4, 0); make it (4, targets)"),
        (Written(COLUMN, COLUMN + np.nan), "drew NaN or infinity in y; fix its law"),
    ],
)
def test_a_dataset_written_wrongly_is_told_so_in_one_line(dataset, complaint):
    with pytest.raises(InfoplaneError) as caught:
        draw(dataset, 4, np.random.default_rng(0), "mine.py")
    assert str(caught.value) == f"mine.py: {complaint}"

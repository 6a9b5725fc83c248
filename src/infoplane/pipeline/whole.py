"""Validates the whole configuration: every section, and whether the sections fit together."""

from ..core.errors import InfoplaneError
from ..training.settings import Train
from . import own_files
from .common.config import Config
from .common.sections import Drawn
from .measurements import Measurement, measurement


def validate(config: Config) -> None:
    """Raises `InfoplaneError` at the first section that is wrong."""
    _ = config.seed, config.model, config.truth, config.plot, config.compute
    train = config.of(Train, "train")
    dataset = config.dataset
    own_files.given(dataset)
    rows = None  # known once they are read
    if isinstance(dataset, Drawn):
        rows = {
            "train": dataset.samples - dataset.test_samples,
            "test": dataset.test_samples,
            "probe": dataset.probe_samples,
        }[config.extract.split]
    if rows == 0:
        raise InfoplaneError("dataset.probe_samples: 0, but extract.split is probe; raise it")
    for key in config.estimator_ids:
        asked = measurement(config, key)
        if not dataset.is_recorded:
            _check_trained(asked, train)
        if rows is not None:
            _check_rows(asked, rows)


def _check_trained(asked: Measurement, train: Train) -> None:
    """Checks that the networks an estimator asks for will exist; otherwise this would show only after the training."""
    measure, where = asked.settings.measure, f"estimators.{asked.id}"
    for name, places, last in (
        ("epochs", measure.epochs or [0], train.epochs),
        ("replicates", [0] if measure.replicates == "all" else measure.replicates, train.replicates - 1),
    ):
        if max(places) > last:
            raise InfoplaneError(f"{where}.measure.{name}: {max(places)} is not trained; the last is {last}")


def _check_rows(asked: Measurement, rows: int) -> None:
    """Likewise, that there are rows enough."""
    measure, where = asked.settings.measure, f"estimators.{asked.id}"
    samples = measure.samples or rows
    if samples > rows:
        raise InfoplaneError(f"{where}.measure.samples: {samples}, but there are only {rows}; lower it")
    k = getattr(asked.estimator, "k", None)
    if isinstance(k, int) and k >= samples:
        raise InfoplaneError(f"{where}.k: {k} is not below the {samples} samples measured; lower it")
    if isinstance(k, int) and asked.settings.stderr is not None and k >= samples // 2:
        raise InfoplaneError(
            f"{where}.k: {k} is not below the {samples // 2} samples in a half, which stderr takes; lower it"
        )

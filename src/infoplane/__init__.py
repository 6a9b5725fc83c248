"""How much information does each layer of a network hold about its target and its input?

    import infoplane as ip

    result = ip.mutual_information(x, y, stderr=10)    # one value in bits, with its error and what to know about it
    table = ip.measure({"fc1": a, "fc2": b}, y, [ip.KSG(), ip.Decodable()])    # many layers, a tidy DataFrame

Rows are samples, and have to be independent of each other. Estimators are classes whose fields are their parameters:
`help(ip.KSG)` says what it estimates, when to use it and when not. `ip.exact` has the true values for networks of one
input on data of a known law, and `ip.laws` such laws; `ip.estimands` says what kinds of information there are. Every
quantity of information is in bits. What is wrong with an argument is said in one line, by an `InfoplaneError`, which is
a `ValueError`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for editors and type checkers; the names of estimators that are not here are found all the same
    from . import estimands, exact, laws
    from .api import measure, mutual_information
    from .core.errors import InfoplaneError
    from .estimators.aligned_ksg import AlignedKSG
    from .estimators.binning import Binning
    from .estimators.decodable import Decodable
    from .estimators.dithered_ksg import DitheredKSG
    from .estimators.gaussian import Gaussian
    from .estimators.gaussian_kde import GaussianKDE
    from .estimators.kde import KDE
    from .estimators.ksg import KSG
    from .estimators.mixed_ksg import MixedKSG
    from .estimators.neural import Neural
    from .estimators.noisy import Noisy
    from .estimators.npeet import NPEET
    from .estimators.renyi import Renyi
    from .estimators.sheared_ksg import ShearedKSG
    from .estimators.sklearn import Sklearn
    from .recording.lightning import LightningRecorder
    from .recording.recorder import ActivationRecorder
    from .result import Result

__version__ = "0.1.0"

# Where a public name lies; it is imported when it is first used, since some parts take seconds.
_PLACES = {
    "ActivationRecorder": "recording.recorder",
    "InfoplaneError": "core.errors",
    "LightningRecorder": "recording.lightning",
    "Result": "result",
    "measure": "api",
    "mutual_information": "api",
}
_MODULES = ("estimands", "exact", "laws")


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        found = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    elif name in _MODULES:
        found = import_module(f"{__name__}.{name}")
    elif name == "__all__":
        found = sorted([*_PLACES, *_MODULES, "__version__", *(kind.__name__ for kind in _estimators())])
    else:
        found = next((kind for kind in _estimators(name) if kind.__name__ == name), None)
        if found is None:
            raise AttributeError(f"infoplane has no {name}; dir(infoplane) lists what it has")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return list(__getattr__("__all__"))


def _estimators(name: str | None = None) -> list[type]:
    """The class of every estimator, or of those whose file that name points to: the rest is not imported."""
    import pkgutil

    folders = [entry.name for entry in pkgutil.iter_modules(import_module(f"{__name__}.estimators").__path__)]
    wanted = [
        folder
        for folder in folders
        if not folder.startswith("_") and (name is None or folder.replace("_", "") == name.lower())
    ]
    if not wanted:
        return []
    lookup = import_module(f"{__name__}.estimators._shared.lookup")
    return [lookup.named(folder) for folder in wanted]

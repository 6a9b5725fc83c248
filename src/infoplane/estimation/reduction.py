"""Replaces a layer by its principal components before any estimator: `reduce: {components: 10}`.

This is a rotation without whitening: distances between samples do not change, and a direction in which the layer hardly
moves stays small. An estimator that standardises columns whitens in effect; `ksg` with `scale: none` does not.
Components that are left out are lost: I(PCA(T);Y) <= I(T;Y), and a deeper layer may then hold more than the one before.
"""

import numpy as np
from numpy.typing import NDArray


def principal_components(t: NDArray[np.floating], components: int) -> NDArray[np.floating]:
    """The first `components` principal components of t `(samples, units)`, by singular value decomposition.

    A layer with no more units than components is returned as it is. Components smaller than the rounding of float32,
    the type of activations, are left out, so there may be fewer. The largest weight of a component is positive. Rows
    that were equal stay equal to the bit.
    """
    samples, units = t.shape
    if units <= components:
        return t
    centred = t.astype(np.float64) - t.mean(axis=0, dtype=np.float64)
    _, sizes, weights = np.linalg.svd(centred, full_matrices=False)
    rounding = np.finfo(np.float32).eps * np.abs(t).max() * np.sqrt(samples)
    kept = max(1, min(components, int(np.count_nonzero(sizes > rounding))))
    weights = weights[:kept]
    largest = np.abs(weights).argmax(axis=1)
    weights *= np.sign(weights[np.arange(kept), largest])[:, None]
    # A matrix product may round equal rows differently, so each distinct row is multiplied once.
    distinct, places = np.unique(t, axis=0, return_inverse=True)
    return np.asarray(((distinct - t.mean(axis=0, dtype=np.float64)) @ weights.T)[places.reshape(-1)])

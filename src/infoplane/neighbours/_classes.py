"""Neighbours of the own class: the compiled part of `classes`."""

import numpy as np

from ..compiling import compiled

# Distances equal but for rounding are ties: a share of the squared distance.
TIED = 1 + 1e-9


@compiled
def own_and_all(columns, classes, counts, k):  # type: ignore[no-untyped-def]
    """For each point of `columns` `(d, n)`: how many are as near as the k-th nearest of its class, and whether equal.

    `(n,)` each: of its class, of all (both without itself), and whether the k-th equals it. Distances are
    Euclidean. A class of `counts[c]` <= k members takes its farthest; one of a single member gives 0, 0.
    """
    d, n = columns.shape
    own, everyone, equal = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.bool_)
    far, nearest = np.empty(n), np.empty(k)
    for i in range(n):
        c = classes[i]
        wanted = min(k, counts[c] - 1)
        if wanted == 0:
            continue
        far[:] = 0.0
        for u in range(d):
            here = columns[u, i]
            column = columns[u]
            for j in range(n):
                far[j] += (column[j] - here) ** 2
        far[i] = np.inf
        nearest[:] = np.inf
        for j in range(n):
            if classes[j] == c and far[j] < nearest[wanted - 1]:
                a = wanted - 1
                while a > 0 and nearest[a - 1] > far[j]:
                    nearest[a] = nearest[a - 1]
                    a -= 1
                nearest[a] = far[j]
        edge = nearest[wanted - 1] * TIED
        equal[i] = edge == 0.0
        for j in range(n):
            if far[j] <= edge:
                everyone[i] += 1
                own[i] += classes[j] == c
    return own, everyone, equal

"""Strange arrays for every estimator: a finite number or one line comes out, never a traceback, a warning or NaN.

    python tests/fuzzing.py                            # 200,000 cases an estimator, on all cores
    python tests/fuzzing.py ksg renyi --cases 1000
    python tests/fuzzing.py renyi --case 4711          # one case, with its traceback

A case is made from its estimator's name and its number alone. What was done and found is kept in .infoplane/fuzz/, so
that a run that was stopped goes on from there, and begins with what was found before.
"""

import argparse
import json
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

import infoplane as ip
from infoplane.core import cores
from infoplane.core.seeding import generator
from infoplane.estimators._shared import lookup

CASES, BLOCK = 200_000, 500
MEMORY = Path(__file__).resolve().parent.parent / ".infoplane" / "fuzz"
FEW = {"neural": 100, "noisy": 4}  # so many times fewer cases of estimators that take so much longer
LONGEST_S = 20.0
FINITE = 1.7e308

Rng = np.random.Generator
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """The arguments of one call of `mutual_information`."""

    x: Any
    y: Any
    estimator: str | None
    parameters: dict[str, Any]
    more: dict[str, Any]


def case(name: str, number: int) -> Case:
    """`name` is that of an estimator, or "none" for the one that is chosen."""
    rng = generator(number, "fuzz", name)
    rows = int(rng.choice([rng.integers(1, 12), rng.integers(4, 40), rng.integers(40, 120)], p=[0.4, 0.45, 0.15]))
    units = int(rng.choice([1, 2, 3, rng.integers(4, 20), rng.integers(20, 60)], p=[0.4, 0.25, 0.15, 0.15, 0.05]))
    x = np.stack([column(rng, rows) for _ in range(units)], axis=1)
    if units > 1 and rng.random() < 0.2:
        x[:, rng.integers(units)] = x[:, rng.integers(units)]
    y = target(rng, x)
    if rng.random() < 0.2:  # rows that repeat
        places = rng.integers(rows, size=rows)
        x, y = x[places], y[places]
    if rng.random() < 0.3:
        with np.errstate(over="ignore"):
            smaller = x.astype(rng.choice(["f4", "f2"]))
        x = smaller if np.isfinite(smaller).all() else x
    parameters = {} if name == "none" or rng.random() < 0.5 else settings(rng, name)
    more: dict[str, Any] = {"labels": True} if rng.random() < 0.1 else {}
    if rng.random() < 0.04:
        more |= {"stderr": 2}
    if rng.random() < 0.04:
        more |= {"permutations": 19}
    if rng.random() < 0.02:
        more |= {"planted": 1.0}
    if rng.random() < 0.02:
        more |= {"block": int(rng.integers(2, 9)), "permutations": 19, "stderr": 2}
    return Case(x, y, None if name == "none" else name, parameters, more)


def column(rng: Rng, rows: int) -> Floats:
    """Of one kind, at one scale, around one place."""
    kinds: list[Callable[[], Floats]] = [
        lambda: rng.normal(size=rows),
        lambda: np.maximum(rng.normal(size=rows), 0),
        lambda: rng.integers(-2, 3, size=rows) * 1.0,
        lambda: rng.integers(0, 2, size=rows) * 1.0,
        lambda: np.full(rows, rng.choice([0.0, -0.0, 1.0, 0.1, 1e-30, 1e30, 5e-324, FINITE])),
        lambda: rng.standard_cauchy(size=rows) ** 3,
        lambda: 10.0 ** rng.uniform(-307, 307, size=rows) * rng.choice([-1, 1], size=rows),
        lambda: rng.choice([0.0, -0.0, 5e-324, -5e-324, 1e-308, 1.0, FINITE, -FINITE], size=rows),
        lambda: 1 + np.finfo(float).eps * rng.integers(0, 4, size=rows),
        lambda: (np.arange(rows) == rng.integers(rows)) * 1.0,
        lambda: np.arange(rows) * 1.0,
        lambda: np.tanh(9 * rng.normal(size=rows)),
    ]
    found = kinds[rng.integers(len(kinds))]()
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if rng.random() < 0.3:
            found = found * np.float64(10) ** (rng.uniform(-320, 320) if rng.random() < 0.5 else rng.uniform(-9, 9))
        if rng.random() < 0.2:
            found = found + 10.0 ** rng.uniform(-20, 20)
    return np.clip(np.nan_to_num(found, nan=0.0), -FINITE, FINITE)


def target(rng: Rng, x: Floats) -> NDArray[Any]:
    """Of x, or of nothing; numbers or labels."""
    rows, kind = len(x), rng.integers(10)
    if kind < 2:
        return column(rng, rows)
    if kind == 2:
        return np.stack([column(rng, rows) for _ in range(rng.integers(2, 5))], axis=1)
    if kind == 3:
        return np.asarray(x[:, : rng.integers(1, 4)])
    if kind == 4:
        with np.errstate(over="ignore"):
            return np.clip(x[:, 0] * 10.0 ** rng.uniform(-5, 5), -FINITE, FINITE)
    if kind == 5:
        return np.asarray(rng.integers(0, rng.integers(1, rows + 1), size=rows))
    if kind == 6:
        return np.asarray(x[:, 0] > np.median(x[:, 0]))
    if kind == 7:
        return np.asarray(rng.choice(["a", "b", ""], size=rows))
    if kind == 8:
        return np.asarray(rng.integers(-(2**62), 2**62, size=rows))
    return np.asarray(np.tanh(x[:, 0]) + 0.1 * rng.normal(size=rows))


def settings(rng: Rng, name: str) -> dict[str, Any]:
    """Any of the estimator's parameters; some are refused, in a line."""
    hints = get_type_hints(lookup.named(name), include_extras=False)
    known = [field.name for field in fields(lookup.named(name)) if field.name not in ("device", "steps", "hidden")]
    found = {key: parameter(rng, hints[key]) for key in known if rng.random() < 0.5}
    return found | ({"steps": 3} if name == "neural" else {})


def parameter(rng: Rng, kind: Any) -> Any:
    if get_origin(kind) is Literal:
        return get_args(kind)[rng.integers(len(get_args(kind)))]
    if get_origin(kind) is list:
        return [float(-abs(rng.normal())), 10.0 ** rng.integers(-3, 4)]
    if options := [each for each in get_args(kind) if each is not type(None)]:
        return parameter(rng, options[rng.integers(len(options))])
    if kind is bool:
        return bool(rng.integers(2))
    if kind is int:
        return int(rng.choice([1, 2, 3, 4, 7, 20, 1000]))
    return float(rng.choice([10.0 ** rng.uniform(-9, 9), rng.uniform(0, 3), 1.0, 2.0, 1e-300, 1e300]))


def fault(one: Case) -> str:
    """What is wrong with what a case gives, in a line; nothing where all is well. Raises only `KeyboardInterrupt`."""
    started = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", ".* look like ", UserWarning)
            result = outcome(one)
    except ip.InfoplaneError as error:
        said = str(error)
        if not said or not said.isprintable():
            return f"not one line: {said!r}"
        return said if "fault of the estimator" in said else ""
    except Exception as error:  # what must not happen
        place = traceback.extract_tb(error.__traceback__)[-1]
        ours = [each for each in traceback.extract_tb(error.__traceback__) if "infoplane" in each.filename][-1]
        said = " ".join(str(error).split())[:120]
        return (
            f"{type(error).__name__}: {said} ({Path(place.filename).name}, by {Path(ours.filename).name}:{ours.lineno})"
        )
    numbers = {name: value for name, value in vars(result).items() if isinstance(value, float)}
    numbers |= dict(enumerate(result.interval_bits or ()))
    wrong = [str(name) for name, value in numbers.items() if not np.isfinite(value)]
    if wrong:
        return f"{', '.join(wrong)}: not finite"
    if (elapsed := time.monotonic() - started) > LONGEST_S:
        return f"took {elapsed:.0f} s"
    return ""


def outcome(one: Case) -> ip.Result:
    estimator = None if one.estimator is None else lookup.named(one.estimator)(**one.parameters)
    return ip.mutual_information(one.x, one.y, estimator, **one.more)


def faults(name: str, numbers: range | list[int]) -> dict[int, str]:
    return {number: said for number in numbers if (said := fault(case(name, number)))}


def run(name: str, cases: int, workers: int | None) -> dict[int, str]:
    """Goes on where an earlier run ended, and with what it found."""
    path = MEMORY / f"{name}.json"
    known = json.loads(path.read_text()) if path.exists() else {"cases": 0, "faults": {}}
    done, found = known["cases"], faults(name, [int(number) for number in known["faults"]])
    blocks = [range(start, min(start + BLOCK, cases)) for start in range(done, cases, BLOCK)]
    MEMORY.mkdir(parents=True, exist_ok=True)
    for block, more in zip(blocks, cores.run(faults, [(name, block) for block in blocks], workers), strict=True):
        found |= more
        path.write_text(json.dumps({"cases": block.stop, "faults": found}))
    path.write_text(json.dumps({"cases": max(done, cases), "faults": found}))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="ESTIMATOR", help="by default all, and none: the one that is chosen"
    )
    parser.add_argument("--cases", type=int, default=CASES, help="for each estimator (default: %(default)s)")
    parser.add_argument("--case", type=int, metavar="N", help="show this one case")
    parser.add_argument("--workers", type=int, help="processes (default: one a core)")
    asked = parser.parse_args()
    some = False
    for name in asked.names or [*lookup.names(), "none"]:
        if asked.case is not None:
            one = case(name, asked.case)
            print(one)
            print(fault(one) or "nothing is wrong")
            print(outcome(one))
            continue
        started = time.monotonic()
        cases = asked.cases // FEW.get(name, 1)
        found = run(name, cases, asked.workers)
        print(f"{name}: {cases:,} cases, {len(found)} faults, {time.monotonic() - started:.0f} s", flush=True)
        kinds: dict[str, list[int]] = {}
        for number, said in found.items():
            kinds.setdefault(said, []).append(number)
        for said, numbers in sorted(kinds.items(), key=lambda each: -len(each[1])):
            print(f"  {len(numbers)} x {said}; the first is --case {numbers[0]}", flush=True)
        some |= bool(found)
    sys.exit(some)


if __name__ == "__main__":
    main()

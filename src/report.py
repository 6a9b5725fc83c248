"""Writes the report: `data/report.html`, one page that opens offline.

It names no commit: dvc keeps the page while its inputs stay the same, whatever is committed meanwhile. It names the
hashes of its inputs, which dvc.lock has too, and so finds the commit (see `COMMANDS`).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infoplane.core import provenance
from infoplane.pipeline import tables
from infoplane.pipeline.common import files, params, stage, store
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.common.sections import NO_FILE
from infoplane.report import Run, html, words

DATA = Path("data")
INPUTS = ("dataset.npz", "training.csv", "truth.csv", "ceiling.json", "estimands.csv", "scoreboard.csv")
COMMANDS = [
    "# everything, from params.yaml and the data; what did not change is not computed again",
    "dvc repro",
    "# the commits whose results these are",
    "git log --oneline -S {md5} -- dvc.lock",
]
SECTIONS = ("seed", "dataset", "model", "train", "extract", "truth", "estimators")


def main() -> None:
    config = params.load()
    files.write_atomically(DATA / "report.html", html(of(config)).encode())


def of(config: Config) -> Run:
    results = tables.load_results(DATA, config.estimator_ids)
    rows = store.load_dataset(DATA).of(config.extract.split)
    replicates = {*results.estimates["replicate"], *results.training["replicate"], *results.truth["replicate"]}
    csvs = [DATA / "estimates" / f"{key}.csv" for key in config.estimator_ids]
    hashes = [
        (f"data/{name}", f"md5 {text}")
        for name, text in provenance.hashes(DATA, [*(DATA / name for name in INPUTS), *csvs], "md5")
    ]
    estimates_md5 = hashes[-1][1].removeprefix("md5 ")
    return Run(
        title=f"Information report: {config.dataset.generator}, {config.values['model']['architecture']}",
        results=results,
        networks={number: f"replicate {number}" for number in sorted(replicates)},
        facts=facts(config),
        rows=len(rows.row_id),
        target=words.target(rows),
        board=tables.load_scoreboard(DATA),
        shuffled=[
            key
            for key, values in config.section("estimators").items()
            if (values.get("measure") or {}).get("pairs") == "shuffled"
        ],
        parameters=[(key, str(value)) for section in SECTIONS for key, value in flat(section, config.values[section])],
        versions=provenance.versions(),
        hashes=hashes,
        commands=[line.format(md5=estimates_md5) for line in COMMANDS],
    )


def facts(config: Config) -> list[tuple[str, str]]:
    """What was measured, as the configuration has it."""
    own = {key: value for key, value in config.values["dataset"].items() if value != NO_FILE}
    found = [("Data", said(own, "generator")), ("Rows", f"those of the split {config.extract.split}")]
    if config.dataset.is_recorded:
        return [*found, ("Network", "recorded elsewhere")]
    train = {key: value for key, value in config.values["train"].items() if key not in ("device", "seed")}
    return [*found, ("Network", said(config.values["model"], "architecture")), ("Training", said(train))]


def said(values: dict[str, Any], first: str = "") -> str:
    """`quadratic: samples 500, ...`; of what is instantiated its class alone and its numbers."""
    rest = [
        f"{key.replace('_', ' ')} {value}".replace("_target_", "")
        for key, value in flat("", {key: value for key, value in values.items() if key not in (first, "seed")})
        if value is not None
    ]
    words = ", ".join(rest).replace(". target ", " ")
    return f"{values[first]}: {words}" if first else words


def flat(key: str, values: Any) -> Iterator[tuple[str, Any]]:
    """`a.b` and its value, of everything that is no mapping."""
    if not isinstance(values, dict):
        yield key, values
        return
    for name, value in values.items():
        yield from flat(f"{key}.{name}" if key else str(name), value)


if __name__ == "__main__":
    stage.run(main)

"""The report: its findings against tables whose answer is known, and the page in a real browser."""

import base64
import hashlib
import html as entities
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import browser
from infoplane import scoring
from infoplane.core.errors import InfoplaneError
from infoplane.estimation.flags import MEANINGS
from infoplane.recording import reporting
from infoplane.recording.importing import import_run
from infoplane.report import Run, changes, findings, html, page, story
from infoplane.report.advice import ADVICE
from infoplane.report.curves import MOST, shown
from infoplane.results import joined
from scratch import Scratch

HOSTILE = "</script><img src=x onerror=\"document.title='ran'\">'&lt;"
LIMIT_BYTES = 6_000_000
EPOCHS = range(11)


def run(layers: tuple[str, str] = ("still", "rising"), network: str = "one", title: str = "a run") -> Run:
    """Two layers with a ceiling of 2 bits: the first holds 2 throughout, the second goes from 1 to 2.

    `good` reads the truth, `raw` reads 1.5 bits less at the first four epochs, `mixed` reads shuffled pairs.
    """
    exact = {layers[0]: [2.0] * 11, layers[1]: [1 + epoch / 10 for epoch in EPOCHS]}
    rows = [(r, e, layer, "y", "plain", exact[layer][e]) for r in (0, 1) for layer in layers for e in EPOCHS]
    names = ["replicate", "epoch", "layer", "target", "estimand", "mi_bits"]
    truth = pd.DataFrame(rows, columns=names)
    early = np.where(truth["epoch"] <= 3, 1.5, 0.0)
    read_bits = {"good": truth["mi_bits"], "raw": truth["mi_bits"] - early, "mixed": 0 * truth["mi_bits"]}
    tables = []
    for key, values in read_bits.items():
        flags = np.where((key == "raw") & (truth["epoch"] <= 3), "blind", "dead_units:2")
        tables.append(truth.assign(estimator=key, mi_bits=values, flags=flags))
    kinds = {"layer": "category", "target": "category"}
    tables = [table.astype({**kinds, "estimator": "category", "flags": "category"}) for table in tables]
    loss = pd.DataFrame({"replicate": [0, 0, 1, 1], "epoch": [0, 10] * 2, "train_loss": [2, 1] * 2})
    loss["test_loss"] = loss["train_loss"] * 2.0
    plain = truth.astype(kinds).astype({"estimand": object})
    results = joined(list(read_bits), tables, plain, loss, 2.0, plain.iloc[:0].copy())
    board = pd.DataFrame(scoring.scoreboard(results), columns=scoring.COLUMNS)
    return Run(
        title=title, results=results, networks={0: network, 1: "two"}, facts=[("Data", network)], rows=300,
        target=f"2 classes: {network}", board=board, shuffled=["mixed"],
    )  # fmt: skip


def test_the_findings_say_what_the_tables_hold() -> None:
    found = run()
    said = {head: " ".join(lines) for head, lines in story.short(found)}
    assert "2 networks" in said["Measured"]
    assert "on 300 rows" in said["Measured"]
    assert "2.0000 bits, the ceiling" in said["What the layers hold"]
    assert re.search(r"^still holds all of it", " ".join(story.holds(found)[1:2]))
    assert "rising rises, exactly computed: 1.00 bits at first, 2.00 at last" in said["What the layers hold"]
    assert "rises in rising from 1.00 to 2.00 of 2.00 bits; it shows no clear change in still" in said["What rises"]
    assert "Not real: the change that raw shows from epoch 0 to 10 in still +1.50 (exactly 0.00)" in said["What rises"]
    assert said["Which numbers to trust"].startswith("good, an estimate of I(T;Y): 0.00 bits")
    assert "raw" not in said["Which numbers to trust"], "it is off by 1.5 * 4 / 11 on average"
    bad = said["Which not to trust, and why"]
    assert "mixed measures shuffled pairs" in bad
    assert "raw is off by more than 0.30 bits in still (epochs 0 to 3) and rising (epochs 0 to 3)" in bad
    assert "Flag blind" in bad
    assert "raw (36 % of I(T;Y))" in bad, "4 of 11 epochs"
    dead = [each for each in findings.flagged(found.results) if each.flag == "dead_units"]
    assert [(each.estimator, each.count) for each in dead] == [("", 2 * 2 * (11 + 7 + 11))], "once, not by estimator"


def test_a_change_needs_more_than_its_noise_and_most_of_the_networks() -> None:
    def change(ends: list[float], noise_bits: float) -> changes.Change:
        return changes.Change("e", "l", 0, 9, [1.0] * len(ends), ends, noise_bits, None)

    assert change([1.5, 1.4, 1.6, 0.9], 0).direction == 1
    assert change([1.5, 1.4, 0.6, 0.9], 0).direction == 0
    assert change([1.5, 1.4, 1.6, 1.5], 0.6).direction == 0
    assert change([0.5], 0.4).direction == -1


def test_every_flag_has_advice() -> None:
    assert set(ADVICE) == set(MEANINGS)


def test_epochs_that_are_drawn_keep_both_ends() -> None:
    assert shown([3, 1, 2]) == [1, 2, 3]
    many = shown(list(range(5000)))
    assert len(many) <= MOST
    assert (many[0], many[-1]) == (0, 4999)
    assert set(range(11)) <= set(many), "the first ten epochs are the widest part of the axis"


def test_only_the_two_scripts_of_the_page_may_run() -> None:
    text = html(run())
    allowed = re.findall(r"'sha256-([^']+)'", text)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert [base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in scripts] == allowed
    assert len(scripts) == 2
    assert "unsafe-inline" not in text.split("style-src")[0]


def test_names_are_only_text() -> None:
    text = html(run((HOSTILE, "b"), HOSTILE, HOSTILE))
    assert HOSTILE not in text
    assert entities.escape(HOSTILE) in text
    content = re.search(r'id="content">(.*?)</script>', text, re.DOTALL)
    assert content
    assert json.loads(content[1])["layers"] == [HOSTILE, "b"]
    assert content[1].count("<") == 0


def test_plotly_that_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly", None)
    with pytest.raises(InfoplaneError, match=r"pip install 'infoplane\[report\]'"):
        page.plotly()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of two layers, imported and estimated, as a person would."""
    root = tmp_path_factory.mktemp("recorded")
    rng = np.random.default_rng(0)
    y = np.array([HOSTILE, "dog", "cat"])[rng.integers(0, 3, 150)]
    codes = np.unique(y, return_inverse=True)[1]
    for name in ("a", "b"):
        source = root / f"saved_{name}"
        for epoch in (0, 1):
            (source / f"epoch_{epoch}").mkdir(parents=True)
            first = (1 + 2 * epoch) * np.eye(3)[codes] + rng.normal(size=(150, 3))
            np.save(source / f"epoch_{epoch}/1.npy", first)
            np.save(source / f"epoch_{epoch}/2.npy", first[:, :2])
        import_run(source, root / name, y)
    command(root, "estimate", "a", "b", "-e", "ksg", "--planted", "1", "--workers", "1")
    return root


def command(root: Path, *words: str, ok: bool = True, seed: str = "0") -> str:
    environment = {"PYTHONPATH": str(Path(page.__file__).parents[2]), "PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", "infoplane", *words], cwd=root, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == ok, done.stderr
    return done.stdout + done.stderr


def test_the_command_reports_folders_and_gives_the_same_bytes(recorded: Path) -> None:
    assert command(recorded, "report", "a", "b", "--out", "both.html") == "wrote both.html\n"
    once = (recorded / "both.html").read_bytes()
    command(recorded, "report", "a", "b", "--out", "both.html", seed="1")
    assert (recorded / "both.html").read_bytes() == once
    text = once.decode()
    assert "infoplane estimate a b -e ksg --planted 1 --workers 1" in entities.unescape(text), "what made it"
    assert hashlib.sha256((recorded / "b/dataset.npz").read_bytes()).hexdigest() in text
    assert "KSG(" in text
    table = pd.read_csv(recorded / "a/estimates/ksg.csv", dtype={"layer": str})
    content = json.loads(re.search(r'id="content">(.*?)</script>', text, re.DOTALL)[1])  # type: ignore[index]
    assert content["networks"] == ["a", "b"]
    own = content["estimators"][0]["curves"]["y"]["values"]["0"]["0"]
    assert own == pytest.approx(table[table["layer"] == "1"]["mi_bits"].tolist(), abs=1e-4)
    command(recorded, "report", "a")
    assert (recorded / "a/report.html").exists()


def test_what_cannot_be_reported_is_one_line(recorded: Path) -> None:
    assert "named twice" in command(recorded, "report", "a", "a", ok=False)
    assert "is a folder" in command(recorded, "report", "a", "--out", "b", ok=False)
    with pytest.raises(InfoplaneError, match="no estimates"):
        reporting.of([recorded / "saved_a"])
    (recorded / "b/estimates/ksg.json").write_text("{")
    with pytest.raises(InfoplaneError, match=r"ksg\.json: is damaged"):
        reporting.of([recorded / "b"])


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with browser.opened(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.mark.pipeline
def test_the_page_of_the_pipeline_in_a_browser(reproduced: Scratch, driver: Any) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select, WebDriverWait

    place = reproduced.path / "data/report.html"
    assert place.stat().st_size < LIMIT_BYTES
    lock = yaml.safe_load((reproduced.path / "dvc.lock").read_text())["stages"]
    hashes = {out["path"]: out["md5"] for stage in lock.values() for out in stage["outs"]}
    text = place.read_text()
    for name in ("data/dataset.npz", "data/truth.csv", "data/estimates/ksg.csv"):
        assert hashes[name] in text, "as in the lock, which leads to the commit"
    browser.look(driver, place)

    def words(identifier: str) -> str:
        return str(driver.find_element(By.ID, identifier).text)

    def press(identifier: str, key: str) -> None:
        driver.find_element(By.ID, identifier).send_keys(key)

    last = words("epoch-words")
    press("epoch", Keys.HOME)
    assert (words("epoch-words"), last) == ("epoch 0", "epoch 3"), "the slider moves by the keyboard"
    first = words("plane-values")
    press("epoch", Keys.ARROW_RIGHT)
    assert words("epoch-words") == "epoch 1"
    assert words("plane-values") != first
    press("play", Keys.ENTER)
    WebDriverWait(driver, 20).until(lambda _: words("epoch-words") == "epoch 3" and words("play") == "Play")
    source = Select(driver.find_element(By.ID, "plane-source"))
    source.select_by_index(len(source.options) - 1)
    assert driver.find_element(By.ID, "plane-plot").get_attribute("aria-label").startswith("Information plane by")

    def lines(layer: int) -> int:
        return int(
            driver.execute_script(f"return document.querySelectorAll('#curve-{layer} .scatterlayer .trace').length")
        )

    def switch(group: str, name: str) -> Any:
        return driver.find_element(By.XPATH, f"//fieldset[@id='{group}']//label[normalize-space()='{name}']/input")

    before = lines(0)
    switch("estimators", "ksg").click()
    assert lines(0) < before, "by the mouse"
    switch("estimators", "ksg").send_keys(Keys.SPACE)
    assert lines(0) == before, "by the keyboard"
    switch("layers", "layer_1").click()
    assert not driver.find_element(By.ID, "curve-0").is_displayed()
    label = driver.find_element(By.CSS_SELECTOR, "#curve-1 .plot").get_attribute("aria-label")
    switch("networks", "replicate 0").click()
    assert driver.find_element(By.CSS_SELECTOR, "#curve-1 .plot").get_attribute("aria-label") != label
    switch("networks", "replicate 0").click()
    switch("estimands", "what a decoder can use of Y (linear)").click()
    assert "decodable" in driver.find_element(By.CSS_SELECTOR, "#curve-1 .plot").get_attribute("aria-label")
    switch("show", "each network").click()
    assert "One line for each network" in words("band-words")

    head = driver.find_element(By.XPATH, "//section[@id='scoreboard']//th[starts-with(normalize-space(), 'mean')]")
    column = "return [...document.querySelectorAll('#scoreboard tbody tr')].map((row) => +row.cells[4].dataset.value)"
    head.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    up = driver.execute_script(column)
    head.find_element(By.TAG_NAME, "button").click()
    assert up == sorted(up)
    assert driver.execute_script(column) == sorted(up, reverse=True)

    plots = driver.find_elements(By.CSS_SELECTOR, "[role=img]")
    assert all(each.get_attribute("aria-label") for each in plots), "each figure has words"
    browser.look(driver, place, width=400)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 400
    browser.look(driver, place, dark=True)
    colours = driver.execute_script(
        "const body = getComputedStyle(document.body), text = getComputedStyle(document.querySelector('.xtick text'));"
        "return [body.backgroundColor, body.color, text.fill]"
    )
    dark, *light = (np.mean([int(number) for number in re.findall(r"\d+", each)[:3]]) for each in colours)
    assert dark < 60
    assert min(light) > 180
    printed = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert printed.startswith(b"%PDF")
    assert not driver.get_log("browser"), "nothing is said on the console"
    assert browser.requests(driver) == {place.resolve().as_uri()}


def test_names_with_markup_are_shown_in_a_browser(driver: Any, recorded: Path) -> None:
    from selenium.webdriver.common.by import By

    place = recorded / "hostile.html"
    place.write_text(html(run((HOSTILE, "b"), HOSTILE, HOSTILE)))
    browser.look(driver, place)
    assert driver.title == HOSTILE
    assert driver.find_element(By.CSS_SELECTOR, "#curve-0 figcaption").text == HOSTILE
    assert HOSTILE in driver.find_element(By.ID, "switches").text
    assert not driver.find_elements(By.TAG_NAME, "img")
    assert not driver.get_log("browser")
    assert browser.requests(driver) == {place.resolve().as_uri()}

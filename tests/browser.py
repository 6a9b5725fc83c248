"""A real headless Chromium, for tests of pages; they are skipped where none is installed."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run --hide-scrollbars"
)


@contextmanager
def opened(profile: Path) -> Iterator[Any]:
    """A driver with an empty profile. Skips the test where Chromium or its driver is missing."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("needs chromium and chromedriver: `apt-get install chromium chromium-driver`")
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for option in [*OPTIONS.split(), f"--user-data-dir={profile}"]:
        options.add_argument(option)
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(chromedriver))
    try:
        driver.get("about:blank")
        driver.get_log("performance")  # what the browser's own first tab asked for
        yield driver
    finally:
        driver.quit()


def look(driver: Any, page: Path, *, width: int = 1200, dark: bool = False) -> None:
    """Opens a page in a window of so many pixels."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    driver.get(page.resolve().as_uri())
    assert driver.execute_script("return document.documentElement.dataset.ready") == "yes", "its script did not end"


def requests(driver: Any) -> set[str]:
    """All addresses that pages asked for since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    return {url for url in sent if not url.startswith(("chrome://", "data:"))}

"""The page and the dashboard in a real browser, as people see them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from autosuperconv.core.report import Report
from autosuperconv.core.serialization import to_json
from autosuperconv.reporting.dashboard.publish import publish_report
from autosuperconv.reporting.dashboard.server import make_dashboard
from autosuperconv.reporting.files import RenderedReport
from autosuperconv.reporting.markdown import render_markdown

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is in the [test] extra")

from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.remote.webdriver import WebDriver  # noqa: E402
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
)
WIDTHS = {"desktop": 1280, "phone": 390}
SECONDS = 30.0

pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="no Chromium with chromedriver on this machine"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.set_page_load_timeout(SECONDS)
    yield driver
    driver.quit()


def resize(browser: WebDriver, width: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)  # type: ignore[attr-defined]


def complaints(browser: WebDriver) -> list[str]:
    log = browser.get_log("browser")  # type: ignore[attr-defined]
    return [entry["message"] for entry in log if entry["level"] in ("SEVERE", "WARNING")]


def wait_for(browser: WebDriver, what: Callable[[], bool]) -> None:
    WebDriverWait(browser, SECONDS).until(lambda _: what())


@pytest.fixture
def address(page: str, tmp_path: Path) -> str:
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_page_fits_its_window_without_an_error(
    browser: WebDriver, address: str, width: int
) -> None:
    resize(browser, width)
    browser.get(address)
    root = "document.documentElement"
    shown = "[...document.querySelectorAll('figure svg')].filter((s) => s.checkVisibility()).length"
    assert browser.execute_script(f"return {root}.scrollWidth - {root}.clientWidth") == 0
    assert browser.execute_script(f"return {shown}") == 5  # one size of each picture
    assert complaints(browser) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_systems_colours(
    browser: WebDriver, address: str, scheme: str
) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})  # type: ignore[attr-defined]
    browser.get(address)
    colour = browser.execute_script(
        "return getComputedStyle(document.documentElement).backgroundColor"
    )
    assert colour == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]


def test_a_heading_sorts_the_trials_and_sorts_them_back(browser: WebDriver, address: str) -> None:
    resize(browser, WIDTHS["desktop"])
    browser.get(address)

    def numbers() -> list[str]:
        rows = "[...document.querySelectorAll('#trials tbody tr')]"
        found: list[str] = browser.execute_script(
            f"return {rows}.map((row) => row.cells[0].textContent)"
        )
        return found

    def press(name: str) -> None:
        button = browser.find_element("xpath", f"//*[@id='trials']//th/button[text()='{name}']")
        to_it = "arguments[0].scrollIntoView({behavior: 'instant', block: 'center'})"
        browser.execute_script(to_it, button)
        button.click()

    before = numbers()
    press("accuracy")
    press("accuracy")
    assert numbers()[0] == "5"  # the most accurate trial of the sample
    press("trial")
    assert numbers() == before


@pytest.fixture(scope="module")
def served(report: Report, page: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("dashboard")
    journal = folder / "study.journal"
    storage = JournalStorage(JournalFileBackend(str(journal)))
    study = optuna.create_study(storage=storage, study_name="sample")
    study.add_trial(optuna.trial.create_trial(value=1.0))
    rendered = RenderedReport(page, to_json(report), render_markdown(report), {})
    publish_report(study, report, rendered, folder / "artifacts", pytest.fail)
    with make_dashboard(storage, folder / "artifacts", "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/dashboard"
        server.shutdown()
        thread.join()


def text_of(browser: WebDriver) -> str:
    found: str = browser.execute_script("return document.body.innerText")
    return found


def test_the_dashboards_note_tells_the_verdict(
    browser: WebDriver, served: str, report: Report
) -> None:
    resize(browser, WIDTHS["desktop"])
    browser.get(f"{served}/studies/0/note")
    wait_for(browser, lambda: report.verdict.sentence in text_of(browser))
    assert report.tradeoff.sentence in text_of(browser)
    cells = browser.execute_script(
        "return [...document.querySelectorAll('table tr > *')].map((cell) => cell.innerText.trim())"
    )
    assert {"run", "accuracy", "as the last change", "weight decay"} <= set(cells)


def test_the_dashboard_draws_both_pictures_and_lists_the_page(
    browser: WebDriver, served: str
) -> None:
    resize(browser, WIDTHS["desktop"])
    browser.get(f"{served}/studies/0")
    wait_for(browser, lambda: "report.html" in text_of(browser))
    assert {"Study Artifacts", "report.json"} <= set(text_of(browser).splitlines())
    titles = "[...document.querySelectorAll('.gtitle')].map((title) => title.textContent)"
    wait_for(browser, lambda: len(browser.execute_script(f"return {titles}")) >= 2)
    drawn = browser.execute_script(f"return {titles}")
    assert "Accuracy against training cost" in drawn
    assert any(title.startswith("Range test: possible") for title in drawn)

"""The page in a real browser: it opens, fits, and can be read in both schemes."""

from dataclasses import replace
from pathlib import Path

import pytest

from discretion.reports import write_page
from scorecard import taught
from scorecard.hand_made import card, case_set

from .test_page import HOSTILE, run_card

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no /usr/bin/chromium"),
]


def probe(name):
    """A function that is run inside the page."""
    return (Path(__file__).parent / f"{name}.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    long = "A request that was described at considerable length, far beyond what a heading bears"
    cards = {
        "usual": card(
            case_set(12, titles=(long, "Short")),
            contrasts=[("strict", "like")],
            run=run_card(),
            banner="Simulated people: this page shows that the machinery works.",
        ),
        "people": card(case_set(), arms={}),
        "taught": replace(card(case_set(2)), teaching=taught.card()),
        "hostile": card(case_set(2, titles=(HOSTILE,)), with_cases=True, banner=HOSTILE),
    }
    return {name: write_page(found, folder / f"{name}.html") for name, found in cards.items()}


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def opened(browser, pages):
    """Opens a page, and gives it with what went wrong: console errors, requests, dialogs."""
    contexts = []

    def opens(name, width=1200, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page, trouble = context.new_page(), []
        page.on("console", lambda one: trouble.append(one.text))
        page.on("pageerror", lambda one: trouble.append(str(one)))
        page.on("requestfailed", lambda one: trouble.append(one.url))
        page.on("dialog", lambda one: (trouble.append(one.message), one.dismiss()))
        requests = []
        page.on("request", lambda one: requests.append(one.url))
        page.goto(pages[name].as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert requests == [pages[name].as_uri()], "it loads nothing but itself"
        return page, trouble

    yield opens
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", ["usual", "people", "taught", "hostile"])
@pytest.mark.parametrize("width", [390, 768, 1200])
def test_it_opens_without_trouble_and_never_scrolls_sideways(opened, name, width):
    page, trouble = opened(name, width)
    assert trouble == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["usual", "taught"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_both_schemes(opened, name, scheme):
    page, _ = opened(name, scheme=scheme)
    assert page.evaluate(probe("contrast")) == []
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    dark = sum(int(part) for part in paper.strip("rgb()").split(", ")) < 200
    assert dark == (scheme == "dark")


def test_no_label_of_a_chart_runs_into_another_or_over_its_edge(opened):
    page, _ = opened("usual")
    assert page.evaluate(probe("overlaps")) == []


@pytest.mark.parametrize("name", ["usual", "people", "taught"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_first_screen_holds_verdict_chart_numbers_and_what_is_next(opened, name, width, height):
    page, _ = opened(name, width)
    assert page.locator(".first .number").count() == 3
    for selector in (".verdict", ".glance svg", ".number:nth-child(3)", ".after"):
        box = page.locator(f".first {selector}").first.bounding_box()
        assert box["y"] + box["height"] <= height, selector

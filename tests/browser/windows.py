"""The windows of a browser: what one is opened with, where it goes, and what it complains about."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from app.config import ROOT
from app.web.language import COOKIE
from tests.browser.portal import PASSWORD
from tests.waiting import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

    from tests.browser.looks import Look
    from tests.browser.portal import Live

AXE = Path(__file__).parent / "vendor" / "axe-core@4.14.1" / "axe.min.js"
SCREENSHOTS = ROOT / "tests" / "screenshots"
PHONE, TABLET, DESK = 360, 768, 1440
#: What Safari leaves of a screen of 390 by 844.
IPHONE = 390
#: What Playwright says where a window goes without the portal's service worker.
BLOCKED = "Service Worker registration blocked by Playwright"
#: The button that sends the form of a page; one that shows a password stands before it.
SUBMIT = "main button:not([type=button])"
HEIGHTS = {320: 640, PHONE: 740, IPHONE: 664, TABLET: 1024, 1024: 768, DESK: 900}


@dataclass
class BrowserWindow:
    """A browser window, with everything it had to complain about, and the pages that it ``found``."""

    page: Page
    url: str
    found: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Collect console errors, where Content-Security-Policy reports too, exceptions and lost requests."""
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        self.page.on("requestfailed", lambda request: self._lost(request.url, request.failure))

    def _heard(self, message: ConsoleMessage) -> None:
        # The status of the page itself is the test's own business; that of a part of it is not.
        own_status = "the server responded with a status" in message.text and (
            message.location.get("url") == self.page.url
        )
        if message.type in ("error", "warning") and not own_status and message.text != BLOCKED:
            self.complaints.append(f"{message.type}: {message.text}")

    def _lost(self, url: str, failure: str | None) -> None:
        if failure != "net::ERR_ABORTED":  # a download, or a page left before its end
            self.complaints.append(f"lost: {url} {failure}")

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def visit(self, way: str) -> None:
        """Go to a page, or from there on to the first link that each selector finds, as `>>` parts them.

        Whoever comes again goes straight to where that led, and must find a page there.
        """
        path, *selectors = way.split(" >> ")
        if selectors and way in self.found:
            answer = self.page.goto(self.found[way])
            assert answer.ok, f"{way} led to {self.found[way]}"
        else:
            self.go(path)
            for selector in selectors:
                self.go(self.page.locator(selector).first.get_attribute("href"))
            self.found[way] = self.page.url
        # Asked of the page itself: a locator first brings what it needs into each page, which takes longer.
        assert self.page.evaluate("document.querySelectorAll('h1').length") == 1

    def follow(self, place: Locator) -> None:
        """Press what leads to another page, and be there once that page is whole.

        A click returns as soon as the next page begins: what is read at once may not have come yet.
        """
        with self.page.expect_navigation():
            place.click()

    def settled(self) -> None:
        """Wait until htmx has taken over the part it put in place, about 20 ms after it shows.

        A form sent before that goes as it would without JavaScript.
        """
        self.page.locator(".htmx-added, .htmx-settling").first.wait_for(state="detached")

    def sideways(self) -> int:
        """How many pixels the page is wider than its window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def barriers(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA and its own best practices, once the page is whole."""
        self.page.wait_for_load_state()
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        # What is in order is neither described nor handed over: a long page has megabytes of it.
        found = self.page.evaluate("axe.run({resultTypes: ['violations']}).then((all) => all.violations)")
        return [
            f"{violation['id']}: {node['target']} {node.get('failureSummary', '')}"
            for violation in found
            for node in violation["nodes"]
        ]

    def faults(self, name: str, look: Look) -> list[str]:
        """What shuts somebody out: a page wider than its window, or what axe finds, which needs scripts."""
        self.keep(f"{name}-{look}")
        beyond = self.sideways()
        wide = [f"{beyond} px wider than its window"] if beyond else []
        return [*wide, *(self.barriers() if look.javascript else [])]

    def keep(self, name: str) -> None:
        """A picture under tests/screenshots when BORDEREAU_SCREENSHOTS is set."""
        if os.environ.get("BORDEREAU_SCREENSHOTS"):
            width = self.page.viewport_size["width"]
            dialogue = self.page.locator("dialog[open]").count()
            self.page.screenshot(
                path=SCREENSHOTS / f"{name}-{width}.png",
                full_page=width < DESK and not dialogue,
                caret="initial",
            )


def open_window(
    browser: Browser,
    url: str,
    width: int = DESK,
    *,
    javascript: bool = True,
    dark: bool = False,
    language: str = "fr",
    service_worker: bool = True,
) -> BrowserWindow:
    """A window of its own: nobody has signed in, and nothing is kept of any other."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHTS[width]},
        locale=language,
        timezone_id="Europe/Paris",
        java_script_enabled=javascript,
        color_scheme="dark" if dark else "light",
        has_touch=width < TABLET,
        service_workers="allow" if service_worker else "block",
    )
    context.set_default_timeout(1000 * HANGS)
    context.add_cookies([{"name": COOKIE, "value": language, "url": url}])
    visitor = BrowserWindow(context.new_page(), url)
    visitor.listen()
    return visitor


class Panes:
    """Windows that go on from one look to the next, for a new process and what axe compiles in it take longer
    than all that is looked at.

    There is one for each of what a window keeps for life. Each look has the cookies of a new window, and what
    the page before it did is gone with its document.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self._open: dict[tuple[object, ...], BrowserWindow] = {}
        self._found: dict[str, str] = {}

    def at(self, look: Look, cookies: list[dict[str, object]]) -> BrowserWindow:
        """The window of ``look``, of somebody who has these ``cookies``."""
        key = look.language, look.javascript, look.width < TABLET
        if key not in self._open:
            self._open[key] = open_window(self._browser, self._url, **look.of_window())
            self._open[key].found = self._found
        visitor = self._open[key]
        visitor.page.set_viewport_size({"width": look.width, "height": HEIGHTS[look.width]})
        visitor.page.emulate_media(color_scheme="dark" if look.dark else "light")
        visitor.page.context.clear_cookies()
        own = {"name": COOKIE, "value": look.language, "url": self._url}
        visitor.page.context.add_cookies([*cookies, own])
        return visitor

    def complaints(self) -> list[str]:
        """What they have complained about since this was last asked."""
        said = [complaint for visitor in self._open.values() for complaint in visitor.complaints]
        for visitor in self._open.values():
            visitor.complaints.clear()
        return said


def cookies_of_owner(browser: Browser, live: Live) -> list[dict[str, object]]:
    """What the browser of the chain's owner keeps, who has signed in once for all windows of this run."""
    if not live.cookies:
        with signing_in(browser, live, live.email) as page:
            live.cookies = cookies_of(page)
    return live.cookies


@contextmanager
def signing_in(browser: Browser, live: Live, email: str, password: str = PASSWORD) -> Iterator[Page]:
    """The page of somebody who has signed in, in a window of its own."""
    page = open_window(browser, live.url).page
    sign_in(page, live.url, email, password)
    yield page
    page.context.close()


def cookies_of(page: Page) -> list[dict[str, object]]:
    """What a browser keeps of whoever has signed in; each window has a language of its own."""
    return [cookie for cookie in page.context.cookies() if cookie["name"] != COOKIE]


def sign_in(page: Page, url: str, email: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/connexion")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    with page.expect_navigation():
        page.press("input[name=password]", "Enter")

"""A portal with a few nights of demonstration data, and a Chromium that looks at it.

Scopes end with this folder: Playwright keeps an event loop running, which other tests could not bear.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import delete, text
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from app.accounts.users import NewAccess, give_access
from app.config import ROOT, Config
from app.database.engine import DatabaseRole
from app.models import Role, SignInAttempt
from app.rules.time_zones import today
from app.themes import Themes
from app.web.language import COOKIE
from importers.demo.generation import generate
from importers.load import load_file
from tests.conftest import SECRET_KEY
from tests.databases import copy_of_template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    import psycopg
    from flask import Flask
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

    from app.accounts.links import Links
    from app.database.engine import Database
    from tests.browser.hands import Hand
    from tests.browser.looks import Look

PASSWORD = "quatre mots pour essayer"
NIGHTS = 10
#: No processor of graphics is there: to act as one takes a seventh of the time of a whole browser.
STARTED_WITH = ["--no-sandbox", "--font-render-hinting=none", "--disable-gpu"]
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands in this folder: `make test` runs it apart."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@dataclass
class Live:
    """A portal that answers, and the ways into it."""

    url: str
    database: Database
    folder: Path
    email: str
    links: Links
    app: Flask
    cookies: list[dict[str, object]] = field(default_factory=list)

    def wears(self, theme: str) -> AbstractContextManager[None]:
        """The demonstration's maintainer wears another ``theme``, before and after anybody signs in."""
        return wearing(self.app, theme)


class QuietHandler(WSGIRequestHandler):
    """HTTP/1.1, as behind gunicorn, and no log."""

    protocol_version = "HTTP/1.1"

    def log(self, *_args: object) -> None:
        pass


@contextmanager
def wearing(app: Flask, slug: str) -> Iterator[None]:
    own = app.extensions["bordereau.themes"]
    theme = own.by_slug[slug]
    by_slug = {**own.by_slug, "demo": theme}
    app.extensions["bordereau.themes"] = Themes(by_slug, {**own.by_host, "localhost": theme}, ())
    try:
        yield
    finally:
        app.extensions["bordereau.themes"] = own


@pytest.fixture(scope="package")
def live(
    administration: psycopg.Connection, server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """A chain of three shops and two independents, up to yesterday."""
    with copy_of_template(administration, server, template) as database:
        yield from answering(database, tmp_path_factory.mktemp("browser"), merchants=3, transactions=3000)


def answering(database: Database, folder: Path, **size: int) -> Iterator[Live]:
    """A portal with a demonstration of that ``size``, while it answers."""
    email = load_demonstration(database, folder, **size)
    config = Config(database_url=None, data=folder, secret_key=SECRET_KEY, port=8000)
    app = create_app(config, database)
    web = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    try:
        links = app.extensions["bordereau.links"]
        yield Live(f"http://localhost:{web.server_port}", database, folder, email, links, app)
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def load_demonstration(database: Database, folder: Path, **size: int) -> str:
    """Import a few nights; returns the log-in of the chain's owner."""
    usual = {"seed": 7, "days": NIGHTS, "chain_shops": 3}
    manifest = generate(folder / "files", last_day=today() - timedelta(days=1), **{**usual, **size})
    for path in (manifest.directory, *manifest.files):
        result = load_file(database, path, folder)
        assert not result.refused, result
    account = manifest.accounts[0]
    with database.writing() as connection:
        access = NewAccess(
            email=account.email, merchant=account.merchant_code, reseller=None, role=Role(account.role)
        )
        give_access(connection, access, PASSWORD)
    return account.email


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine, installed if need be; a missing one is a failure, not a skip."""
    found = subprocess.run([ROOT / ".ci" / "machine", "browser"], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.fail(found.stderr)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found.stdout.strip(), args=STARTED_WITH)
        yield chromium
        chromium.close()


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
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": COOKIE, "value": language, "url": url}])
    visitor = BrowserWindow(context.new_page(), url)
    visitor.listen()
    return visitor


@pytest.fixture
def window(browser: Browser, live: Live):
    """Open windows: ``window(width, signed_in=…, javascript=…, dark=…)``; none may have complained."""
    visitors: list[BrowserWindow] = []
    with live.database.writing(DatabaseRole.OWNER) as connection:  # all tests come from one address
        connection.execute(delete(SignInAttempt))

    def opened(width: int = DESK, *, signed_in: bool = True, **named) -> BrowserWindow:
        visitor = open_window(browser, live.url, width, **named)
        visitors.append(visitor)
        if signed_in:
            visitor.page.context.add_cookies(cookies_of_owner(browser, live))
            prove(live.database)
        return visitor

    yield opened
    for visitor in visitors:
        visitor.page.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


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


@pytest.fixture(scope="package")
def panes(browser: Browser, live: Live) -> Iterator[Panes]:
    """The windows of all looks of this process."""
    made = Panes(browser, live.url)
    yield made
    assert made.complaints() == []


@pytest.fixture
def looking(browser: Browser, live: Live, panes: Panes):
    """The window of a look: ``looking(look, cookies)``, the owner's unless given; it may not complain."""

    def looking(look: Look, cookies: list[dict[str, object]] | None = None) -> BrowserWindow:
        own = cookies_of_owner(browser, live) if cookies is None else cookies
        prove(live.database)
        return panes.at(look, own)

    yield looking
    assert panes.complaints() == []


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


def prove(database: Database, ago: str = "0 minutes") -> None:
    """Whoever is signed in gave their password ``ago``: by default just now, however long a run takes."""
    with database.writing() as connection:
        connection.execute(
            text("UPDATE user_session SET proved_at = now() - CAST(:ago AS interval)"), {"ago": ago}
        )


def sign_in(page: Page, url: str, email: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/connexion")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    with page.expect_navigation():
        page.press("input[name=password]", "Enter")


@pytest.fixture
def tell(capsys):
    """What writes a count past pytest: whoever runs the tests reads it."""

    def told(task: str, hand: Hand) -> tuple[int, int]:
        with capsys.disabled():
            sys.stdout.write(f"\n  {hand.told(task)}\n")
        return len(hand.taps), hand.scrolls

    return told

"""A portal with a few nights of demonstration data, and a Chromium that looks at it.

Scopes end with this folder: Playwright keeps an event loop running, which other tests could not bear.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import delete

from app.config import ROOT
from app.database.engine import DatabaseRole
from app.models import SignInAttempt
from tests.browser.portal import answering, prove
from tests.browser.windows import DESK, Panes, cookies_of_owner, open_window
from tests.databases import copy_of_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from playwright.sync_api import Browser

    from tests.browser.hands import Hand
    from tests.browser.looks import Look
    from tests.browser.portal import Live
    from tests.browser.windows import BrowserWindow

#: No processor of graphics is there: to act as one takes a seventh of the time of a whole browser.
STARTED_WITH = ["--no-sandbox", "--font-render-hinting=none", "--disable-gpu"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands in this folder: `make test` runs it apart."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def live(
    administration: psycopg.Connection, server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """A chain of three shops and two independents, up to yesterday."""
    with copy_of_template(administration, server, template) as database:
        yield from answering(database, tmp_path_factory.mktemp("browser"), merchants=3, transactions=3000)


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
    assert live.card_numbers == []


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
    assert live.card_numbers == []


@pytest.fixture
def tell(capsys):
    """What writes a count past pytest: whoever runs the tests reads it."""

    def told(task: str, hand: Hand) -> tuple[int, int]:
        with capsys.disabled():
            sys.stdout.write(f"\n  {hand.told(task)}\n")
        return len(hand.taps), hand.scrolls

    return told

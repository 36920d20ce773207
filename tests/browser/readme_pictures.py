"""The pictures of the README, made anew: `make pictures`. No test, so that nothing runs it by itself."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import pytest
from PIL import Image

from app.config import ROOT
from tests.browser.portal import answering
from tests.browser.windows import DESK, IPHONE
from tests.databases import copy_of_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.browser.portal import Live
    from tests.browser.windows import BrowserWindow

FOLDER: Final = ROOT / ".docs"
FIRST_PAYMENT: Final = ".line a[href*='/transactions/']:not(.send-link)"
FIRST_REMITTANCE: Final = ".line:has(.send-link) a[href*='/remises/']:not(.send-link)"
#: The last night's that have payments: some night the first of all has none.
FILLED_REMITTANCES: Final = "/remises?count=with"
COLOURS: Final = 128
#: A desk that is small in bytes too.
SMALL_DESK: Final = {"width": 1152, "height": 660}
#: Each picture: its width, and its page with the links that lead on from there.
PICTURES: Final = {
    "remises-phone": (IPHONE, "/remises"),
    "transactions-desk": (DESK, "/transactions"),
    "transaction-phone": (IPHONE, f"/transactions >> {FIRST_PAYMENT}"),
    "remise-desk": (DESK, f"{FILLED_REMITTANCES} >> {FIRST_REMITTANCE}"),
    "send-phone": (IPHONE, "/transactions >> a.send-link"),
    "shops-desk": (DESK, "/transactions?by=outlet&period=last-7-days"),
}


@pytest.fixture(scope="module")
def live(
    administration: psycopg.Connection, server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """A larger demonstration than the tests': two weeks of a chain of eight shops."""
    with copy_of_template(administration, server, template) as database:
        folder = tmp_path_factory.mktemp("pictures")
        yield from answering(database, folder, merchants=1, days=20, chain_shops=8, transactions=12_000)


@pytest.mark.parametrize("name", PICTURES)
def test_picture(window, name):
    width, place = PICTURES[name]
    visitor: BrowserWindow = window(width)
    if width == DESK:
        visitor.page.set_viewport_size(SMALL_DESK)
    path, *selectors = place.split(" >> ")
    visitor.go(path)
    for selector in selectors:
        visitor.go(visitor.page.locator(selector).first.get_attribute("href"))
    assert visitor.page.locator("h1").count() == 1
    visitor.page.evaluate("document.fonts.ready")
    small(visitor.page.screenshot()).save(FOLDER / f"{name}.png", optimize=True)


def small(picture: bytes) -> Image.Image:
    """A picture in so few colours that it takes a third of its bytes, and looks the same."""
    whole = Image.open(io.BytesIO(picture)).convert("RGB")
    return whole.quantize(COLOURS, dither=Image.Dither.NONE)

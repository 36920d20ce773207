"""A hand that taps and scrolls in a browser, and counts both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.windows import BrowserWindow

#: An element stands in sight when the middle of it does: it can be tapped without a scroll.
IN_SIGHT = """element => {
  const box = element.getBoundingClientRect();
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  return box.width > 0 && x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight;
}"""


@dataclass
class Hand:
    """Somebody's hand: what it taps, and how often it must scroll to get there."""

    visitor: BrowserWindow
    taps: list[str] = field(default_factory=list)
    scrolls: int = 0

    def tap(self, what: str, place: Locator) -> None:
        self.look(place)
        place.click()
        self.taps.append(what)

    def press_enter(self, what: str, place: Locator) -> None:
        """The key of a phone's keyboard that sends: a tap as well."""
        place.press("Enter")
        self.taps.append(what)

    def look(self, place: Locator) -> None:
        """Have ``place`` in sight."""
        place.wait_for()
        if not place.evaluate(IN_SIGHT):
            self.scrolls += 1
            place.scroll_into_view_if_needed()

    def told(self, task: str) -> str:
        return f"{task}: {len(self.taps)} taps ({', '.join(self.taps)}), {self.scrolls} scrolls"

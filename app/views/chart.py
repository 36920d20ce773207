"""A bar chart as the shapes of an SVG: classes only, so that themes, dark mode and the CSP have their say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.listing.period import Period
from app.lists.nights import Bar
from app.wording import formats
from app.wording.days import short_day
from app.wording.i18n import gettext

#: Below the bars: the days. Above: room for nothing but air.
_FOOT, _HEAD, _GAP = 16, 6, 2
_SHARE = 0.62  # of its place that a bar fills
_WIDE, _NARROW = 48, 22  # room for "mer 26", for "26"
_LEAST = 2.0  # the height of a bar that stands for a day without anything


@dataclass(frozen=True)
class Shape:
    """A bar or a part of one: its place in the units of the viewBox, its classes and its words."""

    x: float
    y: float
    width: float
    height: float
    style: str
    words: str


@dataclass(frozen=True)
class Label:
    """A day under its bar."""

    x: float
    text: str
    style: str


@dataclass(frozen=True)
class Chart:
    """What the macro draws. ``has_apart`` says that some bars bear what did not reach the bank."""

    width: int
    height: int
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    has_apart: bool
    base: float


def chart(bars: Sequence[Bar], currency: str, shown: Period, width: int, height: int) -> Chart:
    """The bars in a drawing of ``width`` by ``height``; the days shown on the page are in colour."""
    step = width / len(bars)
    top = max(1, *(max(bar.net, 0) + max(bar.apart, 0) for bar in bars))
    base = float(height - _FOOT)
    scale = (base - _HEAD - _GAP) / top
    shapes: list[Shape] = []
    for place, bar in enumerate(bars):
        x, wide = round((place + (1 - _SHARE) / 2) * step, 1), round(step * _SHARE, 1)
        for tall, style, words in _parts(bar, scale, currency, shown):
            lift = bar.net * scale + _GAP if style == "bad" else 0.0
            shapes.append(Shape(x, round(base - lift - tall, 1), wide, round(tall, 1), style, words))
    has_apart = any(bar.apart > 0 for bar in bars)
    return Chart(width, height, tuple(shapes), tuple(_labels(bars, step, shown)), has_apart, base)


def _parts(bar: Bar, scale: float, currency: str, shown: Period) -> Iterator[tuple[float, str, str]]:
    """The height, the class and the words of what stands for a day, from below."""
    day, net = short_day(bar.day), formats.money(bar.net, currency)
    is_shown = shown.first <= bar.day <= shown.last
    style = "none" if bar.net <= 0 else "now" if is_shown else "day"
    yield max(bar.net * scale, _LEAST), style, gettext("%(label)s: %(value)s", label=day, value=net)
    if bar.apart > 0:
        apart = formats.money(bar.apart, currency)
        words = gettext("%(label)s: %(value)s not at the bank", label=day, value=apart)
        yield max(bar.apart * scale, 1.0), "bad", words


def _labels(bars: Sequence[Bar], step: float, shown: Period) -> Iterator[Label]:
    """Every day where there is room, else every fifth and the one shown."""
    words = [short_day(bar.day) if step > _WIDE else str(bar.day.day) for bar in bars]
    every = 1 if step > _NARROW else 5
    for place, bar in enumerate(bars):
        is_shown = shown.days == 1 and bar.day == shown.last
        if (len(bars) - 1 - place) % every == 0 or is_shown:
            yield Label(round((place + 0.5) * step, 1), words[place], "on" if is_shown else "")

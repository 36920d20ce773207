"""A bar chart as the shapes of an SVG: classes only, so that themes, dark mode and the CSP have their say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple

from app.listing.period import Period
from app.lists.nights import Bar
from app.wording import formats
from app.wording.days import short_day
from app.wording.i18n import gettext

#: In percent of the height: what stays free above the highest bar, and between the parts of one.
_HEAD, _GAP = 4.0, 1.5
_SHARE = 0.62  # of its place that a bar fills
_WIDE, _NARROW = 48, 22  # room for "mer 26", for "26"
_LEAST, _LEAST_APART = 1.5, 0.8  # the height of a bar that stands for a day without anything, or for little
#: The width of a chart on a phone and on a desk, in pixels: how many words have room.
_PHONE, _DESK = 390, 820
#: A part of a bar: its amount, its least height, its class and its words.
_Part = tuple[int, float, str, str]


class Shape(NamedTuple):
    """A bar or a part of one in percent of the chart, which fills its room; its classes and its words.

    A page has fifty: see :class:`app.views.cells.ListCell`.
    """

    x: float
    y: float
    width: float
    height: float
    style: str
    words: str


class Label(NamedTuple):
    """A day under its bar, in percent of the width."""

    x: float
    text: str
    style: str


@dataclass(frozen=True)
class Chart:
    """A chart for the macro: its bars, and what stands below them on a phone (``narrow``) and on a desk.

    ``has_apart`` says that some bars bear what did not reach the bank.
    """

    shapes: tuple[Shape, ...]
    narrow: tuple[Label, ...]
    wide: tuple[Label, ...]
    has_apart: bool


class ChartColumn(NamedTuple):
    """The column of a day, or of another group: its amounts in minor units, and its words.

    ``name`` is said of its bar, ``brief`` and ``briefest`` stand under it, as there is room. ``is_shown``
    puts it in colour, ``is_named`` gives it its words in any case. ``is_told`` says that being empty means
    something: a group without rows has no bar otherwise.
    """

    name: str
    brief: str
    briefest: str
    amount: int
    apart: int = 0
    is_shown: bool = True
    is_named: bool = False
    is_told: bool = True


def chart(bars: Sequence[Bar], currency: str, shown: Period, untold: Collection[date]) -> Chart:
    """The bars as a drawing; the days ``shown`` are in colour, of the days ``untold`` no file tells."""
    columns = [_column(bar, shown, untold) for bar in bars]
    return drawn(columns, partial(formats.money, currency=currency))


def usual_day(bars: Sequence[Bar]) -> int | None:
    """The mean of the days on which something came in, in minor units; None for fewer than two of them."""
    open_days = [bar.net for bar in bars if bar.net > 0]
    return round(sum(open_days) / len(open_days)) if len(open_days) > 1 else None


def _column(bar: Bar, shown: Period, untold: Collection[date]) -> ChartColumn:
    name = short_day(bar.day)
    return ChartColumn(
        name=name,
        brief=name,
        briefest=str(bar.day.day),
        amount=bar.net,
        apart=bar.apart,
        is_shown=shown.first <= bar.day <= shown.last,
        is_named=shown.days == 1 and bar.day == shown.last,
        is_told=bar.day not in untold,
    )


def drawn(columns: Sequence[ChartColumn], say: Callable[[int], str]) -> Chart:
    """``columns`` side by side; ``say`` writes an amount."""
    return Chart(
        shapes=tuple(_shapes(columns, say)),
        narrow=tuple(_labels(columns, _PHONE)),
        wide=tuple(_labels(columns, _DESK)),
        has_apart=any(column.apart > 0 for column in columns),
    )


def _shapes(columns: Sequence[ChartColumn], say: Callable[[int], str]) -> Iterator[Shape]:
    step = 100 / len(columns)
    top = max(1, *(max(column.amount, 0) + max(column.apart, 0) for column in columns))
    scale = (100 - _HEAD - _GAP) / top
    sentences = gettext("%(label)s: %(value)s"), gettext("%(label)s: %(value)s not remitted")
    wide = round(step * _SHARE, 2)
    for place, column in enumerate(columns):
        x = round((place + (1 - _SHARE) / 2) * step, 2)
        for amount, least, style, words in _parts(column, say, sentences):
            tall = max(amount * scale, least)
            lift = max(column.amount, 0) * scale + _GAP if style == "bad" else 0.0
            yield Shape(x, round(100 - lift - tall, 1), wide, round(tall, 1), style, words)


def _parts(column: ChartColumn, say: Callable[[int], str], sentences: tuple[str, str]) -> Iterator[_Part]:
    """What stands for a group, from below; ``sentences`` are of what reached the bank and what did not."""
    if not (column.is_told or column.amount or column.apart):
        return
    style = "none" if column.amount <= 0 else "now" if column.is_shown else "day"
    yield column.amount, _LEAST, style, sentences[0] % {"label": column.name, "value": say(column.amount)}
    if column.apart > 0:
        said = sentences[1] % {"label": column.name, "value": say(column.apart)}
        yield column.apart, _LEAST_APART, "bad", said


def _labels(columns: Sequence[ChartColumn], width: int) -> Iterator[Label]:
    """Every group where there is room in ``width`` pixels, else every fifth and the one shown."""
    room = width / len(columns)
    every = 1 if room > _NARROW else 5
    for place, column in enumerate(columns):
        if (len(columns) - 1 - place) % every == 0 or column.is_named:
            words = column.brief if room > _WIDE else column.briefest
            yield Label(round((place + 0.5) * 100 / len(columns), 2), words, "on" if column.is_named else "")

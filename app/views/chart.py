"""A bar chart as the shapes of an SVG: classes only, so that themes, dark mode and the CSP have their say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple

from app.listing.period import Period
from app.lists.nights import Bar
from app.wording import formats
from app.wording.days import short_day
from app.wording.i18n import gettext

#: Below the bars: the days. Above: room for nothing but air.
_FOOT, _HEAD, _GAP = 16, 6, 2
_SHARE = 0.62  # of its place that a bar fills
_WIDE, _NARROW = 48, 22  # room for "mer 26", for "26"
_LEAST, _LEAST_APART = 2.0, 1.0  # the height of a bar that stands for a day without anything, or for little
#: Width and height.
Size = tuple[int, int]
#: A part of a bar: its amount, its least height, its class and its words.
_Part = tuple[int, float, str, str]


class Shape(NamedTuple):
    """A bar or a part of one: its place in the units of the viewBox, its classes and its words.

    A page has a hundred: see :class:`app.views.cells.ListCell`.
    """

    x: float
    y: float
    width: float
    height: float
    style: str
    words: str


class Label(NamedTuple):
    """A day under its bar."""

    x: float
    text: str
    style: str


@dataclass(frozen=True)
class Chart:
    """A chart for the macro. ``has_apart`` says that some bars bear what did not reach the bank."""

    width: int
    height: int
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    has_apart: bool
    base: float


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


def charts(
    bars: Sequence[Bar], currency: str, shown: Period, untold: Collection[date], *sizes: Size
) -> tuple[Chart, ...]:
    """The bars in a drawing of each of ``sizes``; the days shown on the page are in colour.

    No file tells of the days ``untold``.
    """
    columns = [_column(bar, shown, untold) for bar in bars]
    return tuple(drawn(columns, partial(formats.money, currency=currency), *sizes))


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


def drawn(columns: Sequence[ChartColumn], say: Callable[[int], str], *sizes: Size) -> Iterator[Chart]:
    """``columns`` side by side in a drawing of each of ``sizes``; ``say`` writes an amount."""
    parts = [tuple(_parts(column, say)) for column in columns]
    return (_drawn(columns, parts, *size) for size in sizes)


def _drawn(
    columns: Sequence[ChartColumn], parts: Iterable[Iterable[_Part]], width: int, height: int
) -> Chart:
    step = width / len(columns)
    top = max(1, *(max(column.amount, 0) + max(column.apart, 0) for column in columns))
    base = float(height - _FOOT)
    scale = (base - _HEAD - _GAP) / top
    shapes: list[Shape] = []
    for place, (column, own) in enumerate(zip(columns, parts, strict=True)):
        x, wide = round((place + (1 - _SHARE) / 2) * step, 1), round(step * _SHARE, 1)
        for amount, least, style, words in own:
            tall = max(amount * scale, least)
            lift = column.amount * scale + _GAP if style == "bad" else 0.0
            shapes.append(Shape(x, round(base - lift - tall, 1), wide, round(tall, 1), style, words))
    has_apart = any(column.apart > 0 for column in columns)
    return Chart(width, height, tuple(shapes), tuple(_labels(columns, step)), has_apart, base)


def _parts(column: ChartColumn, say: Callable[[int], str]) -> Iterator[_Part]:
    """What stands for a group, from below."""
    if not (column.is_told or column.amount or column.apart):
        return
    style = "none" if column.amount <= 0 else "now" if column.is_shown else "day"
    words = gettext("%(label)s: %(value)s", label=column.name, value=say(column.amount))
    yield column.amount, _LEAST, style, words
    if column.apart > 0:
        words = gettext("%(label)s: %(value)s not remitted", label=column.name, value=say(column.apart))
        yield column.apart, _LEAST_APART, "bad", words


def _labels(columns: Sequence[ChartColumn], step: float) -> Iterator[Label]:
    """Every group where there is room, else every fifth and the one shown."""
    every = 1 if step > _NARROW else 5
    for place, column in enumerate(columns):
        if (len(columns) - 1 - place) % every == 0 or column.is_named:
            words = column.brief if step > _WIDE else column.briefest
            yield Label(round((place + 0.5) * step, 1), words, "on" if column.is_named else "")

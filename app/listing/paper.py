"""A paper of A4: the maintainer's picture, name and colour on each sheet, lines in columns, page numbers.

What is on it is told as lines, of known height, before anything is drawn: "page 1 of 3" needs the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, NamedTuple

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from app.themes import Theme
from app.tickets.pdf import canvas_of, font, writing
from app.wording.i18n import gettext, language

_WIDTH, _HEIGHT = A4
_SIDE, _HEAD, _FOOT = 42.0, 78.0, 48.0
#: The width of what is written, in points.
WITHIN = _WIDTH - 2 * _SIDE
_PICTURE = 24.0
_TEXT, _SOFT, _HAIR = map(HexColor, ("#1c2733", "#56636f", "#d9e0e6"))
_FONTS = Path(__file__).parent / "fonts"
_REGULAR, _STRONG = "Inter-Regular", "Inter-SemiBold"
_LEADING = 1.35  # of the size
#: The part of its words that a line of a heading holds, of two.
_MOST_OF_TWO = 0.65
#: Between columns, above and below the words of a row.
_GAP, _AIR = 10.0, 4.0


@dataclass(frozen=True)
class Lettering:
    """The size of words in points, whether they are strong, whether they stand back."""

    size: float
    strong: bool = False
    soft: bool = False

    @property
    def face(self) -> str:
        """The name of its typeface."""
        return _STRONG if self.strong else _REGULAR


PLAIN, STRONG, SMALL = Lettering(8), Lettering(8, strong=True), Lettering(8, soft=True)
_HEADING = Lettering(7.5, strong=True, soft=True)


class PaperCell(NamedTuple):
    """Words on a line; ``edge``, in points from the left margin, is the right one of a figure."""

    words: str
    edge: float = 0.0
    look: Lettering = PLAIN
    is_figure: bool = False


@dataclass(frozen=True)
class PaperLine:
    """A line of the paper, ``height`` points high; its words stand ``_AIR`` above its foot.

    ``is_ruled``: a hair is below it. One that ``leads`` is not parted from what is below. ``again`` are the
    lines that stand above it where it begins a further page.
    """

    cells: tuple[PaperCell, ...]
    height: float
    is_ruled: bool = False
    leads: bool = False
    again: tuple[PaperLine, ...] = ()


@dataclass(frozen=True)
class PaperColumn:
    """A column of a table; one of figures has them at the right, one that ``fills`` takes what is left."""

    heading: str
    is_figure: bool = False
    fills: bool = False


def blank(height: float) -> PaperLine:
    """Nothing, so many points high."""
    return PaperLine((), height, leads=True)


def line(words: str, look: Lettering = PLAIN, at_right: str = "", *, leads: bool = False) -> PaperLine:
    """A line of words, and some more at the right margin."""
    cells = (PaperCell(words, 0, look), PaperCell(at_right, WITHIN, look, is_figure=True))
    return PaperLine(tuple(cell for cell in cells if cell.words), look.size * _LEADING + _AIR, leads=leads)


def paragraph(words: str, look: Lettering = SMALL) -> Iterator[PaperLine]:
    """Words on as many lines as they need."""
    for part in _wrapped(words, look, WITHIN):
        yield PaperLine((PaperCell(part, 0, look),), look.size * _LEADING + 1)


def figures(facts: Sequence[tuple[str, str]], look: Lettering) -> Iterator[PaperLine]:
    """Labels side by side, and below each its value in ``look``."""
    step = WITHIN / len(facts)
    yield PaperLine(
        tuple(PaperCell(label, at * step, SMALL) for at, (label, _) in enumerate(facts)), 16, leads=True
    )
    yield PaperLine(
        tuple(PaperCell(value, at * step, look) for at, (_, value) in enumerate(facts)),
        look.size * _LEADING + 6,
    )


def table(
    columns: Sequence[PaperColumn],
    rows: Sequence[tuple[str, ...]],
    totals: Sequence[tuple[str, ...]],
    *title: PaperLine,
) -> Iterator[PaperLine]:
    """Rows below their title and headings, which stand again on each further page; what they add up to."""
    widths = _widths(columns, rows, totals)
    edges = _edges(columns, widths)
    headings = (*title, *_headings(columns, widths, edges))
    yield from headings
    for row in rows:
        yield PaperLine(_cells(row, columns, widths, edges, PLAIN), 15, is_ruled=True, again=headings)
    for row in totals:
        yield PaperLine(_cells(row, columns, widths, edges, STRONG), 17, again=headings)


def _widths(
    columns: Sequence[PaperColumn], rows: Sequence[tuple[str, ...]], totals: Sequence[tuple[str, ...]]
) -> list[float]:
    """What each column needs: no figure is cut, and words where they leave no room for the figures."""
    widths = [
        _width_of_heading(column.heading)
        if column.fills
        else max(
            _width_of_heading(column.heading),
            _width(max((row[at] for row in rows), key=len, default=""), PLAIN),
            _width(max((row[at] for row in totals), key=len, default=""), STRONG),
        )
        for at, column in enumerate(columns)
    ]
    left = WITHIN - sum(widths) - _GAP * (len(columns) - 1)
    filling = [at for at, column in enumerate(columns) if column.fills]
    for at in filling:
        widths[at] += max(0.0, left / len(filling))
    return widths


def _width_of_heading(words: str) -> float:
    """The width in which a heading takes two lines at most."""
    longest = max(_width(word, _HEADING) for word in words.split(" "))
    return max(longest, _MOST_OF_TWO * _width(words, _HEADING))


def _edges(columns: Sequence[PaperColumn], widths: Sequence[float]) -> list[float]:
    edges, start = [], 0.0
    for column, width in zip(columns, widths, strict=True):
        edges.append(start + width if column.is_figure else start)
        start += width + _GAP
    return edges


def _headings(
    columns: Sequence[PaperColumn], widths: Sequence[float], edges: Sequence[float]
) -> tuple[PaperLine, ...]:
    """The headings of columns, in as many lines as the longest of them needs."""
    parts = [
        _wrapped(column.heading, _HEADING, width + 0.1) for column, width in zip(columns, widths, strict=True)
    ]
    most = max(map(len, parts))
    lines = []
    for at in range(most):
        cells = tuple(
            PaperCell(words[at - most], edge, _HEADING, column.is_figure)
            for words, edge, column in zip(parts, edges, columns, strict=True)
            if at >= most - len(words)
        )
        height = _HEADING.size * _LEADING + (_AIR if at == most - 1 else 0)
        lines.append(PaperLine(cells, height, is_ruled=at == most - 1, leads=True))
    return tuple(lines)


def _cells(
    row: Sequence[str],
    columns: Sequence[PaperColumn],
    widths: Sequence[float],
    edges: Sequence[float],
    look: Lettering,
) -> tuple[PaperCell, ...]:
    return tuple(
        PaperCell(_fitted(words, look, width) if column.fills else words, edge, look, column.is_figure)
        for words, column, width, edge in zip(row, columns, widths, edges, strict=True)
        if words
    )


def write_paper(
    file: BinaryIO, theme: Theme, title: str, lines: Iterable[PaperLine], *, beside: str, foot: str
) -> None:
    """Write ``lines`` below the letterhead of ``theme``; ``beside`` stands in it, ``foot`` on each page."""
    with writing:
        pages = list(_pages(list(lines), _HEIGHT - _HEAD - _FOOT))
        canvas = canvas_of(title, file, A4, language())
        picture = _picture(theme.file("icon-180.png"))
        for number, page in enumerate(pages, start=1):
            pen = _Pen(canvas)
            _draw_frame(canvas, pen, theme, picture, beside)
            _draw_lines(canvas, pen, page)
            pen.write(PaperCell(foot, 0, SMALL), _FOOT / 2)
            words = gettext("Page %(number)s of %(all)s", number=number, all=len(pages))
            pen.write(PaperCell(words, WITHIN, SMALL, is_figure=True), _FOOT / 2)
            canvas.drawText(pen.text)
            canvas.showPage()
        canvas.save()


def _pages(lines: Sequence[PaperLine], room: float) -> Iterator[tuple[PaperLine, ...]]:
    """``lines`` by as many as have room; what leads others goes with them."""
    page: list[PaperLine] = []
    taken = 0.0
    for one in lines:
        if page and taken + one.height > room:
            following: list[PaperLine] = []
            while len(page) > 1 and page[-1].leads:
                following.insert(0, page.pop())
            yield tuple(page)
            page = following or list(one.again)
            taken = sum(earlier.height for earlier in page)
        page.append(one)
        taken += one.height
    yield tuple(page)


def _picture(path: Path) -> ImageReader | None:
    """The maintainer's picture; None for one that begins as a PNG and is none: the paper does without."""
    try:
        return ImageReader(str(path))
    except (OSError, SyntaxError, ValueError):
        return None


def _draw_frame(canvas: Canvas, pen: _Pen, theme: Theme, picture: ImageReader | None, beside: str) -> None:
    """The letterhead: the picture and the name of the maintainer, above a line in their colour."""
    foot = _HEIGHT - 30 - _PICTURE
    start = 0.0
    if picture is not None:
        canvas.drawImage(picture, _SIDE, foot, _PICTURE, _PICTURE)
        start = _PICTURE + 8
    middle = foot + _PICTURE / 2 - 3.5
    pen.write(PaperCell(theme.name, start, Lettering(11, strong=True)), middle)
    pen.write(PaperCell(beside, WITHIN, SMALL, is_figure=True), middle)
    canvas.setStrokeColor(HexColor(theme.accent))
    canvas.setLineWidth(1.4)
    canvas.line(_SIDE, foot - 8, _WIDTH - _SIDE, foot - 8)


def _draw_lines(canvas: Canvas, pen: _Pen, lines: Iterable[PaperLine]) -> None:
    canvas.setStrokeColor(_HAIR)
    canvas.setLineWidth(0.5)
    foot = _HEIGHT - _HEAD
    for one in lines:
        foot -= one.height
        for cell in one.cells:
            pen.write(cell, foot + _AIR)
        if one.is_ruled:
            canvas.line(_SIDE, foot, _WIDTH - _SIDE, foot)


class _Pen:
    """The hand that writes the words of one page: it names typeface and colour when they change."""

    def __init__(self, canvas: Canvas) -> None:
        self.text = canvas.beginText()
        self._in_hand: tuple[str, float] | None = None
        self._is_soft: bool | None = None

    def write(self, cell: PaperCell, baseline: float) -> None:
        look = cell.look
        start = _SIDE + cell.edge - (_width(cell.words, look) if cell.is_figure else 0)
        if look.soft is not self._is_soft:
            self._is_soft = look.soft
            self.text.setFillColor(_SOFT if look.soft else _TEXT)
        self.text.setTextOrigin(start, baseline)
        for face, letters in _runs(cell.words, look.face):
            if (face, look.size) != self._in_hand:
                self._in_hand = face, look.size
                self.text.setFont(face, look.size)
            self.text.textOut(letters)


def _wrapped(words: str, look: Lettering, width: float) -> list[str]:
    """``words`` in lines of that width; what holds two together is no blank to part them at."""
    lines = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and _width(longer, look) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


@lru_cache(maxsize=4096)
def _fitted(words: str, look: Lettering, width: float) -> str:
    """Words that are longer than their column end in "…"."""
    if _width(words, look) <= width + 0.1:
        return words
    kept = words
    while kept and _width(f"{kept}…", look) > width:
        kept = kept[:-1].rstrip()
    return f"{kept}…"


@lru_cache(maxsize=4096)
def _width(words: str, look: Lettering) -> float:
    runs = _runs(words, look.face)
    return float(sum(pdfmetrics.stringWidth(letters, face, look.size) for face, letters in runs))


def _runs(words: str, face: str) -> list[tuple[str, str]]:
    """``words`` by the typeface that has their letters: that of tickets has those of most scripts."""
    known = _letters(face)
    if known.issuperset(words):
        return [(face, words)]
    parts: Callable[[str], bool] = known.__contains__
    return [
        (face if is_known else font(), "".join(letters)) for is_known, letters in groupby(words, key=parts)
    ]


@cache
def _letters(face: str) -> frozenset[str]:
    """The letters of an embedded typeface."""
    made = TTFont(face, str(_FONTS / f"{face}.ttf"))
    pdfmetrics.registerFont(made)
    return frozenset(map(chr, made.face.charToGlyph))

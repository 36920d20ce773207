"""Lists of the desk, declared once: each line is a card on a phone and a row of a table on a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.wording.i18n import gettext


@dataclass(frozen=True)
class TableColumn:
    """A column: its heading (a message identifier), how a row is shown, and its place on the card.

    ``slot`` is ``title``, ``aside``, ``meta``, ``badge``, or empty for what only the table shows; ``card``
    is the text on the card where a heading is missing; ``tone`` makes it a badge, but for None, which is the
    ordinary case and stands in plain words; ``style`` is a CSS class; ``href`` leads elsewhere than its row.
    """

    heading: str
    show: Callable[[Any], str]
    slot: str = "meta"
    card: Callable[[Any], str] | None = None
    tone: Callable[[Any], str | None] | None = None
    style: str = ""
    href: Callable[[Any], str | None] | None = None


@dataclass(frozen=True)
class TableCell:
    """A value as it is shown."""

    text: str
    card: str
    slot: str
    tone: str | None
    style: str
    href: str | None

    @property
    def classes(self) -> str:
        """The CSS classes: the place on the card, ``slot-none`` without one, and the style of the column."""
        place = f"slot-{self.slot}" if self.slot and self.card else "slot-none"
        return f"{place} {self.style}".rstrip()

    @property
    def badge(self) -> str:
        """The tone of the badge that the value is shown as, empty for plain text."""
        if self.tone is None:
            return ""
        return self.tone or ("plain" if self.slot == "badge" else "")


@dataclass(frozen=True)
class TableRow:
    """A row: where it leads, if anywhere, and its cells in the order of the columns."""

    href: str | None
    cells: tuple[TableCell, ...]


@dataclass(frozen=True)
class Table:
    """A table for the template ``components/table.html``, under ``title``."""

    title: str
    headings: tuple[tuple[str, str], ...]
    lines: tuple[TableRow, ...]


def table(
    title: str,
    columns: Sequence[TableColumn],
    rows: Iterable[Any],
    href: Callable[[Any], str | None] | None = None,
) -> Table:
    """The rows as a listing; the column in the slot ``title`` names a row.

    A column that says nothing of any row is left out: its heading would stand over nothing.
    """
    every = tuple(rows)
    cells = [(column, tuple(_cell(column, row) for row in every)) for column in columns]
    told = [pair for pair in cells if pair[0].slot == "title" or any(cell.text for cell in pair[1])]
    headings = tuple((gettext(column.heading), column.style) for column, _ in told)
    lines = tuple(
        TableRow(href(row) if href else None, tuple(line))
        for row, *line in zip(every, *(texts for _, texts in told), strict=True)
    )
    return Table(title, headings, lines)


def _cell(column: TableColumn, row: Any) -> TableCell:
    text = column.show(row)
    card = column.card(row) if column.card else text
    tone = column.tone(row) if column.tone else ""
    href = column.href(row) if column.href else None
    return TableCell(text, card, column.slot, tone, column.style, href)

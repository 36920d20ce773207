"""A merchant directory to begin with: its heading and one line of an example, as text and as a workbook."""

from __future__ import annotations

import io

from xlsxwriter import Workbook

from app.rules.directory_columns import BYTE_ORDER_MARK, HEADINGS, NAMES, example, text

_WIDTHS = {"merchant_name": 28, "trade_name": 28, "address": 28, "siret": 18}
_USUAL_WIDTH = 14
_TEXT = 49  # the number of the format "Text" in any workbook


def as_text(slug: str) -> bytes:
    """A CSV as Excel writes it: with a byte order mark and CRLF."""
    return BYTE_ORDER_MARK + text(example(slug)).replace(b"\n", b"\r\n")


def as_workbook(slug: str) -> bytes:
    """The same in cells of text: a spreadsheet leaves SIRET numbers and zeros in front alone."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("REFERENTIEL")
        as_typed, bold = book.add_format({"num_format": _TEXT}), book.add_format({"bold": True})
        for column, heading in enumerate(HEADINGS):
            sheet.set_column(column, column, _WIDTHS.get(heading.name, _USUAL_WIDTH), as_typed)
            sheet.write_string(0, column, heading.name, bold)
        for column, name in enumerate(NAMES):
            sheet.write_string(1, column, example(slug)[name], as_typed)
        sheet.freeze_panes(1, 0)
    return file.getvalue()

"""A ticket as PDF: one page of 80 mm paper, as long as its ticket, with text that can be read and copied."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from app.tickets.text import columns, laid_out
from app.tickets.ticket import Ticket

WIDTH = 80 * mm
MARGIN = 4 * mm
LARGEST = 12.0  # points: 24 columns then leave white at both sides, as on the paper of a terminal
LEADING = 1.25  # of the size
STROKE = 0.035  # of the size: what makes a line strong
FILLED, FILLED_AND_STROKED = 0, 2
_FONT = "DejaVuSansMono"
_FILE = Path(__file__).parent / "fonts" / f"{_FONT}.ttf"
_PLANE = range(ord(" "), 0x10000)
#: A font reads its file as it goes: one document at a time.
writing = Lock()


def pdf(ticket: Ticket) -> bytes:
    """The PDF of ``ticket``: the same bytes for the same ticket."""
    file = BytesIO()
    with writing:
        _draw(ticket, file)
    return file.getvalue()


def size(ticket: Ticket) -> float:
    """The size of the letters in points: the widest line fits between the margins."""
    fitting = (WIDTH - 2 * MARGIN) / (columns(ticket) * _advance())
    return float(min(fitting, LARGEST))


def _draw(ticket: Ticket, file: BytesIO) -> None:
    letters, lines = size(ticket), laid_out(ticket)
    leading = letters * LEADING
    height = len(lines) * leading + 2 * MARGIN
    left = (WIDTH - columns(ticket) * letters * _advance()) / 2
    canvas = canvas_of(ticket.title, file, (WIDTH, height))
    canvas.setFont(font(), letters)
    canvas.setLineWidth(letters * STROKE)
    for place, line in enumerate(lines):
        mode = FILLED_AND_STROKED if line.strong else FILLED
        if line.text:
            baseline = height - MARGIN - place * leading - letters
            canvas.drawString(left, baseline, line.text, mode=mode)
    canvas.showPage()
    canvas.save()


def canvas_of(title: str, file: BinaryIO, pagesize: tuple[float, float], language: str = "fr-FR") -> Canvas:
    """An empty page in a ``language``; its properties name the document, and nobody."""
    canvas = Canvas(
        file,
        pagesize=pagesize,
        invariant=1,
        pageCompression=1,
        pdfVersion=(1, 4),
        lang=language,
        initialFontName=font(),
    )
    canvas.setTitle(title)
    for silent in (canvas.setAuthor, canvas.setSubject, canvas.setCreator, canvas.setProducer):
        silent("")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    return canvas


@cache
def font() -> str:
    """The name of the embedded font. What it cannot draw is a box, and still that character when copied."""
    font = TTFont(_FONT, str(_FILE))
    font.face.charToGlyph = dict.fromkeys(_PLANE, 0) | font.face.charToGlyph
    pdfmetrics.registerFont(font)
    return _FONT


@cache
def _advance() -> float:
    """The width of every letter, in parts of the size."""
    return float(pdfmetrics.stringWidth("0", font(), 1))

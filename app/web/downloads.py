"""Files to keep: written whole before the first byte is sent, and named after their place."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Callable
from typing import BinaryIO, Final

from flask import request, send_file
from werkzeug.wrappers import Response

#: How much of a merchant's name stands in the name of a file.
LONGEST_PART: Final = 40
CSV: Final = "text/csv"
PDF: Final = "application/pdf"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def file_name(*parts: str, kind: str) -> str:
    """``transactions_boulangerie-martin_2026-11-15.csv``: its parts in letters that every computer takes."""
    return f"{'_'.join(filter(None, map(_plain, parts)))}.{kind}"


def send_csv(write: Callable[[BinaryIO], None], name: str) -> Response:
    """What ``write`` writes, as CSV; see :func:`send_written`."""
    return send_written(write, name, CSV)


def send_written(write: Callable[[BinaryIO], None], name: str, mimetype: str) -> Response:
    """What ``write`` writes, as an attachment; nothing is sent when it fails.

    A HEAD request learns the type and the name: nothing is written for it.
    """
    if request.method == "HEAD":
        response = Response(mimetype=mimetype)
        response.headers.set("Content-Disposition", "attachment", filename=name)
        return response
    file = tempfile.TemporaryFile()  # noqa: SIM115 - sent, then closed with the response
    try:
        write(file)
        length = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    response = send_file(file, mimetype=mimetype, as_attachment=True, download_name=name)
    response.content_length = length
    return response


def _plain(part: str) -> str:
    letters = unicodedata.normalize("NFKD", part.replace("œ", "oe").replace("Œ", "Oe"))
    ascii_letters = letters.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_letters)[:LONGEST_PART].strip("-")

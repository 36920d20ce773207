"""What the tests of declaring share: a directory handed over, and what the page says of it."""

from __future__ import annotations

from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.rules.cards import looks_like_card
from tests.views.town import plain

UPLOAD = "/gestion/imports/deposer"
CARD = next(f"497010123456{n:04}" for n in range(10000) if looks_like_card(f"497010123456{n:04}"))
LINE = {
    "reseller": "north",
    "merchant_code": "CHAIN",
    "merchant_name": "CHAIN merchant",
    "contract": "5550001",
}


def upload(browser, data, name="referentiel.csv"):
    """Post a file; the body is made here, since the test client leaves large ones open."""
    line, filename = "--frontier\r\nContent-Disposition: form-data; name=", name.replace('"', "%22")
    head = (
        f'{line}"csrf_token"\r\n\r\n{browser.token()}\r\n{line}"file"; filename="{filename}"'
        "\r\nContent-Type: text/csv\r\n\r\n"
    )
    body = head.encode() + data + b"\r\n--frontier--\r\n"
    return browser.post(UPLOAD, data=body, content_type="multipart/form-data; boundary=frontier")


def main(page):
    return plain(page.one("main"))


def traces(place, words):
    """Every table that holds ``words`` anywhere, as text or as bytes."""
    with place.database.reading(DatabaseRole.OWNER) as connection:
        tables = connection.scalars(
            text("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
        ).all()
        return [
            table
            for table in tables
            if connection.scalar(
                text(
                    f'SELECT count(*) FROM "{table}" AS t'
                    " WHERE strpos(t::text, :words) > 0 OR strpos(t::text, encode(:bytes, 'hex')) > 0"
                ),
                {"words": words, "bytes": words.encode()},
            )
        ]

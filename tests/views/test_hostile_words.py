"""Hostile words, asked for in every address and stored in every text: nothing breaks, leaks or runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import quote_from_bytes

import pytest

from app.database.engine import DatabaseRole
from app.listing.cursor import Cursor
from app.lists import LISTS
from app.rules.time_zones import today
from tests import factories
from tests.views.staff import let_staff_in, sign_in
from tests.views.town import a_shop, let_in

#: SQL, markup, templates, paths, numbers and days that are none, and letters that no keyboard has.
HOSTILE = (
    b"'", b'"', b"\\", b"%", b"_", b"';--", b"' OR '1'='1", b"1) OR (1=1", b"ALPHA' OR merchant_id > 0 --",
    b"0 UNION SELECT email FROM user_account", b"{{7*7}}", b"${7*7}", b"<script>alert(1)</script>",
    b'"><img src=x>', b"../../etc/passwd", b"\r\nSet-Cookie: a=b", b"\t\x0b\x0c",
    b"\xff\xfe", b"\xed\xa0\x80", "\u202e\u200b\ufeff".encode(),
    "４１１１".encode(), "٠١٢".encode(), "e\u0301".encode() * 40,
    b"-0", b"1e400", b"NaN", b"Infinity", b"9" * 400, b"9223372036854775808", b"0000-00-00", b"9999-12-31",
    b"2026-02-30", b"[]", b"()" * 50, b"*" * 60, b"a" * 3000,
)  # fmt: skip
#: What every list knows besides its own filters, and one that none knows.
COMMON = ("date_from", "date_to", "period", "sort", "after", "by", "pages", "q", "merchant_id")
SUFFIXES = ("", ".json", ".csv", ".xlsx", "/regroupement.csv", "/recherche")
EACH = 6
CURSORS = 60
MARKUP = "<i>x</i>\"'&{{7*7}}"


@pytest.fixture(scope="module")
def town(module_town):
    return module_town


@pytest.mark.no_cover
@pytest.mark.probes("filters and cursors")
@pytest.mark.parametrize("name", LISTS)
def test_no_filter_breaks_or_shows_another_merchants_row(owner, shops, name, probes):
    draw, asked = Random(name), 0
    foreign = [shop.marker for shop in shops[1:]]
    for parameter in (*LISTS[name].parameters, *COMMON):
        for words in draw.sample(HOSTILE, EACH):
            path = f"{LISTS[name].path}{draw.choice(SUFFIXES)}?{parameter}={quote_from_bytes(words)}"
            with owner.get(path) as response:
                assert response.status_code in (200, 303, 400, 404, 422), path
                said = response.data.decode(errors="replace")
            assert not [marker for marker in foreign if f"{marker} " in said], path
            asked += 1
    probes(asked)


@pytest.mark.probes("filters and cursors")
@pytest.mark.parametrize("name", LISTS)
def test_no_cursor_breaks_or_leads_to_another_merchants_row(owner, shops, name, probes):
    """A cursor is no secret: whoever writes one of their own, or spoils one, goes on in their own rows."""
    draw, spec = Random(name), LISTS[name]
    far = datetime.now(UTC) + timedelta(days=1)
    orders = ("", "-date", "date", "-amount")
    genuine = [Cursor(order, far, number).text() for order in orders for number in (0, 10**17)]
    for _ in range(CURSORS):
        spoiled = list(draw.choice(genuine))
        spoiled[draw.randrange(len(spoiled))] = draw.choice(["~", "-", "9", "n", "'", "é", ""])
        after = quote_from_bytes("".join(spoiled).encode())
        sort = draw.choice(["", "&sort=date", "&sort=-amount", "&sort=amount"])
        with owner.get(f"{spec.path}.json?after={after}{sort}") as response:
            assert response.status_code in (200, 404, 422), after
            said = response.data.decode()
        assert not [shop.marker for shop in shops[1:] if shop.marker in said], after
    probes(CURSORS)


@pytest.fixture
def marked_up(database, app):
    """A shop whose every text is markup, with its owner and the staff who see it."""
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = factories.a_reseller(connection, slug="demo", name=f"{MARKUP} maintainer")
        source_id = factories.a_source(connection, reseller_id=reseller_id)
        for days in range(1, 9):
            factories.a_received_day(connection, source_id=source_id, day=today() - timedelta(days=days))
        shop = a_shop(connection, MARKUP, reseller_id, source_id)
        factories.sum_days(connection)
    shop.email = "owner@shop.example"
    let_in(database, shop.email, MARKUP)
    let_staff_in(database, "staff@demo.example", "demo")
    return shop


def pages(shop):
    """Every page on which a word of the shop stands."""
    for spec in LISTS.values():
        yield from (spec.path, f"{spec.path}?by=outlet", f"{spec.path}?label=x", f"{spec.path}/recherche?q=x")
    for row in (f"/remises/{shop.remittance_id}", f"/transactions/{shop.transaction_ids[0]}"):
        yield from (row, f"{row}/ticket", f"{row}/envoi")
    yield from ("/acces", "/acces/inviter", "/journal", "/compte", f"/transactions?issuer={MARKUP}")


def of_desk(shop):
    there = f"/gestion/commercants/{shop.merchant_id}"
    yield from ("/gestion/commercants", there, f"{there}/acces", f"{there}/renommer", "/gestion/contrats")
    yield from ("/gestion/imports", "/gestion/envois", "/gestion/personnes", "/gestion/journal")


@pytest.mark.probes("markup")
def test_markup_in_any_text_is_shown_as_it_is_written(app, marked_up, probes):
    owner, staff, shown = app.test_client(), app.test_client(), 0
    owner.sign_in(marked_up.email)
    sign_in(staff, "staff@demo.example")
    asked = [(owner, path) for path in pages(marked_up)] + [(staff, path) for path in of_desk(marked_up)]
    for browser, path in asked:
        with browser.get(path, follow_redirects=True) as response:
            assert response.status_code in (200, 404), path
            said = response.get_data(as_text=True)
        assert "<i>x" not in said, path
        assert "49 cafe" not in said, path
        shown += "&lt;i&gt;x&lt;/i&gt;" in said
    assert shown >= len(asked) / 2, "the words are there to be shown"
    probes(len(asked))

"""What tests of the desk share: the ids of a place, and its links."""

from __future__ import annotations

from tests.views.town import plain


def contract_ids(place, number="1234567"):
    return place.value("SELECT id FROM contract WHERE merchant_id = 0 AND number = :number", number=number)


def merchant_id(place, code):
    return place.value("SELECT id FROM merchant WHERE code = :code", code=code)


def follow_first(browser, path, words):
    page = browser.page(path)
    return next(link["href"] for link in page.all("a") if words in plain(link))

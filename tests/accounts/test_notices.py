"""What tells people of changes to their accounts."""

from __future__ import annotations

from app.accounts import notices
from app.accounts.journal import Client
from app.accounts.links import Links
from app.accounts.notices import Recipient
from app.models import Role
from app.themes import load_themes
from tests.accounts.mails import mails

CLIENT = Client(host="localhost", address="192.0.2.1", agent="Tests", request_id="r")
PERSON = Recipient(1, "person@shop.example")


def test_each_notice_of_a_request_is_a_mail_of_its_own_and_the_same_one_twice_is_one(database):
    links = Links(load_themes(), ("key",), development=True, port=0)
    with database.writing() as connection:
        for _ in range(2):
            notices.second_factor_removed(connection, links, PERSON, CLIENT)
            notices.password_changed(connection, links, PERSON, CLIENT)
            for merchant in ("ALPHA", "BRAVO"):
                notices.access_changed(connection, links.theme("demo"), PERSON, (merchant, Role.VIEWER), "r")
    assert len(mails(database, PERSON.email)) == 4

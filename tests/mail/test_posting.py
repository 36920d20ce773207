"""A request writes its deliveries and their jobs, together or not at all, once however often it comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from app.database.engine import DatabaseRole
from app.mail import AddressError, Kind, TooManyMailsError, mail_address, post, renew
from app.mail.quotas import PER_MERCHANT, PER_RECIPIENT, PER_USER
from app.models import Delivery, DeliveryState
from tests.mail.messages import SENDER, a_message, a_request


def posted(database, *recipients, **values):
    with database.writing() as connection:
        return post(connection, a_message(), recipients, a_request(**values), SENDER)


def rows(database, *columns):
    with database.reading(DatabaseRole.IMPORT) as connection:
        return connection.execute(select(*(columns or [Delivery.__table__])).order_by(Delivery.id)).all()


def jobs(database):
    with database.reading() as connection:
        return connection.execute(
            text(
                "SELECT CAST(args->>'delivery_id' AS bigint) AS delivery, task_name, status::text, lock"
                " FROM procrastinate_jobs ORDER BY id"
            )
        ).all()


def test_a_request_writes_a_delivery_and_a_job_for_each_recipient(database):
    ids = posted(
        database, "a@example.org", "b@example.org", request_key="k", list_name="transactions", row_id=12
    )
    first, second = rows(database)
    assert [first.id, second.id] == ids
    assert [first.recipient, second.recipient] == ["a@example.org", "b@example.org"]
    assert (first.kind, first.state, first.attempts, first.row_id) == ("ticket", "queued", 0, 12)
    assert (first.sender, first.sent_at, first.handed_over_at) == ("no-reply@horizon.example", None, None)
    assert first.next_try_at == first.created_at
    assert first.deadline - first.created_at == timedelta(hours=72)
    assert b"b@example.org" not in first.message
    assert first.message_id != second.message_id
    assert first.message_id.endswith("@horizon.example>")
    assert [(job.delivery, job.task_name, job.status) for job in jobs(database)] == [
        (number, "deliver", "todo") for number in ids
    ]


def test_nothing_is_left_of_a_request_that_fails(database):
    with database.engine(DatabaseRole.WEB).connect() as connection:
        post(connection, a_message(), ["a@example.org"], a_request(), SENDER)
        connection.rollback()
    assert (rows(database), jobs(database)) == ([], [])


def test_the_same_request_twice_is_one_delivery(database):
    first = posted(database, "a@example.org", "b@example.org", request_key="k")
    assert posted(database, "b@example.org", "a@example.org", request_key="k") == first[::-1]
    assert posted(database, "a@EXAMPLE.org", "a@example.org", request_key="k") == first[:1]
    assert len(rows(database)) == len(jobs(database)) == 2
    assert posted(database, "a@example.org", request_key="other") != first[:1]
    assert posted(database, "a@example.org", request_key="k", user_id=4) != first[:1]


def test_requests_of_nobody_are_told_apart_by_their_key_alone(database):
    first = posted(database, "a@example.org", request_key="k", user_id=None)
    assert posted(database, "a@example.org", request_key="k", user_id=None) == first


def test_twenty_clicks_at_once_are_one_delivery(database):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: posted(database, "a@example.org", request_key="k"), range(20)))
    assert found == [found[0]] * 20
    assert len(rows(database)) == len(jobs(database)) == 1


# Addresses.


@pytest.mark.parametrize(
    ("given", "sent_to"),
    [
        (" camille@example.org ", "camille@example.org"),
        ("Camille.D+x@Example.ORG", "Camille.D+x@example.org"),
        ("chez@café.example", "chez@xn--caf-dma.example"),
    ],
)
def test_an_address_is_written_as_mail_servers_take_it(given, sent_to):
    assert mail_address(given) == sent_to


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@example.org",
        "a b@example.org",
        "a@example.org, b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org\nDATA",
        "Camille <a@example.org>",
        "élodie@example.org",
        '"a b"@example.org',
        "a@[127.0.0.1]",
        "group:a@example.org;",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 60}.org",
    ],
)
def test_what_is_no_plain_address_is_refused_before_anything_is_written(database, address):
    with pytest.raises(AddressError):
        posted(database, "good@example.org", address)
    assert (rows(database), jobs(database)) == ([], [])


# Limits.


def copies(database, number, **values):
    """Rows as ``number`` earlier mails would have left them."""
    [posted_id] = posted(database, "first@example.org", user_id=99, merchant_id=99)
    names = "kind, reseller_slug, merchant_id, user_id, sender, recipient"
    chosen = {"merchant_id": 98, "user_id": 98, "recipient": "'x' || n || '@example.org'", **values}
    listed = ", ".join(str(chosen.get(name, name)) for name in names.split(", "))
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                f"INSERT INTO delivery ({names}, request_key, message_id)"
                f" SELECT {listed}, 'copy-' || n, 'copy-' || n FROM delivery, generate_series(1, :number) n"
                " WHERE id = :id"
            ),
            {"number": number, "id": posted_id},
        )


@pytest.mark.parametrize(
    ("limit", "sent"),
    [
        (PER_USER, {"user_id": 3}),
        (PER_MERCHANT, {"merchant_id": 7}),
        (PER_RECIPIENT, {"recipient": "'a@example.org'"}),
    ],
    ids=["user", "merchant", "recipient"],
)
def test_a_day_has_its_limits(database, limit, sent):
    copies(database, limit - 1, **sent)
    [last] = posted(database, "a@example.org", request_key="last")
    with pytest.raises(TooManyMailsError) as refused:
        posted(database, "a@example.org")
    assert str(limit) in str(refused.value)
    assert posted(database, "a@example.org", request_key="last") == [last]
    posted(database, "a@example.org", kind=Kind.NOTICE)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(update(Delivery).values(created_at=text("created_at - interval '25 hours'")))
    posted(database, "a@example.org")


def test_two_clicks_at_once_on_the_last_mail_of_the_day_are_one_mail(database):
    copies(database, PER_RECIPIENT - 1, recipient="'a@example.org'")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: posted(database, "a@example.org", request_key="k"), range(8)))
    assert found == [found[0]] * 8


def test_two_requests_at_once_do_not_pass_a_limit_together(database):
    copies(database, PER_RECIPIENT - 1, recipient="'a@example.org'")

    def passes(_):
        try:
            return bool(posted(database, "a@example.org"))
        except TooManyMailsError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(passes, range(8))) == 1


# Renewing.


def test_a_failed_delivery_is_renewed_for_as_long_as_a_new_one(database):
    [posted_id] = posted(database, "a@example.org")
    with database.writing(DatabaseRole.IMPORT) as connection:
        connection.execute(
            update(Delivery).values(
                state=DeliveryState.FAILED,
                deadline=text("now() - interval '1 day'"),
                next_try_at=text("now() - interval '1 day'"),
            )
        )
    with database.writing() as connection:
        assert not renew(connection, posted_id, merchant_id=8)
        assert not renew(connection, posted_id, merchant_id=None)
        assert renew(connection, posted_id, merchant_id=7)
        assert not renew(connection, posted_id, merchant_id=7)
    [row] = rows(database, Delivery.state, Delivery.deadline - Delivery.next_try_at)
    assert tuple(row) == ("queued", timedelta(hours=72))
    assert [job.delivery for job in jobs(database)] == [posted_id, posted_id]


@pytest.mark.parametrize("state", [state for state in DeliveryState if state != DeliveryState.FAILED])
def test_only_a_failed_delivery_is_renewed(database, state):
    [posted_id] = posted(database, "a@example.org")
    with database.writing(DatabaseRole.IMPORT) as connection:
        connection.execute(update(Delivery).values(state=state))
    with database.writing() as connection:
        assert not renew(connection, posted_id, merchant_id=7)
        assert not renew(connection, posted_id + 1, merchant_id=7)
    assert len(jobs(database)) == 1

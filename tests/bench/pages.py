"""Pages as a browser asks for them: statements, time in the database, time in the server, weight."""

from __future__ import annotations

import gc
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, text

from app import create_app
from app.accounts.users import NewAccess, give_access
from app.config import Config
from app.database.engine import Database, DatabaseRole
from app.models import Base, Role
from app.run import search_rarely
from tests.bench.report import SAMPLES, Measurement, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

EMAIL, PASSWORD = "bench@demo.example", "quatre mots pour mesurer"
CHAIN = "FOURNIL"
KILOBYTE = 1024
#: As every browser asks: a page takes a millisecond more for it.
COMPRESSED = {"Accept-Encoding": "gzip"}

# What somebody would look for: values of the chain's own recent payments, others each time.
FOUND = """
SELECT c.number AS contract, c.rank, c.application, t.card_last4 AS card, t.amount, t.authorisation_number,
  r.number AS remittance, o.siret
FROM transaction AS t
JOIN contract AS c ON c.merchant_id = t.merchant_id AND c.id = t.contract_id
JOIN outlet AS o ON o.merchant_id = t.merchant_id AND o.id = c.outlet_id
JOIN remittance AS r
  ON r.merchant_id = t.merchant_id AND r.id = t.remittance_id AND r.collected_on = t.collected_on
WHERE t.merchant_id = :merchant AND t.occurred_on >= :since AND t.authorisation_number IS NOT NULL
  AND t.card_last4 IS NOT NULL
ORDER BY hashint8(t.id) LIMIT :samples
"""
# What indexes answer, which the bar speaks of; then what they do not. None is the list as it opens.
INDEXED: dict[str, str | None] = {
    "as it opens": None,
    "no filter": "",
    "contract": "contract={contract}",
    "application": "application={application}",
    "siret": "siret={siret}",
}
OTHER = {"trade name": "trade_name=gare"}
QUESTIONS = {
    "/transactions": INDEXED
    | {
        "card": "card={card}",
        "amount": "amount_from={amount}&amount_to={amount}",
        "amounts": "amount_from={amount}",
        "amounts, sorted": "amount_from={amount}&sort=-amount",
        "authorisation": "authorisation={authorisation_number}",
        "remittance": "remittance={remittance}",
        "declined": "outcome=declined",
        "reason": "reason=funds",
        "taken back": "reversal=refunded",
        "order reference": "order_reference=NONE-417",
    },
    "/remises": INDEXED | {"number": "number={remittance}", "empty": "count=without"},
}


@dataclass
class Statements:
    """What the database was asked while this listened."""

    count: int = 0
    seconds: float = 0.0
    started: float = field(default=0.0, repr=False)


@contextmanager
def listening(database: Database) -> Iterator[Statements]:
    """Count the web role's statements and their time, the fetching of rows apart.

    What a transaction sets for itself takes its time, and is not counted.
    """
    heard, engine = Statements(), database.engine(DatabaseRole.WEB)

    def before(*_: Any) -> None:
        heard.started = time.perf_counter()

    def after(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.count += not statement.startswith(("SET LOCAL", "BEGIN"))
        heard.seconds += time.perf_counter() - heard.started

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    yield heard
    event.remove(engine, "before_cursor_execute", before)
    event.remove(engine, "after_cursor_execute", after)


def signed_in(database: Database, data: Path) -> FlaskClient:
    """The chain's owner, in a browser."""
    with database.writing() as connection:
        access = NewAccess(email=EMAIL, merchant=CHAIN, reseller=None, role=Role.OWNER)
        give_access(connection, access, PASSWORD)
    config = Config(database_url=None, data=data, secret_key="k" * 64, port=8000)
    client = create_app(config, database).test_client()
    gc.collect()
    search_rarely()
    form = client.get("/connexion").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    answer = client.post(
        "/connexion",
        data={"email": EMAIL, "password": PASSWORD, "csrf_token": token[1] if token else ""},
        headers={"Origin": "http://localhost"},
    )
    if answer.status_code != HTTPStatus.SEE_OTHER:
        raise RuntimeError(f"sign-in failed: {answer.status}")
    return client


def speed(database: Database, client: FlaskClient, merchant_id: int, since: date) -> list[Measurement]:
    """The slowest of the indexed questions, and the most statements of any page."""
    samples = _samples(database, merchant_id, since)
    answers = {
        (path, name): Answers(
            name=f"{path[1:]}, {name}",
            all=tuple(_ask(database, client, path, question, sample, since) for sample in samples),
        )
        for path, questions in QUESTIONS.items()
        for name, question in (questions | OTHER).items()
    }
    for one in answers.values():
        print(one)  # noqa: T201 - what the table sums up
    indexed = [one for (_, name), one in answers.items() if name not in OTHER]
    in_database = max(indexed, key=lambda one: one.in_database)
    whole = max(indexed, key=lambda one: one.whole)
    return [
        Measurement(
            what="first page: statements",
            measured=max(one.statements for one in answers.values()),
            bar=8,
            unit="",
            notes=f"{len(answers)} questions of 30 days, {len(samples)} times each, the session included",
        ),
        Measurement(
            what="first page: database, p95",
            measured=in_database.in_database,
            bar=50,
            unit=" ms",
            is_time=True,
            notes=f"the slowest indexed question: {in_database.name}",
        ),
        Measurement(
            what="first page: whole answer, p95",
            measured=whole.whole,
            bar=50,
            unit=" ms",
            is_time=True,
            notes=f"the slowest indexed question: {whole.name}; session, sums and page included",
        ),
    ]


def rendering(client: FlaskClient, since: date) -> list[Measurement]:
    """The time of the processor that a page of each list takes, whoever else is at work on the machine.

    As it opens, which is what people see every morning, and with 30 days.
    """
    shown = {"as it opens": "", "30 days": f"?date_from={since}"}
    return [
        _rendered(client, f"{path[1:]}, {name}", f"{path}{asked}")
        for path in QUESTIONS
        for name, asked in shown.items()
    ]


def _rendered(client: FlaskClient, name: str, address: str) -> Measurement:
    times = []
    for _ in range(SAMPLES):
        started = time.process_time()
        answer = client.get(address, headers=COMPRESSED)
        times.append((time.process_time() - started) * 1000)
        _expect_ok(address, answer)
    milliseconds = percentile(times[1:], 0.5)
    return Measurement(
        what=f"a page of {name}: processor",
        measured=round(milliseconds, 1),
        bar=12,
        unit=" ms",
        is_time=True,
        notes=f"{1000 / milliseconds:.0f} requests/s on one processor, 50 rows, the client included",
    )


def row_security(database: Database, client: FlaskClient, merchant_id: int, since: date) -> Measurement:
    """What keeping rows apart costs in the database: every question with it and without, in turn."""
    samples = _samples(database, merchant_id, since)
    medians: dict[bool, list[float]] = {False: [], True: []}
    for path, questions in QUESTIONS.items():
        for question in (questions | OTHER).values():
            for secured, known in medians.items():
                _secure(database, secured=secured)
                answers = [_ask(database, client, path, question, sample, since)[1] for sample in samples]
                known.append(percentile(answers[1:], 0.5))
    without, kept_apart = sum(medians[False]), sum(medians[True])
    return Measurement(
        what="row security on the pages",
        measured=round((kept_apart / without - 1) * 100, 1),
        bar=5,
        unit=" %",
        is_time=True,
        notes=f"{len(medians[True])} questions, medians in the database: {without:.0f} ms without,"
        f" {kept_apart:.0f} ms with",
    )


def _secure(database: Database, *, secured: bool) -> None:
    """Keep rows apart, or do not for a while."""
    state = "ENABLE" if secured else "DISABLE"
    with database.writing(DatabaseRole.OWNER) as connection:
        for table, privileges in Base.privileges().items():
            if privileges.isolated:
                connection.execute(text(f"ALTER TABLE {table.name} {state} ROW LEVEL SECURITY"))


def _samples(database: Database, merchant_id: int, since: date) -> Sequence[Any]:
    """Values that somebody would look for."""
    with database.reading(DatabaseRole.OWNER) as connection:
        values = {"merchant": merchant_id, "since": since, "samples": SAMPLES}
        return connection.execute(text(FOUND), values).mappings().all()


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Each answer to a question: statements, milliseconds in the database, milliseconds in all.

    The first one warms up: what a process does once is not what a page takes.
    """

    name: str
    all: tuple[tuple[int, float, float], ...]

    @property
    def statements(self) -> float:
        """Now and then the session notes in one more that it is still in use."""
        return percentile([answer[0] for answer in self.all[1:]], 0.95)

    @property
    def in_database(self) -> float:
        return percentile([answer[1] for answer in self.all[1:]], 0.95)

    @property
    def whole(self) -> float:
        return percentile([answer[2] for answer in self.all[1:]], 0.95)

    def __str__(self) -> str:
        times = f"p95 {self.in_database:6.1f} ms in the database, {self.whole:6.1f} ms in all"
        return f"  {self.name:30} {self.statements:g} statements, {times}"


def _ask(
    database: Database, client: FlaskClient, path: str, question: str | None, sample: Any, since: date
) -> tuple[int, float, float]:
    """Statements, milliseconds in the database, milliseconds of the whole answer."""
    amount = f"{sample['amount'] // 100},{sample['amount'] % 100:02}"
    address = path
    if question is not None:
        asked = question.format(**{**sample, "amount": amount})
        address = f"{path}?date_from={since}&{asked}"
    with listening(database) as heard:
        started = time.perf_counter()
        answer = client.get(address, headers=COMPRESSED)
        elapsed = time.perf_counter() - started
    _expect_ok(address, answer)
    return heard.count, heard.seconds * 1000, elapsed * 1000


def _expect_ok(address: str, answer: TestResponse) -> None:
    if answer.status_code != HTTPStatus.OK:
        raise RuntimeError(f"{address}: {answer.status}")


def weight(client: FlaskClient) -> list[Measurement]:
    """What a first visit and a changed filter bring over the network, compressed as the server does."""
    page = client.get("/transactions", headers=COMPRESSED)
    words = client.get("/transactions").get_data(as_text=True)
    parts = sorted(set(re.findall(r'(?:src|href)="(/(?:static|theme)/[^"]+)"', words)))
    sizes = {part: len(client.get(part, headers=COMPRESSED).data) for part in parts}
    changed = client.get(
        "/transactions?outcome=accepted",
        headers=COMPRESSED | {"HX-Request": "true", "HX-Target": "results"},
    )
    return [
        Measurement(
            what="weight of the first load",
            measured=round((len(page.data) + sum(sizes.values())) / KILOBYTE, 1),
            bar=100,
            unit=" KB",
            notes=f"the page ({len(page.data) / KILOBYTE:.1f} KB) and {len(parts)} parts, gzip",
        ),
        Measurement(
            what="weight of a changed filter",
            measured=round(len(changed.data) / KILOBYTE, 1),
            bar=20,
            unit=" KB",
            notes="50 rows, gzip",
        ),
    ]

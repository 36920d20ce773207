"""A list that the portal does not have: incidents of terminals, in one module, with a table of its own.

It is what a newcomer writes to add a list, but for the table's migration and the French words.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, MetaData, Table, Text, func

from app.listing.amounts import AmountFilter
from app.listing.dimension import Dimension
from app.listing.field import Field, Link
from app.listing.filters import Choice, Code, FreeText
from app.listing.kinds import Kind, Moment
from app.listing.measures import Measure, row_count
from app.listing.source import ListSource
from app.listing.spec import ListSpec, Noun, TicketSpec
from app.lists.common import (
    CONTRACT,
    CONTRACT_FIELDS,
    OUTLET,
    TICKET_COLUMNS,
    TRADE_NAME,
    contract_joins,
    contract_parent,
)
from app.tickets.ticket import Centred, Ticket, blocks, outlet, words

INCIDENT = Table(
    "incident",
    MetaData(),
    Column("merchant_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("contract_id", BigInteger, nullable=False),
    Column("happened_on", Date, nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("happened_local", DateTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("words", Text),
    Column("cost", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
)
_OF = INCIDENT.c


def _printed(row):
    printed = blocks((Centred("INCIDENT"),), outlet(row), words(row["words"]))
    return Ticket(title="Incident ticket", name=f"incident-{row['id']}", blocks=printed)


INCIDENTS = ListSpec(
    name="incidents",
    path="/incidents",
    title="Incidents",
    noun=Noun("%(num)s incident", "%(num)s incidents"),
    see="See them",
    back="All incidents",
    empty="Nothing happened.",
    in_menu=False,
    source=ListSource(
        table=INCIDENT,
        id=_OF.id,
        merchant_id=_OF.merchant_id,
        contract_id=_OF.contract_id,
        day=_OF.happened_on,
        instant=_OF.happened_at,
        currency=_OF.currency,
        joins=contract_joins(_OF.contract_id),
        parents=(contract_parent(_OF.contract_id),),
    ),
    measures=(row_count(), Measure(name="cost", rows=_OF.cost, sign=-1, label="Cost")),
    dimensions=(Dimension(name="kind", label="Kind", rows=_OF.kind, kind=Kind()),),
    row_keys={"id": _OF.id, "contract_id": _OF.contract_id},
    fields=(
        Field(
            name="date",
            label="Date",
            kind=Moment(),
            column=_OF.happened_local,
            section="Incident",
            filter=True,
            sort=True,
            sort_column=_OF.happened_at,
            slot="meta",
        ),
        *CONTRACT_FIELDS,
        TRADE_NAME,
        Field(
            name="kind",
            label="Kind",
            kind=Choice(labels={"paper": "Out of paper", "lost": "Lost"}),
            column=_OF.kind,
            section="Incident",
            filter=True,
            sort=True,
            slot="badge",
            tones={"lost": "bad"},
        ),
        Field(
            name="words",
            label="Wording of it",
            kind=FreeText(),
            column=_OF.words,
            section="Incident",
            filter=True,
            sort=True,
            link=lambda row: Link("remittances", args=(("contract", row["contract"]),)),
        ),
        Field(
            name="cost",
            label="Cost",
            kind=AmountFilter(currency=_OF.currency),
            column=_OF.cost,
            section="Incident",
            filter=True,
            slot="aside",
        ),
        Field(
            name="incident_number",
            label="Number",
            kind=Code(longest=9),
            column=func.lpad(_OF.id.concat(""), 6, "0"),
            section="Incident",
        ),
        Field(name="currency", label="Currency", kind=Kind(), column=_OF.currency, section="Incident"),
    ),
    sections=("Incident", CONTRACT, OUTLET),
    row_title=lambda row: f"Incident {row['id']}",
    ticket=TicketSpec(
        columns={**TICKET_COLUMNS},
        print=_printed,
        subject=lambda _row: "an incident",
        opening=lambda row: f"It was {row['kind']}.",
        facts=("date", "kind"),
    ),
)

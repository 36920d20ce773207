"""The access matrix: what each route asks of a person, and what its address names.

This is the one table. The guards apply it, the page ``ACCESS.md`` beside it is written from it, and a test
asks every route as everybody, about everything. A route that is not here does not start.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from app.accounts.roles import LOOKING, PERMISSIONS, Level, Permission
from app.listing.spec import ListSpec
from app.lists import LISTS
from app.models import Role


class Resource(StrEnum):
    """A resource that an address names by number."""

    ROW = "payment or telecollection"
    ACCESS = "access or invitation"
    MERCHANT = "merchant"
    PERSON = "person"
    FILE = "file"
    TASK = "request to the worker"
    SOURCE = "source of files"
    SESSION = "session"
    SAVED_VIEW = "saved view"


class Relation(StrEnum):
    """The relation of a person to what an address is about: the row it names, else the place it is at."""

    OWN = "own"
    OUT_OF_LIMITS = "own, out of limits"
    FOREIGN_MERCHANT = "another merchant's"
    FOREIGN_RESELLER = "another maintainer's"
    SUSPENDED = "suspended merchant's"


class Where(StrEnum):
    """The place that an address names: that of what it is about, the person's own, or none."""

    THERE = "its place"
    HERE = "own place"
    SHORT = "short"
    EVERYWHERE = ""


class Decision(StrEnum):
    """The decision on a request."""

    ALLOWED = "yes"
    SIGN_IN = "sign in"
    REFUSED = "403"
    ABSENT = "404"
    TO_DESK = "desk"


#: Besides the roles of a merchant: nobody, staff at their desk, staff who look at a merchant.
STRANGER, STAFF, STAFF_LOOKING = "signed out", "staff", "staff looking"
EVERYBODY: tuple[str, ...] = (*Role, STAFF, STAFF_LOOKING, STRANGER)


@dataclass(frozen=True)
class Guard:
    """The guard of a route: what it asks (None: nothing), what its address names, whether it changes.

    ``also`` is a second permission that it takes. ``is_signed``: its address bears a signature of ours, which
    stands for a form's token.
    ``reauthenticates``: only for one who has lately given their password or a code, or gives it first.
    """

    needs: Permission | Level | None
    names: Resource | None = None
    changes: bool = False
    reauthenticates: bool = False
    is_signed: bool = False
    also: Permission | None = None

    @property
    def required(self) -> tuple[Permission | Level, ...]:
        """All that it asks."""
        return tuple(needed for needed in (self.needs, self.also) if needed is not None)

    @property
    def has_place(self) -> bool:
        """Whether its address names a merchant or a desk, or stands for the only one that a person has."""
        return self.needs is not None and self.needs is not Level.PERSON


_OPEN, _OPEN_CHANGE = Guard(None), Guard(None, changes=True)
_JOURNAL = Guard(Permission.JOURNAL)
_SAVED_VIEW_CHANGE = Guard(Permission.LIST, Resource.SAVED_VIEW, changes=True)
_PERSON, _PERSON_CHANGE = Guard(Level.PERSON), Guard(Level.PERSON, changes=True)
_PERSON_REAUTHENTICATED_CHANGE = Guard(Level.PERSON, changes=True, reauthenticates=True)
_STAFF, _STAFF_CHANGE = Guard(Level.STAFF), Guard(Level.STAFF, changes=True)
_FILE = Guard(Level.STAFF, Resource.FILE)
_SOURCE = Guard(Level.STAFF, Resource.SOURCE)
_SOURCE_REAUTHENTICATED = Guard(Level.STAFF, Resource.SOURCE, reauthenticates=True)
_STAFF_REAUTHENTICATED = Guard(Level.STAFF, reauthenticates=True)
_MERCHANT = Guard(Level.STAFF, Resource.MERCHANT)
_MERCHANT_CHANGE = Guard(Level.STAFF, Resource.MERCHANT, changes=True)
_MERCHANT_REAUTHENTICATED = Guard(Level.STAFF, Resource.MERCHANT, reauthenticates=True)
_MERCHANT_REAUTHENTICATED_CHANGE = Guard(Level.STAFF, Resource.MERCHANT, changes=True, reauthenticates=True)
_ACCESS_REAUTHENTICATED = Guard(Permission.INVITE, Resource.ACCESS, reauthenticates=True)
_ACCESS_REAUTHENTICATED_CHANGE = Guard(Permission.INVITE, Resource.ACCESS, changes=True, reauthenticates=True)


def list_routes(spec: ListSpec) -> dict[str, Guard]:
    """The lines of a list: what its own permission opens, together with those of exports and tickets."""
    its = Permission(spec.permission)
    lines = {
        "index": Guard(its),
        "search": Guard(its),
        "columns": Guard(its, changes=True),
        "document": Guard(Permission.EXPORT, also=its),
        "detail": Guard(
            its, Resource.ROW, also=Permission(spec.row_permission) if spec.row_permission else None
        ),
        "download": Guard(Permission.EXPORT, also=its),
        "workbook": Guard(Permission.EXPORT, also=its),
        "groups_document": Guard(Permission.EXPORT, also=its),
        "groups_download": Guard(Permission.EXPORT, also=its),
        "groups_workbook": Guard(Permission.EXPORT, also=its),
    }
    if spec.statement is not None:
        files = Guard(Permission.EXPORT, also=its)
        lines |= {"statement": Guard(its), "statement_file": files, "statement_workbook": files}
    if spec.ticket is not None:
        ticket = Guard(Permission.TICKET, Resource.ROW, also=its)
        send = Guard(Permission.SEND, Resource.ROW, also=its)
        send_change = replace(send, changes=True)
        lines |= {"ticket": ticket, "ticket_file": ticket}
        lines |= {"sending": send, "send": send_change, "send_again": send_change}
    return {f"{spec.name}.{page}": guard for page, guard in lines.items()}


ROUTES: dict[str, Guard] = {
    "static": _OPEN,
    "branding.styles": _OPEN,
    "branding.file": _OPEN,
    "branding.favicon": _OPEN,
    "branding.manifest": _OPEN,
    "branding.service_worker": _OPEN,
    "branding.offline": _OPEN,
    "help.show": _OPEN,
    "accounts.sign_in": _OPEN,
    "accounts.second_step": _OPEN,
    "accounts.sign_out": _OPEN_CHANGE,
    "accounts.choose_language": _OPEN_CHANGE,
    "reauthentication.confirm": _PERSON,
    "links.open_invitation": _OPEN,
    "links.invitation": _OPEN,
    "links.accept": _OPEN_CHANGE,
    "links.renew_invitation": _OPEN_CHANGE,
    "links.renewed": _OPEN,
    "links.forgotten": _OPEN,
    "links.asked": _OPEN,
    "links.open_reset": _OPEN,
    "links.reset": _OPEN,
    "links.choose": _OPEN_CHANGE,
    "lists.home": Guard(Permission.LIST),
    **{endpoint: guard for spec in LISTS.values() for endpoint, guard in list_routes(spec).items()},
    "open_items.show": Guard(Permission.BANK),
    "open_items.decide": Guard(Permission.BANK, changes=True),
    "open_items.document": Guard(Permission.EXPORT, also=Permission.BANK),
    "open_items.download": Guard(Permission.EXPORT, also=Permission.BANK),
    "open_items.workbook": Guard(Permission.EXPORT, also=Permission.BANK),
    "daily_mail.ask": _OPEN,
    "daily_mail.stop": Guard(None, changes=True, is_signed=True),
    "me.show": _PERSON,
    "me.daily_mail": _PERSON_CHANGE,
    "me.password": _PERSON,
    "me.second_factor": Guard(Level.PERSON, reauthenticates=True),
    "me.end_session": Guard(Level.PERSON, Resource.SESSION, changes=True),
    "me.end_others": _PERSON_CHANGE,
    "me.remove_second_factor": _PERSON_REAUTHENTICATED_CHANGE,
    "me.renew_codes": _PERSON_REAUTHENTICATED_CHANGE,
    "team.index": Guard(Permission.INVITE),
    "team.invite": Guard(Permission.INVITE, reauthenticates=True),
    "team.change": _ACCESS_REAUTHENTICATED,
    "team.act": _ACCESS_REAUTHENTICATED_CHANGE,
    "team.act_on_invitation": _ACCESS_REAUTHENTICATED_CHANGE,
    "saved_views.keep": Guard(Permission.LIST, changes=True),
    "saved_views.change": _SAVED_VIEW_CHANGE,
    "saved_views.remove": _SAVED_VIEW_CHANGE,
    "journal.show": _JOURNAL,
    "journal.download": _JOURNAL,
    "desk.home": _STAFF,
    "desk.merchants": _STAFF,
    "desk.merchant": _MERCHANT,
    "desk.view_as": _MERCHANT_CHANGE,
    "desk.leave": _MERCHANT_CHANGE,
    "desk.suspend": _MERCHANT_REAUTHENTICATED_CHANGE,
    "desk.contracts": _STAFF,
    "desk.attach": _STAFF,
    "desk.declare": _STAFF,
    "desk.rename": _MERCHANT,
    "desk.upload": _STAFF,
    "desk.model": _STAFF,
    "desk.task": Guard(Level.STAFF, Resource.TASK),
    "desk.files": _STAFF,
    "desk.file": _FILE,
    "desk.load_again": Guard(Level.STAFF, Resource.FILE, changes=True),
    "desk.bank": _STAFF,
    "desk.decide_credit": _STAFF_CHANGE,
    "desk.declare_account": _STAFF,
    "desk.new_source": _STAFF_REAUTHENTICATED,
    "desk.source": _SOURCE,
    "desk.change_source": _SOURCE_REAUTHENTICATED,
    "desk.deliver": _SOURCE_REAUTHENTICATED,
    "desk.try_file": _STAFF,
    "desk.deliveries": _STAFF,
    "desk.people": _STAFF,
    "desk.person": Guard(Level.STAFF, Resource.PERSON),
    "desk.decide": Guard(Level.STAFF, Resource.PERSON, changes=True, reauthenticates=True),
    "desk.journal": _STAFF,
    "desk.journal_csv": _STAFF,
    "desk.appearance": _STAFF,
    "desk.appearance_mail": _STAFF,
    "desk_team.index": _MERCHANT,
    "desk_team.invite": _MERCHANT_REAUTHENTICATED,
    "desk_team.change": _MERCHANT_REAUTHENTICATED,
    "desk_team.act": _MERCHANT_REAUTHENTICATED_CHANGE,
    "desk_team.act_on_invitation": _MERCHANT_REAUTHENTICATED_CHANGE,
    "desk_team.reset": _MERCHANT_REAUTHENTICATED_CHANGE,
    "dev.mails": _OPEN,
    "dev.mail": _OPEN,
    "dev.mail_page": _OPEN,
    "dev.mail_file": _OPEN,
    "dev.look": _OPEN,
    "dev.look_mail": _OPEN,
}
#: Routes that a developer's machine has and production has not.
ONLY_IN_DEVELOPMENT = frozenset(endpoint for endpoint in ROUTES if endpoint.startswith("dev."))


def cases(who: str, guard: Guard) -> Iterator[tuple[Relation, Where]]:
    """How ``who`` can stand to what a route is about, and which place its address can name.

    Staff own every merchant of their reseller; to a stranger all is alike.
    """
    if who == STRANGER or guard.needs is None or guard.needs is Level.PERSON:
        session = (Relation.FOREIGN_RESELLER,) if guard.names and who != STRANGER else ()
        for relation in (Relation.OWN, *session):
            yield from ((relation, where) for where in _own_places(guard))
        return
    for relation in _relations(who, guard):
        yield from ((relation, where) for where in _places(guard, relation))


def _own_places(guard: Guard) -> tuple[Where, ...]:
    return (Where.THERE, Where.SHORT) if guard.has_place else (Where.EVERYWHERE,)


def _relations(who: str, guard: Guard) -> tuple[Relation, ...]:
    if guard.needs is Level.STAFF:
        suspended = (Relation.SUSPENDED,) if guard.names is Resource.MERCHANT else ()
        return (Relation.OWN, Relation.FOREIGN_RESELLER, *suspended)
    limits = (Relation.OUT_OF_LIMITS,) if who in set(Role) else ()
    return (Relation.OWN, *limits, Relation.FOREIGN_MERCHANT, Relation.FOREIGN_RESELLER, Relation.SUSPENDED)


def _places(guard: Guard, relation: Relation) -> tuple[Where, ...]:
    """What is foreign is asked for at its own place, and, when the address names it, at the person's."""
    if relation not in (Relation.FOREIGN_MERCHANT, Relation.FOREIGN_RESELLER):
        return (Where.THERE, Where.SHORT)
    return tuple(Where)[:3] if guard.names else (Where.THERE,)


def decide(who: str, guard: Guard, relation: Relation, where: Where) -> Decision:
    """What becomes of the request of ``who`` about something that stands so to them, asked for there."""
    if guard.needs is None:
        return Decision.ALLOWED
    if who == STRANGER:
        return Decision.SIGN_IN
    if guard.needs is Level.PERSON:
        return Decision.ALLOWED if relation is Relation.OWN else Decision.ABSENT
    at_place = _at_place(who, guard, relation, where)
    if at_place is not None:
        return at_place
    if not _may(who, guard):
        return Decision.REFUSED
    # A page that names nothing shows limited people what is theirs: tests read it for the words of the rest.
    own = {Relation.OWN, Relation.SUSPENDED, *([] if guard.names else [Relation.OUT_OF_LIMITS])}
    return Decision.ALLOWED if relation in own else Decision.ABSENT


def _at_place(who: str, guard: Guard, relation: Relation, where: Where) -> Decision | None:
    """What the place that an address names decides alone; None when the rest is up to the role."""
    foreign = relation in (Relation.FOREIGN_MERCHANT, Relation.FOREIGN_RESELLER)
    if who in set(Role) and relation is Relation.SUSPENDED:
        return Decision.REFUSED  # nothing is left to them
    if guard.needs is Level.STAFF:
        is_there = who in (STAFF, STAFF_LOOKING) and not (where is Where.THERE and foreign)
        return None if is_there or where is Where.SHORT else Decision.ABSENT
    if who in set(Role):
        return Decision.ABSENT if where is Where.THERE and foreign else None
    return _staff_at_merchant(who, guard, relation, where)


def _staff_at_merchant(who: str, guard: Guard, relation: Relation, where: Where) -> Decision | None:
    """Staff are led to their desk, where they say that they look at one of their own merchants."""
    looked_at = who == STAFF_LOOKING and (
        where is Where.HERE or (where is Where.THERE and relation in (Relation.OWN, Relation.SUSPENDED))
    )
    if looked_at:
        return None
    if where is Where.SHORT:
        return Decision.REFUSED if guard.changes else Decision.TO_DESK
    theirs = where is Where.HERE or relation is not Relation.FOREIGN_RESELLER
    return Decision.TO_DESK if theirs and not guard.changes else Decision.ABSENT


def _may(who: str, guard: Guard) -> bool:
    """Whether the role, or looking as staff, includes what the route needs."""
    if isinstance(guard.needs, Level):
        return guard.needs is Level.PERSON or who in (STAFF, STAFF_LOOKING)
    if who in set(Role):
        return PERMISSIONS[Role(who)].issuperset(guard.required)
    return LOOKING.issuperset(guard.required) and not guard.changes


def lines() -> Iterator[tuple[str, str, Relation, Where, Decision]]:
    """Every line of the matrix: endpoint, who, relation, place, decision."""
    for endpoint, guard in _everywhere():
        for who in EVERYBODY:
            for relation, where in cases(who, guard):
                yield endpoint, who, relation, where, decide(who, guard, relation, where)


def _everywhere() -> Iterator[tuple[str, Guard]]:
    """The routes that every portal has."""
    return ((endpoint, guard) for endpoint, guard in ROUTES.items() if endpoint not in ONLY_IN_DEVELOPMENT)


def documented() -> str:
    """The matrix as the page ``ACCESS.md``: one row for each route, relation and place."""
    heading = ["route", "names", "reauthentication", "relation", "at", *EVERYBODY]
    rows = [heading, ["---"] * len(heading)]
    for endpoint, guard in _everywhere():
        for case in itertools.product(Relation, Where):
            decisions = [
                decide(who, guard, *case).value if case in set(cases(who, guard)) else "" for who in EVERYBODY
            ]
            if any(decisions):
                again = "10 min" if guard.reauthenticates else ""
                rows.append([f"`{endpoint}`", guard.names or "", again, *(c.value for c in case), *decisions])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{_TITLE}\n{table}\n"


_TITLE = """# Who may do what

Written from `access_matrix.py` by
`python -c "from app.web.access_matrix import documented as d; print(d(), end='')"`;
a test holds both equal, and another asks each route so. "at": an address names the place (merchant or desk)
of what it is about, the person's own place, or none ("short"), which is the only one that the person has.
"desk": led to the maintainer's desk, where staff say that they look at a merchant. "10 min": whoever gave
their password (with an app: a code) longer ago gives it again first. 404 says the same as for something that
does not exist. "staff looking" reads, and never changes anything of the merchant's.
"""

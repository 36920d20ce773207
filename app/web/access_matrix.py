"""The access matrix: what each route asks of a person, and what its address names.

This is the one table. The guards apply it, the page ``ACCESS.md`` beside it is written from it, and a test
asks every route as everybody, about everything. A route that is not here does not start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from app.accounts.rights import LOOKING, PERMISSIONS, Permission, Standing
from app.listing.spec import ListSpec
from app.lists import LISTS
from app.models import Role


class Thing(StrEnum):
    """What an address names by number."""

    ROW = "payment or telecollection"
    ACCESS = "access or invitation"
    MERCHANT = "merchant"
    FILE = "file"
    TASK = "request to the worker"
    SESSION = "session"


class Relation(StrEnum):
    """How a person stands to what an address names, or to his merchant when it names nothing."""

    OWN = "own"
    OUT_OF_LIMITS = "own, out of limits"
    FOREIGN_MERCHANT = "another merchant's"
    FOREIGN_RESELLER = "another maintainer's"
    SUSPENDED = "suspended merchant's"


class Answer(StrEnum):
    """What becomes of a request."""

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
    """What a route asks (None: nothing), what its address names, and whether it changes anything.

    ``also`` is a second permission that it takes.
    ``proof``: only for one who has lately given his password or a code, or gives it first.
    """

    needs: Permission | Standing | None
    names: Thing | None = None
    changes: bool = False
    proof: bool = False
    also: Permission | None = None

    @property
    def asked(self) -> tuple[Permission | Standing, ...]:
        """All that it asks."""
        return tuple(needed for needed in (self.needs, self.also) if needed is not None)


_OPEN, _OPEN_CHANGE = Guard(None), Guard(None, changes=True)
_JOURNAL = Guard(Permission.JOURNAL)
_PERSON, _PERSON_CHANGE = Guard(Standing.PERSON), Guard(Standing.PERSON, changes=True)
_STAFF, _STAFF_CHANGE = Guard(Standing.STAFF), Guard(Standing.STAFF, changes=True)
_FILE = Guard(Standing.STAFF, Thing.FILE)
_MERCHANT = Guard(Standing.STAFF, Thing.MERCHANT)
_MERCHANT_CHANGE = Guard(Standing.STAFF, Thing.MERCHANT, changes=True)
_MERCHANT_PROOF = Guard(Standing.STAFF, Thing.MERCHANT, proof=True)
_MERCHANT_PROOF_CHANGE = Guard(Standing.STAFF, Thing.MERCHANT, changes=True, proof=True)
_ACCESS_PROOF = Guard(Permission.INVITE, Thing.ACCESS, proof=True)
_ACCESS_PROOF_CHANGE = Guard(Permission.INVITE, Thing.ACCESS, changes=True, proof=True)


def list_routes(spec: ListSpec) -> dict[str, Guard]:
    """The lines of a list: what its own permission opens, together with those of exports and tickets."""
    its = Permission(spec.permission)
    lines = {
        "index": Guard(its),
        "document": Guard(its),
        "detail": Guard(its, Thing.ROW),
        "download": Guard(Permission.EXPORT, also=its),
    }
    if spec.ticket is not None:
        ticket = Guard(Permission.TICKET, Thing.ROW, also=its)
        send = Guard(Permission.SEND, Thing.ROW, also=its)
        send_change = replace(send, changes=True)
        lines |= {"ticket": ticket, "ticket_file": ticket}
        lines |= {"sending": send, "send": send_change, "send_again": send_change}
    return {f"{spec.name}.{page}": guard for page, guard in lines.items()}


ROUTES: dict[str, Guard] = {
    "static": _OPEN,
    "branding.file": _OPEN,
    "branding.manifest": _OPEN,
    "branding.service_worker": _OPEN,
    "branding.offline": _OPEN,
    "help.show": _OPEN,
    "accounts.sign_in": _OPEN,
    "accounts.second_step": _OPEN,
    "accounts.sign_out": _OPEN_CHANGE,
    "accounts.choose_language": _OPEN_CHANGE,
    "accounts.choose_merchant": _PERSON_CHANGE,
    "confirming.confirm": _PERSON,
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
    "me.show": _PERSON,
    "me.password": _PERSON,
    "me.second_factor": Guard(Standing.PERSON, proof=True),
    "me.end_session": Guard(Standing.PERSON, Thing.SESSION, changes=True),
    "me.end_others": _PERSON_CHANGE,
    "me.remove_second_factor": _PERSON_CHANGE,
    "me.renew_codes": _PERSON_CHANGE,
    "team.index": Guard(Permission.INVITE),
    "team.invite": Guard(Permission.INVITE, proof=True),
    "team.change": _ACCESS_PROOF,
    "team.act": _ACCESS_PROOF_CHANGE,
    "team.act_on_invitation": _ACCESS_PROOF_CHANGE,
    "journal.show": _JOURNAL,
    "journal.download": _JOURNAL,
    "desk.home": _STAFF,
    "desk.choose": _STAFF_CHANGE,
    "desk.merchants": _STAFF,
    "desk.merchant": _MERCHANT,
    "desk.look": _MERCHANT_CHANGE,
    "desk.leave": _STAFF_CHANGE,
    "desk.suspend": _MERCHANT_PROOF_CHANGE,
    "desk.contracts": _STAFF,
    "desk.attach": _STAFF,
    "desk.declare": _STAFF,
    "desk.rename": _MERCHANT,
    "desk.upload": _STAFF,
    "desk.model": _STAFF,
    "desk.task": Guard(Standing.STAFF, Thing.TASK),
    "desk.files": _STAFF,
    "desk.file": _FILE,
    "desk.load_again": Guard(Standing.STAFF, Thing.FILE, changes=True),
    "desk.deliveries": _STAFF,
    "desk.journal": _STAFF,
    "desk.journal_csv": _STAFF,
    "desk_team.index": _MERCHANT,
    "desk_team.invite": _MERCHANT_PROOF,
    "desk_team.change": _MERCHANT_PROOF,
    "desk_team.act": _MERCHANT_PROOF_CHANGE,
    "desk_team.act_on_invitation": _MERCHANT_PROOF_CHANGE,
    "desk_team.reset": _MERCHANT_PROOF_CHANGE,
    "dev.mails": _OPEN,
    "dev.mail": _OPEN,
    "dev.mail_page": _OPEN,
    "dev.mail_file": _OPEN,
}
#: Routes that a developer's machine has and production has not.
ONLY_IN_DEVELOPMENT = frozenset(endpoint for endpoint in ROUTES if endpoint.startswith("dev."))


def relations(who: str, guard: Guard) -> tuple[Relation, ...]:
    """How ``who`` can stand to what a route names; staff own every merchant of their maintainer."""
    if who == STRANGER or guard.needs is None:
        return (Relation.OWN,)
    if isinstance(guard.needs, Standing):
        foreign = (Relation.FOREIGN_RESELLER,) if guard.names else ()
        suspended = (Relation.SUSPENDED,) if guard.names is Thing.MERCHANT else ()
        return (Relation.OWN, *foreign, *suspended)
    if guard.names is None:
        return (Relation.OWN, Relation.SUSPENDED)
    limits = (Relation.OUT_OF_LIMITS,) if who in set(Role) else ()
    return (Relation.OWN, *limits, Relation.FOREIGN_MERCHANT, Relation.FOREIGN_RESELLER, Relation.SUSPENDED)


def answer(who: str, guard: Guard, relation: Relation) -> Answer:
    """What becomes of the request of ``who`` about something that stands so to him."""
    if guard.needs is None:
        return Answer.ALLOWED
    if who == STRANGER:
        return Answer.SIGN_IN
    if not _may_ask(who, guard, relation):
        sent = who == STAFF and isinstance(guard.needs, Permission) and not guard.changes
        return Answer.TO_DESK if sent else Answer.REFUSED
    return Answer.ALLOWED if relation in (Relation.OWN, Relation.SUSPENDED) else Answer.ABSENT


def _may_ask(who: str, guard: Guard, relation: Relation) -> bool:
    """Whether the guard lets the request through to the page, which then looks for what it names."""
    if isinstance(guard.needs, Standing):
        return guard.needs is Standing.PERSON or who in (STAFF, STAFF_LOOKING)
    if who == STAFF_LOOKING:
        return LOOKING.issuperset(guard.asked) and not guard.changes
    suspended = relation is Relation.SUSPENDED
    return who in set(Role) and not suspended and PERMISSIONS[Role(who)].issuperset(guard.asked)


def lines() -> Iterator[tuple[str, str, Relation, Answer]]:
    """Every line of the matrix: endpoint, who, relation, answer."""
    for endpoint, guard in _everywhere():
        for who in EVERYBODY:
            for relation in relations(who, guard):
                yield endpoint, who, relation, answer(who, guard, relation)


def _everywhere() -> Iterator[tuple[str, Guard]]:
    """The routes that every portal has."""
    return ((endpoint, guard) for endpoint, guard in ROUTES.items() if endpoint not in ONLY_IN_DEVELOPMENT)


def documented() -> str:
    """The matrix as the page ``ACCESS.md``: one row for each route and relation."""
    heading = ["route", "names", "proof", "relation", *EVERYBODY]
    rows = [heading, ["---"] * len(heading)]
    for endpoint, guard in _everywhere():
        for relation in Relation:
            answers = [
                answer(who, guard, relation).value if relation in relations(who, guard) else ""
                for who in EVERYBODY
            ]
            if any(answers):
                proof = "10 min" if guard.proof else ""
                rows.append([f"`{endpoint}`", guard.names or "", proof, relation.value, *answers])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{_TITLE}\n{table}\n"


_TITLE = """# Who may do what

Written from `access_matrix.py` by
`python -c "from app.web.access_matrix import documented as d; print(d(), end='')"`;
a test holds both equal, and another asks each route so. "desk": sent to the maintainer's desk, since no
merchant is being looked at. "10 min": whoever gave his password (with an app: a code) longer ago gives it
again first. 404 says the same as for something that does not exist. "staff looking" reads,
and never changes anything of the merchant's.
"""

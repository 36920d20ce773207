"""The principal: who asks, at which place and in which language, by a session, a token or a schedule."""

from __future__ import annotations

from dataclasses import dataclass

from app.accounts.place import UNNAMED, Place
from app.accounts.rights import Access, Rights, Staff
from app.accounts.roles import Level, Permission
from app.accounts.sessions import OpenSession
from app.wording.i18n import DEFAULT_LANGUAGE


@dataclass(frozen=True)
class Principal:
    """The one who asks; without ``rights`` a stranger. ``session`` is the browser's, where one is asked with.

    It is the user of flask-login.
    """

    place: Place = UNNAMED
    language: str = DEFAULT_LANGUAGE
    rights: Rights | None = None
    session: OpenSession | None = None

    @property
    def is_authenticated(self) -> bool:
        """Whether it is known who asks."""
        return self.rights is not None

    @property
    def access(self) -> Access | None:
        """The membership that they look through, if any."""
        return self.rights.access if self.rights else None

    @property
    def desk(self) -> Staff | None:
        """The reseller at whose desk they are, if they work for one."""
        return self.rights.desk if self.rights else None

    @property
    def is_viewing_as(self) -> bool:
        """Whether they look at somebody else's data as the reseller's staff."""
        return self.rights is not None and self.rights.is_viewing_as

    @property
    def proved_lately(self) -> bool:
        """Whether they have just given their password or a code, in this session."""
        return self.session is not None and self.session.proved_lately

    def may(self, needed: Permission | Level) -> bool:
        """Whether they may do it here; a stranger may nothing."""
        return self.rights is not None and self.rights.may(needed)

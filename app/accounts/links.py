"""One-time links: what signs them, and the reseller's own host that they lead to.

A link holds a random nonce, signed under its purpose's own salt; the database keeps only the nonce's
hash. So neither a copy of the database nor a link made for something else opens anything.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum

from itsdangerous import BadSignature, URLSafeSerializer

from app.config import Config
from app.themes import DEFAULT, Theme, Themes
from app.wording.i18n import gettext


class Purpose(StrEnum):
    """The purpose of a link: its salt, and the address it leads to."""

    INVITATION = "invitation"
    RESET = "reset"


PATHS = {Purpose.INVITATION: "/invitation", Purpose.RESET: "/nouveau-mot-de-passe"}


class NoHostError(Exception):
    """A reseller has no host that a link could lead to; the message says what to do."""


@dataclass(frozen=True)
class Home:
    """The address of a reseller's portal: never taken from a request's Host header."""

    theme: Theme
    host: str
    address: str

    def desk(self, reseller_id: int) -> str:
        """The address of the reseller's desk."""
        return f"{self.address}/gestion/{reseller_id}/"


@dataclass(frozen=True)
class Links:
    """The maker and reader of one-time links: the last of ``secret_keys`` signs, each is believed."""

    themes: Themes
    secret_keys: tuple[str, ...]
    development: bool
    port: int

    @classmethod
    def of(cls, config: Config, themes: Themes) -> Links:
        """Those of a configured portal."""
        return cls(themes, config.secret_keys, config.development, config.port)

    def theme(self, slug: str) -> Theme:
        """The theme of the reseller ``slug``, the neutral one if they have none."""
        return self.themes.by_slug.get(slug, self.themes.by_slug[DEFAULT])

    def home(self, slug: str) -> Home:
        """The home of the reseller ``slug``. Raises NoHostError in production when no theme names one."""
        theme = self.theme(slug)
        if self.development:
            return Home(theme, "localhost", f"http://localhost:{self.port}")
        hosts = theme.hosts or self.theme(DEFAULT).hosts
        if not hosts:
            raise NoHostError(gettext("No host is known for %(slug)s: name one in its theme.", slug=slug))
        return Home(theme, hosts[0], f"https://{hosts[0]}")

    def new(self, purpose: Purpose) -> tuple[str, bytes]:
        """A fresh token of 256 random bits, and the hash to store."""
        nonce = secrets.token_urlsafe(32)
        return self._signer(purpose).dumps(nonce), _hash_of(nonce)

    def hash_in(self, purpose: Purpose, token: str) -> bytes | None:
        """The stored hash of ``token``; None for what this portal never signed for ``purpose``."""
        try:
            nonce = self._signer(purpose).loads(token)
        except BadSignature:
            return None
        return _hash_of(nonce) if isinstance(nonce, str) else None

    def _signer(self, purpose: Purpose) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret_keys, salt=f"{purpose}-v1", signer_kwargs=_SIGNER)


_SIGNER = {"digest_method": hashlib.sha256}


def _hash_of(nonce: str) -> bytes:
    return hashlib.sha256(nonce.encode()).digest()

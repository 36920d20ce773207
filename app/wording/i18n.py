"""French on screen, English in code: one gettext for pages, mails, exports and the command line.

Message identifiers are English. The language of the moment is a context variable, so that code
without a web request (importers, jobs) speaks as well.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from gettext import NullTranslations
from typing import TYPE_CHECKING, Any, Final

from babel import Locale
from babel.support import Translations

from app.config import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The languages of the portal. Another one is its code here and a catalogue.
LANGUAGES = ["fr", "en"]
DEFAULT_LANGUAGE = "fr"
#: Messages kept as they are said: more than there are, in every language.
_MOST_MESSAGES: Final = 8_000
CATALOGUES = ROOT / "app" / "translations"
_language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)


def N_(message: str) -> str:  # noqa: N802 - the customary name, known to the extractor
    """Mark ``message`` for translation where it is declared; it is translated where it is shown."""
    return message


def NN_(singular: str, plural: str) -> tuple[str, str]:  # noqa: N802 - as N_
    """Mark the two forms of a message where they are declared; :func:`ngettext` chooses where it is shown."""
    return singular, plural


def languages() -> list[tuple[str, str]]:
    """The codes of the languages, each with the name by which it calls itself."""
    return [(code, _own_name(code)) for code in LANGUAGES]


@cache
def _own_name(code: str) -> str:
    return str(Locale.parse(code).get_display_name(code)).capitalize()


def language() -> str:
    """The language of the moment, such as ``fr``."""
    return _language.get()


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Speak ``chosen`` inside the block."""
    token = _language.set(chosen if chosen in LANGUAGES else DEFAULT_LANGUAGE)
    try:
        yield
    finally:
        _language.reset(token)


def speak(chosen: str) -> None:
    """Speak ``chosen`` from here on, in this context."""
    _language.set(chosen if chosen in LANGUAGES else DEFAULT_LANGUAGE)


def gettext(message: str, **values: Any) -> str:
    """``message`` in the language of the moment, filled with ``values`` (``%(name)s``)."""
    text = _translated(message, _language.get())
    return text % values if values else text


def ngettext(singular: str, plural: str, n: int, **values: Any) -> str:
    """The form of a message for ``n`` things; ``%(num)s`` is ``n``. In French 0 is singular."""
    text = _catalogue(language()).ngettext(singular, plural, n)
    return text % {"num": n, **values}


@lru_cache(maxsize=_MOST_MESSAGES)
def _translated(message: str, chosen: str) -> str:
    """``message`` in a language: a page says hundreds, the same each time."""
    return _catalogue(chosen).gettext(message)


@cache
def _catalogue(chosen: str) -> NullTranslations:
    return Translations.load(CATALOGUES, [chosen])

"""The catalogues say all that code and templates say, and nothing that nobody says any more."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from babel.messages.pofile import read_po

from app.config import ROOT
from tests.waiting import HANGS

TRANSLATIONS = ROOT / "app" / "translations"
LANGUAGES = sorted(path.parts[-3] for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))
#: What is filled in: ``%(name)s`` of our own messages, ``{name}`` of click's.
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+(?:!r)?\}")
WRITTEN = re.compile(rf"{PLACES.pattern}|=\w+")


@pytest.fixture(scope="module")
def merged(tmp_path_factory):
    """A copy of the catalogues after ``make messages``."""
    folder = tmp_path_factory.mktemp("messages") / "translations"
    shutil.copytree(TRANSLATIONS, folder)
    subprocess.run([ROOT / ".ci" / "messages", folder], check=True, timeout=HANGS)
    return folder


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_what_make_messages_makes_of_it(merged, language):
    """Nothing missing, nothing obsolete, in the order in which branches seldom meet."""
    path = f"{language}/LC_MESSAGES/messages.po"
    assert (TRANSLATIONS / path).read_text("utf-8") == (merged / path).read_text("utf-8"), "run make messages"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_with_the_same_places(merged, language):
    wrong = [message.id for message in messages(merged, language) if not is_whole(message)]
    assert wrong == []


def messages(folder, language):
    with (folder / language / "LC_MESSAGES" / "messages.po").open("rb") as words:
        return [message for message in read_po(words) if message.id]


def is_whole(message):
    """Whether each form is there and certain, and together they fill in what the English one does."""
    said = forms(message.string)
    asked = set(PLACES.findall(" ".join(forms(message.id))))
    return not message.fuzzy and all(said) and set(PLACES.findall(" ".join(said))) == asked


def forms(words):
    return words if isinstance(words, (tuple, list)) else (words,)


def test_a_label_without_its_translation_is_found(merged):
    """As the first message of the catalogue would be, were it new."""
    message = messages(merged, "fr")[0]
    assert is_whole(message)
    message.string = ""
    assert not is_whole(message)


def test_a_batch_has_one_word_in_english():
    """The code says remittance, as its tables do; people of the trade say batch, on screen and on paper.

    What is written into a setting (``VIR CB .*=remittance``) is a value of the code.
    """
    asked = [WRITTEN.sub("", " ".join(forms(message.id))) for message in messages(TRANSLATIONS, "fr")]
    assert [words for words in asked if "remittance" in words.lower()] == []
    assert [words for words in asked if "batch" in words.lower()]


def french():
    """All that is said in French, by the message or the template it stands in."""
    for message in messages(TRANSLATIONS, "fr"):
        yield from forms(message.string)
    yield from (ROOT / "app" / "templates" / "help" / "fr.html").read_text("utf-8").splitlines()


def english():
    """All that is said in English: the messages themselves, and the page of help."""
    for message in messages(TRANSLATIONS, "fr"):
        yield from (PLACES.sub("", said) for said in forms(message.id))
    yield from (ROOT / "app" / "templates" / "help" / "en.html").read_text("utf-8").splitlines()


#: An ordinary space where French wants one that never ends a line, or a straight apostrophe between letters.
#: "N°" heads columns of a CSV, where an ordinary space is what software looks for.
ILL_SET = re.compile(
    r"[^\s\u00a0] (?=[:;!?»€](?![\w-]))|« |\bn° |\u202f[:;!?»]|[A-Za-zà-ÿ]'[A-Za-zà-ÿ]|\.\.\."
)


def test_french_is_set_as_printers_set_it():
    assert [words for words in french() if ILL_SET.search(words)] == []


@pytest.mark.parametrize(
    "words",
    ["Rien : tout est là", "Arrêter ?", "« vue", "n° 12", "l'accès", "La vue »", "Puis...", "Vu\u202f: rien"],
)
def test_what_is_ill_set_is_found(words):
    assert ILL_SET.search(words)


#: Words that another one has taken the place of: a thing has one word.
REPLACED_IN_FRENCH = (
    r"trop d’essais|n’entre\b|font bien les totaux|regards? de|A employé|ne répond à «|C’est noté"
    r"|Rien au journal|\bsert une|déjà servi|a servi\b|sert plus|est changé|été changé|hors de sa vue"
    r"|Il vous est envoyé|[Éé]chouée|Constr\.|deuxième étape|seconds? facteurs?|courrier"
    r"|boîte d’arrivée|serait mis de côté|gardée?s? à part|Direction financière|Responsable du parc"
)
REPLACED_IN_ENGLISH = (
    r"[Hh]and(ed|s)? (it |its payments )?(over|in)\b|[Rr]eferential|merchant director|\bMaker\b|Dossier no"
    r"|journalled|[Gg]ave (an|the) .*back|[Gg]ive the access back|second (step|check|factor)|e-mail"
    r"|\bmails?\b(?! server)|[Rr]eceipt|[Tt]o deal with|what is to deal"
    r"|[Ll]ook(s|ed|ing) at (the|a) (merchant|data)|would be set aside"
)


@pytest.mark.parametrize(
    ("said", "replaced"), [(french, REPLACED_IN_FRENCH), (english, REPLACED_IN_ENGLISH)], ids=["fr", "en"]
)
def test_no_word_comes_back_that_another_has_replaced(said, replaced):
    assert [words for words in said() if re.search(replaced, words)] == []

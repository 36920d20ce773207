"""The catalogues say all that code and templates say, and nothing that nobody says any more."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from babel.messages.pofile import read_po

from app.config import ROOT

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
    subprocess.run([ROOT / ".ci" / "messages", folder], check=True, timeout=120)
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

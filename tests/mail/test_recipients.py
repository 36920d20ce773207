"""The addresses of a form: each with its own words about what is wrong."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from app.mail.addresses import mail_address
from app.mail.recipients import MOST, addresses, fault_of
from app.web.sending_form import SendingForm

GOOD = ["client@maison.example", "  Client.Nom+tickets@Maison.Example ", "o'neil@x.fr", "x@bücher.fr"]
BAD = {
    "client": "Il manque le @ dans cette adresse.",
    "client@": "Ce qui suit le @ n’est pas correct : vérifiez lettre par lettre.",
    "client@maison": "Ce qui suit le @ n’est pas correct : vérifiez lettre par lettre.",
    "client@maison..fr": "Ce qui suit le @ n’est pas correct : vérifiez lettre par lettre.",
    "client@[127.0.0.1]": "Ce qui suit le @ n’est pas correct : vérifiez lettre par lettre.",
    "client@localhost": "Ce qui suit le @ n’est pas correct : vérifiez lettre par lettre.",
    "hélène@maison.fr": "Ce qui précède le @ n’est pas correct : lettres sans accent, chiffres, points "
    "et tirets seulement.",
    ".client@maison.fr": "Ce qui précède le @ n’est pas correct : lettres sans accent, chiffres, points "
    "et tirets seulement.",
    "a@x.fr, b@x.fr": "Une seule adresse par case, sans nom ni espace.",
    "a@x.fr;b@x.fr": "Une seule adresse par case, sans nom ni espace.",
    "Client <a@x.fr>": "Une seule adresse par case, sans nom ni espace.",
    "a@x.fr\r\nBcc: b@x.fr": "Une seule adresse par case, sans nom ni espace.",
    "a" * 300 + "@x.fr": "Ce qui précède le @ n’est pas correct : lettres sans accent, chiffres, points "
    "et tirets seulement.",
}


@pytest.mark.parametrize("text", GOOD)
def test_a_good_address_is_taken_as_mail_takes_it(text):
    assert fault_of(text.strip()) == ""
    (address,) = addresses([text.strip()])
    assert address.isascii()
    assert mail_address(address) == address


@pytest.mark.parametrize("text", BAD)
def test_a_bad_one_says_what_is_wrong_beside_what_was_typed(text):
    form = SendingForm(MultiDict([("to", "bon@maison.example"), ("to", text)]))
    assert not form.validate()
    good, bad, *rest = form.to
    assert (bad.data, [fault.replace("\u00a0", " ") for fault in bad.errors]) == (text.strip(), [BAD[text]])
    assert not good.errors
    assert not any(field.data or field.errors for field in rest)


@pytest.mark.parametrize("texts", [[], [""], ["", " ", "\t"]])
def test_nobody_at_all_is_said_at_the_first_field(texts):
    form = SendingForm(MultiDict(("to", text) for text in texts))
    assert not form.validate()
    first, *rest = form.to
    assert first.errors == ["Indiquez au moins une adresse."]
    assert not any(field.data or field.errors for field in rest)


def test_the_same_address_twice_is_one_mail():
    form = SendingForm(MultiDict(("to", text) for text in ["a@x.fr", "A@X.FR", "b@x.fr", "b@x.fr", ""]))
    assert form.validate()
    assert form.addresses() == ("a@x.fr", "b@x.fr")


def test_more_than_five_are_refused_and_none_is_dropped():
    texts = [f"a{number}@x.fr" for number in range(9)]
    form = SendingForm(MultiDict(("to", text) for text in texts))
    assert not form.validate()
    assert [field.data for field in form.to] == texts
    assert [bool(field.errors) for field in form.to] == [number == MOST for number in range(9)]

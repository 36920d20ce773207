"""The rule that no page holds a full card number, tried on pages that hold one."""

import pytest

from tests.page import places_of_card_numbers

CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize(
    "page",
    [
        f"<p>Carte {CARD}</p>",
        f"<p>Carte {CARD.replace(' ', '&nbsp;')}",
        "<p>Carte <b>4111</b> <b>1111</b> <b>1111</b> <b>1111</b></p>",
        f'<input value="{CARD}">',
        f'<a href="/transactions?card={CARD.replace(" ", "")}">ses paiements</a>',
        f'<button aria-label="Copier {CARD}">Copier</button>',
    ],
)
def test_a_page_that_holds_a_card_number_is_told(page):
    assert len(places_of_card_numbers(page)) == 1


@pytest.mark.parametrize(
    "page",
    [
        "<p>513140 •••••• 9790</p>",
        "<p>************9790</p>",
        "<dt>SIRET</dt><dd>50050050000017</dd>",
        "<label>FOURNIL · 50050050000017 · Lyon</label>",
        f'<dd>multipart/mixed; boundary="{"=" * 15}{CARD.replace(" ", "")}000=="</dd>',
        "<td>4111</td><td>1111</td><td>1111</td><td>1111</td>",
    ],
)
def test_what_is_no_card_number_is_not(page):
    assert places_of_card_numbers(page) == []

"""Every page, at every width: nobody is shut out, nothing sticks out, the browser has nothing to say."""

from datetime import timedelta

from app.rules.time_zones import today
from tests.browser import looks
from tests.browser.windows import DESK

LONG_MONTH = f"date_from={today() - timedelta(days=45)}&date_to={today() - timedelta(days=1)}"
MONTH = "date_from=2026-01-01&date_to=2026-12-31"
PAGES = {
    "connexion": "/connexion",
    "remises": "/remises",
    "transactions": "/transactions",
    "transactions-filtres": "/transactions?type=debit&outcome=accepted&amount_from=5&amount_to=50",
    "transactions-fautes": "/transactions?amount_from=beaucoup&date_from=hier&card=12",
    "regroupement-jours": "/transactions?by=day",
    "regroupement-magasins": "/remises?by=outlet&period=last-7-days",
    "titres-restaurant": "/transactions/titres-restaurant?period=last-7-days",
    "transactions-vide": "/transactions?authorisation=000000&card=0000",
    "remises-vides": "/remises?count=without",
    "trop-long": f"/transactions.csv?{MONTH}",
    "introuvable": "/transactions/999999999",
    "journal": "/journal",
    "remise": "/remises >> a[href*='/remises/']:not(.send-link)",
    "ticket": "/remises >> .line:has(.send-link) a[href*='/remises/']:not(.send-link) >> a[href$='/ticket']",
    "envoi": "/transactions >> a.send-link",
    "e-mails": "/dev/mail",
    "aide": "/aide",
    "deux-fichiers": f"/transactions?{LONG_MONTH}",
    "terminal": "/terminaux >> .rows-group .name > a",
    "credits": "/credits",
    "transaction": "/transactions >> a[href*='/transactions/']:not(.send-link)",
}


@looks.over(PAGES)
def test_a_page_shuts_nobody_out(looking, live, page, look):
    with live.wears(look.theme):
        visitor = looking(look, [] if page == "connexion" else None)
        visitor.visit(PAGES[page])
        assert visitor.faults(page, look) == []


def test_open_filters_shut_nobody_out(window):
    for width in (320, DESK):
        for path in ("/transactions", "/remises"):
            visitor = window(width)
            visitor.go(path)
            visitor.page.evaluate(
                "document.querySelectorAll('details').forEach((part) => { part.open = true; })"
            )
            visitor.keep(path.strip("/") + "-filtres-ouverts")
            assert visitor.barriers() == []
            assert visitor.sideways() == 0


def test_help_fits_a_small_phone_whoever_gives_it(window, live):
    """The address of a help desk was wider than the window."""
    with live.wears("demo"):
        visitor = window(320)
        visitor.go("/aide")
        assert visitor.sideways() == 0

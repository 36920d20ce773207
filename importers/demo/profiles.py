"""The merchants of the demo: a chain and six independents, invented from name to SIRET. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from importers.demo.trades import DATED

RESELLER, SOURCE = "demo", "demo-host"
#: Bank code -> name, a public general-knowledge list (research/formats.md §8.5).
BANKS = {
    "30004": "BNP Paribas",
    "30003": "Société Générale",
    "30002": "LCL",
    "10278": "Crédit Mutuel",
    "10096": "CIC Lyonnaise de Banque",
    "20041": "La Banque Postale",
    "30066": "CIC",
}
_CB = ("CBEMV", "CBCLESS")
_MEAL = ("CONECS", "CONECSLESS")
_AMEX = ("AMEX", "AMEXCLESS")


@dataclass(frozen=True, kw_only=True)
class Till:
    """A terminal at an outlet: what it sells and the applications it calls for, in the order it calls.

    ``prints`` is true where the host also received the printed tickets.
    """

    trade: str
    label: str
    applications: tuple[str, ...]
    prints: bool = False


@dataclass(frozen=True, kw_only=True)
class OutletProfile:
    """An outlet; ``closed`` is a weekday (Monday 0) on which it never opens, on top of its trade's week."""

    trade_name: str
    address: str
    postcode: str
    city: str
    tills: tuple[Till, ...]
    closed: int | None = None


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A merchant; ``outlets`` has one for an independent."""

    code: str
    name: str
    outlets: tuple[OutletProfile, ...]
    mcc: str
    banks: tuple[str, ...]
    time_zone: str = "Europe/Paris"
    currency: str = "EUR"


CHAIN_CODE, CHAIN_NAME = "FOURNIL", "FOURNIL DES QUATRE VENTS"
_CHAIN_TILL = Till(trade="fournil", label="Caisse 1", applications=(*_CB, *_MEAL))
_SECOND_TILL = Till(trade="fournil", label="Caisse 2", applications=(*_CB, *_MEAL))
_STATION_TILL = Till(trade="station", label="Kiosque", applications=(*_CB, *_MEAL, *_AMEX))
_CORNER_TILL = Till(
    trade="station", label="Presse et tabac", applications=(*_CB, *_MEAL, *_AMEX, "QUASI CASH"), prints=True
)
# (city, postcode, quarter): a shop each; those at a station trade longer.
_CHAIN_PLACES = (
    ("PARIS", "75010", "GARE DE L'EST"),
    ("PARIS", "75011", "OBERKAMPF"),
    ("PARIS", "75015", "CONVENTION"),
    ("LILLE", "59000", "GARE"),
    ("LILLE", "59800", "WAZEMMES"),
    ("LYON", "69003", "PART-DIEU"),
    ("LYON", "69002", "BELLECOUR"),
    ("NANTES", "44000", "COMMERCE"),
    ("RENNES", "35000", "LICES"),
    ("BORDEAUX", "33000", "GARE"),
    ("BORDEAUX", "33800", "CAPUCINS"),
    ("TOULOUSE", "31000", "CAPITOLE"),
    ("TOULOUSE", "31300", "SAINT-CYPRIEN"),
    ("MONTPELLIER", "34000", "COMEDIE"),
    ("MARSEILLE", "13001", "GARE"),
    ("MARSEILLE", "13006", "CASTELLANE"),
    ("NICE", "06000", "LIBERATION"),
    ("GRENOBLE", "38000", "VICTOR HUGO"),
    ("STRASBOURG", "67000", "HALLES"),
    ("NANCY", "54000", "STANISLAS"),
    ("METZ", "57000", "GARE"),
    ("REIMS", "51100", "ERLON"),
    ("DIJON", "21000", "DARCY"),
    ("ORLEANS", "45000", "REPUBLIQUE"),
    ("TOURS", "37000", "HALLES"),
    ("ANGERS", "49000", "RALLIEMENT"),
    ("LE MANS", "72000", "REPUBLIQUE"),
    ("ROUEN", "76000", "VIEUX-MARCHE"),
    ("LE HAVRE", "76600", "HALLES"),
    ("CAEN", "14000", "PORT"),
    ("BREST", "29200", "SIAM"),
    ("QUIMPER", "29000", "HALLES"),
    ("LORIENT", "56100", "MERVILLE"),
    ("POITIERS", "86000", "NOTRE-DAME"),
    ("LIMOGES", "87000", "MOTTE"),
    ("CLERMONT-FERRAND", "63000", "JAUDE"),
    ("SAINT-ETIENNE", "42000", "FOURNEYRON"),
    ("ANNECY", "74000", "LAC"),
    ("PERPIGNAN", "66000", "CASTILLET"),
    ("BIARRITZ", "64200", "HALLES"),
)
_STREETS = (
    "rue de l'Exemple",
    "place du Modèle",
    "avenue de l'Essai",
    "rue de la Fiction",
    "cours du Spécimen",
)
_SECOND_TILL_EVERY = 4


def chain(shops: int) -> Profile:
    """The chain, with ``shops`` outlets; beyond the list of towns their names are numbered."""
    return Profile(
        code=CHAIN_CODE,
        name=CHAIN_NAME,
        outlets=tuple(_chain_outlet(number) for number in range(shops)),
        mcc="5462",
        banks=("30004", "10278"),
    )


def _chain_outlet(number: int) -> OutletProfile:
    city, postcode, quarter = _CHAIN_PLACES[number % len(_CHAIN_PLACES)]
    series = number // len(_CHAIN_PLACES)
    station = "GARE" in quarter
    first = _CORNER_TILL if station and number == 0 else _STATION_TILL if station else _CHAIN_TILL
    tills = (first, _SECOND_TILL) if number % _SECOND_TILL_EVERY == 1 else (first,)
    return OutletProfile(
        trade_name=f"FOURNIL {city} {quarter}" + (f" {series + 1}" if series else ""),
        address=f"{3 + 7 * number % 90} {_STREETS[number % len(_STREETS)]}",
        postcode=postcode,
        city=city,
        tills=tills,
        closed=None if station else (6, 0, None)[number % 3],
    )


def _independent(
    code: str, name: str, mcc: str, bank: str, town: tuple[str, str, str], *tills: Till
) -> Profile:
    address, postcode, city = town
    outlet = OutletProfile(trade_name=name, address=address, postcode=postcode, city=city, tills=tills)
    return Profile(code=code, name=name, outlets=(outlet,), mcc=mcc, banks=(bank,))


INDEPENDENTS: tuple[Profile, ...] = (
    _independent(
        "BOULANGERIE",
        "BOULANGERIE DU MOULIN BLEU",
        "5462",
        "20041",
        ("8 rue du Moulin", "28400", "EXEMPLEVILLE"),
        Till(trade="boulangerie", label="Comptoir", applications=(*_CB, *_MEAL)),
    ),
    _independent(
        "RESTAURANT",
        "LE COMPTOIR DES TILLEULS",
        "5812",
        "10096",
        ("2 place des Tilleuls", "69006", "LYON"),
        Till(trade="restaurant", label="Salle", applications=(*_CB, *_MEAL, *_AMEX)),
        Till(trade="restaurant", label="Terrasse", applications=(*_CB, *_MEAL)),
    ),
    _independent(
        "HOTEL",
        "HOTEL DE LA FALAISE",
        "7011",
        "30003",
        ("1 promenade de la Falaise", "76790", "MODELE-SUR-MER"),
        Till(
            trade="reception",
            label="Réception",
            applications=(*_CB, *_AMEX, *DATED, "JCBEMV", "QUASI CASH"),
            prints=True,
        ),
        Till(trade="bar", label="Bar de nuit", applications=(*_CB, *_AMEX)),
    ),
    _independent(
        "VPC",
        "GRAINES ET JARDINS PAR CORRESPONDANCE",
        "5969",
        "30002",
        ("14 chemin des Serres", "49130", "ESSAI-SUR-LOIRE"),
        Till(trade="vpc", label="Vente à distance", applications=("CBVAD", "JCBVAD")),
    ),
    _independent(
        "PHARMACIE",
        "PHARMACIE DU PONT",
        "5912",
        "30066",
        ("31 rue du Pont", "63500", "SPECIMEN"),
        Till(trade="pharmacie", label="Comptoir 1", applications=_CB),
        Till(trade="pharmacie", label="Comptoir 2", applications=_CB),
    ),
    Profile(
        code="LAGON",
        name="COMPTOIR DU LAGON",
        outlets=(
            OutletProfile(
                trade_name="COMPTOIR DU LAGON",
                address="5 baie du Modèle",
                postcode="98800",
                city="NOUMEA",
                tills=(Till(trade="lagon", label="Boutique", applications=(*_CB, "JCBEMV")),),
            ),
        ),
        mcc="5947",
        banks=("30003",),
        time_zone="Pacific/Noumea",
        currency="XPF",
    ),
)


def siret(merchant: int, outlet: int) -> str:
    """The 14 digits of an outlet. Their check digit is wrong on purpose: they can be nobody's."""
    head = f"{999_998_000 - merchant:09d}{10 + outlet:04d}"
    return head + str((_check_digit(head) + 5) % 10)


def _check_digit(head: str) -> int:
    """The digit that would make ``head`` pass the Luhn check."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in head[::-1][::2])
    return -(sum(doubled) + sum(map(int, head[::-1][1::2]))) % 10

"""White label: whose name and colours, whatever goes wrong with them."""

from __future__ import annotations

import re
import shutil

import pytest
from sqlalchemy import text

from app.config import ROOT
from app.database.engine import DatabaseRole
from app.themes import FILES, FOLDER, ThemeError, load_themes
from app.themes.checks import ICONS, contrast

TEMPLATES = ROOT / "app" / "templates"


@pytest.fixture
def folder(tmp_path):
    """A copy of the themes, to spoil."""
    return shutil.copytree(FOLDER, tmp_path / "themes")


def spoil(folder, slug, name, old, new):
    path = folder / slug / name
    source = path.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf-8")


def test_our_themes_are_sound():
    themes = load_themes()
    assert {"default", "demo", "garance"} <= set(themes.by_slug)
    assert themes.faults == ()
    assert themes.of_host("horizon.example").name == "Monétique Horizon"
    assert themes.of_host("elsewhere.example").slug == "default"


@pytest.fixture
def two(folder):
    """The themes of a portal with two resellers, of whom the demonstration's is one."""
    shutil.copytree(folder / "demo", folder / "other")
    spoil(folder, "other", "theme.toml", "horizon.example", "other.example")
    return load_themes(folder)


def test_this_machine_wears_the_theme_of_the_only_maintainer(browser):
    for path in ("/connexion", "/mot-de-passe-oublie", "/invitation"):
        page = browser.page(path)
        assert page.title.endswith("· Monétique Horizon")
        assert "Bordereau" not in page.text


def test_among_several_maintainers_none_is_guessed(app, browser, two):
    app.extensions["bordereau.themes"] = two
    for host in ("localhost", "127.0.0.1"):
        page = browser.page("/connexion", headers={"Host": host})
        assert page.title == "Connexion · Bordereau"
        assert "horizon" not in page.source.lower()
    assert browser.page("/connexion", headers={"Host": "horizon.example"}).title.endswith("Horizon")


def test_another_hosts_guest_never_wears_the_only_maintainers_theme(two):
    themes = load_themes()
    for host in ("", "elsewhere.example", "localhost.evil.example"):
        assert themes.of_host(host).slug == "default"
    assert themes.of_reseller("without-a-theme", "localhost").slug == "default"
    assert two.of_host("localhost").slug == "default"


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("tokens.css", "#0d4a4f", "red;}body{background:url(//x)", "ne peut que donner des propriétés"),
        ("tokens.css", "#0d4a4f", "url(//evil.example)", "doit être une couleur"),
        ("tokens.css", "--brand:", "--unknown:", "propriété inconnue : --unknown"),
        ("tokens.css", "--link: #0e6a70", "--link: #9ad0d4", "--link sur --ground a un contraste de 1,5"),
        ("tokens.css", "--link: #6fd3cf", "--link: #123456", "en mode sombre"),
        ("tokens.css", ":root", "body", "ne peut que donner des propriétés"),
        (
            "theme.toml",
            'short_name = "Horizon"',
            'short_name = "Horizon monétique"',
            "plus de 12 caractères",
        ),
        ("theme.toml", 'short_name = "Horizon"', "", "short_name doit être un texte"),
        ("theme.toml", 'name = "Monétique Horizon"', 'name = " "', "name doit être une seule ligne"),
        (
            "theme.toml",
            'name = "Monétique Horizon"',
            'name = "One\\nBcc: x"',
            "name doit être une seule ligne",
        ),
        (
            "theme.toml",
            "assistance@horizon.example",
            "01 99 00 25 25",
            "support doit être une simple adresse",
        ),
        (
            "theme.toml",
            'hosts = ["horizon.example"]',
            'hosts = "horizon.example"',
            "hosts doit être une liste",
        ),
        ("theme.toml", "horizon.example", "Horizon.example/", "hosts doit être une liste"),
        (
            "theme.toml",
            'name = "Mon',
            'sender = "Horizon <a@b.example>"\nname = "Mon',
            "sender doit être une simple",
        ),
        (
            "theme.toml",
            'short_name = "Horizon"',
            'short_name = "Horizon"\nscript = "x"',
            "clé inconnue : script",
        ),
    ],
)
def test_a_broken_theme_is_named_and_touches_its_maintainer_alone(folder, name, old, new, words):
    shutil.copytree(folder / "demo", folder / "other")
    spoil(folder, "other", "theme.toml", "horizon.example", "other.example")
    spoil(folder, "demo", name, old, new)
    themes = load_themes(folder)
    assert [fault for fault in themes.faults if fault.startswith("themes/demo: ") and words in fault]
    assert themes.of_host("other.example").slug == "other"
    assert themes.by_slug["other"].file("logo.svg").parent == folder / "other"


@pytest.mark.parametrize("name", ICONS)
def test_an_icon_is_a_png_of_its_size(folder, name):
    other = next(each for each, size in ICONS.items() if size != ICONS[name])
    said = f"themes/demo: {name} doit être un PNG de {ICONS[name]} pixels sur {ICONS[name]}"
    for spoilt in (b"", b"no picture", (folder / "demo" / other).read_bytes()):
        (folder / "demo" / name).write_bytes(spoilt)
        assert load_themes(folder).faults == (said,)


def test_a_logo_is_a_drawing(folder):
    (folder / "demo" / "logo.svg").write_text("<html></html>", encoding="utf-8")
    assert load_themes(folder).faults == ("themes/demo: logo.svg doit être un SVG",)


def test_a_fault_is_named_once(folder):
    spoil(folder, "demo", "tokens.css", "--accent: #", "--accent: red#")
    faults = load_themes(folder).faults
    assert faults
    assert len(faults) == len(set(faults))


def test_a_broken_look_leaves_name_and_hosts(folder):
    (folder / "demo" / "logo.svg").unlink()
    themes = load_themes(folder)
    assert themes.faults == ("themes/demo: fichiers absents ou illisibles : logo.svg",)
    worn = themes.of_host("horizon.example")
    assert (worn.name, worn.file("logo.svg").parent) == ("Monétique Horizon", folder / "default")


@pytest.mark.parametrize(
    "spoilt", [b"name = ", "name = 'é'".encode("latin-1"), None], ids=["not TOML", "not UTF-8", "absent"]
)
def test_without_its_facts_a_theme_is_not_worn(folder, spoilt):
    facts = folder / "demo" / "theme.toml"
    facts.unlink()
    if spoilt is not None:
        facts.write_bytes(spoilt)
    themes = load_themes(folder)
    assert len(themes.faults) == 1
    assert themes.faults[0].startswith("themes/demo: theme.toml ")
    assert set(themes.by_slug) == {"default", "garance"}


def test_a_copy_put_aside_takes_no_host(folder):
    for copy in ("demo.bak", "demo-old"):
        shutil.copytree(folder / "demo", folder / copy)
    themes = load_themes(folder)
    assert themes.faults == (
        "themes/demo.bak ne porte pas le nom d’un mainteneur, et n’est pas lu",
        "themes/demo-old: horizon.example reste à demo, qui le nomme aussi",
    )
    assert themes.of_host("horizon.example").slug == "demo"


def test_all_faults_are_named_at_once(folder):
    spoil(folder, "demo", "theme.toml", 'short_name = "Horizon"', "")
    (folder / "demo" / "logo.svg").unlink()
    faults = "\n".join(load_themes(folder).faults)
    assert "short_name" in faults
    assert "illisibles : logo.svg" in faults


def test_a_broken_default_stops_the_start(folder):
    (folder / "default" / "logo.svg").unlink()
    with pytest.raises(ThemeError, match=r"themes/default: fichiers absents ou illisibles\s: logo\.svg"):
        load_themes(folder)


def test_there_must_be_a_default(folder):
    shutil.rmtree(folder / "default")
    with pytest.raises(ThemeError, match="default est absent"):
        load_themes(folder)


def test_the_operators_folder_adds_themes_and_replaces_ours(folder, tmp_path):
    own = tmp_path / "own"
    shutil.copytree(folder / "demo", own / "demo")
    spoil(own, "demo", "theme.toml", "Monétique Horizon", "Monétique Azur")
    shutil.copytree(folder / "demo", own / "azur")
    spoil(own, "azur", "theme.toml", "horizon.example", "azur.example")
    themes = load_themes(folder, own)
    assert themes.faults == ()
    assert themes.by_slug["demo"].name == "Monétique Azur"
    assert themes.of_host("azur.example").file("tokens.css").parent == own / "azur"
    assert load_themes(folder, tmp_path / "absent").faults == ()


def test_contrast_is_the_one_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_theme_of_the_maintainer_follows_the_person(owner, database):
    page = owner.page("/remises")
    assert page.title == f"{page.h1} · Remises · Monétique Horizon"
    assert any("/theme/demo/tokens.css" in link["href"] for link in page.all("link"))
    assert "assistance@horizon.example" in page.text
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE reseller SET slug = 'without-a-theme' WHERE slug = 'demo'"))
    assert owner.page("/remises").title == f"{page.h1} · Remises · Bordereau"


def test_no_other_name_stands_on_a_page_of_the_maintainer(owner):
    for path in ("/remises", "/transactions", "/nowhere"):
        status = 404 if path == "/nowhere" else 200
        page = owner.page(path, status=status, headers={"Host": "localhost"})
        if status == 200:
            assert "Bordereau" not in page.text


def test_the_manifest_puts_the_portal_on_a_home_screen(owner):
    page = owner.page("/remises")
    address = page.one("link", rel="manifest")["href"]
    manifest = owner.get(address)
    assert manifest.mimetype == "application/manifest+json"
    assert (manifest.json["short_name"], manifest.json["start_url"]) == ("Horizon", "/")
    assert [shortcut["url"] for shortcut in manifest.json["shortcuts"]] == ["/remises", "/transactions"]
    assert "maskable" in {icon.get("purpose") for icon in manifest.json["icons"]}
    for icon in manifest.json["icons"]:
        with owner.get(icon["src"]) as response:
            assert (response.status_code, response.mimetype) == (200, "image/png")
            assert response.data.startswith(b"\x89PNG")


def test_what_reads_no_page_finds_the_icon_where_it_looks_for_one(app, owner):
    """A tab with a PDF has no page that names the icon: it asks for /favicon.ico."""
    for who, path in ((owner, "/remises"), (app.test_client(), "/connexion")):
        slug = who.page(path).one("link", rel="icon")["href"].split("/")[2]
        response = who.get("/favicon.ico")
        assert response.status_code == 303
        assert f"/theme/{slug}/" in response.location
        with who.get(response.location) as icon:
            assert (icon.status_code, icon.mimetype) == (200, "image/png")


@pytest.mark.parametrize(
    "name", [*FILES, "theme.toml", "..", "../../wsgi.py", "%2e%2e%2fdefault%2ftheme.toml"]
)
@pytest.mark.probes("traversal")
def test_only_a_themes_files_are_served(browser, name):
    with browser.get(f"/theme/demo/{name}") as response:
        assert response.status_code == (200 if name in FILES else 404)


@pytest.mark.parametrize("slug", ["nothing", "..", "Demo", "."])
@pytest.mark.probes("traversal")
def test_an_unknown_theme_does_not_exist(browser, slug):
    for name in ("tokens.css", "manifest.webmanifest"):
        assert browser.get(f"/theme/{slug}/{name}").status_code in (404, 308)


def test_the_service_worker_has_one_page_to_show_and_it_holds_nobodys_data(owner):
    worker = owner.page("/remises").one("html")["data-worker"]
    with owner.get(worker) as response:
        assert (response.status_code, response.headers["Service-Worker-Allowed"]) == (200, "/")
        assert b"no-store" not in response.data
    page = owner.page(worker.replace("service-worker.js", "hors-ligne"))
    assert page.one("h1").text == "Pas de réseau"
    assert "Comptoir" not in page.source
    assert "csrf" not in page.source


def test_the_font_that_a_page_asks_for_is_the_one_of_its_style_sheet(owner):
    page = owner.page("/remises")
    href = page.one("link", rel="preload")["href"]
    (styles,) = [link["href"] for link in page.all("link", rel="stylesheet") if "styles.css" in link["href"]]
    with owner.get(href) as response:
        assert len(response.data) < 30_000
        assert "immutable" in response.headers["Cache-Control"]
    with owner.get(styles) as style:
        assert href in style.text
        assert "immutable" in style.headers["Cache-Control"]


def test_the_sprite_holds_what_its_script_draws_each_once(owner):
    """One that was put in by hand is doubled or lost when the script is run again."""
    named = re.search(r"NAMES = \(\n(.*?)\)\.split", (ROOT / ".ci" / "assets").read_text("utf-8"), re.DOTALL)
    drawn = [part for line in re.findall(r'"(.+)"', named[1]) for part in line.split()]
    with owner.get("/static/icons.svg") as sprite:
        assert re.findall(r'symbol id="([^"]+)"', sprite.text) == drawn
        assert "/><" not in sprite.text.replace("/></symbol>", "")  # the script leaves a blank there


def test_every_icon_of_a_page_is_in_the_sprite(owner):
    with owner.get("/static/icons.svg") as sprite:
        known = set(re.findall(r'symbol id="([^"]+)"', sprite.text))
    asked = {
        name
        for template in TEMPLATES.rglob("*.html")
        for name in re.findall(r'icon\("([^"]+)"', template.read_text(encoding="utf-8"))
    }
    assert asked <= known

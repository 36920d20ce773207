"""A maintainer's theme made by a command: sound at once, theirs alone, never laid over another."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from app.operation.commands import themes
from app.themes import ThemeError, load_themes, new_theme, themes_of


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setenv("BORDEREAU_DATA", str(tmp_path))
    return lambda *given: CliRunner().invoke(themes, given)


def test_a_new_theme_is_sound_and_wears_its_name(run, tmp_path):
    made = run("new", "atlas", "--name", "Atlas « Monétique »")
    assert made.exit_code == 0
    assert str(tmp_path / "themes" / "atlas") in made.output
    theme = themes_of(tmp_path).by_slug["atlas"]
    assert (theme.name, theme.short_name) == ("Atlas « Monétique »", "Atlas «")
    assert run("check").exit_code == 0


def test_what_is_there_already_stays(run, tmp_path):
    run("new", "atlas")
    facts = tmp_path / "themes" / "atlas" / "theme.toml"
    facts.write_text(facts.read_text(encoding="utf-8").replace("atlas", "Atlas"), encoding="utf-8")
    again = run("new", "atlas")
    assert again.exit_code == 1
    assert "Atlas" in facts.read_text(encoding="utf-8")


@pytest.mark.parametrize("slug", ["", "Atlas", "../atlas", "a/b", "default", "é", "a" * 41])
def test_a_folder_that_no_maintainer_can_have_is_not_made(tmp_path, slug):
    with pytest.raises(ThemeError):
        new_theme(tmp_path / "themes", slug, "Atlas")
    assert not (tmp_path / "themes").exists()


@pytest.mark.parametrize("name", ["", "  ", "Atlas\nBcc: x", "Atlas\u2028Monétique"])
def test_a_name_that_no_mail_can_bear_is_not_taken(tmp_path, name):
    with pytest.raises(ThemeError):
        new_theme(tmp_path / "themes", "atlas", name)
    assert not (tmp_path / "themes").exists()


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=60)


@given(name=NAMES.filter(str.strip))
def test_any_name_is_read_back_as_it_was_given(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("themes")
    new_theme(folder, "atlas", name)
    loaded = load_themes(new_theme_beside_default(folder))
    assert loaded.by_slug["atlas"].name == name
    assert loaded.faults == ()


def new_theme_beside_default(folder):
    """A folder of themes is whole with its default."""
    (folder / "default").symlink_to(load_themes().by_slug["default"].folder)
    return folder

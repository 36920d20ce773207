"""The wheel is the whole portal: it runs in an environment of its own, far from any checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from http.client import HTTPConnection
from pathlib import Path

import pytest

from app.config import ROOT, default_data_folder
from tests.ports import free_port
from tests.waiting import HANGS

PARTS = ("app", "importers", "migrations", "themes")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of a fresh checkout: nothing compiled, nothing left by another build."""
    folder = tmp_path_factory.mktemp("wheel")
    for part in (*PARTS, ".ci"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    for file in ("pyproject.toml", "README.md", "LICENSE", "wsgi.py"):
        shutil.copy(ROOT / file, folder / file)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*build, "--wheel-dir", str(folder / "wheels"), str(folder)], check=True, timeout=HANGS)
    return next(folder.glob("wheels/*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The command of the portal, installed in an empty environment beside the packages of this one.

    Those are named in a file of paths: unlike this environment's own, it leads to no checkout.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    install = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
    subprocess.run([*install, "--no-deps", "--quiet", str(wheel)], check=True, timeout=HANGS)
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return folder / "bin" / "bordereau"


@pytest.fixture
def environment(tmp_path):
    """A user who has set nothing."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")}
    return kept | {"HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}


def test_the_wheel_holds_every_file_of_the_portal(wheel):
    there = {
        str(path.relative_to(ROOT))
        for part in PARTS
        for path in (ROOT / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == there | {"wsgi.py"}
    assert {"app/translations/fr/LC_MESSAGES/messages.mo", "themes/default/theme.toml"} <= held


def test_outside_a_checkout_everything_is_under_the_folder_of_the_user(installed, environment, tmp_path):
    tmp_path.joinpath("home").mkdir()
    done = subprocess.run(
        [installed, "migrate"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "La base de données est à jour.\n"
    assert (tmp_path / "home" / ".local" / "share" / "bordereau" / "postgres").is_dir()


def test_run_answers_with_pages_styles_and_themes(installed, environment, tmp_path, database):
    port = free_port()
    named = environment | {
        **database.addresses.settings(),
        "BORDEREAU_SECRET_KEY": "a key for tests, made of words and long enough",
        "BORDEREAU_PORT": str(port),
        "XDG_DATA_HOME": str(tmp_path / "shared"),
    }
    with subprocess.Popen([installed, "run"], env=named, cwd=tmp_path, stdout=subprocess.PIPE) as process:
        try:
            page = wait_for(port, "/connexion")
            assert "Mot de passe" in page
            assert 'lang="fr"' in page
            for address in ("/static/vendor/htmx@2.0.11/htmx.min.js", "/theme/demo/tokens.css"):
                assert wait_for(port, address)
        finally:
            process.terminate()
            process.communicate(timeout=HANGS)
    assert (tmp_path / "shared" / "bordereau" / "inbox").is_dir()


def wait_for(port, path):
    """The text at an address, as soon as it is there."""
    deadline = time.monotonic() + HANGS
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path, headers={"Host": "horizon.example"})
            answer = connection.getresponse()
            if answer.status == 200:
                return answer.read().decode()
        except OSError:
            pass
        finally:
            connection.close()
        assert time.monotonic() < deadline, f"{path} is not there"
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_DATA_HOME": "/srv/data"}, Path("/srv/data/bordereau")),
        ({"XDG_DATA_HOME": "not/absolute"}, Path.home() / ".local/share/bordereau"),
        ({}, Path.home() / ".local/share/bordereau"),
    ],
)
def test_the_default_folder_is_var_in_a_checkout_and_the_users_elsewhere(tmp_path, environ, folder):
    assert default_data_folder(environ, tmp_path) == folder
    assert default_data_folder(environ, ROOT) == ROOT / "var"

"""The browser of the tests: what the machine has, or what its Debian has a package of."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.config import ROOT

SHELL, WHOLE = "chromium-headless-shell", "chromium"


@pytest.fixture
def machine(tmp_path):
    """A machine with nothing but these programs, whose Debian has packages of the same names as ``packages``.

    Returns what it takes for the browser, and the packages that it installed.
    """

    def machine(*programs, packages=(), user=0, is_bare=False):
        folder, lists = tmp_path / "bin", tmp_path / "lists"
        folder.mkdir()
        lists.write_text("" if is_bare else " ".join(packages))

        def program(name, does):
            (folder / name).write_text(f"#!/bin/sh\n{does}\n")
            (folder / name).chmod(0o755)

        for name in programs:
            program(name, "")
        program("id", f"echo {user}")
        if packages:
            known = f'read -r known < {lists}; case " $known " in *" $2 "*) ;; *) exit 1;; esac'
            program("apt-cache", known)
            program(
                "apt-get",
                f'[ "$1" = update ] && echo {" ".join(packages)} > {lists} && exit\n'
                f'for one; do case $one in chromium*) echo "$one" >> {tmp_path}/installed\n'
                f"printf '#!/bin/sh\\n' > {folder}/$one; {sys.executable} -c '"
                f'import os, sys; os.chmod(sys.argv[1], 0o755)\' "{folder}/$one";; esac; done',
            )
        done = subprocess.run(
            [ROOT / ".ci" / "machine", "browser"],
            env={"PATH": str(folder)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        installed = tmp_path / "installed"
        return (
            done.stdout.strip().removeprefix(f"{folder}/"),
            installed.read_text().split() if installed.exists() else [],
            done.stderr,
        )

    return machine


@pytest.mark.parametrize(
    ("there", "taken"),
    [([SHELL, WHOLE], SHELL), ([WHOLE], WHOLE), (["google-chrome"], "google-chrome"), ([SHELL], SHELL)],
)
def test_what_is_there_is_taken_and_nothing_is_installed(machine, there, taken):
    assert machine(*there, packages=[SHELL, WHOLE])[:2] == (taken, [])


bare_machines = pytest.mark.skipif(sys.platform == "darwin", reason="a Mac has a browser of its own")


@bare_machines
@pytest.mark.parametrize("is_bare", [False, True])
@pytest.mark.parametrize(("packages", "taken"), [([SHELL, WHOLE], SHELL), ([WHOLE], WHOLE)])
def test_the_quickest_that_debian_has_is_installed_where_there_is_none(machine, packages, taken, is_bare):
    assert machine(packages=packages, is_bare=is_bare)[:2] == (taken, [taken])


@bare_machines
def test_who_may_not_install_is_told_what_to(machine):
    found, installed, said = machine(packages=[SHELL, WHOLE], user=1000)
    assert (found, installed) == ("", [])
    assert f"apt-get install {SHELL} " in said


@bare_machines
def test_where_there_are_no_packages_one_is_told_so(machine):
    found, _, said = machine()
    assert found == ""
    assert "Chromium or Google Chrome" in said

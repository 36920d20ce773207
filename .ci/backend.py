"""The build: setuptools, after the catalogues of messages have been compiled into the tree.

A wheel and an editable installation alike then hold what the portal says, without a step of their own.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from setuptools import build_meta
from setuptools.build_meta import (
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """PEP 517: the wheel, compiled catalogues included, and nothing that an earlier build has left."""
    shutil.rmtree("build", ignore_errors=True)
    compile_catalogues()
    return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """PEP 660: the same for an installation that reads this very tree."""
    compile_catalogues()
    return build_meta.build_editable(wheel_directory, config_settings, metadata_directory)


def compile_catalogues() -> None:
    """Compile each ``messages.po`` into the ``messages.mo`` beside it."""
    for source in Path("app/translations").glob("*/LC_MESSAGES/*.po"):
        with source.open("rb") as words:
            catalogue = read_po(words, locale=source.parts[-3])
        with source.with_suffix(".mo").open("wb") as compiled:
            write_mo(compiled, catalogue)

"""Packed files: the one inside is loaded as if it had come by itself, and no bomb goes off."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from importers.files.unpacking import unpacked
from importers.load import Status
from importers.refusals import FileRefusedError
from tests.importers.files import File
from tests.importers.mutations import mutated

MOST = 1 << 20


def zipped(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "inside"),
    [
        (b"01 a statement", "releve.txt", "releve.txt"),
        (gzip.compress(b"01 a statement"), "releve.txt.gz", "releve.txt"),
        (zipped(("bank/releve.txt", b"01 a statement")), "march.zip", "releve.txt"),
        (
            zipped(("bank/", b""), ("releve.txt", b"01 a statement"), ("__MACOSX/x", b"y")),
            "m.zip",
            "releve.txt",
        ),
    ],
    ids=["as it is", "gzip", "zip", "zip of a folder"],
)
def test_the_file_inside_is_read_under_its_own_name(data, name, inside):
    assert unpacked(data, name, MOST) == (b"01 a statement", inside)


@pytest.mark.parametrize(
    "data",
    [
        zipped(("a", b"1"), ("b", b"2")),
        zipped(),
        zipped(("a.zip", zipped(("b", b"1")))),
        gzip.compress(gzip.compress(b"1")),
        gzip.compress(bytes(MOST + 1)),
        zipped(("bomb", bytes(MOST))),
        gzip.compress(b"12345")[:-4],
        b"PK\x03\x04 no zip",
        b"\x1f\x8b no gzip",
    ],
    ids=[
        "two files",
        "no file",
        "a zip in a zip",
        "a gzip in a gzip",
        "too large as gzip",
        "too large as zip",
        "cut short",
        "no zip",
        "no gzip",
    ],
)
def test_whatever_else_is_packed_is_refused(data):
    with pytest.raises(FileRefusedError):
        unpacked(data, "x", MOST)


@pytest.mark.parametrize("method", [9, 12, 14, 93, 99])
def test_a_zip_packed_as_nobody_here_unpacks_is_refused(method):
    data = bytearray(zipped(("a", b"01 a statement")))
    data[8] = data[data.find(b"PK\x01\x02") + 10] = method
    with pytest.raises(FileRefusedError):
        unpacked(bytes(data), "x", MOST)


@pytest.mark.parametrize("pack", [gzip.compress, lambda text: zipped(("a", text))], ids=["gzip", "zip"])
@pytest.mark.probes("files in")
def test_a_changed_packed_file_is_refused_or_gives_what_was_packed(pack):
    text = b"01 a statement\n" * 50
    honest = pack(text)
    for data in mutated(honest, 500, seed=5):
        try:
            inside, _ = unpacked(data, "x", MOST)
        except FileRefusedError:
            continue
        assert inside in (text, data)  # data: it does not begin as a packed file any more


def test_a_packed_file_is_loaded_and_known_again_as_it_is(operator):
    data = File().data()
    assert operator.deliver(gzip.compress(data), name="night.txt.gz").status is Status.LOADED
    assert operator.deliver(zipped(("night.txt", data)), name="night.zip").status is Status.KNOWN
    assert operator.deliver(data, name="night.txt").status is Status.KNOWN
    assert operator.value("SELECT name FROM import_file WHERE name LIKE 'night%'") == "night.txt"

"""The file inside a zip or gzip file: one alone, read piece by piece, within limits that no bomb passes."""

from __future__ import annotations

import gzip
import lzma
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import PurePosixPath
from typing import IO, Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from app.wording.i18n import N_
from importers.refusals import FileRefusedError, refuse

_ZIP, _EMPTY_ZIP, _GZIP = b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b"
_PACKED: Final = (_ZIP, _EMPTY_ZIP, _GZIP)
#: Text of banks packs to a twentieth; what packs to less than this was made to.
_MOST_RATIO: Final = 200
_PIECE: Final = 1 << 20
_IN_FOLDER_OF_THE_SYSTEM: Final = "__MACOSX/"
#: What the libraries raise for files that are cut, changed or made to harm: besides their own errors, zipfile
#: raises NotImplementedError for a method of packing that it does not know, RuntimeError for one that is not
#: installed, and ValueError for a directory that leads outside of the file.
_BROKEN_OFF: Final = (
    *(BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, EOFError, NotImplementedError, RuntimeError, ValueError),
)
_BROKEN = N_("a packed file that cannot be unpacked")


def unpacked(data: bytes, name: str, most: int) -> tuple[bytes, str]:
    """The bytes and the name of the file inside ``data``, or these themselves when it is no packed file.

    Raises FileRefusedError for several files, a packed one inside, more than ``most`` bytes, or what is
    packed to less than a two hundredth.
    """
    if not data.startswith(_PACKED):
        return data, name
    try:
        inner, said = _of_gzip(data, name, most) if data.startswith(_GZIP) else _of_zip(data, most)
    except _BROKEN_OFF:
        raise refuse(_BROKEN) from None
    if inner.startswith(_PACKED):
        raise refuse(N_("a packed file inside a packed file"))
    return inner, said


def _of_zip(data: bytes, most: int) -> tuple[bytes, str]:
    with ZipFile(BytesIO(data)) as archive:
        members = [one for one in archive.infolist() if _is_file(one)]
        if len(members) != 1:
            raise refuse(
                N_("expected one file in the zip, found %(count)s: deliver each by itself"),
                count=len(members),
            )
        member = members[0]
        if member.flag_bits & 1:
            raise refuse(N_("a zip with a password"))
        return _read(lambda: archive.open(member), len(data), most), PurePosixPath(member.filename).name


def _is_file(member: ZipInfo) -> bool:
    return not member.is_dir() and not member.filename.startswith(_IN_FOLDER_OF_THE_SYSTEM)


def _of_gzip(data: bytes, name: str, most: int) -> tuple[bytes, str]:
    inner = _read(lambda: gzip.GzipFile(fileobj=BytesIO(data)), len(data), most)
    return inner, name[:-3] if name.lower().endswith(".gz") else name


def _read(opened: Callable[[], IO[bytes] | gzip.GzipFile], packed: int, most: int) -> bytes:
    """All of it, as long as it is no larger than it may be."""
    limit = min(most, packed * _MOST_RATIO)
    pieces, length = [], 0
    with opened() as stream:
        while piece := stream.read(_PIECE):
            length += len(piece)
            if length > limit:
                raise _too_large(most)
            pieces.append(piece)
    return b"".join(pieces)


def _too_large(most: int) -> FileRefusedError:
    return refuse(N_("unpacked, larger than %(most)s MB or than 200 times its size"), most=most >> 20)

"""XML by its elements' local names, whatever the namespace, without ever holding a whole document.

A document type declaration is refused before anything else is read, so no entity can ever be declared;
depth and length of text are bounded.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Iterator
from xml.etree.ElementTree import Element, ParseError, iterparse
from xml.parsers import expat

from app.wording.i18n import N_
from importers.refusals import refuse

_DEEPEST = 60
_LONGEST_TEXT = 1 << 16
_ENCODINGS = frozenset(
    {"utf-8", "utf8", "utf-16", "us-ascii", "iso-8859-1", "latin-1", "windows-1252", "cp1252"}
)
_PIECE = 1 << 14


class XmlBeginning:
    """The beginning of XML that matches ``pattern``, in UTF-16 as well as in letters of one byte."""

    def __init__(self, pattern: bytes) -> None:
        self._pattern = re.compile(pattern)

    def match(self, data: bytes, /) -> object:
        """Whether ``data`` begins so."""
        if not data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            return self._pattern.match(data)
        head = data[: 2 * _PIECE].removeprefix(BOM_UTF16_LE).removeprefix(BOM_UTF16_BE)
        return self._pattern.match(head.replace(b"\0", b""))


def ended(data: bytes, names: Collection[str]) -> Iterator[Element]:
    """Each element whose local name is in ``names``, as it ends; it is let go of afterwards.

    Tags of the element and of all inside it are local names; what ``names`` has of it inside was yielded
    before and is gone. Raises FileRefusedError.
    """
    _check_prologue(data)
    pieces = _Pieces(data)
    open_elements: list[Element] = []
    local_names: dict[str, str] = {}
    try:
        for event, element in iterparse(pieces, events=("start", "end")):  # noqa: S314 - no entities
            pieces.size = _PIECE
            if event == "start":
                open_elements.append(element)
                if len(open_elements) > _DEEPEST:
                    raise refuse(N_("elements stand in each other more than %(most)s deep"), most=_DEEPEST)
                continue
            open_elements.pop()
            name = local_names.setdefault(element.tag, element.tag.rpartition("}")[2])
            element.tag = name
            if element.text and len(element.text) > _LONGEST_TEXT:
                raise refuse(N_("a text of more than %(most)s characters"), column=name, most=_LONGEST_TEXT)
            if name in names:
                yield element
                if open_elements:
                    open_elements[-1].remove(element)
    except ParseError as error:
        raise refuse(N_("not well-formed XML"), line=error.position[0]) from None


class _Pieces:
    """``data`` in pieces that grow as long as nothing ends in them.

    Expat before 2.6 looks at an unfinished tag or comment from its beginning with each piece: one of many
    megabytes would take the square of its length.
    """

    def __init__(self, data: bytes) -> None:
        self.size = _PIECE
        self._data = memoryview(data)
        self._place = 0

    def read(self, _most: int = 0) -> bytes:
        """The next piece, empty at the end."""
        piece = bytes(self._data[self._place : self._place + self.size])
        self._place += len(piece)
        self.size *= 2
        return piece


def root(data: bytes) -> tuple[str, str]:
    """Namespace and local name of the first element, both empty where there is none.

    Raises FileRefusedError.
    """
    return _check_prologue(data)


class _RootReached(Exception):  # noqa: N818 - where the prologue ends, no error
    """Carries the name of the first element."""


def _check_prologue(data: bytes) -> tuple[str, str]:
    """Namespace and local name of the root, once nothing in front of it is refused."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.XmlDeclHandler = _check_encoding
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = _reach_root
    try:
        pieces = _Pieces(data)
        while piece := pieces.read():
            parser.Parse(piece)
        parser.Parse(b"", True)  # noqa: FBT003 - expat's own word for the end
    except _RootReached as reached:
        namespace, _, name = reached.args[0].rpartition("}")
        return namespace, name
    except expat.ExpatError as error:
        raise refuse(N_("not well-formed XML"), line=error.lineno) from None
    return "", ""


def _check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in _ENCODINGS:
        raise refuse(N_("expected XML in UTF-8, UTF-16, ISO-8859-1 or Windows-1252"), line=1)


def _refuse_doctype(*_declaration: object) -> None:
    raise refuse(N_("a document type declaration"))


def _reach_root(name: str, _attributes: object) -> None:
    raise _RootReached(name)


def text(element: Element, path: str) -> str:
    """The text at ``path``, stripped; empty where there is none."""
    return (element.findtext(path) or "").strip()


def first_text(element: Element, *paths: str) -> str:
    """The first text that one of ``paths`` has; empty where none has."""
    return next((found for path in paths if (found := text(element, path))), "")

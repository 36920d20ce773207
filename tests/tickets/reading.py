"""What a reader of a PDF gets out of it: the pages' sizes, and the text of each line where it stands.

Reads the document as it is delivered: objects, streams, and the character maps of the embedded fonts.
"""

from __future__ import annotations

import re
import zlib
from base64 import a85decode
from dataclasses import dataclass, replace

_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass(frozen=True)
class PrintedText:
    """A line of text on the page: its left end, its baseline, the size of its letters (points)."""

    left: float
    baseline: float
    size: float
    words: str


@dataclass(frozen=True)
class Document:
    pages: tuple[tuple[float, float], ...]
    texts: tuple[PrintedText, ...]
    fonts: tuple[bytes, ...]


def read(pdf: bytes) -> Document:
    objects = {int(number): body for number, body in re.findall(rb"(\d+) 0 obj\n(.*?)endobj", pdf, re.DOTALL)}
    fonts = {
        found[1]: _characters(_stream(objects[int(found[2])]))
        for body in objects.values()
        if (found := re.search(rb"/Name /(\S+).*?/ToUnicode (\d+) 0 R", body, re.DOTALL))
    }
    pages = [body for body in objects.values() if re.search(rb"/Type /Page\b", body)]
    contents = [_stream(objects[int(re.search(rb"/Contents (\d+) 0 R", page)[1])]) for page in pages]
    return Document(
        pages=tuple(_size(page) for page in pages),
        texts=tuple(text for content in contents for text in _texts(content, fonts)),
        fonts=tuple(body for body in objects.values() if b"/Type /FontDescriptor" in body),
    )


def _size(page: bytes) -> tuple[float, float]:
    left, bottom, right, top = map(float, re.search(rb"/MediaBox \[ (.*?) \]", page)[1].split())
    assert (left, bottom) == (0, 0)
    return right, top


def _stream(body: bytes) -> bytes:
    head, _, rest = body.partition(b"stream\n")
    data = rest.rpartition(b"endstream")[0]
    if b"ASCII85Decode" in head:
        data = a85decode(data.strip().removesuffix(b"~>"))
    return zlib.decompress(data)


def _characters(cmap: bytes) -> dict[int, str]:
    pairs = re.findall(rb"^<(..)> <(....)>$", cmap, re.MULTILINE)
    assert len(pairs) == int(re.search(rb"(\d+) beginbfchar", cmap)[1])
    return {int(code, 16): chr(int(letter, 16)) for code, letter in pairs}


def _texts(content: bytes, fonts: dict[bytes, dict[int, str]]) -> list[PrintedText]:
    blocks = re.findall(rb"^BT (.*?) ET$", content, re.MULTILINE | re.DOTALL)
    return [text for block in blocks for text in _of_block(block, fonts)]


def _of_block(block: bytes, fonts: dict[bytes, dict[int, str]]) -> list[PrintedText]:
    """The texts of a block: each is what stands from one place on, in whatever typefaces."""
    found: list[PrintedText] = []
    size, font = 0.0, dict[int, str]()
    parts = re.finditer(
        rb"1 0 0 1 (\S+) (\S+) Tm|/(\S+) ([\d.]+) Tf|\(((?:[^()\\]|\\.)*)\) Tj", block, re.DOTALL
    )
    for part in parts:
        if part[1]:
            found.append(PrintedText(float(part[1]), float(part[2]), size, ""))
        elif part[3]:
            font, size = fonts[part[3]], float(part[4])
        else:
            letters = "".join(font[code] for code in _unescaped(part[5]))
            found[-1] = replace(found[-1], words=found[-1].words + letters, size=size)
    return [text for text in found if text.words]


def _unescaped(text: bytes) -> bytes:
    def plain(found: re.Match[bytes]) -> bytes:
        return bytes([int(found[1], 8)]) if found[1] else _ESCAPES.get(found[2], found[2])

    return re.sub(rb"\\(?:([0-7]{1,3})|(.))", plain, text, flags=re.DOTALL)

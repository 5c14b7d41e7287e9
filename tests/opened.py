"""Finished files opened as far as anybody could open them, to look for what must not be in them."""

import base64
import binascii
import gzip
import html
import io
import json
import re
import struct
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterable, Iterator

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{40,}={0,2}")
_PNG = b"\x89PNG\r\n\x1a\n"


def layers(data: bytes, depth: int = 5) -> Iterator[bytes]:
    """Give the bytes themselves and whatever is packed, compressed or written as base64 inside them."""
    yield data
    if not depth:
        return
    for inside in _inside(data):
        yield from layers(inside, depth - 1)


def _inside(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    elif data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive.comment
            for member in archive.infolist():
                yield member.filename.encode() + b"\n" + member.extra + member.comment
                yield archive.read(member)
    elif data.startswith(_PNG):
        yield from _png_texts(data)
    else:
        # in a notebook the lines of base64 end in an escaped \n
        runs = {*_BASE64.findall(data), *_BASE64.findall(data.replace(b"\\n", b""))}
        for run in runs:
            plain = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
            try:
                yield base64.b64decode(plain[: len(plain) - (len(plain) % 4 == 1)] + b"==")
            except binascii.Error:
                continue


def _png_texts(data: bytes) -> Iterator[bytes]:
    at = len(_PNG)
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        content = data[at + 8 : at + 8 + length]
        at += 12 + length
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf"):
            yield content
            # the keyword, then flags, then a compressed text
            for start in (m.start() for m in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", content)):
                try:
                    yield zlib.decompressobj().decompress(content[start:])
                except zlib.error:
                    continue


def readings(data: bytes) -> set[str]:
    """Read bytes as text in the ways in which a program would: as it is, as HTML, as JSON, as an address."""
    text = data.decode("utf-8", "replace")
    as_json = _unescaped(text)
    # an address inside HTML inside JSON inside JSON, as a notebook holds what a page was given
    inner = _unescaped(as_json)
    as_html = html.unescape(inner)
    each = {text, html.unescape(text), as_json, inner, as_html, urllib.parse.unquote(as_html)}
    return {reading.casefold() for reading in each}


def _unescaped(text: str) -> str:
    return re.sub(r"\\(u[0-9a-fA-F]{4}|[\"\\/])", lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "u" else m[1], text)


def _written(word: str) -> Iterator[bytes]:
    for text in {word, word.lower(), word.upper()}:
        plain = text.encode()
        yield from (text.encode("utf-16-le"), text.encode("utf-16-be"), plain.hex().encode())
        yield json.dumps(text)[1:-1].encode()
        yield urllib.parse.quote(text, safe="").encode()
        for before in range(3):
            # whatever stands around it, these letters of its base64 stay
            coded = base64.b64encode(b"\0" * before + plain)
            whole = coded[4 * (before > 0) : len(coded) // 4 * 4 - 4 * ((before + len(plain)) % 3 > 0)]
            if len(whole) >= 8:
                yield whole


def found_in(data: bytes, words: Iterable[str]) -> set[str]:
    """Say which of these words stand in the bytes, however packed and however written."""
    words = set(words)
    forms = {word: set(_written(word)) for word in words}
    found: set[str] = set()
    for layer in layers(data):
        texts = readings(layer)
        for word in words - found:
            if any(word.casefold() in text for text in texts) or any(form in layer for form in forms[word]):
                found.add(word)
    return found

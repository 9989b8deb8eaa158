"""
A list in a file that hangs on a mail → its rows.

Comes in: the bytes of a CSV file, or of a ZIP with CSV files in it. Goes out: rows by their header, text as printed. What is
larger than a list of a day's payments is refused before it is unpacked: a ZIP says how large it claims to be, and is not believed.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator

from reconciler.errors import Unreadable

MOST_BYTES = 5_000_000  # of all files together, unpacked
MOST_FILES = 20
MOST_ROWS = 50_000
_CHUNK = 64 * 1024
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others ask for as much memory as they like
_ENCODINGS = ("utf-8-sig", "windows-1251")


def read_rows(payload: bytes, *, delimiter: str = ";") -> list[dict[str, str]]:
    """
    Every row under the header of its file.

    Raises: Unreadable: no list, damaged, encrypted, or more than a list is.
    """
    files = list(_unpacked(payload)) if payload.startswith(b"PK") else [payload]
    rows = [row for content in files for row in _rows(_text(content), delimiter)]
    if len(rows) > MOST_ROWS:
        raise Unreadable("more rows than a list of payments has", rows=len(rows))
    return rows


def _unpacked(payload: bytes) -> Iterator[bytes]:
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            names = [info for info in archive.infolist() if info.filename.lower().endswith(".csv")]
            if not names or len(archive.infolist()) > MOST_FILES:
                raise Unreadable("not a list of payments", files=len(archive.infolist()))
            for info in names:
                content = _bounded(archive, info, left)
                left -= len(content)
                yield content
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as exc:
        raise Unreadable("a damaged or locked archive", error=type(exc).__name__) from exc


def _bounded(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> bytes:
    """A file's bytes, unpacked no further than is allowed."""
    if info.compress_type not in _PACKED:
        raise Unreadable("an archive packed in a way that no list is", way=info.compress_type)
    found = bytearray()
    with archive.open(info) as packed:
        while chunk := packed.read(_CHUNK):
            found += chunk
            if len(found) > left:
                raise Unreadable("an archive larger than a list of payments is", bytes=len(found))
    return bytes(found)


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise Unreadable("a file larger than a list of payments is", bytes=len(content))
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("a list in no encoding that we know")


def _rows(text: str, delimiter: str) -> Iterator[dict[str, str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar='"', strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if len(header) < 2 or len(set(header)) != len(header):
            raise Unreadable("a list without a header", columns=len(header))
        for number, cells in enumerate(reader, 2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise Unreadable("a row with more or fewer cells than the header", row=number)
            if number > MOST_ROWS + 2:
                raise Unreadable("more rows than a list of payments has", rows=number)
            yield dict(zip(header, (cell.strip() for cell in cells), strict=True))
    except csv.Error as exc:
        raise Unreadable("a damaged list", error=str(exc)) from exc

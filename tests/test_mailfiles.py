"""Saved mails: every mail in a file comes out whole, and nothing is passed over without a word."""

from __future__ import annotations

import io
import mailbox
import os
import sys
from pathlib import Path

import pytest

from reconciler.mailfiles import found_files, mails, read_file, shown
from reconciler.sandbox import letters

FIRST = b"From: a@example.org\nSubject: one\n\nFrom here on it is text.\n\nFrom nobody, with love\n"
SECOND = b"From: b@example.org\nSubject: two\n\n>From a quotation\n>>From deeper\n\nend\n"


def archive(folder: Path, *raws: bytes) -> Path:
    """As Python's own library writes it, with "From " quoted in the bodies."""
    path = folder / "archive.mbox"
    box = mailbox.mbox(path)
    for raw in raws:
        box.add(raw)
    box.close()
    return path


def test_one_mail_is_its_bytes(tmp_path: Path) -> None:
    """A single mail comes out byte for byte, whatever its line ends: signatures are over bytes."""
    path = tmp_path / "x.eml"
    for raw in (letters.sign(letters.notice()), b"", b"no header at all", b"From: x\r\n\r\nFrom here\r\n"):
        path.write_bytes(raw)
        assert list(mails(str(path))) == [(str(path), raw)]


def test_an_archive_is_split(tmp_path: Path) -> None:
    """Each mail of an mbox comes out numbered; a body's own "From" lines split nothing."""
    path = archive(tmp_path, FIRST, SECOND, FIRST)
    found = list(mails(str(path)))
    assert [name for name, _ in found] == [f"{path}#1", f"{path}#2", f"{path}#3"]
    assert found[0][1] == found[2][1] == FIRST
    assert b"Subject: two" in found[1][1]


def test_quoted_lines_are_as_they_were(tmp_path: Path) -> None:
    """One ">" that the archive put before "From " is taken away again, also from quoted ones."""
    path = tmp_path / "rd.mbox"
    path.write_bytes(b"From a@x Thu Nov 20 12:00:00 2026\nSubject: x\n\n>From here\n>>From there\n> From mine\n\n")
    ((_, raw),) = mails(str(path))
    assert raw == b"Subject: x\n\nFrom here\n>From there\n> From mine\n"


def test_a_sentence_that_begins_with_from_is_no_separator(tmp_path: Path) -> None:
    """An archive whose bodies were not quoted: only a line with a sender and a time begins a mail."""
    path = tmp_path / "plain.mbox"
    path.write_bytes(b"From - Thu Nov 20 12:00:00 2026\nSubject: x\n\nhello\n\nFrom now on we ship on time.\n")
    assert len(list(mails(str(path)))) == 1


def test_a_folder_stands_for_its_mails(tmp_path: Path) -> None:
    """*.eml in any case, at any depth, in the order of their names; an empty folder is told."""
    names = ["b.eml", "a/c.EML", "a/[d].eml", "notes.txt"]
    for name in names:
        (tmp_path / "saved" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "saved" / name).write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    said: list[str] = []
    found = found_files([str(tmp_path / "saved"), str(tmp_path / "empty"), "gone.eml", "-"], said.append)
    inside = [os.path.join(tmp_path, "saved", name) for name in ("a/[d].eml", "a/c.EML", "b.eml")]
    assert found == [*inside, "gone.eml", "-"]
    assert said == [f"{tmp_path / 'empty'}: no *.eml in this folder"]


def test_what_is_gone_raises(tmp_path: Path) -> None:
    """A missing file is an OSError for whoever names it, in both ways of reading."""
    with pytest.raises(FileNotFoundError):
        list(mails(str(tmp_path / "gone")))
    with pytest.raises(FileNotFoundError):
        read_file(str(tmp_path / "gone"))


def test_stdin_may_be_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is read as a file would be."""
    content = archive(tmp_path, FIRST, SECOND).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert [name for name, _ in mails("-")] == ["-#1", "-#2"]


def test_a_name_that_is_no_utf8_is_shown() -> None:
    """A name in a dead charset prints with marks instead of breaking the output."""
    assert shown(os.fsdecode(b"\xef\xee.eml")) == "��.eml"

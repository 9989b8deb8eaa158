"""
The harness for packages of parsers, as a plugin of pytest: `-p reconciler.testing --reconciler-fixtures fixtures`.

Comes in: a folder of cases <sender>/<case>/{notice.eml, expected.json}. Goes out: tests. Each case is read as expected, is read
alike or held when it is cut short, and is left alone by every installed parser but its sender's; and every parser of the
package's own is shown other gateways' letters and junk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.casebook import EXPECTED, MAIL, NOBODY, check_case, misread_when_cut, trespass
from reconciler.discovery import find_parsers
from reconciler.errors import ReconcilerError
from reconciler.sandbox import letters

OPTION = "--reconciler-fixtures"


def others() -> dict[str, tuple[str, bytes]]:
    """Mail that comes to a mailbox beside a sender's own: name → whose it is, and the mail."""
    return {
        "a payment": ("wayforpay", letters.notice()),
        "a payment in English": ("wayforpay", letters.notice(language="en", html=False, text=True)),
        "a declined payment": ("wayforpay", letters.notice(language="ru", status="declined")),
        "a refund": ("wayforpay", letters.notice(status="refund")),
        "a stranger's payment": ("", letters.notice(sender="pay@stranger.example")),
        "an empty mail": ("", b""),
        "headers alone": ("", b"From: x@stranger.example\r\nSubject: payment\r\n\r\n"),
        "bytes": ("", bytes(range(256)) * 8),
    }


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("reconciler")
    group.addoption(OPTION, metavar="DIR", help="test the installed parsers with the cases below DIR")


def pytest_configure(config: pytest.Config) -> None:
    root = _root(config)
    if root is None:
        return
    if not root.is_dir():
        raise pytest.UsageError(f"{OPTION}: there is no folder {root}")
    if str(root) not in config.args:
        config.args.append(str(root))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    root = _root(parent.config)
    if root is None or root not in file_path.parents:
        return None
    alone = file_path.name == EXPECTED and not file_path.with_name(MAIL).exists()
    if file_path.name == MAIL or alone:
        case: pytest.Collector = Case.from_parent(parent, path=file_path)
        return case
    return None


@pytest.hookimpl(tryfirst=True)  # before what -k leaves out is left out
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """The parsers whose cases lie in the folder are shown what is none of theirs."""
    root = _root(config)
    if root is None:
        return
    own = [parser for parser in find_parsers() if (root / parser.NAME).is_dir()]
    for parser in own:
        for name, (sender, raw) in others().items():
            if sender != parser.NAME:
                check = Check.from_parent(
                    session,
                    name=f"{parser.NAME} is shown {name}",
                    told=lambda parser=parser, raw=raw: trespass(parser, raw),
                )
                items.append(check)


def _root(config: pytest.Config) -> Path | None:
    """As typed, or as the project's settings mean it."""
    told = config.getoption(OPTION)
    if not told:
        return None
    typed = config.invocation_params.dir / str(told)
    return (typed if typed.is_dir() else config.rootpath / str(told)).resolve()


def _is_of_several(sender: str) -> bool:
    """A folder that is no one sender's, and not nobody's either: letters in somebody's name."""
    return sender.startswith("_") and sender != NOBODY


class Case(pytest.File):
    """One folder: a test that it reads as expected, one that it is not misread when cut, and one for each other parser."""

    def collect(self) -> Iterator[pytest.Item]:
        folder, parsers = self.path.parent, find_parsers()
        yield Check.from_parent(self, name="reads as expected", told=lambda: check_case(folder, parsers).diff or None)
        if self.path.name != MAIL:
            return
        raw = self.path.read_bytes()
        yield Check.from_parent(self, name="cut short", told=lambda: misread_when_cut(raw, parsers))
        for parser in parsers:
            if folder.parent.name != parser.NAME and not _is_of_several(folder.parent.name):
                yield Check.from_parent(
                    self,
                    name=f"left alone by {parser.NAME}",
                    told=lambda parser=parser: trespass(parser, raw),
                )


class Wrong(Exception):
    """What a check found."""


class Check(pytest.Item):
    """A test that fails with what `told` says, unless that is None."""

    def __init__(self, *, told: Callable[[], str | None], **about: object) -> None:
        super().__init__(**about)  # type: ignore[arg-type]
        self.told = told

    def runtest(self) -> None:
        if wrong := self.told():
            raise Wrong(wrong)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        if isinstance(excinfo.value, Wrong | ReconcilerError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"{self.path.parent.parent.name}/{self.path.parent.name}: {self.name}"

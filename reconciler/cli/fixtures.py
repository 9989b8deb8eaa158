"""
`fixture add` and `fixture check`: cases for whoever writes a parser.
"""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.errors import LOOK, USAGE, say
from reconciler.cli.files import Files
from reconciler.cli.frame import Front, with_front
from reconciler.model import worst_exit

ROOT = "fixtures"


@click.group()
def fixture() -> None:
    """Make and check test cases out of mails.

    \b
    Example:
      reconciler fixture add notice.eml
      reconciler fixture check
    """


@fixture.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--name", metavar="CASE", help="What is odd about the mail; one FILE only. Default: the file's name.")
@click.option("--into", metavar="DIR", default=ROOT, show_default=True, help="The folder of the cases.")
@with_front
def add(front: Front, files: tuple[str, ...], name: str | None, into: str) -> int:
    """Make a case from a mail, redacted like for like.

    Names, addresses, phones, cards and references are replaced by others of the same shape, in the mail and in what is
    expected. Read the case by eye before it is shared: redaction knows what people usually write, not everything.

    \b
    Example:
      reconciler fixture add --name "paid html uk" notice.eml
    """
    from reconciler.casebook import add_case
    from reconciler.errors import ReconcilerError

    if name is not None and len(files) != 1:
        raise click.UsageError("--name names one case, so it goes with one FILE")
    parsers = front.parsers()
    mails = Files(files)
    codes = [0]
    with front.printer("file", "case") as printer:
        for file, raw in mails:
            try:
                folder = add_case(raw, name or Path(file).stem, Path(into), parsers)
            except ReconcilerError as exc:
                say(f"{file}: {exc}")
                codes.append(USAGE)
            else:
                printer.row({"file": file, "case": str(folder)})
    return worst_exit([*codes, USAGE] if mails.unread else codes)


@fixture.command()
@click.argument("folder", metavar="[DIR]", default=ROOT)
@with_front
def check(front: Front, folder: str) -> int:
    """Read every case below DIR (default: fixtures) and compare with what its expected.json says.

    Exit code 0: all as expected; 1: some differ, and the difference is printed; 2: no case there.

    \b
    Example:
      reconciler fixture check fixtures/wayforpay
    """
    from reconciler import casebook

    codes = [0]
    with front.printer("case", "ok", "diff") as printer:
        for result in casebook.check(Path(folder), front.parsers()):
            printer.row({"case": result.case, "ok": result.ok, "diff": result.diff or None})
            codes.append(0 if result.ok else LOOK)
    return worst_exit(codes)

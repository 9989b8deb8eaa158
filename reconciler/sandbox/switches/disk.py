"""What can happen to the disk under the ledger. Full and read-only need a daemon that was started as `stage.HOST`."""

from __future__ import annotations

from pathlib import Path

from reconciler.sandbox.host import Disk
from reconciler.sandbox.lit import Lit
from reconciler.sandbox.stage import Stage
from reconciler.sandbox.switches.registry import since, switch

PAGE = 4096
BESIDE = ("", "-journal", "-wal", "-shm")
"""What SQLite calls the files of one ledger."""


def _answers(stage: Stage, disk: Disk) -> Lit:
    stage.machine.set_disk(disk)

    def off() -> None:
        stage.machine.change_disk(Disk.OK)

    return Lit(off, since(lambda: _complaints(stage)))


def _complaints(stage: Stage) -> int:
    """Warnings and errors of the daemon that runs now."""
    return sum(1 for event in stage.daemon.events() if event.get("level") in ("warning", "error", "critical"))


@switch("disk.full")
def full(stage: Stage) -> Lit:
    """No space is left: the ledger cannot be written."""
    return _answers(stage, Disk.FULL)


@switch("disk.read_only")
def read_only(stage: Stage) -> Lit:
    """The disk has become read-only."""
    return _answers(stage, Disk.READ_ONLY)


@switch("disk.corrupt")
def corrupt(stage: Stage) -> Lit:
    """The ledger's file is damaged; switched off, it is as it was before, and the daemon has to be started again."""
    daemon = stage.daemon if stage.daemon.code is None else None
    if daemon is not None:
        daemon.suspend()  # so that file and journal are of one moment
    stage.close_ledger()
    ledger = stage.folder / "reconciler.db"
    files = [ledger.with_name(ledger.name + ending) for ending in BESIDE]
    kept = {path: path.read_bytes() for path in files if path.exists()}
    _damage(ledger)
    if daemon is not None:
        daemon.resume()

    def off() -> None:
        stage.end_daemon()
        stage.close_ledger()
        for path in files:
            path.unlink(missing_ok=True)
        for path, content in kept.items():
            path.write_bytes(content)

    return Lit(off, lambda: 1)


def _damage(file: Path) -> None:
    """Every page but the first is overwritten: the file still opens, and nothing in it can be read."""
    size = file.stat().st_size
    with file.open("r+b") as out:
        out.seek(PAGE)
        out.write(b"\xa5" * max(size - PAGE, 0))

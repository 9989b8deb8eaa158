"""
The machine under the daemon: its clock and its disk, which outlive each process.

In: how far ahead the clock is, what the disk answers. Out: the same for the daemon that runs and for each that is started later.
Only a daemon that listens (`stage.HOST`) has a clock and a disk of its own; for any other they are this machine's.
"""

from __future__ import annotations

from datetime import timedelta

from reconciler.sandbox.daemon import Daemon
from reconciler.sandbox.host import Death, Disk, HostControl, HostFailed


class NotSwitchable(Exception):
    """This daemon does not listen."""


class Machine:
    def __init__(self) -> None:
        self._ahead = timedelta()
        self._disk = Disk.OK
        self._daemon: Daemon | None = None
        self._control: HostControl | None = None

    def boot(self, daemon: Daemon) -> None:
        """A daemon was started on it; one that ends at once, as on a full disk it may, need not hear of it."""
        self._daemon = daemon
        self._control = HostControl(daemon) if daemon.process.stdin is not None else None
        if self._ahead or self._disk is not Disk.OK:
            try:
                # it was so before the process began, so to the process it is no jump
                self._tell().let_pass(self._ahead)
                self.set_disk(self._disk)
            except HostFailed:
                if self._is_alive:
                    raise

    @property
    def ahead(self) -> timedelta:
        """Of the true time; below zero: behind it."""
        return self._ahead

    def set_clock(self, ahead: timedelta) -> None:
        """Somebody sets the clock: to a daemon that runs it jumps. Raises NotSwitchable, HostFailed."""
        self._tell().clock(ahead)
        self._ahead = ahead

    def let_pass(self, length: timedelta) -> None:
        """So much time goes by at once: nothing jumps, and what is due by then is due now; also for the next daemon."""
        self._ahead += length
        if self._is_alive:
            self._tell().let_pass(length)

    def set_disk(self, disk: Disk) -> None:
        """Raises NotSwitchable, HostFailed."""
        self._tell().disk(disk)
        self._disk = disk

    def move_clock(self, ahead: timedelta) -> None:
        """The same, for the next daemon where none is running."""
        self._ahead = ahead
        if self._is_alive:
            self.set_clock(ahead)

    def change_disk(self, disk: Disk) -> None:
        """The same, for the next daemon where none is running."""
        self._disk = disk
        if self._is_alive:
            self.set_disk(disk)

    @property
    def _is_alive(self) -> bool:
        return self._daemon is not None and self._daemon.code is None

    def die(self, death: Death | None) -> None:
        """The process that runs now kills itself there; None: it lives. Raises NotSwitchable, HostFailed."""
        self._tell().die(death)

    def _tell(self) -> HostControl:
        if self._control is None:
            raise NotSwitchable(
                "its clock, disk and moment of death are not ours to switch: it was not started as HOST"
            )
        return self._control

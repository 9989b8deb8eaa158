"""
What can go wrong at the mailbox and on the line to it.

A command is named as clients send it: "UID FETCH", "LOGIN", "IDLE"; CONNECT is the moment before the greeting, * any of them.
`times = 0` is until it is switched off.
"""

from __future__ import annotations

from reconciler.sandbox.imap.faults import FaultKind
from reconciler.sandbox.lit import Lit
from reconciler.sandbox.stage import Stage
from reconciler.sandbox.switches.registry import FOREVER, many, nothing, since, switch

HUGE = "* 1 FETCH (UID 1 BODY[] {4294967295}"
MALFORMED = "* 1 FETCH (UID one BODY[ {12"
MOVERS = ("STORE", "UID STORE", "COPY", "UID COPY", "MOVE", "UID MOVE", "APPEND")


def _at(
    stage: Stage, command: str, kind: FaultKind, times: int, *, skip: int = 0, text: str = "", after: bool = False
) -> Lit:
    faults = stage.imap.faults
    armed = faults.put(command, kind, text, after=after, times=many(times), skip=skip)
    return Lit(lambda: faults.disarm(armed), lambda: armed.struck)


def _without(stage: Stage, capability: str) -> Lit:
    """Clients learn it when they come again, so all of them are sent away."""
    server = stage.imap

    def on() -> None:
        server.capabilities.discard(capability)

    def off() -> None:
        server.call(lambda: server.capabilities.add(capability))
        server.drop_connections()

    server.call(on)
    server.drop_connections()
    return Lit(off, since(lambda: server.connections_made))


# ---------------------------------------------------------------- the line


@switch("imap.drop", once=True)
def drop(stage: Stage, reset: bool = False) -> Lit:
    """Every open line is closed now (reset=yes: with RST)."""
    cut = stage.imap.connections
    stage.imap.drop_connections(reset=reset)
    return Lit(nothing, lambda: cut)


@switch("imap.reset")
def reset(stage: Stage, command: str = "*", times: int = 1, skip: int = 0, after: bool = False) -> Lit:
    """The line is torn down with RST at a command (after=yes: once it has had its effect)."""
    return _at(stage, command, FaultKind.RESET, times, skip=skip, after=after)


@switch("imap.eof")
def eof(stage: Stage, command: str = "*", times: int = 1, skip: int = 0, after: bool = False) -> Lit:
    """The line is closed at a command (after=yes: once it has had its effect)."""
    return _at(stage, command, FaultKind.EOF, times, skip=skip, after=after)


@switch("imap.down")
def down(stage: Stage) -> Lit:
    """The server is gone: connections are refused."""
    before = stage.imap.connections
    stage.imap.stop()
    return Lit(stage.imap.start, lambda: before)


@switch("imap.black_hole")
def black_hole(stage: Stage, command: str = "*", times: int = FOREVER, skip: int = 0) -> Lit:
    """Nothing is answered any more and nothing is said: the line is dead and stays open."""
    hole = _at(stage, command, FaultKind.HANG, times, skip=skip)
    silence = idle_silent(stage)

    def off() -> None:
        hole.off()
        silence.off()

    return Lit(off, hole.struck)


@switch("imap.slow")
def slow(stage: Stage, seconds: float = 0.01) -> Lit:
    """Answers trickle: so many seconds before every 16 bytes."""
    faults = stage.imap.faults

    def off() -> None:
        faults.seconds_per_chunk = 0.0

    faults.seconds_per_chunk = seconds
    return Lit(off, since(lambda: len(stage.imap.commands)))


@switch("imap.half_line")
def half_line(stage: Stage, command: str = "UID FETCH", times: int = 1, skip: int = 0) -> Lit:
    """Half of an answer, then nothing more."""
    return _at(stage, command, FaultKind.HALF_LINE, times, skip=skip)


@switch("imap.cut_line")
def cut_line(stage: Stage, command: str = "UID FETCH", times: int = 1, skip: int = 0) -> Lit:
    """Half of an answer, then the line is closed."""
    return _at(stage, command, FaultKind.CUT_LINE, times, skip=skip)


# ---------------------------------------------------------------- IDLE


@switch("imap.idle_silent")
def idle_silent(stage: Stage) -> Lit:
    """IDLE is accepted and never pushes."""
    faults = stage.imap.faults

    def off() -> None:
        faults.idle_pushes = True

    faults.idle_pushes = False
    return Lit(off, since(lambda: stage.imap.count("IDLING")))


@switch("imap.idle_refused")
def idle_refused(stage: Stage, times: int = FOREVER) -> Lit:
    """IDLE is offered and answered NO."""
    return _at(stage, "IDLE", FaultKind.NO, times, text="not now")


@switch("imap.no_idle")
def no_idle(stage: Stage) -> Lit:
    """The server does not offer IDLE."""
    return _without(stage, "IDLE")


@switch("imap.exists_only")
def exists_only(stage: Stage) -> Lit:
    """New mail is told by EXISTS alone, without RECENT."""
    faults = stage.imap.faults

    def off() -> None:
        faults.announce = "both"

    faults.announce = "exists"
    return Lit(off, since(lambda: stage.imap.count("IDLING")))


# ---------------------------------------------------------------- refusals


@switch("imap.no")
def no(stage: Stage, command: str = "UID FETCH", text: str = "not now", times: int = 1, skip: int = 0) -> Lit:
    """A command is answered NO."""
    return _at(stage, command, FaultKind.NO, times, skip=skip, text=text)


@switch("imap.bad")
def bad(stage: Stage, command: str = "UID FETCH", text: str = "what?", times: int = 1, skip: int = 0) -> Lit:
    """A command is answered BAD."""
    return _at(stage, command, FaultKind.BAD, times, skip=skip, text=text)


@switch("imap.bye")
def bye(stage: Stage, command: str = "*", text: str = "going down", times: int = 1, skip: int = 0) -> Lit:
    """The server says BYE and closes the line."""
    return _at(stage, command, FaultKind.BYE, times, skip=skip, text=text)


@switch("imap.login_refused")
def login_refused(stage: Stage, text: str = "[AUTHENTICATIONFAILED] wrong name or password") -> Lit:
    """Nobody is let in: the password was changed, the account is locked."""
    faults = stage.imap.faults

    def off() -> None:
        faults.refuse_login = ""

    faults.refuse_login = text
    stage.imap.drop_connections()
    return Lit(off, since(lambda: stage.imap.count("LOGIN") + stage.imap.count("AUTHENTICATE")))


@switch("imap.token_expired")
def token_expired(stage: Stage, times: int = 1) -> Lit:
    """OAuth2 access tokens have run out before their time: so many logins with one are refused."""
    faults = stage.imap.faults
    before, left = faults.token_valid, many(times)
    refused: list[str] = []

    def valid(user: str, token: str) -> bool:
        if left is None or len(refused) < left:
            refused.append(user)
            return False
        return before is None or before(user, token)

    def off() -> None:
        faults.token_valid = before

    faults.token_valid = valid
    stage.imap.drop_connections()
    return Lit(off, lambda: len(refused))


# ---------------------------------------------------------------- what is stored


@switch("imap.uidvalidity_changed", once=True)
def uidvalidity_changed(stage: Stage) -> Lit:
    """Every folder gets another UIDVALIDITY; the numbers of its mails stay."""
    return _rebuilt(stage, keep_uids=True)


@switch("imap.uids_reused", once=True)
def uids_reused(stage: Stage) -> Lit:
    """Every folder gets another UIDVALIDITY, and its mails are numbered anew from 1."""
    return _rebuilt(stage, keep_uids=False)


def _rebuilt(stage: Stage, *, keep_uids: bool) -> Lit:
    folders = [folder for account in stage.imap.accounts.values() for folder in account.folders.values()]

    def change() -> None:
        for folder in folders:
            folder.rebuild(folder.uidvalidity + 1, keep_uids=keep_uids)

    stage.imap.call(change)
    stage.imap.drop_connections()
    return Lit(nothing, lambda: len(folders))


@switch("imap.uidvalidity_untold")
def uidvalidity_untold(stage: Stage) -> Lit:
    """SELECT leaves UIDVALIDITY out."""
    faults = stage.imap.faults

    def off() -> None:
        faults.uidvalidity_told = True

    faults.uidvalidity_told = False
    stage.imap.drop_connections()
    return Lit(off, since(lambda: stage.imap.count("SELECT") + stage.imap.count("EXAMINE")))


@switch("imap.over_quota")
def over_quota(stage: Stage) -> Lit:
    """The mailbox is full: flags, copies and moves are refused with OVERQUOTA."""
    faults = stage.imap.faults

    def off() -> None:
        faults.quota_full = False

    faults.quota_full = True
    return Lit(off, since(lambda: sum(stage.imap.count(command) for command in MOVERS)))


@switch("imap.no_move")
def no_move(stage: Stage) -> Lit:
    """The server does not offer MOVE."""
    return _without(stage, "MOVE")


@switch("imap.no_uidplus")
def no_uidplus(stage: Stage) -> Lit:
    """The server does not offer UIDPLUS."""
    return _without(stage, "UIDPLUS")


# ---------------------------------------------------------------- odd answers


@switch("imap.huge_literal")
def huge_literal(stage: Stage, command: str = "UID FETCH", times: int = 1, skip: int = 0) -> Lit:
    """A body of four gigabytes is announced, and never comes."""
    return _at(stage, command, FaultKind.ODD_ANSWER, times, skip=skip, text=HUGE)


@switch("imap.malformed")
def malformed(
    stage: Stage,
    command: str = "UID FETCH",
    text: str = MALFORMED,
    times: int = 1,
    skip: int = 0,
    instead: bool = False,
) -> Lit:
    """A line that is no IMAP stands before the proper answer (instead=yes: instead of it)."""
    kind = FaultKind.ODD_ANSWER if instead else FaultKind.GARBAGE
    return _at(stage, command, kind, times, skip=skip, text=text)
